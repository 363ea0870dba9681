"""Reading everything, and what changed: lists for all records, the search for changes, the bin for deletions.

The search answers from an index that is late and is not in order, so it only names records: they are read by their ids,
and each look goes back by some minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import rest
from connectors.http import Client
from connectors.hubspot import ties
from connectors.hubspot.records import BATCH, Fields, moment, read, record_of, wanted, whole
from connectors.paging import by_cursor
from connectors.rest import Since
from engine.contract import CursorExpired, Json, Page, Record

OVERLAP = timedelta(minutes=5)
BIN = timedelta(days=80)  # HubSpot empties it after 90
PAGE = 200
ADDRESS = 6_000  # characters of property names that fit into an address
ID = "hs_object_id"


def modified(obj: str) -> str:
    """The property with the time of the last change."""
    return "lastmodifieddate" if obj == "contacts" else "hs_lastmodifieddate"


def scan(http: Client, obj: str, fields: Fields, scope: Json) -> Iterator[Page]:
    """All records. The cursor is from before the scan, by HubSpot's own clock, and knows what was seen since then."""
    begun = _newest(http, obj)
    recent: dict[str, str] = {}
    for page in by_cursor(lambda after: _listed(http, obj, fields, after), _after):
        rows = page["results"]
        refs = ties.read(http, obj, [str(row["id"]) for row in rows])
        records = [record_of(fields, row, refs[str(row["id"])]) for row in rows]
        late = [each for each in records if begun is None or not each.changed_at or each.changed_at >= begun - OVERLAP]
        recent |= {record.id: rest.mark(record) for record in late}
        yield Page(records, None if _after(page) else _cursor(scope, Since(begun, recent), Since(begun)))


def changes(http: Client, obj: str, fields: Callable[[], Fields], scope: Json, cursor: str) -> Iterator[Page]:
    """What was deleted or merged away, and what changed, read by id. `fields` is called only where something has."""
    parts = rest.resumed(cursor, scope, "live", "bin", "looked")
    live, binned = Since.of(parts["live"]), Since.of(parts["bin"])
    if datetime.now(UTC) - moment(parts["looked"]) > BIN:
        raise CursorExpired("The last look at HubSpot is so long ago that its bin has been emptied since.")
    away = [row for row in _binned(http, obj) if row.changed_at and row.changed_at >= binned.start(OVERLAP)]
    found = list(_changed(http, obj, live.start(OVERLAP)))
    told = {row.id for row in binned.fresh(away)}
    yield Page([rest.gone(id) for id in sorted(told)])
    ids = [row.id for row in live.fresh(found) if row.id not in told]
    for begin in range(0, len(ids), BATCH):
        yield Page(list(_read(http, obj, fields(), ids[begin : begin + BATCH], told)))
    yield Page([], _cursor(scope, live.after(found, OVERLAP), binned.after(away, OVERLAP)))


def _read(http: Client, obj: str, fields: Fields, ids: Sequence[str], told: set[str]) -> Iterator[Record]:
    """The records, and those that became part of them; what was `told` to be gone is not told again."""
    found = whole(http, obj, fields, ids)
    merged = {old: id for id, (_, parts) in found.items() for old in parts}
    for id in dict.fromkeys([*(id for id in ids if id not in found), *merged]):
        if id not in told:
            told.add(id)
            yield rest.gone(id, merged_into=merged.get(id))
    yield from (record for id, (record, _) in found.items() if id not in told)


def _listed(http: Client, obj: str, fields: Fields, after: str | None) -> dict[str, Any]:
    """A page of the list. Where an account has so many properties that they do not fit into an address, they are read
    apart."""
    names = ",".join(wanted(obj, fields))
    fits = len(names) <= ADDRESS
    page = _page(http, obj, {"properties": names} if fits else {}, after)
    if not fits and page["results"]:
        page["results"] = read(http, obj, fields, [str(row["id"]) for row in page["results"]])
    return page


def _binned(http: Client, obj: str) -> Iterator[Record]:
    """The whole bin: it can be neither searched nor sorted."""
    for page in by_cursor(lambda after: _page(http, obj, {"archived": "true"}, after), _after):
        yield from (_light(row, str(row["archivedAt"])) for row in page["results"])


def _page(http: Client, obj: str, params: Mapping[str, str], after: str | None) -> dict[str, Any]:
    position = {"after": after} if after else {}
    page: dict[str, Any] = http.json("GET", f"crm/v3/objects/{obj}", params={"limit": BATCH, **params, **position})
    return page


def _changed(http: Client, obj: str, start: datetime) -> Iterator[Record]:
    """What changed from a time on, in that order, by id and time only.

    Each page begins at the last time seen, not at a position: what is edited meanwhile moves to the end and would make
    others slip through, and positions end at 10,000. A page that has one and the same time all through goes on by id.
    """
    seen: set[str] = set()
    last, operator = _milliseconds(start), "GTE"
    while True:
        rows = _found(http, obj, [(modified(obj), operator, last)], modified(obj))
        yield from _unseen(rows, seen)
        if len(rows) < PAGE:
            return
        begun, last = last, _milliseconds(rows[-1].changed_at or start)
        operator = "GTE"
        if last == begun or rows[0].changed_at == rows[-1].changed_at:
            for more in _at(http, obj, last):
                yield from _unseen(more, seen)
            operator = "GT"


def _at(http: Client, obj: str, time: str) -> Iterator[list[Record]]:
    """All that have this time of change, by id."""
    last, more = "0", True
    while more:
        rows = _found(http, obj, [(modified(obj), "EQ", time), (ID, "GT", last)], ID)
        yield rows
        more = len(rows) == PAGE
        last = rows[-1].id if rows else last


def _unseen(rows: Sequence[Record], seen: set[str]) -> Iterator[Record]:
    for row in rows:
        if row.id not in seen:
            seen.add(row.id)
            yield row


def _found(http: Client, obj: str, filters: Sequence[tuple[str, str, str]], sort: str) -> list[Record]:
    """The first page of a search."""
    given = [{"propertyName": name, "operator": operator, "value": value} for name, operator, value in filters]
    order = [{"propertyName": sort, "direction": "ASCENDING"}]
    asked = {"filterGroups": [{"filters": given}], "sorts": order, "properties": [modified(obj)], "limit": PAGE}
    return [_light(row, str(row["updatedAt"])) for row in _search(http, obj, asked)["results"]]


def _newest(http: Client, obj: str) -> datetime | None:
    """The last change that the index shows."""
    sort = {"propertyName": modified(obj), "direction": "DESCENDING"}
    rows = _search(http, obj, {"filterGroups": [], "sorts": [sort], "properties": [], "limit": 1})["results"]
    return moment(rows[0]["updatedAt"]) if rows else None


def _search(http: Client, obj: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    page: dict[str, Any] = http.json("POST", f"crm/v3/objects/{obj}/search", json=dict(asked), idempotent=True)
    return page


def _light(row: Mapping[str, Any], at: str) -> Record:
    return Record(str(row["id"]), at, {}, moment(at))


def _after(page: Mapping[str, Any]) -> str | None:
    following = ((page.get("paging") or {}).get("next") or {}).get("after")
    return str(following) if following else None


def _milliseconds(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def _cursor(scope: Json, live: Since, binned: Since) -> str:
    looked = datetime.now(UTC).isoformat(timespec="seconds")
    return rest.cursor(scope, live=live.as_json(), bin=binned.as_json(), looked=looked)
