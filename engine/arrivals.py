"""Records that are there: stores what is new or has changed, judges who takes part, and keys it for matching."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine import events, former
from engine.bound import Bound
from engine.copykeys import rekey
from engine.events import Event
from engine.filters import qualifies
from engine.instead import EXCLUDED, UNREADABLE, said
from engine.problem import MappingError
from engine.rules import Rule, describe
from engine.store import chunks, put, revise
from engine.store.tables import copies, sides
from engine.telling import unknown
from engine.undo.marks import TAKEN

Row = dict[str, Any]
_OBSERVED = select(copies.c.id, copies.c.observed).where(
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.id.in_(bindparam("ids", expanding=True)),
)
_SYNCED = _OBSERVED.with_only_columns(copies.c.id, copies.c.synced)
_EXCLUDED = _OBSERVED.with_only_columns(copies.c.id, copies.c.excluded)
_CONTAINER = select(sides.c.container).where(sides.c.sync == bindparam("of"), sides.c.side == bindparam("at"))


def arrive(connection: Connection, bound: Bound, common: Row, new: Sequence[Row], changed: Sequence[Row]) -> None:
    """Stores records that were seen for the first time, and known ones that differ.

    Rows are those of a snapshot joined with the known copies; `common` are the columns that all rows of history have.
    """
    sync, side = common["sync"], common["side"]
    container = bound_container(connection, sync, side) if new else ""
    for found, known in ((new, False), (changed, True)):
        for part in chunks(found):
            rows = [_row(bound, sync, side, row) for row in part]
            before = observed(connection, sync, side, [row["id"] for row in rows]) if known else {}
            linked = {seen["id"] for seen in part if known and seen["link"]}
            _judge(bound, side, rows, before)
            _wait(bound, side, [row for row in rows if row["id"] not in linked], before)
            _keep(connection, bound, side, [row for row in rows if row["id"] in linked], before)
            recall(connection, bound, (sync, side), {row["id"]: row["observed"] for row in rows}, before)
            edits = [_edits(bound, common, row, before, seen["link"]) for row, seen in zip(rows, part, strict=True)]
            back = [_back(common, row) for row in part if known and row["present"] == "gone" and row["link"]]
            events.note(connection, [*back, *(event for found in edits for event in found)])
            _store(connection, rows, None if known else container)
            rekey(connection, bound, side, rows)


def recall(
    connection: Connection, bound: Bound, place: tuple[str, str], shown: dict[str, Row], before: dict[str, Row]
) -> None:
    """A field that was not read last time is compared with what history left it at, or with what it settled with.

    `place` is (sync, side), `shown` and `before` are the records by id as they are now and as they were last read.
    """
    compared = {record: shown[record].keys() - fields.keys() for record, fields in before.items() if record in shown}
    unread = {record: names for record, names in compared.items() if names}
    if not unread:
        return
    told = events.last(connection, *place, sorted(unread))
    for row in connection.execute(_SYNCED, {"of": place[0], "at": place[1], "ids": sorted(unread)}):
        known = {**_settled(bound, place[1], row.synced), **told.get(row.id, {})}
        before[row.id] |= {name: value for name, value in known.items() if name in unread[row.id]}


def _settled(bound: Bound, side: str, synced: Row) -> Row:
    """The native fields that a record settled with."""
    cells = {name: (row.cells[side], row.many) for name, row in bound.rows.items() if side in row.cells}
    known: Row = {}
    for name, (cell, many) in cells.items():
        if name in synced:
            held = synced[name]
            known |= {cell.name: cell.lens.join(held)} if many else {native: held.get(native) for native in cell.names}
    return known


def _back(common: Row, row: Row) -> Row:
    """A deleted record is there again."""
    return {**common, "event": Event.LINKED, "link": row["link"], "record": row["id"], "rule": "it is there again"}


def observed(connection: Connection, sync: str, side: str, ids: Sequence[str]) -> dict[str, Row]:
    """Record id -> its fields as last read, of those that are known."""
    rows = connection.execute(_OBSERVED, {"of": sync, "at": side, "ids": list(ids)})
    return {row.id: row.observed for row in rows}


def _row(bound: Bound, sync: str, side: str, seen: Row) -> Row:
    data = json.loads(seen["data"])
    named = ("id", "version", "digest", "changed_at", "changed_by")
    return {
        "sync": sync,
        "side": side,
        **{name: seen[name] for name in named},
        "created_at": created(seen),
        "former": passed(seen),
        "observed": data,
        "present": "yes",
        "missing_since": seen["missing_since"],
        "failed": said(bound.sides[side].schema, data, UNREADABLE),
    }


def created(seen: Row) -> str | None:
    """When the record was made, from whichever reading told."""
    at: str | None = seen["created_at"] or seen["created_at_known"]
    return at


def passed(seen: Row) -> str | None:
    """The versions that the record has left behind."""
    before, now = seen["version_known"] or seen["digest_known"], seen["version"] or seen["digest"]
    return former.passed(seen["former"], before, now)


def _edits(bound: Bound, common: Row, row: Row, before: dict[str, Row], link: str | None) -> list[Row]:
    """What somebody changed in a record of ours."""
    apart = said(bound.sides[row["side"]].schema, row["observed"], EXCLUDED)
    if link is None or row["failed"] or apart or row["id"] not in before:
        return []
    about = {**common, "link": link, "record": row["id"]}
    return events.edits(about, before[row["id"]], row["observed"])


def _judge(bound: Bound, side: str, rows: list[Row], before: dict[str, Row]) -> None:
    """Who takes part; a field that was not read this time is as it was."""
    rule = bound.mapping.only.get(side)
    records = [{**before.get(row["id"], {}), **row["observed"]} for row in rows]
    fits = _fits(rule, rows, records) if rule is not None and rows else [True] * len(rows)
    for row, fit in zip(rows, fits, strict=True):
        row["excluded"] = None if fit or rule is None else f"on {side}, it is not so that {describe(rule)}"
        if why := said(bound.sides[side].schema, row["observed"], EXCLUDED):
            row |= {"excluded": f"on {side}, {why}", "failed": None}


def _wait(bound: Bound, side: str, loose: list[Row], before: dict[str, Row]) -> None:
    """Nobody can tell what a record is of which was not read what it is known by, or whether it takes part where that
    is so of the filter: it waits until it can be read."""
    schema = bound.sides[side].schema
    for row in [row for row in loose if not (row["failed"] or said(schema, row["observed"], EXCLUDED))]:
        if why := unknown(bound, side, {**before.get(row["id"], {}), **row["observed"]}):
            row |= {"excluded": None, "failed": why}


def _keep(connection: Connection, bound: Bound, side: str, rows: Sequence[Row], before: dict[str, Row]) -> None:
    """A linked record takes part as it did where the filter cannot tell. What an undo is to delete stays marked:
    somebody's edit, if it is one, takes the mark away in the merge."""
    ids = [row["id"] for row in rows]
    known = connection.execute(_EXCLUDED, {"of": rows[0]["sync"], "at": side, "ids": ids}) if rows else ()
    was = {row.id: row.excluded for row in known}
    for row in rows:
        told = bound.filtered[side] <= {*before.get(row["id"], {}), *row["observed"]}
        left = said(bound.sides[side].schema, row["observed"], EXCLUDED)
        if not (told or left) or (was[row["id"]] == TAKEN and row["excluded"] is None):
            row["excluded"] = was[row["id"]]


def _fits(rule: Rule, rows: list[Row], records: list[Row]) -> list[bool]:
    """Which qualify; where a value does not suit the rule, only its own record is set aside."""
    try:
        return qualifies(rule, records)
    except MappingError:
        fits = []
        for row, record in zip(rows, records, strict=True):
            try:
                fits += qualifies(rule, [record])
            except MappingError as error:
                row["failed"] = str(error)
                fits.append(True)
        return fits


def _store(connection: Connection, rows: list[Row], container: str | None) -> None:
    """`container` where the records are new."""
    if container is None:
        revise(connection, copies, [row for row in rows if not row["failed"]])
        kept = ("sync", "side", "id", "version", "digest", "failed", "present")  # what was last read stays what we know
        revise(connection, copies, [{name: row[name] for name in kept} for row in rows if row["failed"]])
    else:
        rest: Row = {"container": container, "link": None, "synced": {}, "base": {}, "ours": False, "single": False}
        put(connection, copies, [{**row, **rest} for row in rows])


def bound_container(connection: Connection, sync: str, side: str) -> str:
    """Where the ids of this side are unique."""
    found = connection.execute(_CONTAINER, {"of": sync, "at": side}).scalar()
    return str(found or f"{sync}/{side}")
