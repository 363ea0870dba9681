"""What of Salesforce's API lists records: queries, page by page, and what was changed or deleted between two times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.app import visit_of
from sandbox.salesforce import collections, describe
from sandbox.salesforce.errors import refusal
from sandbox.salesforce.org import Kind, Org, deleted
from sandbox.salesforce.soql import Parser
from sandbox.salesforce.values import shown
from sandbox.table import Row
from sandbox.world import World

PAGE, MOST_PAGE = 2000, 2000
ORGANIZATION = {"Id": "00DgL000000standAAQ", "Name": "Stand-in Ltd", "TimeZoneSidKey": "Europe/Berlin"}


class Queries:
    """Those of one org."""

    def __init__(self, world: World, org: Org) -> None:
        self._world, self._org = world, org
        self._locators: dict[str, tuple[Kind, list[str], list[str]]] = {}

    async def living(self, request: Request) -> Response:
        """What a query finds, without the bin."""
        return self._asked(request, binned=False)

    async def all(self, request: Request) -> Response:
        """And with the bin."""
        return self._asked(request, binned=True)

    def _asked(self, request: Request, *, binned: bool) -> Response:
        if request.query_params.get("q", "").lower().endswith("from organization"):
            return JSONResponse({"totalSize": 1, "done": True, "records": [ORGANIZATION]})
        query = Parser(request.query_params.get("q", ""), self._fields).query()
        kind = self._org.named(query.source)
        rows = [*kind.table.living(), *(deleted(kind, self._org) if binned else ())]
        found = [str(values["Id"]) for values in query.run([kind.values(row) for row in rows])]
        if not query.columns:
            return JSONResponse({"totalSize": len(found), "done": True, "records": []})
        locator = f"01g{len(self._locators):012}"
        self._locators[locator] = kind, query.columns, found
        return self._page(request, locator, 0)

    async def more(self, request: Request) -> Response:
        """The next page; a locator may be forgotten."""
        locator, _, start = request.path_params["locator"].partition("-")
        forgotten = self._world.faults.take({"expire_cursor"}, visit_of(request))
        if forgotten or locator not in self._locators:
            raise refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(request, locator, int(start))

    def _page(self, request: Request, locator: str, start: int) -> Response:
        """Which records there are was settled at first; they are told as they are now."""
        kind, columns, found = self._locators[locator]
        size = _batch_size(request.headers.get("sforce-query-options", ""))
        rows = [kind.table.rows[id] for id in found[start : start + size] if id in kind.table.rows]
        more = start + size < len(found)
        body: dict[str, Any] = {"totalSize": len(found), "done": not more}
        if more:
            body["nextRecordsUrl"] = f"/services/data/v68.0/query/{locator}-{start + size}"
        return JSONResponse({**body, "records": [_row(kind, row, columns) for row in rows]})

    async def updated(self, request: Request) -> Response:
        """Ids of what was changed, at most 30 days back."""
        start, end = _window(request, self._world.clock.now(), timedelta(days=30))
        rows = [row for row in kind_of(self._org, request).table.living() if start <= row.changed_at < end]
        return JSONResponse({"ids": [row.id for row in rows], "latestDateCovered": shown(end)})

    async def deleted(self, request: Request) -> Response:
        """Ids of what was deleted, at most 15 days back."""
        now = self._world.clock.now()
        start, end = _window(request, now, timedelta(days=15))
        rows = [row for row in deleted(kind_of(self._org, request), self._org) if start <= row.changed_at < end]
        told = [{"id": row.id, "deletedDate": shown(row.changed_at)} for row in rows]
        earliest = shown(now - timedelta(days=15))
        return JSONResponse(
            {"deletedRecords": told, "earliestDateAvailable": earliest, "latestDateCovered": shown(end)}
        )

    def _fields(self, name: str) -> Mapping[str, describe.Field] | None:
        kind = self._org.kind(name)
        return kind.fields if kind else None


def _row(kind: Kind, row: Row, columns: Sequence[str]) -> dict[str, Any]:
    values = kind.values(row)
    return collections.attributes(kind, row.id) | {name: values[name] for name in columns}


def _batch_size(options: str) -> int:
    name, _, size = options.partition("=")
    return min(max(int(size), 200), MOST_PAGE) if name.strip().lower() == "batchsize" else PAGE


def _window(request: Request, now: datetime, back: timedelta) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(request.query_params[name]) for name in ("start", "end"))
    except (KeyError, ValueError) as error:
        raise refusal(400, "MALFORMED_QUERY", "start and end must be times") from error
    if start < now - back:
        raise refusal(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    if end - start < timedelta(minutes=1):
        raise refusal(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than the startDate")
    return start, end


def kind_of(org: Org, request: Request) -> Kind:
    """The object that the address names, or 404."""
    kind = org.kind(request.path_params["kind"])
    if kind is None:
        raise refusal(404, "NOT_FOUND", "The requested resource does not exist")
    return kind
