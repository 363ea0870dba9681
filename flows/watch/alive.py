"""Whether a watcher lives."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.store import Store
from engine.store.lease import holder

LEASE = "*watch"
"""The lease of the one that watches; no sync can have this name."""


def at_work(store: Store) -> str | None:
    """The watcher that is at work on this state, as host:process; None where there is none."""
    found = holder(store, LEASE, datetime.now(UTC))
    return found.rpartition(":")[0] if found else None
