"""Reading everything, and what changed since the last look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from connectors import rest
from connectors.quickbooks.books import NAMED, PAGE, Books, Raw, away, light
from connectors.quickbooks.shape import KINDS, record_of
from connectors.rest import Since
from engine.contract import CursorExpired, Invalid, Json, Page, Record

OVERLAP = timedelta(minutes=5)
MEMORY = timedelta(days=29)  # QuickBooks tells of 30


def scan(books: Books, scope: Json) -> Iterator[Page]:
    """All active ones. The cursor is the time of the first answer, and knows what was seen that is not older."""
    told_of: set[str] = set()
    recent: list[Record] = []
    for rows in books.every():
        fresh = [row for row in _products(rows) if not away(row) and str(row["Id"]) not in told_of]
        told_of |= {str(row["Id"]) for row in fresh}
        recent += [light(row) for row in rows]
        yield Page([record_of(books.obj, row) for row in fresh])
    yield Page([], _cursor(books, scope, recent))


def changes(books: Books, scope: Json, cursor: str) -> Iterator[Page]:
    """What changed since the cursor. What the look names is read whole, as the look may show less."""
    since = Since.of(rest.resumed(cursor, scope, "since")["since"])
    rows = _changed(books, since)
    seen = [light(row) for row in _products(rows)]
    fresh = since.fresh(seen)
    yield Page([record for record in fresh if record.gone])
    ids = [record.id for record in fresh if not record.gone]
    for begin in range(0, len(ids), NAMED):
        part = ids[begin : begin + NAMED]
        found = books.named(part)
        yield Page([record_of(books.obj, found.get(id), id) for id in part])
    yield Page([], _cursor(books, scope, seen))


def _changed(books: Books, since: Since) -> Sequence[Raw]:
    """CursorExpired where QuickBooks does not tell all: after a month, or where more changed than an answer holds."""
    start = since.start(OVERLAP).isoformat(timespec="seconds")
    try:
        answer = books.ask("GET", "cdc", entities=books.entity, changedSince=start)
    except Invalid as error:
        raise CursorExpired(f"QuickBooks cannot tell what changed since {start}. {error}") from error
    rows = [
        row for each in answer["CDCResponse"] for part in each["QueryResponse"] for row in part.get(books.entity, [])
    ]
    if since.at is None or _told(books) - since.at > MEMORY:
        raise CursorExpired("QuickBooks remembers changes for 30 days, and the last look was before.")
    if len(rows) >= PAGE:
        raise CursorExpired(f"More changed than QuickBooks tells of at once ({PAGE}): all is read.")
    return rows


def _products(rows: Sequence[Raw]) -> list[Raw]:
    return [row for row in rows if row.get("Type") not in KINDS]


def _told(books: Books) -> datetime:
    assert books.told is not None, "something was asked before"
    return books.told


def _cursor(books: Books, scope: Json, seen: Sequence[Record]) -> str:
    """Everything up to the time of the first answer was shown, but for what is dated late."""
    told = _told(books)
    late = {
        record.id: rest.mark(record) for record in seen if record.changed_at and record.changed_at >= told - OVERLAP
    }
    return rest.cursor(scope, since=Since(told, late).as_json())
