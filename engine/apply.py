"""Step 9, apply: sends the planned changes of one side in batches, each one journalled before it goes out.

The only engine module, with `recover` and `read`, that calls a connector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from engine import journal
from engine.bound import Bound
from engine.canonical import digest, pick
from engine.contract import (
    AppError,
    AuthExpired,
    Connector,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Outcome,
    Record,
    Refused,
    Stale,
    Support,
    Transient,
    Write,
)
from engine.ingest import mark_dirty
from engine.settle import settle
from engine.store import Store, chunks
from engine.store.lease import Lease
from engine.store.tables import copies, links

LEAST = 50
"""Changes per commit, at the least; a connector's own batch size if that is larger."""


@dataclass
class Applied:
    """What one side was given."""

    side: str
    writes: dict[str, int] = field(default_factory=lambda: {"create": 0, "update": 0, "delete": 0})
    failed: int = 0
    stale: int = 0
    doubt: int = 0
    requests: int = 0
    error: str = ""
    """Why the side was stopped, for people."""


@dataclass(frozen=True)
class Target:
    """The side to write, and what with."""

    side: str
    obj: str
    scope: dict[str, Any]
    connector: Connector


def apply(
    store: Store,
    bound: Bound,
    lease: Lease,
    run: str,
    target: Target,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    shard: tuple[int, int] | None = None,
) -> Applied:
    """Sends what a run planned for a side. A side that fails stops; what was not sent is planned again next time."""
    with store.read() as connection:
        rows = journal.waiting(connection, run, target.side, shard)
    applied = Applied(target.side)
    before = target.connector.requests
    size = max(LEAST, target.connector.caps.batch)
    for at, part in enumerate(chunks(rows, size)):
        if not applied.error:
            _send(store, bound, lease, target, list(part), clock, applied)
        else:
            with store.write() as connection:
                lease.check(connection)
                journal.mark(connection, [row["id"] for row in part], "dropped", error=applied.error)
        progress(min(len(rows), (at + 1) * size), len(rows))
    applied.requests = target.connector.requests - before
    return applied


def _send(
    store: Store,
    bound: Bound,
    lease: Lease,
    target: Target,
    rows: list[dict[str, Any]],
    clock: Callable[[], datetime],
    applied: Applied,
) -> None:
    try:
        fit = _still_fit(store, lease, bound, target, rows, clock, applied)
    except AppError as unseen:  # the look before the write failed: nothing was sent
        applied.error = str(unseen)
        with store.write() as connection:
            lease.check(connection)
            journal.mark(connection, [row["id"] for row in rows], "dropped", error=applied.error)
        return
    heard: list[Outcome] = []
    error: AppError | None = None
    try:
        for outcome in target.connector.write(target.obj, target.scope, [_write(row) for row in fit]):
            heard.append(outcome)
            lease.keep()  # a slow app must not outlast it
    except AppError as raised:
        error = raised
    with store.write() as connection:
        lease.check(connection)
        guarded = target.connector.caps.guarded is not Support.NO
        unheard = _store(connection, bound, fit, heard, clock().isoformat(), applied, guarded)
        surely_not = isinstance(error, AuthExpired | Refused) or (
            isinstance(error, Transient) and error.landed is False
        )
        state = "dropped" if surely_not else "doubt"
        journal.mark(connection, [row["id"] for row in unheard], state, error=str(error or "no outcome"))
        mark_dirty(connection, [row["link"] for row in unheard], moved=False)
        applied.doubt += len(unheard) if state == "doubt" else 0
    if error is not None:
        applied.error = str(error)


def _store(
    connection: Connection,
    bound: Bound,
    rows: list[dict[str, Any]],
    heard: list[Outcome],
    now: str,
    applied: Applied,
    guarded: bool,
) -> list[dict[str, Any]]:
    """Stores what became of each write; returns those of which nothing was heard."""
    by_key = {row["key"]: row for row in rows}
    landed = []
    for outcome in heard:
        row = by_key.pop(outcome.key)
        record = _landed(row, outcome)
        if record is not None:
            landed.append((row, record))
            applied.writes[row["op"]] += 1
        elif isinstance(outcome, Failed):
            _note(connection, row, outcome.error, now, applied)
    settle(connection, bound, landed, now, guarded=guarded)
    return list(by_key.values())


def _still_fit(
    store: Store,
    lease: Lease,
    bound: Bound,
    target: Target,
    rows: list[dict[str, Any]],
    clock: Callable[[], datetime],
    applied: Applied,
) -> list[dict[str, Any]]:
    """Those whose link is as it was planned on, marked as sent before anything goes out."""
    moved = _compare(bound, target, rows) if target.connector.caps.guarded is Support.NO else set()
    with store.write() as connection:
        lease.check(connection)
        query = select(links.c.id, links.c.rev).where(links.c.id.in_([row["link"] for row in rows]))
        revs = {row.id: row.rev for row in connection.execute(query)}
        fit = [row for row in rows if revs.get(row["link"]) == row["rev"] and row["id"] not in moved]
        fitting = {row["id"] for row in fit}
        stale = [row for row in rows if row["id"] not in fitting]
        journal.mark(connection, [row["id"] for row in stale], "stale", error="the record changed since it was planned")
        mark_dirty(connection, [row["link"] for row in stale])
        journal.mark(connection, [row["id"] for row in fit], "sent", sent_at=clock().isoformat())
    applied.stale += len(stale)
    return fit


def _compare(bound: Bound, target: Target, rows: list[dict[str, Any]]) -> set[str]:
    """Where an app cannot refuse stale writes: ids of changes whose record is no longer what the plan was made on."""
    known = [row for row in rows if row["record"] is not None]
    if not known:
        return set()
    found = target.connector.get(target.obj, target.scope, [row["record"] for row in known])
    current = {record.id: record for record in found}
    return {row["id"] for row in known if _differs(bound, target.side, row, current.get(row["record"]))}


def _differs(bound: Bound, side: str, row: dict[str, Any], record: Record | None) -> bool:
    if record is None or record.gone:
        return bool(row["op"] != Op.DELETE)
    now = pick(record.data, bound.wanted[side])
    return digest({name: now.get(name) for name in row["before"]}) != digest(dict(row["before"]))


def _write(row: dict[str, Any]) -> Write:
    return Write(op=Op(row["op"]), key=row["key"], id=row["record"], if_version=row["version"], data=row["data"])


def _landed(row: dict[str, Any], outcome: Outcome) -> Record | None:
    """The record as the write left it; None where it did not land."""
    if isinstance(outcome, Done):
        return outcome.record
    if isinstance(outcome.error, Missing) and row["op"] == Op.DELETE:
        return Record(row["record"], None, {}, gone=True)
    return None


def _note(connection: Connection, row: dict[str, Any], error: AppError, now: str, applied: Applied) -> None:
    """Stores a write that did not land, or may not have."""
    state = {Stale: "stale", Missing: "stale", Invalid: "failed"}.get(type(error), "dropped")
    if isinstance(error, Transient) and error.landed is not False:
        state, applied.doubt = "doubt", applied.doubt + 1
    journal.mark(connection, [row["id"]], state, error=str(error), done_at=now)
    mark_dirty(connection, [row["link"]], moved=state == "stale")
    if isinstance(error, Invalid):
        applied.failed += 1
        _park(connection, row, error, now)
    elif isinstance(error, Missing):
        where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == row["record"])
        connection.execute(update(copies).where(*where).values(present="missing", missing_since=now))
    elif isinstance(error, AuthExpired | Refused):
        applied.error = str(error)
    applied.stale += state == "stale"


def _park(connection: Connection, row: dict[str, Any], error: Invalid, now: str) -> None:
    """The record waits until it changes; the others go on."""
    errors = connection.execute(select(links.c.errors).where(links.c.id == row["link"])).scalar() or {}
    attempts = errors.get(row["side"], {}).get("attempts", 0) + 1
    entry = {
        "reason": str(error),
        "field": error.field,
        "digest": digest([row["op"], row["data"], row["version"]]),
        "attempts": attempts,
        "at": now,
    }
    values = {"errors": {**errors, row["side"]: entry}, "failed": True}
    connection.execute(update(links).where(links.c.id == row["link"]).values(**values))


def outcomes(connector: Connector, target: Target, writes: list[Write]) -> Iterator[Outcome]:
    """The outcomes of some writes, one each; an error that ends the call is the outcome of those without one."""
    left = {write.key for write in writes}
    try:
        for outcome in connector.write(target.obj, target.scope, writes):
            left.discard(outcome.key)
            yield outcome
    except AppError as error:
        yield from (Failed(key, error) for key in sorted(left))
