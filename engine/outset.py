"""What is known when a run begins to read: one look at the state, for all sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from engine import journal
from engine.store.tables import copies, inbox, mappings, sides
from engine.telling import ASKED

_SIDES = select(sides).where(sides.c.sync == bindparam("of"))
_MAPPED = select(func.max(mappings.c.version)).where(mappings.c.sync == bindparam("of"))
_COPIES = select(copies.c.side, copies.c.id).where(copies.c.sync == bindparam("of"))
_MISSING = _COPIES.add_columns(copies.c.link).where(copies.c.present == "missing")
_UNLISTED = select(copies.c.id).where(
    copies.c.sync == bindparam("of"),
    copies.c.present == "yes",
    copies.c.side == bindparam("at"),
    copies.c.missing_since.is_not(None),
)
_UNREAD = _COPIES.where(copies.c.failed.is_not(None), copies.c.failed.endswith(ASKED), copies.c.link.is_(None))
_PINGS = select(inbox.c.id, inbox.c.side, inbox.c.record).where(inbox.c.sync == bindparam("of"))


@dataclass(frozen=True)
class Outset:
    """The sides as they were left, and what is to be looked at whatever the apps list."""

    sides: dict[str, dict[str, Any]]
    """Side -> its row: cursor, account, schema, trust."""
    mapped: int | None
    """The newest version of the mapping."""
    missing: Sequence[tuple[str, str, str | None]]
    """(side, record, link): each is looked at a second time."""
    unheard: Sequence[dict[str, Any]]
    """Changes that were sent and of which nothing was heard, as in the journal."""
    unread: Sequence[tuple[str, str]]
    """(side, record): new records of which was not read what they are known by."""
    pings: Sequence[tuple[int, str, str | None]]
    """(number, side, record): what an app said may have changed; no record means look at all."""

    @classmethod
    def look(cls, connection: Connection, sync: str) -> Outset:
        """As the state is now."""
        of = {"of": sync}
        return cls(
            {row["side"]: dict(row) for row in connection.execute(_SIDES, of).mappings()},
            connection.execute(_MAPPED, of).scalar(),
            [(row.side, row.id, row.link) for row in connection.execute(_MISSING, of)],
            journal.unresolved(connection, sync),
            [(row.side, row.id) for row in connection.execute(_UNREAD, of)],
            [(row.id, row.side, row.record) for row in connection.execute(_PINGS, of)],
        )

    def afresh(self, side: str) -> bool:
        """Whether the mapping has changed since the side was last scanned: then everything is looked at again."""
        row = self.sides[side]
        return row["scanned_at"] is not None and self.mapped != row["mapped"]

    def revisit(self, side: str) -> set[str]:
        """Records to read by id: missing and unread ones, those with a write in doubt, and those that pings name."""
        unheard = [(row["side"], row["record"]) for row in self.unheard]
        pinged = [(at, record) for _, at, record in self.pings]
        missing = [(at, record) for at, record, _ in self.missing]
        return {record for at, record in [*missing, *self.unread, *unheard, *pinged] if at == side and record}

    def loose(self, side: str) -> set[str]:
        """Missing records without a link: they are looked at also where the side is not trusted, for nothing else is
        known of them."""
        return {record for at, record, link in self.missing if at == side and link is None}

    def pinged(self, side: str) -> list[int]:
        """The pings that reading the side now answers."""
        return [number for number, at, _ in self.pings if at == side]


def unlisted(connection: Connection, sync: str, side: str) -> set[str]:
    """Records that are there although the last scan did not list them: the next one asks for each by its id."""
    return set(connection.execute(_UNLISTED, {"of": sync, "at": side}).scalars())
