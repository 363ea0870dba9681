"""Taking back what runs did to whole records: what they created is deleted, what they deleted is made again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from engine.contract import Op
from engine.events import Event
from engine.instead import words
from engine.linkstate import UNDO
from engine.match import keys_of
from engine.store.tables import copies, copy_keys
from engine.undo.case import Case
from engine.undo.marks import MAKE, STAYS, TAKEN


def deletions(case: Case) -> None:
    """The record is made again wherever it was and is not, also where a person deleted it first."""
    if case.frozen == STAYS and any(change["op"] == Op.DELETE for change in case.traces.changes):
        _mark(case, list(case.link.copies), None)  # an undone creation: what was not deleted yet stays
        case.frozen, case.touched = None, True
    if not {change["side"] for change in case.traces.sent(Op.DELETE)} & case.traces.lost():
        return
    there = {side for side, copy in case.link.copies.items() if copy.present != "gone"}
    lacking = [side for side in case.bound.names if side in case.traces.lost() - there]
    under_way = MAKE in case.link.origin and not there.issuperset(case.link.origin[MAKE][2])
    last = case.traces.removal()
    if not lacking:
        return
    if not under_way and last is not None and last["run"] not in case.meant:
        case.leave("deletion", f"it was deleted again in run {last['run']}")
    elif not under_way and (twin := _twin(case, lacking)):
        case.leave("deletion", f"a record like it is there again: {twin}")
    else:
        _make_again(case, lacking)


def vague(case: Case) -> str | None:
    """A side where the undo that is to be undone may have deleted what a run had created: nothing was heard of it."""
    if not any(change["op"] == Op.DELETE for change in case.traces.changes):
        return None
    taken = [copy for copy in case.link.copies.values() if copy.excluded == TAKEN]
    return next((copy.side for copy in taken if copy.present == "missing"), None)


def _make_again(case: Case, lacking: list[str]) -> None:
    where = (copies.c.link == case.link.id, copies.c.side.in_(lacking), copies.c.present == "gone")
    case.connection.execute(copies.delete().where(*where))
    for side in lacking:
        case.link.copies.pop(side, None)
        case.say("deletion", side=side, after=case.title)
    case.link.origin[MAKE] = [UNDO, case.now, lacking, case.run]
    case.ended = case.frozen = None


def _twin(case: Case, lacking: list[str]) -> str | None:
    """A record with the same match key that is none of this link's."""
    last = {row["side"]: row["before"] or {} for row in case.traces.rows if row["event"] in (Event.GONE, Event.DELETED)}
    keys: set[str] = set()
    for side in lacking:
        unread = dict.fromkeys(case.bound.wanted[side] - words(case.bound.sides[side].schema))
        keys.update(keys_of(case.bound, side, {**unread, **last[side]}).values())
    tied = (copies.c.sync == copy_keys.c.sync) & (copies.c.side == copy_keys.c.side) & (copies.c.id == copy_keys.c.id)
    where = (copies.c.sync == case.row["sync"], copies.c.present == "yes", copies.c.side.in_(lacking))
    query = select(copies.c.side, copies.c.id).join(copy_keys, tied).where(*where, copy_keys.c.key.in_(sorted(keys)))
    found = case.connection.execute(query.where(copies.c.link.is_distinct_from(case.link.id)).limit(1)).first()
    return f"{found.side} {found.id}" if found else None


def creations(case: Case) -> None:
    """What runs created is deleted again, and the record it was made from stays where it is."""
    _make_no_more(case)
    taken = []
    for change in case.traces.sent(Op.CREATE):
        copy = case.link.copies.get(change["side"])
        if change["state"] != "done" or copy is None or copy.id != change["record"] or copy.present == "gone":
            continue
        reason = None if copy.excluded == TAKEN else _changed_since(case, change)
        if reason:
            case.leave("creation", reason, side=change["side"])
        else:
            taken.append(change["side"])
            case.say("creation", side=change["side"], before=case.title)
    if taken:
        _mark(case, taken, TAKEN)
        case.frozen = STAYS


def _make_no_more(case: Case) -> None:
    """An undone deletion that was broken off: what was not made again yet stays deleted."""
    make = case.link.origin.get(MAKE)
    if make is None or make[3] not in case.meant:
        return
    del case.link.origin[MAKE]
    for side in [side for side in make[2] if side not in case.link.copies]:
        case.say("creation", side=side, before=case.title)
    if not case.link.copies:
        case.ended = case.now


def _changed_since(case: Case, change: dict[str, Any]) -> str | None:
    """Why a record that a run created is not deleted again."""
    if sides := case.edited():
        return f"it was edited on {sides} since"
    for row in case.traces.rows:
        if row["id"] <= case.traces.place(change, None):
            continue
        mine = row["run"] in case.meant and row["side"] != change["side"]
        if row["event"] == Event.EDITED and not mine:
            return f"{row['field']} was edited on {row['side']} since"
        if row["event"] == Event.AGREED and row["run"] not in case.meant:
            return f"{row['field'] or 'it'} was changed since, in run {row['run']}"
    return None


def _mark(case: Case, sides: list[str], excluded: str | None) -> None:
    where = (copies.c.link == case.link.id, copies.c.side.in_(sides))
    case.connection.execute(update(copies).where(*where).values(excluded=excluded))
    for side in sides:
        case.link.copies[side].excluded = excluded
