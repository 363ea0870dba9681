"""The plan: what each side must be given, as a pure function of the merged links.

For each side `put(agreed, observed)`; only what `get` shows to differ is written, only mapped fields, only where the
mapping allows it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from engine import refs
from engine.bound import Bound
from engine.canonical import same
from engine.contract import Op
from engine.lens import Refusal
from engine.linkstate import UNDO, Atom, LinkState, label, peek, poke


@dataclass(frozen=True)
class Change:
    """One write on one record."""

    link: str
    side: str
    op: Op
    record: str | None
    version: str | None
    data: dict[str, Any]
    before: dict[str, Any]
    shared: dict[str, Any]
    why: str
    rev: int = 0


@dataclass(frozen=True)
class Refused:
    """A value that a side cannot hold."""

    link: str
    side: str
    row: str
    reason: str
    value: Any


@dataclass
class LinkPlan:
    """What one link needs."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    blocked: bool = False
    """Something cannot be planned now: a side was not read, or a person is asked."""
    barred: bool = False
    """A side holds a record like it that takes no part."""
    waits: list[str] = field(default_factory=list)
    """References to records that are not there yet: the row comes later."""


@dataclass(frozen=True)
class Rules:
    """What this run may do."""

    readable: frozenset[str]
    """Sides that were read in this run."""
    trusted: frozenset[str]
    """Sides whose absences count."""
    horizon: str
    """Last date to which a side's endless rule is expanded, ISO."""
    retry: bool = False
    """What an app refused before is tried again, though nothing has changed."""


def plan_link(
    bound: Bound, link: LinkState, rules: Rules, blocked: Collection[Atom] = (), *, creates: bool = True
) -> LinkPlan:
    """Updates for the sides that are behind, creates for the sides that lack the record."""
    plan = LinkPlan(blocked=bool(blocked))
    for side in bound.names:
        copy = link.copies.get(side)
        if side not in rules.readable or (side in link.again and side not in rules.trusted):
            plan.blocked |= copy is None or any(True for _ in link.moved(bound, side))
        elif copy is None:
            if not creates or not _creates(bound, link, side) or blocked:
                continue
            if side in link.doubted:
                plan.waits.append(link.doubted[side])
                continue
            if side in bound.needs:
                plan.waits.append(bound.needs[side])
                continue
            plan.barred |= side in link.barred
            if side in rules.trusted and side not in link.barred and (side in link.again or link.readable()):
                _create(bound, link, side, rules, plan)
            else:  # what it does not show may be just this record; and a record that nobody shows may be gone
                plan.blocked = True
        elif copy.native is not None:
            moved = [atom for atom in link.moved(bound, side) if atom not in blocked]
            moved = [atom for atom in moved if atom[0] not in link.untold.get(side, {})]  # that may be an edit
            due = [atom for atom in moved if _read(bound, copy.native, side, atom)]
            dark = dict.fromkeys(atom[0] for atom in moved if atom not in due)
            plan.waits += [f"{side} did not show {row}, and is to be given a new value of it" for row in dark]
            late = refs.deferred(bound, side, {row: link.agreed.get(row) for row, _ in due})
            plan.waits += late.values()
            due = [atom for atom in due if atom[0] not in late]
            plan.blocked |= len(due) < len(moved)
            if due:
                _update(bound, link, side, due, rules, plan)
        elif copy.present != "gone":
            plan.blocked |= any(True for _ in link.moved(bound, side))
    return plan


def plan_deletes(bound: Bound, link: LinkState, rules: Rules, origin: str) -> LinkPlan:
    """Deletes for the copies of a link whose record was deleted at `origin`."""
    plan = LinkPlan()
    for side, copy in link.copies.items():
        if copy.present != "yes" or copy.native is None or not bound.mapping.deletes_at(side):
            continue
        if side not in rules.readable or not rules.trusted.issuperset({origin, side}):
            plan.blocked = True
            continue
        why = f"deleted in {origin}"
        plan.changes.append(
            Change(link.id, side, Op.DELETE, copy.id, copy.version, {}, dict(copy.native), {}, why, link.rev)
        )
    return plan


def _creates(bound: Bound, link: LinkState, side: str) -> bool:
    return side in link.again or (bool(link.copies) and bound.mapping.creates_at(side))


def _read(bound: Bound, native: dict[str, Any], side: str, atom: Atom) -> bool:
    return bound.rows[atom[0]].cells[side].read(native)


def _create(bound: Bound, link: LinkState, side: str, rules: Rules, plan: LinkPlan) -> None:
    late = refs.deferred(bound, side, link.agreed)
    plan.waits += late.values()
    untold = {name for rows in link.untold.values() for name in rows if side in bound.rows[name].cells}
    if any(bound.sides[side].schema.fields[bound.rows[name].cells[side].name].required for name in {*late, *untold}):
        return
    rows = [name for name, row in bound.rows.items() if side in row.targets and name not in late]
    shared = {name: link.agreed[name] for name in link.agreed if name in bound.rows and name not in late}
    former = link.again.get(side, {})
    put = _put(bound, link, side, shared, former, rows, rules, plan)
    if put is None:  # a record without one of its rows would be another one
        return
    fields = {name: value for name, value in put[0].items() if value not in (None, [], {})}
    sources = ", ".join(copy.side for copy in link.copies.values() if copy.present == "yes")
    why = "; ".join(["its deletion is undone" if side in link.again else f"new in {sources}", *put[1]])
    given = {name: value for name, value in shared.items() if name in rows}
    plan.changes.append(Change(link.id, side, Op.CREATE, None, None, fields, {}, given, why, link.rev))


def _update(bound: Bound, link: LinkState, side: str, due: list[Atom], rules: Rules, plan: LinkPlan) -> None:
    copy = link.copies[side]
    native = copy.native or {}
    old = _former(bound, link, side, due)
    now = bound.get(side, old)
    shared = {name: value for name, value in link.agreed.items() if name in bound.rows}
    given: dict[str, Any] = {}
    for row, key in due:
        exact = bool(link.image((row, key), side))
        if key is None:
            given[row] = now[row] if exact else link.agreed.get(row)
            continue
        target = given.setdefault(row, dict(now[row]))
        if exact:
            continue
        value = peek(link.agreed, (row, key))
        target.pop(key, None)
        if value is not None:
            target[key] = value
    _without_surplus(bound, link, side, given, due)
    put = _put(bound, link, side, {**shared, **given}, old, list(given), rules, plan)
    while put is None:  # the rows that have nothing to do with the refused one go on
        apart = _tied(bound, side, plan.refused[-1].row)
        given = {row: value for row, value in given.items() if row not in apart}
        due = [atom for atom in due if atom[0] in given]
        if not due:
            return
        put = _put(bound, link, side, {**shared, **given}, old, list(given), rules, plan)
    fields = {name: value for name, value in put[0].items() if not same(value, native.get(name))}
    if not fields:
        for atom in due:
            link.given(side, atom, peek(link.agreed, atom))
        return
    before = {name: native.get(name) for name in fields}
    delivered: dict[str, Any] = {}
    for atom in due:
        poke(delivered, atom, peek(link.agreed, atom))
    why = "; ".join([*_reasons(link, due), *put[1]])
    plan.changes.append(
        Change(link.id, side, Op.UPDATE, copy.id, copy.version, fields, before, delivered, why, link.rev)
    )


def _without_surplus(bound: Bound, link: LinkState, side: str, given: dict[str, Any], due: list[Atom]) -> None:
    """Entries that nobody agreed on and nobody edited there stand for a field that is given another value now, such as
    the cancelled days of a wider rule: the lens makes those that are needed anew."""
    copy, cells = link.copies[side], {row: bound.rows[row].cells[side] for row in given}
    for row in {row for row, key in due if key is not None}:
        cell = cells[row]
        if not any(set(cell.reads).intersection(other.names) for name, other in cells.items() if name != row):
            continue
        synced, shown = copy.synced.get(row) or {}, cell.lens.split((copy.native or {}).get(cell.name) or [])
        agreed = link.agreed.get(row) or {}
        for key in [key for key in given[row] if key not in agreed and (row, key) not in due]:
            if same(shown.get(key), synced.get(key)):
                del given[row][key]


def _former(bound: Bound, link: LinkState, side: str, due: list[Atom]) -> dict[str, Any]:
    """The side's record with what an undo gives back put in its place: a put keeps all of it."""
    native = dict(link.copies[side].native or {})
    for row, key in due:
        found, cell = link.image((row, key), side), bound.rows[row].cells[side]
        if found and key is None:
            native |= cell.spread(found["native"])
        elif found:
            entries = {
                name: entry for name, entry in cell.lens.split(native.get(cell.name) or []).items() if name != key
            }
            native[cell.name] = cell.lens.join(entries | ({} if found["native"] is None else {key: found["native"]}))
    return native


def _tied(bound: Bound, side: str, name: str) -> set[str]:
    """A row, those its lens looks at or shares a field with, and those whose lens looks at it."""
    cell = bound.rows[name].cells[side]
    return {name} | {other for other, row in bound.rows.items() if side in row.cells and row.cells[side].tied(cell)}


def _put(
    bound: Bound,
    link: LinkState,
    side: str,
    shared: dict[str, Any],
    native: dict[str, Any],
    rows: list[str],
    rules: Rules,
    plan: LinkPlan,
) -> tuple[dict[str, Any], list[str]] | None:
    try:
        return bound.put(side, shared, native, rows, rules.horizon)
    except Refusal as refusal:
        row = refusal.row or rows[0]
        plan.refused.append(Refused(link.id, side, row, str(refusal), shared.get(row)))
        return None


def _reasons(link: LinkState, due: list[Atom]) -> list[str]:
    reasons: dict[str | None, list[str]] = {}
    for atom in due:
        side = (link.origin.get(label(atom)) or [None])[0]
        reasons.setdefault(side, []).append(atom[0])
    return [
        f"{', '.join(dict.fromkeys(rows))} {'given back' if side == UNDO else f'changed in {side}'}"
        if side
        else f"{', '.join(dict.fromkeys(rows))} agreed"
        for side, rows in reasons.items()
    ]
