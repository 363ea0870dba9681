"""What history records, one row per event: what people did, what was agreed, what we wrote, what gave way.

| event | says | field | before, after |
|---|---|---|---|
| edited | somebody changed the record on `side`; `run` read it | native field | native values |
| gone | the record was deleted on `side` | | the record as last read, none |
| linked | the record joined the link, by `rule` | | |
| agreed | the link's value, from `source` by `rule`; all rows the first time | row, or row/key | shared values |
| lost | a value of `side` that gave way | row, or row/key | the loser, the winner |
| created | our write on `side`, of `source` by `rule` | | none, the record as the app stored it |
| updated | our write on `side`, of `source` by `rule` | native field | as last read, as sent |
| along | changed along with our write: by the app, or by somebody just before it | native field | native values |
| deleted | our write on `side`, of `source` by `rule` | | the record as last read, none |

The rows of a record follow from one another: the `after` of one is the `before` of the next, up to the present state.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from engine.canonical import same
from engine.store import chunks
from engine.store.tables import history

_ADD = insert(history)


class Event(StrEnum):
    """The kinds of rows."""

    EDITED = "edited"
    GONE = "gone"
    LINKED = "linked"
    AGREED = "agreed"
    LOST = "lost"
    CREATED = "created"
    UPDATED = "updated"
    ALONG = "along"
    DELETED = "deleted"


_TOLD = (
    select(history.c.sync, history.c.side, history.c.record, history.c.field, history.c.after)
    .where(history.c.record.in_(bindparam("ids", expanding=True)))  # not by sync: all of its history would be read
    .where(history.c.event.in_((Event.EDITED, Event.ALONG, Event.CREATED, Event.UPDATED)))
    .order_by(history.c.id)
)


def note(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Adds rows; those of one call need not have the same columns."""
    names = ("at", "sync", "link", "run", "event", "side", "record", "field", "before", "after", "source", "rule")
    for part in chunks(rows):
        connection.execute(_ADD, [{name: row.get(name) for name in names} for row in part])


def edits(
    common: dict[str, Any], before: dict[str, Any], after: dict[str, Any], event: Event = Event.EDITED
) -> list[dict[str, Any]]:
    """One row per field that somebody changed; a field that was not read before or is not now says nothing."""
    return [
        {**common, "event": event, "field": name, "before": before[name], "after": value}
        for name, value in after.items()
        if name in before and not same(before[name], value)
    ]


def last(connection: Connection, sync: str, side: str, records: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Record -> native field -> what history left it at, of the fields that it speaks of, for some hundred records."""
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(_TOLD, {"ids": list(records)}):
        if (row.sync, row.side) == (sync, side):
            found.setdefault(row.record, {}).update({row.field: row.after} if row.field else row.after or {})
    return found
