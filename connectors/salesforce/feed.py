"""Reading everything, and what changed: by SystemModstamp, in which the bin takes part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors import rest
from connectors.http import Client
from connectors.rest import Since
from connectors.salesforce import soql
from connectors.salesforce.records import Row, moment, record_of, rows_of
from connectors.salesforce.schema import CHANGED, DELETED, Shape
from engine.contract import CursorExpired, Json, Page, Record

OVERLAP = timedelta(minutes=10)
"""A change is dated when it is made and seen when its transaction ends: that may take so long."""
BIN = timedelta(days=14)  # Salesforce empties it after 15
ADDRESS = 8_000  # characters of a query that fit into an address


def scan(http: Client, shape: Shape, scope: Json) -> Iterator[Page]:
    """All records. The cursor is from before the scan, by Salesforce's clock, and knows what was seen since then."""
    begun = _newest(http, shape)
    recent: dict[str, str] = {}
    page = Page([])
    for records in _found(http, shape, ""):
        yield page
        page = Page(records)
        late = [each for each in records if not begun or not each.changed_at or each.changed_at >= begun - OVERLAP]
        recent |= {record.id: rest.mark(record) for record in late}
    yield Page(page.records, _cursor(scope, Since(begun, recent)))


def changes(http: Client, shape: Shape, scope: Json, cursor: str) -> Iterator[Page]:
    """What changed since the cursor, deleted and merged records among it."""
    parts = rest.resumed(cursor, scope, "since", "looked")
    since = Since.of(parts["since"])
    if datetime.now(UTC) - moment(parts["looked"]) > BIN:
        raise CursorExpired("The last look at Salesforce is so long ago that its bin has been emptied since.")
    where = f"WHERE {CHANGED} >= {soql.at(since.start(OVERLAP))} ORDER BY {CHANGED}, Id"
    seen: list[Record] = []
    for records in _found(http, shape, where, binned=bool(shape.tells)):
        yield Page(since.fresh(records))
        seen += records
    yield Page([], _cursor(scope, since.after(seen, OVERLAP)))


def _found(http: Client, shape: Shape, where: str, *, binned: bool = False) -> Iterator[list[Record]]:
    """Records of a query. An object with so many fields that they do not fit into an address is read by ids."""
    query = soql.select(shape.columns, shape.name, where)
    fits = len(query) <= ADDRESS
    if not fits:
        query = soql.select(["Id", CHANGED, *shape.tells], shape.name, where)
    for rows in soql.pages(http, query, binned=binned):
        yield [record_of(shape, row) for row in (rows if fits else _whole(http, shape, rows))]


def _whole(http: Client, shape: Shape, rows: Sequence[Row]) -> Iterator[Row]:
    """With all their fields. What was deleted meanwhile is left for the next look."""
    yield from (row for row in rows if row.get(DELETED))
    living = [str(row["Id"]) for row in rows if not row.get(DELETED)]
    if living:
        yield from (row for row in rows_of(http, shape, living) if row)


def _newest(http: Client, shape: Shape) -> datetime | None:
    """The last change there was."""
    query = soql.select([CHANGED], shape.name, f"ORDER BY {CHANGED} DESC LIMIT 1")
    rows = next(soql.pages(http, query, binned=bool(shape.tells)))
    return moment(rows[0][CHANGED]) if rows else None


def _cursor(scope: Json, since: Since) -> str:
    looked = datetime.now(UTC).isoformat(timespec="seconds")
    return rest.cursor(scope, since=since.as_json(), looked=looked)
