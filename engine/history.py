"""History: every field change ever applied, and every value that gave way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from engine.store import Store
from engine.store.tables import copies, history


def query(store: Store, sync: str, record: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """The latest first. `record` is a record's id on any side, or a link's: all sides of that thing are shown."""
    found = select(history).where(history.c.sync == sync)
    if record is not None:
        linked = select(copies.c.link).where(copies.c.sync == sync, copies.c.id == record)
        formerly = select(history.c.link).where(history.c.sync == sync, history.c.record == record)
        found = found.where(or_(history.c.link == record, history.c.link.in_(linked), history.c.link.in_(formerly)))
    return store.rows(found.order_by(history.c.id.desc()).limit(limit))
