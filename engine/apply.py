"""Step 9, apply: sends the planned changes of one side in batches, each one journalled before it goes out.

The only engine module, with `recover` and `read`, that calls a connector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from engine import former, journal
from engine.bound import Bound
from engine.canonical import digest, pick
from engine.contract import (
    AppError,
    AuthExpired,
    Connector,
    Failed,
    Op,
    Outcome,
    Record,
    Refused,
    Support,
    Transient,
    Write,
)
from engine.entity import made_elsewhere
from engine.heard import Applied, hear
from engine.ingest import mark_dirty
from engine.store import Store, chunks
from engine.store.lease import Lease
from engine.store.tables import links

LEAST = 50
"""Changes per commit, at the least; a connector's own batch size if that is larger."""

_REVS = select(links.c.id, links.c.rev).where(links.c.id.in_(bindparam("links", expanding=True)))


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
    dealt = 0
    for part in _parts(target, rows):
        if not applied.error:
            _send(store, bound, lease, target, part, clock, applied)
        else:
            with store.write() as connection:
                lease.check(connection)
                journal.mark(connection, [row["id"] for row in part], "dropped", error=applied.error)
        dealt += len(part)
        progress(dealt, len(rows))
    applied.requests = target.connector.requests - before
    return applied


def _parts(target: Target, rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What goes out between two commits; creates come first. Those that cannot be found again go one by one: whatever
    happens, only one of them is in doubt."""
    caps = target.connector.caps
    alone = [row for row in rows if row["op"] == Op.CREATE] if caps.stamped is Support.NO else []
    yield from ([row] for row in alone)
    yield from (list(part) for part in chunks(rows[len(alone) :], max(LEAST, caps.batch)))


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
        unheard = hear(connection, bound, fit, heard, clock().isoformat(), applied, guarded)
        surely_not = isinstance(error, AuthExpired | Refused) or (
            isinstance(error, Transient) and error.landed is False
        )
        state = "dropped" if surely_not else "doubt"
        journal.mark(connection, [row["id"] for row in unheard], state, error=str(error or "no outcome"))
        mark_dirty(connection, [row["link"] for row in unheard], moved=False)
        applied.doubt += len(unheard) if state == "doubt" else 0
    if error is not None:
        applied.error = str(error)


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
    current = _current(target, rows) if target.connector.caps.guarded is Support.NO else None
    moved = set() if current is None else _moved(bound, target.side, rows, current)
    with store.write() as connection:
        lease.check(connection)
        revs = {row.id: row.rev for row in connection.execute(_REVS, {"links": [row["link"] for row in rows]})}
        moved |= made_elsewhere(connection, lease.sync, target.side, [row for row in rows if row["op"] == Op.CREATE])
        fit = [row for row in rows if revs.get(row["link"]) == row["rev"] and row["id"] not in moved]
        fitting = {row["id"] for row in fit}
        former.glimpsed(connection, lease.sync, target.side, _shown(bound, target.side, fit, current or {}))
        stale = [row for row in rows if row["id"] not in fitting]
        journal.mark(connection, [row["id"] for row in stale], "stale", error="the record changed since it was planned")
        mark_dirty(connection, [row["link"] for row in stale])
        journal.mark(connection, [row["id"] for row in fit], "sent", sent_at=clock().isoformat())
    applied.stale += len(stale)
    return fit


def _current(target: Target, rows: list[dict[str, Any]]) -> dict[str, Record]:
    """The records to be written as they are now."""
    known = [row["record"] for row in rows if row["record"] is not None]
    return {record.id: record for record in target.connector.get(target.obj, target.scope, known)} if known else {}


def _moved(bound: Bound, side: str, rows: list[dict[str, Any]], current: dict[str, Record]) -> set[str]:
    """Ids of changes whose record is no longer what the plan was made on."""
    known = [row for row in rows if row["record"] is not None]
    return {row["id"] for row in known if _differs(bound, side, row, current.get(row["record"]))}


def _shown(bound: Bound, side: str, rows: list[dict[str, Any]], current: dict[str, Record]) -> dict[str, str]:
    """Record id -> the version that is about to be written over, or else its digest."""
    found = {row["record"]: current[row["record"]] for row in rows if row["record"] in current}
    there = {record: now for record, now in found.items() if not now.gone}
    return {record: now.version or digest(pick(now.data, bound.wanted[side])) for record, now in there.items()}


def _differs(bound: Bound, side: str, row: dict[str, Any], record: Record | None) -> bool:
    if record is None or record.gone:
        return bool(row["op"] != Op.DELETE)
    now = pick(record.data, bound.wanted[side])
    return digest({name: now.get(name) for name in row["before"]}) != digest(dict(row["before"]))


def _write(row: dict[str, Any]) -> Write:
    return Write(op=Op(row["op"]), key=row["key"], id=row["record"], if_version=row["version"], data=row["data"])


def outcomes(connector: Connector, target: Target, writes: list[Write]) -> Iterator[Outcome]:
    """The outcomes of some writes, one each; an error that ends the call is the outcome of those without one."""
    left = {write.key for write in writes}
    try:
        for outcome in connector.write(target.obj, target.scope, writes):
            left.discard(outcome.key)
            yield outcome
    except AppError as error:
        yield from (Failed(key, error) for key in sorted(left))
