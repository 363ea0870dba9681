"""Reading everything, what changed, and records by their ids.

Shopify's cursors lead through 25,000 records of a list: before that, the list is asked for anew, from the last record
seen. The index that finds changes is late, so each look goes back by some minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors import rest
from connectors.rest import Since
from connectors.shopify.api import Api, Raw
from connectors.shopify.kind import Kind, number_of
from engine.contract import Json, Page, Record

OVERLAP = timedelta(minutes=5)
REACH = 20_000


def scan(api: Api, kind: Kind, scope: Json) -> Iterator[Page]:
    """All records. The cursor is from before the scan, by Shopify's own clock, and knows what was seen since then."""
    begun = _newest(api, kind)
    recent: dict[str, str] = {}
    for rows in _listed(api, kind, "ID", "", lambda row: f"id:>{number_of(row['id'])}"):
        records = [kind.record(api, row) for row in rows]
        late = [each for each in records if begun is None or not each.changed_at or each.changed_at >= begun - OVERLAP]
        recent |= {record.id: rest.mark(record) for record in late}
        yield Page(records)
    yield Page([], rest.cursor(scope, live=Since(begun, recent).as_json()))


def changes(api: Api, kind: Kind, scope: Json, cursor: str) -> Iterator[Page]:
    """What changed. Nothing tells what was deleted."""
    live = Since.of(rest.resumed(cursor, scope, "live")["live"])
    found: list[Record] = []
    for rows in _listed(api, kind, "UPDATED_AT", _since(live.start(OVERLAP)), lambda row: _since(_changed(row))):
        records = [kind.record(api, row) for row in rows]
        found += [replace(record, data={}) for record in records]
        yield Page(live.fresh(records))
    yield Page([], rest.cursor(scope, live=live.after(found, OVERLAP).as_json()))


def get(api: Api, kind: Kind, ids: Sequence[str]) -> Iterator[Record]:
    """The named records; one that is not there is gone."""
    text = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ...Whole }} }} {kind.fragment}"
    for begin in range(0, len(ids), kind.page):
        part = ids[begin : begin + kind.page]
        rows = api.query(text, ids=[kind.gid(id) for id in part])["nodes"]
        for id, row in zip(part, rows, strict=True):
            yield kind.record(api, row) if row else rest.gone(id)


def _listed(api: Api, kind: Kind, sort: str, query: str, following: Callable[[Raw], str]) -> Iterator[Sequence[Raw]]:
    """Pages of a list, each record once. `following`: the query that goes on from a record."""
    text = f"""query($first: Int!, $after: String, $query: String) {{
      {kind.obj}(first: $first, after: $after, query: $query, sortKey: {sort}) {{
        nodes {{ ...Whole }} pageInfo {{ hasNextPage endCursor }} }} }} {kind.fragment}"""
    seen: set[str] = set()
    after, walked = None, 0
    while True:
        page = api.query(text, first=kind.page, after=after, query=query or None)[kind.obj]
        rows = page["nodes"]
        yield [row for row in rows if row["id"] not in seen]
        seen.update(row["id"] for row in rows)
        if not rows or not page["pageInfo"]["hasNextPage"]:
            return
        after, walked = page["pageInfo"]["endCursor"], walked + len(rows)
        if walked >= REACH and query != (anew := following(rows[-1])):
            query, after, walked = anew, None, 0


def _newest(api: Api, kind: Kind) -> datetime | None:
    """The last change there was."""
    text = f"{{ {kind.obj}(first: 1, sortKey: UPDATED_AT, reverse: true) {{ nodes {{ updatedAt }} }} }}"
    rows = api.query(text)[kind.obj]["nodes"]
    return _changed(rows[0]) if rows else None


def _changed(row: Raw) -> datetime:
    return datetime.fromisoformat(row["updatedAt"])


def _since(at: datetime) -> str:
    return f"updated_at:>='{at:%Y-%m-%dT%H:%M:%SZ}'"
