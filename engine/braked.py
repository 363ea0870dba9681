"""The brakes put to a plan: which changes they stop, and the holds that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from engine import holds
from engine.bound import Bound
from engine.brakes import Former, Key, Piece, Tripped, judge
from engine.canonical import digest
from engine.contract import Op
from engine.linkstate import atoms, peek
from engine.mapping import Brakes
from engine.plan import Change
from engine.rejected import returns
from engine.store import chunks
from engine.store.tables import changes as journal
from engine.store.tables import copies, links
from engine.store.tables import holds as hold_table

MOST = 1000
"""Changes that a hold shows; it counts and binds all of them."""

_HOLDS = select(hold_table).where(
    hold_table.c.sync == bindparam("of"), hold_table.c.kind == "brake", hold_table.c.state.in_(("open", "answered"))
)
_TOTAL = select(func.count()).where(  # in an index alone, which has all but the documents
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.present.in_(("yes", "missing", "absent", "gone")),
    copies.c.link.is_not(None),
)
_SENT = (journal.c.run == bindparam("of"), journal.c.state.in_(("sent", "doubt", "done")))
_COUNTED = select(journal.c.link, journal.c.side, journal.c.op).where(*_SENT, journal.c.op != Op.UPDATE)
_TOLD = select(journal.c.link, journal.c.side, journal.c.op, journal.c.data, journal.c.before).where(
    *_SENT, journal.c.op == Op.UPDATE
)


def brake(
    connection: Connection,
    bound: Bound,
    sync: str,
    run: str,
    brakes: Brakes,
    changes: Sequence[Change],
    now: str,
    *,
    whole: bool,
) -> tuple[list[Change], dict[int, str]]:
    """The changes, those cut in two of which a brake stops some fields, and (by identity) why one is stopped.

    Also opens and closes the holds. An approval holds for exactly the writes it was given for, until they are made;
    what was written earlier in the run counts. `whole`: all sides were read and nothing was left out, so that what is
    not planned now is not wanted any more.
    """
    there = _holds(connection, sync)
    if not changes and not there:
        return [], {}
    released = {item for row in there if _says(row, "value") == "release" for item in row["detail"]["items"]}
    back = {row["id"]: returns(bound, row, changes) for row in there if _says(row, "skip")}
    approved = frozenset(released.union(*back.values()))
    former = [Former(_key(row), row["detail"].get("count", 0), frozenset(row["detail"]["items"])) for row in there]
    totals = _totals(connection, sync, [change.side for change in changes])
    written = _written(connection, run) if changes else []

    def rows_of(side: str, native: str) -> list[str]:
        return [row.name for row in bound.rows.values() if side in row.cells and native in row.cells[side].names]

    tripped = judge(brakes, rows_of, changes, written, totals, approved, former)
    wanted = [_wanted(connection, bound, one) for one in tripped]
    waiting = {item for change in changes for item in Piece(change).items}
    spare = {row["digest"] for row in there if row["answer"] and waiting.intersection(row["detail"]["items"])}
    spare |= {row["digest"] for row in there if back.get(row["id"])}
    holds.reconcile(connection, sync, "brake", wanted, now, spare=spare, only_open=not whole)
    return _stopped(bound, changes, tripped)


def _holds(connection: Connection, sync: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(_HOLDS, {"of": sync}).mappings()]


def _says(row: dict[str, Any], way: str) -> Any:
    return (row["answer"] or {}).get(way) if row["state"] == "answered" else None


def _key(row: dict[str, Any]) -> Key:
    return Key(row["detail"]["kind"], row["side"], row["row"])


def _totals(connection: Connection, sync: str, names: Iterable[str]) -> dict[str, int]:
    """Side -> how many of its records are linked."""
    return {side: connection.execute(_TOTAL, {"of": sync, "at": side}).scalar() or 0 for side in sorted(set(names))}


def _written(connection: Connection, run: str) -> list[Change]:
    """What earlier rounds of the run have sent; of creates and deletes just that they were."""
    found = [_change(row.link, row.side, row.op, {}, {}) for row in connection.execute(_COUNTED, {"of": run})]
    rows = connection.execute(_TOLD, {"of": run})
    return found + [_change(row.link, row.side, row.op, row.data, row.before) for row in rows]


def _change(link: str, side: str, op: str, data: dict[str, Any], before: dict[str, Any]) -> Change:
    return Change(link, side, Op(op), None, None, data, before, {}, "")


def _wanted(connection: Connection, bound: Bound, tripped: Tripped) -> holds.Wanted:
    """The hold, with what a person needs to see and what carrying out the answer needs to know."""
    items = tripped.items
    parts = [piece if piece.fields is None else _part(bound, piece.change, piece.fields) for piece in tripped.pieces]
    shown = [part.change if isinstance(part, Piece) else part for part in parts]
    called = titles(connection, bound, [change.link for change in shown[:MOST]])
    detail = {
        "about": digest([tripped.key.kind, tripped.key.side, items]),
        "kind": tripped.key.kind,
        "count": tripped.count,
        "allowed": tripped.allowed,
        "total": tripped.total,
        "changes": [_shown(change, called.get(change.link)) for change in shown[:MOST]],
        "more": max(0, len(shown) - MOST),
        "items": items,
        "parts": [[change.link, _due(bound, change)] for change in shown],
    }
    return holds.Wanted("brake", tripped.reason, detail, side=tripped.key.side, row=tripped.key.row)


def titles(connection: Connection, bound: Bound, ids: Iterable[str]) -> dict[str, str]:
    """Link -> what people call the record: its first row, where that is text."""
    row, found = next(iter(bound.mapping.fields)), {}
    for part in chunks(sorted(set(ids))):
        for one in connection.execute(select(links.c.id, links.c.agreed).where(links.c.id.in_(part))):
            if isinstance(one.agreed.get(row), str):
                found[one.id] = one.agreed[row]
    return found


def _shown(change: Change, title: str | None) -> dict[str, Any]:
    names = change.before if change.op is Op.DELETE else change.data
    fields = [
        {"field": name, "before": change.before.get(name), "after": change.data.get(name)} for name in sorted(names)
    ]
    head = {"op": change.op, "record": change.record, "link": change.link, "title": title}
    return {**head, "fields": fields, "why": change.why}


def _due(bound: Bound, change: Change) -> Any:
    """What rejecting it needs: the atoms and digests of the values it delivers; of a create its digest as parked."""
    if change.op is Op.CREATE:
        return digest([change.op, change.data, change.version])
    return [
        [row, key, digest(peek(change.shared, (row, key)))]
        for row in change.shared
        if row in bound.rows
        for _, key in atoms(bound.rows[row], [change.shared])
    ]


def _stopped(bound: Bound, changes: Sequence[Change], tripped: list[Tripped]) -> tuple[list[Change], dict[int, str]]:
    """Where only some fields are stopped, the change becomes two: one that goes and one that waits."""
    whole: dict[int, str] = {}
    some: dict[int, dict[str, str]] = {}
    for one in tripped:
        for piece in one.pieces:
            if piece.fields is None:
                whole[id(piece.change)] = one.reason
            else:
                some.setdefault(id(piece.change), {}).update(dict.fromkeys(piece.fields, one.reason))
    found: list[Change] = []
    stopped: dict[int, str] = {}
    for change in changes:
        held = set(some.get(id(change), {})) if id(change) not in whole else set()
        held = _tied(bound, change, held)
        rest = set(change.data) - held
        if held and rest:
            waits = _part(bound, change, held)
            goes = _part(bound, change, rest, also=set(change.shared) - set(waits.shared))
            found += [goes, waits]
            stopped[id(waits)] = "; ".join(dict.fromkeys(some[id(change)].values()))
        else:
            found.append(change)
            reasons = [whole[id(change)]] if id(change) in whole else list(some.get(id(change), {}).values())
            if reasons:
                stopped[id(change)] = "; ".join(dict.fromkeys(reasons))
    return found, stopped


def _tied(bound: Bound, change: Change, held: set[str]) -> set[str]:
    """With the fields that are only right together with a held one, for a lens looks at both."""
    cells = [row.cells[change.side] for row in bound.rows.values() if change.side in row.cells]
    tied = {name for cell in cells if held.intersection(cell.fields) for name in cell.names}
    tied |= {read for cell in cells if held.intersection(cell.names) for read in cell.reads}
    return held | (tied & set(change.data)) if held else held


def _part(bound: Bound, change: Change, names: Iterable[str], also: Iterable[str] = ()) -> Change:
    """The part of an update that writes these native fields; `also` are rows it settles without writing any."""
    names = set(names)
    cells = {row: bound.rows[row].cells[change.side] for row in change.shared if row in bound.rows}
    rows = {row for row, cell in cells.items() if names.intersection(cell.names)}.union(also)
    return replace(
        change,
        data={name: value for name, value in change.data.items() if name in names},
        before={name: value for name, value in change.before.items() if name in names},
        shared={row: value for row, value in change.shared.items() if row in rows},
    )
