"""Step 2, ingest: joins a snapshot with the copies and stores what was seen, with the cursor, in one transaction.

Only new, changed and missing records touch the store. The cursor is committed with what was *seen*, never with what
was *applied*.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, select, update

from engine import events
from engine.bound import Bound
from engine.events import Event
from engine.filters import qualifies
from engine.match import keys_of
from engine.problem import MappingError
from engine.rules import Rule, describe
from engine.snapshot import Note, frame_of, note_of, records
from engine.store import Store, chunks, put, revise
from engine.store.lease import Lease
from engine.store.tables import copies, copy_keys, links, sides

log = logging.getLogger("engine")


@dataclass
class Seen:
    """What one ingest found."""

    side: str
    read: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    missing: int = 0


def ingest(store: Store, bound: Bound, lease: Lease, run: str, side: str, path: Path, now: str) -> Seen:
    """Stores a snapshot that a run read. `now` is ISO 8601 in UTC."""
    note = note_of(path)
    if note.error:
        return Seen(side)
    frame = frame_of(path)
    with store.write() as connection:
        lease.check(connection)
        known = _known(connection, lease.sync, side, None if note.kind == "scan" else frame.get_column("id").to_list())
        joined = frame.join(known, on="id", how="full", coalesce=True, validate="1:1", suffix="_known")
        seen = Seen(side, read=frame.height)
        common = {"at": now, "sync": lease.sync, "run": run, "side": side, "source": side}
        _arrivals(connection, bound, common, joined, seen, note.afresh)
        _departures(connection, common, joined, note, seen)
        _advance(connection, lease.sync, side, note, now)
    return seen


def _known(connection: Connection, sync: str, side: str, ids: list[str] | None) -> pl.DataFrame:
    """The side's copies: these, or all, so that a run over changes costs what changed and no more."""
    query = select(copies.c.id, copies.c.digest, copies.c.version, copies.c.present, copies.c.link).where(
        copies.c.sync == sync, copies.c.side == side
    )
    queries = [query] if ids is None else [query.where(copies.c.id.in_(part)) for part in chunks(ids)]
    rows = [tuple(row) for each in queries for row in connection.execute(each)]
    schema = {"id": pl.String, "digest": pl.String, "version": pl.String, "present": pl.String, "link": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _arrivals(
    connection: Connection, bound: Bound, common: dict[str, Any], joined: pl.DataFrame, seen: Seen, afresh: bool
) -> None:
    """`common` are the columns that all rows of history have here."""
    sync, side = common["sync"], common["side"]
    here = joined.filter(pl.col("gone") == False)  # noqa: E712 - a column, not a truth value
    new = here.filter(pl.col("present").is_null())
    differs = pl.col("digest").ne_missing(pl.col("digest_known")) | (pl.col("present") != "yes") | pl.lit(afresh)
    changed = here.filter(pl.col("present").is_not_null() & differs)
    touched = here.filter(
        (pl.col("present") == "yes") & ~differs & pl.col("version").ne_missing(pl.col("version_known"))
    )
    container = bound_container(connection, sync, side)
    for frame, known in ((new, False), (changed, True)):
        rows = [_row(sync, side, container, record) for record in records(frame)]
        before = _before(connection, sync, side, rows) if known else {}
        _judge(bound, side, rows, before)
        tied = dict(zip(frame.get_column("id"), frame.get_column("link"), strict=True))
        events.note(connection, [event for row in rows for event in _edits(common, row, before, tied[row["id"]])])
        for part in chunks(rows):
            _store(connection, list(part), known)
            rekey(connection, bound, side, list(part))
    seen.new, seen.changed = new.height, changed.height
    mark_dirty(connection, changed.get_column("link").drop_nulls().to_list())
    seen_again = touched.select("id", "version", "changed_at").to_dicts()
    revise(connection, copies, [{"sync": sync, "side": side, **row} for row in seen_again])


def _edits(
    common: dict[str, Any], row: dict[str, Any], before: dict[str, dict[str, Any]], link: str | None
) -> list[dict[str, Any]]:
    """What somebody changed in a record of ours."""
    if link is None or row["failed"] or row["id"] not in before:
        return []
    return events.edits({**common, "link": link, "record": row["id"]}, before[row["id"]], row["observed"])


def _row(sync: str, side: str, container: str, record: dict[str, Any]) -> dict[str, Any]:
    data = record["data"]
    return {
        "sync": sync,
        "side": side,
        "id": record["id"],
        "container": container,
        "version": record["version"],
        "digest": record["digest"],
        "observed": data,
        "changed_at": record["changed_at"],
        "created_at": record["created_at"],
        "changed_by": record["changed_by"],
        "present": "yes",
        "missing_since": None,
        "failed": data.get("unreadable"),
    }


def _judge(bound: Bound, side: str, rows: list[dict[str, Any]], before: dict[str, dict[str, Any]]) -> None:
    """Who takes part; a field that was not read this time is as it was."""
    rule = bound.mapping.only.get(side)
    records = [{**before.get(row["id"], {}), **row["observed"]} for row in rows]
    fits = _fits(rule, rows, records) if rule is not None and rows else [True] * len(rows)
    for row, fit in zip(rows, fits, strict=True):
        row["excluded"] = None if fit or rule is None else f"on {side}, it is not so that {describe(rule)}"


def _fits(rule: Rule, rows: list[dict[str, Any]], records: list[dict[str, Any]]) -> list[bool]:
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


def _before(connection: Connection, sync: str, side: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in chunks([row["id"] for row in rows]):
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.id.in_(part))
        found |= {
            row.id: row.observed for row in connection.execute(select(copies.c.id, copies.c.observed).where(*where))
        }
    return found


def _store(connection: Connection, rows: list[dict[str, Any]], known: bool) -> None:
    if known:
        revise(connection, copies, [row for row in rows if not row["failed"]])
        kept = ("sync", "side", "id", "version", "digest", "failed", "present")  # what was last read stays what we know
        revise(connection, copies, [{name: row[name] for name in kept} for row in rows if row["failed"]])
    else:
        put(
            connection,
            copies,
            [{**row, "link": None, "synced": {}, "base": {}, "ours": False, "single": False} for row in rows],
        )


def rekey(connection: Connection, bound: Bound, side: str, rows: list[dict[str, Any]]) -> None:
    """Stores the match keys of copies as they are now."""
    readable = [row for row in rows if not row.get("failed")]
    if not readable or not bound.mapping.match:
        return
    ids = [row["id"] for row in readable]
    where = (copy_keys.c.sync == readable[0]["sync"], copy_keys.c.side == side, copy_keys.c.id.in_(ids))
    connection.execute(copy_keys.delete().where(*where))
    found = [
        {"sync": row["sync"], "side": side, "id": row["id"], "rule": rule, "key": key}
        for row in readable
        for rule, key in _keys(bound, side, row).items()
    ]
    put(connection, copy_keys, found)


def _keys(bound: Bound, side: str, row: dict[str, Any]) -> dict[int, str]:
    """None where a lens meets a value it does not know: the record is parked when it is merged."""
    try:
        return keys_of(bound, side, row["observed"])
    except Exception:
        log.exception("%s %s has values that cannot be read", side, row["id"])
        return {}


def _departures(connection: Connection, common: dict[str, Any], joined: pl.DataFrame, note: Note, seen: Seen) -> None:
    """Proved deletions at once; absence (from a finished scan, or a 404 on a look) only as a first sighting."""
    sync, side, now = common["sync"], common["side"], common["at"]
    gone = joined.filter((pl.col("gone") == True) & pl.col("present").is_in(["yes", "missing"]))  # noqa: E712
    proved = gone.filter(pl.col("looked") == False)  # noqa: E712
    if note.kind != "get":  # a second look within one run is no second sighting
        twice = gone.filter((pl.col("looked") == True) & (pl.col("present") == "missing"))  # noqa: E712
        _mark(connection, sync, side, twice.get_column("id").to_list(), "absent", now)
    for row in proved.iter_rows(named=True):
        leave(connection, common, row)
    absent = gone.filter((pl.col("looked") == True) & (pl.col("present") == "yes"))  # noqa: E712
    sighted = absent.get_column("id").to_list()
    if note.kind == "scan":
        sighted += joined.filter(pl.col("gone").is_null() & (pl.col("present") == "yes")).get_column("id").to_list()
    _mark(connection, sync, side, sighted, "missing", now)
    seen.missing, seen.gone = len(sighted), proved.height


def _mark(connection: Connection, sync: str, side: str, ids: list[str], present: str, now: str) -> None:
    for part in chunks(ids):
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.id.in_(part))
        connection.execute(update(copies).where(*where).values(present=present, missing_since=now))


def leave(connection: Connection, common: dict[str, Any], row: dict[str, Any]) -> None:
    """The record is gone: a copy (its id, link and presence) that no link has is forgotten."""
    sync, side, now = common["sync"], common["side"], common["at"]
    if row["link"] is None:
        connection.execute(copies.delete().where(*_is(sync, side, row["id"])))
        return
    if row["present"] != "gone":
        connection.execute(update(copies).where(*_is(sync, side, row["id"])).values(present="gone", missing_since=now))
        seen = connection.execute(select(copies.c.observed).where(*_is(sync, side, row["id"]))).scalar()
        told = {"event": Event.GONE, "link": row["link"], "record": row["id"], "before": seen}
        events.note(connection, [{**common, **told}])
        mark_dirty(connection, [row["link"]])


def _advance(connection: Connection, sync: str, side: str, note: Note, now: str) -> None:
    values: dict[str, Any] = {"read_at": now, "account": note.account}
    if note.cursor is not None:
        values["cursor"] = note.cursor
    if note.kind == "scan":
        values["scanned_at"] = now
    connection.execute(update(sides).where(sides.c.sync == sync, sides.c.side == side).values(**values))


def mark_dirty(connection: Connection, ids: list[str], *, moved: bool = True) -> None:
    """The links need a look in the next merge; where they have moved, what was planned for them no longer fits."""
    values: dict[str, Any] = {"dirty": True, "open": True} | ({"rev": links.c.rev + 1} if moved else {})
    for part in chunks(sorted(set(ids))):
        connection.execute(update(links).where(links.c.id.in_(part)).values(**values))


def bound_container(connection: Connection, sync: str, side: str) -> str:
    """Where the ids of this side are unique."""
    found = connection.execute(select(sides.c.container).where(sides.c.sync == sync, sides.c.side == side)).scalar()
    return str(found or f"{sync}/{side}")


def _is(sync: str, side: str, record: str) -> tuple[Any, ...]:
    return copies.c.sync == sync, copies.c.side == side, copies.c.id == record
