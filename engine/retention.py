"""Retention: what is older than it is kept goes, the oldest runs first, each with all that belongs to it.

What stays is whole: from the oldest run that is kept, history leads to the present state without a gap, so that undo
and time travel work on everything that is left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Delete, Table, bindparam, delete, exists, func, or_, select, text

from engine.store import Store
from engine.store.tables import changes, copies, copy_keys, history, hold_copies, holds, links, metadata, runs

OPEN = ("sent", "doubt")
"""States of changes whose outcome is not known yet."""
MARGIN = timedelta(days=1)
"""Kept besides: the plan that a run of the first day carried out, and runs that were killed around midnight."""

_ENDED = (
    select(runs.c.id)
    .where(runs.c.sync == bindparam("of"), runs.c.started_at >= bindparam("since"), runs.c.id != bindparam("this"))
    .where(runs.c.status.in_(("done", "waiting")))
    .limit(1)
)


def _deletions() -> list[tuple[str, Delete]]:
    """In the order that references ask for."""
    of: Any = bindparam("of")
    until: Any = bindparam("until")
    gone = select(runs.c.id).where(runs.c.sync == of, runs.c.started_at < until)
    closed = (holds.c.sync == of, holds.c.state == "closed", holds.c.closed_at < until)
    ended = (
        select(links.c.id)
        .where(links.c.sync == of, links.c.ended < until)
        .where(~exists().where(history.c.link == links.c.id), ~exists().where(changes.c.link == links.c.id))
    )
    known = exists().where(
        copies.c.sync == copy_keys.c.sync, copies.c.side == copy_keys.c.side, copies.c.id == copy_keys.c.id
    )
    return [
        ("history", delete(history).where(history.c.sync == of, history.c.at < until)),
        ("changes", delete(changes).where(changes.c.run.in_(gone))),
        ("runs", delete(runs).where(runs.c.id.in_(gone))),
        ("hold_copies", delete(hold_copies).where(hold_copies.c.hold.in_(select(holds.c.id).where(*closed)))),
        ("holds", delete(holds).where(*closed)),
        ("copies", delete(copies).where(copies.c.sync == of, copies.c.link.in_(ended))),
        ("links", delete(links).where(links.c.id.in_(ended))),
        ("copy_keys", delete(copy_keys).where(copy_keys.c.sync == of, ~known)),
    ]


_DELETIONS = _deletions()


def due(store: Store, sync: str, run: str, now: datetime) -> bool:
    """Whether `run` is the first of its sync to come to its end today (UTC): so pruning happens once a day."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
    return not store.rows(_ENDED, of=sync, since=today, this=run)


def prune(store: Store, sync: str, keep: timedelta, now: datetime) -> dict[str, int]:
    """Removes what is older than `keep`, in one transaction; table -> rows that went.

    A run goes with its changes and its history, or stays with them. It stays, with all runs after it, while an outcome
    of it is unknown or was learned within the time that is kept.
    """
    with store.write() as connection:
        horizon = _horizon(connection, sync, (now - keep - MARGIN).isoformat())
        of = {"of": sync, "until": horizon}
        return {table: connection.execute(one, of).rowcount for table, one in _DELETIONS}


def _horizon(connection: Connection, sync: str, cutoff: str) -> str:
    """What began before it may go: nothing that goes has left a trace after it."""
    for _ in range(100):
        late = or_(changes.c.state.in_(OPEN), changes.c.done_at >= cutoff, runs.c.ended_at >= cutoff)
        query = select(func.min(runs.c.started_at)).outerjoin(changes, changes.c.run == runs.c.id)
        first = connection.execute(query.where(runs.c.sync == sync, runs.c.started_at < cutoff, late)).scalar()
        if first is None:
            return cutoff
        cutoff = first
    return ""  # runs that reach into each other without end: nothing goes


def sizes(store: Store) -> dict[str, Any]:
    """`{bytes, tables: {name: rows}, oldest}`: its size, its rows, and when the oldest run began."""
    with store.read() as connection:
        tables = {name: _rows(connection, table) for name, table in sorted(metadata.tables.items())}
        oldest = connection.execute(select(func.min(runs.c.started_at))).scalar()
        return {"bytes": _bytes(store, connection), "tables": tables, "oldest": oldest}


def _rows(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


def _bytes(store: Store, connection: Connection) -> int:
    if not store.sqlite:
        return int(connection.execute(text("select pg_database_size(current_database())")).scalar() or 0)
    pages, size = (connection.execute(text(f"PRAGMA {name}")).scalar() or 0 for name in ("page_count", "page_size"))
    return int(pages) * int(size)
