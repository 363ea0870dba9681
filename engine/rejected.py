"""What a person rejected is undone where it came from, before the next merge: nothing is left half done.

| rejected | then |
|---|---|
| deletes | the records are made again where they were deleted |
| updates, blanked | the values of the braked side stand, and travel back to where the others came from |
| creates | the record stays where it is, and is not made on the braked side until it changes |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine import events
from engine.bound import Bound
from engine.brakes import Piece
from engine.canonical import digest, same
from engine.contract import Op
from engine.events import Event
from engine.ingest import mark_dirty
from engine.links import load, save
from engine.linkstate import Atom, LinkState, atoms, label, peek, poke
from engine.plan import Change
from engine.store import chunks
from engine.store.tables import copies, holds, links

RULE = "a person rejected the change"
_ANSWERED = select(holds).where(holds.c.sync == bindparam("of"), holds.c.kind == "brake", holds.c.state == "answered")
AGAIN = "create"
"""In `stands`: the record is made again where it was deleted."""


def carry_out(connection: Connection, bound: Bound, sync: str, run: str, now: str) -> None:
    """Acts once on every rejected brake: on those of its records that are still as they were when it was asked.

    The hold stays answered, with what it made stand: those writes are approved with it.
    """
    for row in connection.execute(_ANSWERED, {"of": sync}).mappings().all():
        detail = row["detail"]
        if not row["answer"].get("skip") or "stands" in detail:
            continue
        common = {"at": now, "sync": sync, "run": run}
        stands: dict[str, Any] = {}
        for part in chunks(detail["parts"]):
            due: dict[str, Any] = dict(part)
            if detail["kind"] == "deletes":
                stands |= _bring_back(connection, sync, row["side"], list(due))
            elif detail["kind"] == "creates":
                _leave(connection, row["side"], due, now)
            else:
                stands |= _turn_back(connection, bound, common, row["side"], due)
        settled = update(holds).where(holds.c.id == row["id"]).values(detail={**detail, "stands": stands})
        connection.execute(settled)


def returns(bound: Bound, hold: Any, changes: Sequence[Change]) -> set[str]:
    """The items of the writes that carry out a rejection: the person has approved them by it."""
    found: set[str] = set()
    for change in changes:
        stands = hold["detail"].get("stands", {}).get(change.link)
        if stands is None or change.side == hold["side"]:
            continue
        if stands == AGAIN:
            found |= Piece(change).items if change.op is Op.CREATE else set()
        elif change.op is Op.UPDATE:
            found |= Piece(change, frozenset(_standing(bound, change, stands))).items
    return found


def _standing(bound: Bound, change: Change, stands: dict[str, Any]) -> list[str]:
    """Native fields that deliver nothing but what stands."""
    standing: set[str] = set()
    other: set[str] = set()
    for row, value in change.shared.items():
        known = bound.rows[row]
        own = [peek(stands, atom) == digest(peek({row: value}, atom)) for atom in atoms(known, [change.shared])]
        (standing if all(own) else other).update(known.cells[change.side].names)
    return sorted((standing - other) & set(change.data))


def _bring_back(connection: Connection, sync: str, side: str, ids: list[str]) -> dict[str, Any]:
    """The deleted copies are forgotten, so that they are made again."""
    here = (copies.c.sync == sync, copies.c.link.in_(ids), copies.c.side == side, copies.c.present == "yes")
    kept = list(connection.execute(select(copies.c.link).where(*here)).scalars())
    gone = (copies.c.sync == sync, copies.c.link.in_(kept), copies.c.present == "gone")
    connection.execute(copies.delete().where(*gone))
    mark_dirty(connection, kept)
    return dict.fromkeys(kept, AGAIN)


def _leave(connection: Connection, side: str, due: dict[str, str], now: str) -> None:
    """Parked, as a create that the app refused is, until what would be made is something else."""
    for row in connection.execute(select(links.c.id, links.c.errors).where(links.c.id.in_(list(due)))).all():
        entry = {
            "reason": f"a person decided not to make it on {side}",
            "field": None,
            "digest": due[row.id],
            "attempts": 0,
            "at": now,
            "rejected": True,
        }
        connection.execute(update(links).where(links.c.id == row.id).values(errors={**row.errors, side: entry}))
    mark_dirty(connection, list(due))


def _turn_back(
    connection: Connection, bound: Bound, common: dict[str, Any], side: str, due: dict[str, list[Any]]
) -> dict[str, Any]:
    stands: dict[str, Any] = {}
    saved: list[tuple[LinkState, dict[str, Any]]] = []
    told: list[dict[str, Any]] = []
    for link, _ in load(connection, list(due)).values():
        copy = link.copies.get(side)
        if copy is None or copy.native is None:
            continue
        moved = set(link.moved(bound, side))
        for row, key, value in due[link.id]:
            atom = (row, key)
            if atom not in moved or digest(peek(link.agreed, atom)) != value:
                continue  # something else is due by now: that is judged anew
            if peek(copy.base, atom) is None and row not in copy.synced:
                link.given(side, atom, peek(link.agreed, atom))  # it never had one: both are left as they are
                continue
            told += _stand(common, link, side, atom)
            poke(stands.setdefault(link.id, {}), atom, digest(peek(link.agreed, atom)))
        saved.append((link, {"dirty": True, "open": True, "rev": link.rev + 1}))
    save(connection, common["sync"], saved)
    events.note(connection, told)
    return stands


def _stand(common: dict[str, Any], link: LinkState, side: str, atom: Atom) -> list[dict[str, Any]]:
    """Makes what the side last settled with the agreed value; the rows of history that say so."""
    former, origin = peek(link.agreed, atom), (link.origin.get(label(atom)) or [None])[0]
    value = peek(link.copies[side].base, atom)
    link.agree(atom, value)
    for name, copy in link.copies.items():
        base = peek(copy.base, atom, ...)
        if base is not ... and same(base, value):
            link.given(name, atom, value)
    link.origin[label(atom)] = [side, link.copies[side].changed_at]
    told = {**common, "link": link.id, "field": label(atom), "source": side, "rule": RULE}
    lost = {**told, "event": Event.LOST, "side": origin, "before": former, "after": value}
    return [{**told, "event": Event.AGREED, "before": former, "after": value}, lost]
