"""Step 2, ingest: joins a snapshot with the copies and stores what was seen, with the cursor, in one transaction.

Only new, changed and missing records touch the store. The cursor is committed with what was *seen*, never with what
was *applied*; the pings that the read answers go with it, and one that came meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from engine import events, former
from engine.arrivals import arrive, created, observed, passed
from engine.bound import Bound
from engine.copykeys import unkey
from engine.events import Event
from engine.merged import absorb
from engine.snapshot import Note, frame_of, note_of
from engine.store import Store, chunks, revise
from engine.store.lease import Lease
from engine.store.tables import copies, inbox, links, mappings, sides

Row = dict[str, Any]
PLAIN = pl.QueryOptFlags.none()
"""The join is already what it should be: looking for a better one takes longer than most joins."""
_SIDE = (copies.c.sync == bindparam("of"), copies.c.side == bindparam("at"))
_SHOWN = {"present": pl.String, "link": pl.String, "missing_since": pl.String, "former": pl.String}
_DATED = {"created_at": pl.String, "changed_at": pl.String}
_COMPARED = {"id": pl.String, "digest": pl.String, "version": pl.String, **_DATED, **_SHOWN}
_ALL = select(*[copies.c[name] for name in _COMPARED]).where(*_SIDE)
_THESE = _ALL.where(copies.c.id.in_(bindparam("ids", expanding=True)))
_MARK = update(copies).where(*_SIDE, copies.c.id.in_(bindparam("ids", expanding=True)))
_RENAME = update(copies).where(*_SIDE, copies.c.id == bindparam("known")).values(id=bindparam("aside"))
_FORGET = delete(copies).where(*_SIDE, copies.c.id == bindparam("known"))
_ANSWERED = delete(inbox).where(  # by more than its number: SQLite gives that of the last one to the next
    inbox.c.id.in_(bindparam("ids", expanding=True)), inbox.c.sync == bindparam("of"), inbox.c.side == bindparam("at")
)
_NEWEST = select(func.max(mappings.c.version)).where(mappings.c.sync == bindparam("of"))
_DIRTY = update(links).where(links.c.id.in_(bindparam("ids", expanding=True))).values(dirty=True, open=True)
_MOVED = _DIRTY.values(rev=links.c.rev + 1)


@dataclass
class Seen:
    """What one ingest found."""

    side: str
    read: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    missing: int = 0
    doubted: tuple[str, ...] = ()
    """Records that were shown as they are known not to be any more: they are asked for by their ids."""


def ingest(store: Store, bound: Bound, lease: Lease, run: str, side: str, path: Path, now: str) -> Seen:
    """Stores a snapshot that a run read. `now` is ISO 8601 in UTC."""
    note = note_of(path)
    if note.error:
        return Seen(side)
    common = {"at": now, "sync": lease.sync, "run": run, "side": side, "source": side}
    with store.write() as connection:
        lease.check(connection)
        found = _sorted(connection, common, note, path) if note.records or note.kind == "scan" else {}
        doubted = _doubt(connection, common, found)
        reused = found.get("reused", [])
        step_aside(connection, common, reused)
        arrive(connection, bound, common, [*found.get("new", []), *reused], found.get("changed", []))
        mark_dirty(connection, [row["link"] for row in found.get("changed", []) if row["link"]])
        _touch(connection, common, found.get("touched", []))
        proved = found.get("proved", [])
        for row in [row for row in proved if not row["merged_into"]]:
            leave(connection, common, row)
        absorb(connection, common, [row for row in proved if row["merged_into"]])
        _mark(connection, common, "absent", found.get("twice", []))
        _mark(connection, common, "missing", [*found.get("sighted", []), *doubted])
        _disbelieve(connection, common, doubted)
        _advance(connection, common, note)
    count = {kind: len(rows) for kind, rows in found.items()}
    gone, new = count.get("proved", 0) + len(reused), count.get("new", 0) + len(reused)
    late = tuple(row["id"] for row in [*found.get("late", []), *doubted])
    return Seen(side, note.records, new, count.get("changed", 0), gone, count.get("sighted", 0), late)


def _sorted(connection: Connection, common: Row, note: Note, path: Path) -> dict[str, list[Row]]:
    """The rows that something is to be done about, by what that is."""
    frame = frame_of(path)
    known = _known(connection, common, None if note.kind == "scan" else frame.get_column("id").to_list())
    joined = frame.lazy().join(known.lazy(), on="id", how="full", coalesce=True, validate="1:1", suffix="_known")
    found: dict[str, list[Row]] = {}
    sorts = joined.with_columns(kind=_kind(note.kind, note.afresh), missing_since=_unlisted_since(note.kind))
    todo = sorts.filter(pl.col("kind").is_not_null()).collect(optimizations=PLAIN)
    for row in todo.iter_rows(named=True):
        found.setdefault(row["kind"], []).append(row)
    return found


def _doubt(connection: Connection, common: Row, found: dict[str, list[Row]]) -> list[Row]:
    """What a list shows against what is known from later is asked for by its id, at the latest in the next run. Gives
    those that are known to be deleted: until then they are kept as missing, so that their like is not made elsewhere.
    """
    new = [row for row in found.get("new", []) if not row["asked"]]
    departed = former.departed(connection, common["sync"], common["side"], new)
    at = {name: common[name] for name in ("sync", "side", "at")}
    pings = [{**at, "record": row["id"]} for row in found.get("late", [])]
    if pings:
        connection.execute(insert(inbox), pings)
    return [row for row in new if row["id"] in departed]


def _disbelieve(connection: Connection, common: Row, rows: Sequence[Row]) -> None:
    """What lists show of these counts for nothing until they were asked for by their ids."""
    at = {"sync": common["sync"], "side": common["side"]}
    shown = [
        {**at, "id": row["id"], "former": former.passed(None, row["version"] or row["digest"], None)} for row in rows
    ]
    revise(connection, copies, shown)


def _known(connection: Connection, common: Row, ids: list[str] | None) -> pl.DataFrame:
    """The side's copies: these, or all, so that a run over changes costs what changed and no more."""
    at = {"of": common["sync"], "at": common["side"]}
    asked = [(_ALL, at)] if ids is None else [(_THESE, {**at, "ids": list(part)}) for part in chunks(ids)]
    rows = [tuple(row) for query, values in asked for row in connection.execute(query, values)]
    return pl.DataFrame(rows, schema=_COMPARED, orient="row")


@cache
def _kind(read: str, afresh: bool) -> pl.Expr:
    """What a row of the joined frame is; null where nothing is to be done.

    Presence always counts. Absence (from a finished scan, or a 404 on a look) is only a sighting, and a second look
    within one run is no second sighting. An id that comes with another time of creation is another record under it.
    """
    here, gone, present = ~pl.col("gone"), pl.col("gone"), pl.col("present")
    scan = pl.lit(read == "scan")
    differs = pl.col("digest").ne_missing(pl.col("digest_known")) | (present != "yes") | pl.lit(afresh)
    listed_again = scan & ~pl.col("looked") & pl.col("missing_since").is_not_null()
    dated = pl.col("created_at").is_not_null() & pl.col("created_at_known").is_null()
    touched = pl.col("version").ne_missing(pl.col("version_known")) | dated | listed_again
    return (
        pl.when(here & ~pl.col("asked") & former.superseded(scan))
        .then(pl.lit("late"))
        .when(here & present.is_null())
        .then(pl.lit("new"))
        .when(here & (pl.col("created_at") != pl.col("created_at_known")))
        .then(pl.lit("reused"))
        .when(here & differs)
        .then(pl.lit("changed"))
        .when(here & touched)
        .then(pl.lit("touched"))
        .when(gone & (~pl.col("looked") | pl.col("merged_into").is_not_null()) & present.is_in(["yes", "missing"]))
        .then(pl.lit("proved"))
        .when(gone & (present == "missing") & pl.lit(read != "get"))
        .then(pl.lit("twice"))
        .when((gone | (gone.is_null() & scan)) & (present == "yes"))
        .then(pl.lit("sighted"))
    )


@cache
def _unlisted_since(read: str) -> pl.Expr:
    """Since when a record that is there is not listed: what a scan did not list and a look by its id shows is present,
    and is looked at along with each further scan until one lists it again."""
    other = pl.col("created_at") != pl.col("created_at_known")
    still = pl.col("looked") | pl.lit(read != "scan")
    return pl.when(still & pl.col("present").is_in(["yes", "missing"]) & ~other.fill_null(False)).then("missing_since")


def _touch(connection: Connection, common: Row, rows: Sequence[Row]) -> None:
    """The same values, under another version, say."""
    at = {"sync": common["sync"], "side": common["side"]}
    names = ("id", "version", "changed_at", "missing_since")
    seen = [
        {**at, **{name: row[name] for name in names}, "created_at": created(row), "former": passed(row)} for row in rows
    ]
    revise(connection, copies, seen)


def _mark(connection: Connection, common: Row, present: str, rows: Sequence[Row]) -> None:
    at = {"of": common["sync"], "at": common["side"]}
    for part in chunks([row["id"] for row in rows]):
        values = {"present": present, "missing_since": common["at"]}
        connection.execute(_MARK, {**at, "ids": list(part), **values})


def leave(connection: Connection, common: Row, row: Row) -> None:
    """The record is gone: a copy (its id, link and presence) that no link has is forgotten."""
    sync, side = common["sync"], common["side"]
    if row["link"] is None:
        unkey(connection, sync, side, [row["id"]])
        connection.execute(_FORGET, {"of": sync, "at": side, "known": row["id"]})
    elif row["present"] != "gone":
        before = observed(connection, sync, side, [row["id"]])[row["id"]]
        _mark(connection, common, "gone", [row])
        told = {"event": Event.GONE, "link": row["link"], "record": row["id"], "before": before}
        events.note(connection, [{**common, **told}])
        mark_dirty(connection, [row["link"]])


def step_aside(connection: Connection, common: Row, rows: Sequence[Row]) -> None:
    """The records that had these ids are gone, and others have the ids now: their links keep them as `ID@CREATED`."""
    at = {"of": common["sync"], "at": common["side"]}
    for row in rows:
        leave(connection, common, row)
        unkey(connection, common["sync"], common["side"], [row["id"]])
        if row["link"] is not None:
            aside = f"{row['id']}@{row['created_at_known'] or common['at']}"
            connection.execute(_FORGET, {**at, "known": aside})
            connection.execute(_RENAME, {**at, "known": row["id"], "aside": aside})


def _advance(connection: Connection, common: Row, note: Note) -> None:
    values: Row = {"read_at": common["at"]} | ({"account": note.account} if note.account else {})
    if note.cursor is not None:
        values["cursor"] = note.cursor
    if note.kind == "scan":
        newest = connection.execute(_NEWEST, {"of": common["sync"]}).scalar()
        values |= {"scanned_at": common["at"], "mapped": newest}
    revise(connection, sides, [{"sync": common["sync"], "side": common["side"], **values}])
    if note.pings:
        connection.execute(_ANSWERED, {"ids": list(note.pings), "of": common["sync"], "at": common["side"]})


def answered(connection: Connection, sync: str, side: str, records: Sequence[str]) -> None:
    """These were asked for: no later run needs to."""
    where = (inbox.c.sync == sync, inbox.c.side == side, inbox.c.record.in_(records))
    connection.execute(delete(inbox).where(*where))


def mark_dirty(connection: Connection, ids: Sequence[str], *, moved: bool = True) -> None:
    """The links need a look in the next merge; where they have moved, what was planned for them no longer fits."""
    for part in chunks(sorted(set(ids))):
        connection.execute(_MOVED if moved else _DIRTY, {"ids": list(part)})
