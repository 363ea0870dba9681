"""Counts that only grow, for graphs: what runs have done, by sync and side. They outlive the runs that are pruned."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from engine.store import Store
from engine.store.outside import meters

Key = tuple[str, str, str]
"""Sync (or "", for what belongs to an account), side ("", for all of the sync; or the connection), and name."""


def add(connection: Connection, counts: Mapping[Key, float]) -> None:
    """Adds to the meters, in a transaction."""
    rows = [
        {"sync": key[0], "side": key[1], "name": key[2], "value": float(by)} for key, by in sorted(counts.items()) if by
    ]
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(meters)
    more = {"value": meters.c.value + insert.excluded.value}
    connection.execute(insert.on_conflict_do_update(index_elements=["sync", "side", "name"], set_=more), rows)


def read(store: Store) -> dict[Key, float]:
    """All of them."""
    return {(row["sync"], row["side"], row["name"]): row["value"] for row in store.all(meters)}
