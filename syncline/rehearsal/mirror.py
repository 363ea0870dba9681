"""What the sync knows of the records of an app, from its own state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.store import Store
from engine.store.tables import copies
from syncline.rehearsal.account import Account


class Mirror:
    """The copies of one sync."""

    def __init__(self, store: Store, sync: str) -> None:
        self.store, self.sync = store, sync

    def known(self, app: Account) -> set[str]:
        """The records it has ever seen."""
        where = (copies.c.sync == self.sync, copies.c.side == app.name)
        return {row["id"] for row in self.store.rows(select(copies.c.id).where(*where))}

    def observed(self, app: Account, record: str) -> dict[str, Any] | None:
        """A linked record as it was last read."""
        where = (
            copies.c.sync == self.sync,
            copies.c.side == app.name,
            copies.c.id == record,
            copies.c.link.is_not(None),
        )
        rows = self.store.rows(select(copies.c.observed).where(*where))
        return dict(rows[0]["observed"]) if rows else None

    def unread(self, app: Account, record: str) -> bool:
        """Whether it was edited since it was read."""
        return self.observed(app, record) != app.rows[record].data
