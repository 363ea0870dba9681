"""A look at one side that costs one request: is there anything that we do not know yet? Nothing is stored.

Where an app does not tell what has changed, all of the side is read instead, and compared with what is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from engine.canonical import digest, pick
from engine.contract import Connector, CursorExpired, Record
from engine.store import Store, chunks
from engine.store.tables import copies, inbox, sides
from flows.routes import Route

_SIDE = select(sides.c.cursor, sides.c.read_at).where(sides.c.sync == bindparam("of"), sides.c.side == bindparam("at"))
_KNOWN = select(copies.c.id, copies.c.version, copies.c.digest, copies.c.present).where(
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.id.in_(bindparam("ids", expanding=True)),
)
_PRESENT = select(copies.c.id).where(
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.present == "yes",
    copies.c.missing_since.is_(None),
)
_HERE = (inbox.c.sync == bindparam("of"), inbox.c.side == bindparam("at"))
_PINGS = select(inbox.c.id, inbox.c.at, inbox.c.record).where(*_HERE)
_ANSWERED = delete(inbox).where(*_HERE, inbox.c.id <= bindparam("last"), inbox.c.at <= bindparam("before"))
"""Not by number alone: SQLite gives that of the last one to the next; nor by time: clocks of machines differ."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far we have looked: from the stored cursor, which only runs move, to one of our own, so that what runs have
    written is listed to us once only."""

    stored: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has shown."""

    news: bool
    place: Place | None = None
    """Where the next look goes on; None: at the stored cursor."""
    blind: bool = False
    """The app does not tell what has changed: all of the side was read."""
    moved: bool = False
    """Since the last look somebody has read the side: what it showed may wait to be written."""


def glance(
    store: Store, route: Route, connector: Connector, place: Place | None, wanted: Callable[[], frozenset[str]]
) -> Seen:
    """Looks for changes that no run has read. `wanted` names the mapped fields. Raises AppError.

    Where there are none, the pings that came before are answered. A record that a ping names and the app has not listed
    is asked for: it may have been deleted.
    """
    at = {"of": route.sync, "at": route.side}
    found = store.rows(_SIDE, **at)
    if not found or found[0]["read_at"] is None:  # the first run is still to come, or to be tried again at its pace
        return Seen(news=False)
    stored, pings = found[0]["cursor"], store.rows(_PINGS, **at)
    if stored is None:
        return Seen(news=_otherwise(store, at, route, connector, wanted) or bool(pings), blind=True)
    named = {row["record"] for row in pings} - {None}
    moved = place is not None and place.stored != stored
    cursor = last = place.cursor if place and not moved else stored
    try:
        for page in connector.changes(route.object, route.scope, cursor):
            if _differs(store, at, page.records, wanted):
                return Seen(news=True, place=place, moved=moved)
            named -= {record.id for record in page.records}
            last = page.cursor or last
    except CursorExpired:
        return Seen(news=True)
    if named and _differs(store, at, list(connector.get(route.object, route.scope, sorted(named))), wanted):
        return Seen(news=True, place=place, moved=moved)
    if pings:
        with store.write() as connection:
            latest = {"last": max(row["id"] for row in pings), "before": max(row["at"] for row in pings)}
            connection.execute(_ANSWERED, {**at, **latest})
    return Seen(news=False, place=Place(stored, last), moved=moved)


def _otherwise(
    store: Store, at: dict[str, str], route: Route, connector: Connector, wanted: Callable[[], frozenset[str]]
) -> bool:
    """Whether any record is not as it was when last read, or is not there any more."""
    unseen = {row["id"] for row in store.rows(_PRESENT, **at)}
    for page in connector.scan(route.object, route.scope):
        if _differs(store, at, page.records, wanted):
            return True
        unseen -= {record.id for record in page.records}
    return bool(unseen)


def _differs(store: Store, at: dict[str, str], records: Sequence[Record], wanted: Callable[[], frozenset[str]]) -> bool:
    """Whether any of them is not as it was when last read: by its version, else by its values."""
    for part in chunks(records):
        known = {row["id"]: row for row in store.rows(_KNOWN, **at, ids=[record.id for record in part])}
        if any(_is_news(record, known.get(record.id), wanted) for record in part):
            return True
    return False


def _is_news(record: Record, known: dict[str, Any] | None, wanted: Callable[[], frozenset[str]]) -> bool:
    if record.gone:
        return known is not None and known["present"] in ("yes", "missing")
    if known is None or known["present"] != "yes":
        return True
    if record.version is not None and record.version == known["version"]:
        return False
    return bool(digest(pick(record.data, wanted())) != known["digest"])
