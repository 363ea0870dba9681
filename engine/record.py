"""Runs as rows: opening and closing them, and looking at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from engine import ids
from engine.meters import Key, add
from engine.store import Store, revise
from engine.store.tables import changes, mappings, runs

_VERSIONS = select(mappings.c.version, mappings.c.digest).where(mappings.c.sync == bindparam("of"))
_OPEN = runs.insert()


def begin(store: Store, sync: str, kind: str, text: dict[str, Any], digest: str, now: str) -> str:
    """Opens a run; its id. A mapping not seen before becomes a new version."""
    run = ids.new()[:16]
    with store.write() as connection:
        rows = connection.execute(_VERSIONS, {"of": sync}).all()
        latest = max((row.version for row in rows), default=0)
        version = next((row.version for row in rows if row.digest == digest and row.version == latest), latest + 1)
        if version > latest:
            if latest:
                from engine.remap import remap  # looking at runs need not wait for what a change of the mapping needs

                remap(connection, sync, text)
            values = {"sync": sync, "version": version, "digest": digest, "text": text, "at": now}
            connection.execute(mappings.insert().values(**values))
        values = {"id": run, "sync": sync, "kind": kind, "status": "running", "mapping": version}
        connection.execute(_OPEN, {**values, "started_at": now, "report": {}})
    return run


def end(
    store: Store, run: str, status: str, report: dict[str, Any], now: str, counts: Mapping[Key, float] | None = None
) -> None:
    """Closes a run, and adds what it did to the meters of its sync."""
    with store.write() as connection:
        add(connection, counts or {})
        revise(connection, runs, [{"id": run, "status": status, "ended_at": now, "report": report}])


def runs_of(store: Store, sync: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
    """The latest runs and plans, newest first."""
    query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id).limit(limit)
    return store.rows(query if sync is None else query.where(runs.c.sync == sync))


def run_of(store: Store, run: str) -> dict[str, Any] | None:
    """One run with its changes."""
    found = store.all(runs, runs.c.id == run)
    if not found:
        return None
    rows = store.rows(select(changes).where(changes.c.run == run).order_by(changes.c.seq))
    return {**found[0], "changes": rows}
