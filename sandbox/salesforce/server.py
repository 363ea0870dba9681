"""The routes of Salesforce's REST API, and of its sign-in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.salesforce import collections, describe
from sandbox.salesforce.errors import Wrong, general, refusal
from sandbox.salesforce.org import Kind, Org
from sandbox.salesforce.queries import ORGANIZATION, Queries, kind_of
from sandbox.table import Row
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
BASE = "/services/data/v{version}"
KIND = f"{BASE}/sobjects/{{kind}}"


class Server:
    """Salesforce for one org."""

    open_paths = ("/services/oauth2/", "/_salesforce/")

    def __init__(self, world: World) -> None:
        self._world = world
        self.org = Org(world.clock)
        self._queries = Queries(world, self.org)
        self._calls = 0

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", f"{BASE}/connect/organization", self._organization),
            ("GET", f"{BASE}/limits/", self._limits),
            ("GET", f"{BASE}/sobjects", self._objects),
            ("GET", f"{BASE}/query/{{locator}}", self._queries.more),
            ("GET", f"{BASE}/query", self._queries.living),
            ("GET", f"{BASE}/query/", self._queries.living),
            ("GET", f"{BASE}/queryAll", self._queries.all),
            ("GET", f"{BASE}/queryAll/", self._queries.all),
            ("POST", f"{BASE}/composite/sobjects", self._create_many),
            ("PATCH", f"{BASE}/composite/sobjects", self._update_many),
            ("DELETE", f"{BASE}/composite/sobjects", self._delete_many),
            ("POST", f"{BASE}/composite/sobjects/{{kind}}", self._read_many),
            ("PATCH", f"{BASE}/composite/sobjects/{{kind}}/{{field}}", self._upsert_many),
            ("GET", f"{KIND}/describe", self._describe),
            ("GET", f"{KIND}/updated/", self._queries.updated),
            ("GET", f"{KIND}/deleted/", self._queries.deleted),
            ("POST", KIND, self._create),
            ("POST", f"{KIND}/", self._create),
            ("GET", f"{KIND}/{{id}}", self._get),
            ("PATCH", f"{KIND}/{{id}}", self._update),
            ("DELETE", f"{KIND}/{{id}}", self._delete),
            ("GET", f"{KIND}/{{field}}/{{value}}", self._get_by),
            ("PATCH", f"{KIND}/{{field}}/{{value}}", self._upsert),
            ("GET", "/services/oauth2/authorize", self._authorize),
            ("POST", "/services/oauth2/token", self._token),
            ("POST", "/_salesforce/set", self._set),
        ]
        return [Route(path, self._counted(act), methods=[method]) for method, path, act in table]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Salesforce's words."""
        return general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Reading many records is a POST, too."""
        return method in ("PATCH", "DELETE") or (method == "POST" and not path.split("/composite/sobjects/")[1:])

    def seed(self, calendar: str, text: str) -> None:
        """A JSON list of records of the object named `calendar`; contacts for `primary`."""
        for given in json.loads(text):
            try:
                self.org.create(self.org.named(calendar), given)
            except Wrong as wrong:
                raise ValueError(f"{wrong.code}: {wrong}") from wrong

    def fill(self, calendar: str, count: int) -> None:
        """Plain records of an object."""
        kind = self.org.named(calendar)
        first = "LastName" if kind.name == "Contact" else "Name"
        more = {"StageName": "Prospecting", "CloseDate": "2026-12-01"} if kind.name == "Opportunity" else {}
        for number in range(count):
            self.org.create(kind, {first: f"Number {number}", **more})

    def state(self) -> Mapping[str, Any]:
        """Records and sign-ins."""
        return {"org": self.org.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.org.load(state["org"])
        self._world.grants.load(state["grants"])

    def _counted(self, act: Endpoint) -> Endpoint:
        """Each answer tells how many calls of the day are used up."""

        async def answer(request: Request) -> Response:
            self._calls += 1
            try:
                response = await act(request)
            except Wrong as wrong:
                raise wrong.reply() from wrong
            response.headers["Sforce-Limit-Info"] = f"api-usage={self._calls}/15000"
            return response

        return answer

    async def _organization(self, _: Request) -> Response:
        features = {"multiCurrency": False, "defaultCurrencyIsoCode": self.org.currency}
        return JSONResponse({"name": ORGANIZATION["Name"], "orgId": ORGANIZATION["Id"], "features": features})

    async def _limits(self, _: Request) -> Response:
        return JSONResponse({"DailyApiRequests": {"Max": 15000, "Remaining": 15000 - self._calls}})

    async def _objects(self, _: Request) -> Response:
        kinds = [describe.shown(kind.name, kind.prefix, {}) for kind in self.org.kinds.values()]
        return JSONResponse({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": kinds})

    async def _describe(self, request: Request) -> Response:
        kind = kind_of(self.org, request)
        return JSONResponse(describe.shown(kind.name, kind.prefix, kind.fields))

    async def _create(self, request: Request) -> Response:
        row = self.org.create(kind_of(self.org, request), await _body(request))
        return JSONResponse({"id": row.id, "success": True, "errors": []}, status_code=201)

    async def _get(self, request: Request) -> Response:
        kind, asked = kind_of(self.org, request), request.query_params.get("fields", "")
        found = collections.shown(self.org, kind, request.path_params["id"], [one for one in asked.split(",") if one])
        if found is None:
            raise refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return JSONResponse(found)

    async def _get_by(self, request: Request) -> Response:
        kind, name = kind_of(self.org, request), request.path_params["field"]
        rows = self.org.having(kind, name, request.path_params["value"])
        if not rows:
            raise refusal(404, "NOT_FOUND", "The requested resource does not exist")
        if len(rows) > 1:
            return JSONResponse(_addresses(kind, rows), status_code=300)
        return JSONResponse(collections.shown(self.org, kind, rows[0].id, ()))

    async def _update(self, request: Request) -> Response:
        """Refused with 412 where it was changed after If-Unmodified-Since, a time in whole seconds."""
        kind = kind_of(self.org, request)
        row = self._found(kind, request)
        since = request.headers.get("if-unmodified-since")
        if since and row.changed_at.replace(microsecond=0) > parsedate_to_datetime(since):
            raise refusal(412, "PRECONDITION_FAILED", "The record has been modified since the specified date")
        self.org.update(kind, row, await _body(request))
        return Response(status_code=204)

    async def _delete(self, request: Request) -> Response:
        kind = kind_of(self.org, request)
        self.org.delete(kind, self._found(kind, request))
        return Response(status_code=204)

    async def _upsert(self, request: Request) -> Response:
        """201 with a new id, 200 for one that was there, 300 where there are several."""
        kind, name = kind_of(self.org, request), request.path_params["field"]
        value = request.path_params["value"]
        rows = self.org.having(kind, name, value)
        if len(rows) > 1:
            return JSONResponse(_addresses(kind, rows), status_code=300)
        id, made = collections.upserted(self.org, kind, name, value, await _body(request))
        answer = {"id": id, "success": True, "errors": [], "created": made}
        return JSONResponse(answer, status_code=201 if made else 200)

    async def _create_many(self, request: Request) -> Response:
        return JSONResponse(collections.create(self.org, await _body(request)))

    async def _update_many(self, request: Request) -> Response:
        return JSONResponse(collections.update(self.org, await _body(request)))

    async def _upsert_many(self, request: Request) -> Response:
        kind, name = kind_of(self.org, request), request.path_params["field"]
        return JSONResponse(collections.upsert(self.org, kind, name, await _body(request)))

    async def _delete_many(self, request: Request) -> Response:
        query = request.query_params
        ids = [id for id in query.get("ids", "").split(",") if id]
        return JSONResponse(collections.delete(self.org, ids, query.get("allOrNone", "false")))

    async def _read_many(self, request: Request) -> Response:
        body = await _body(request)
        return JSONResponse(collections.read(self.org, kind_of(self.org, request), body["ids"], body["fields"]))

    async def _set(self, request: Request) -> Response:
        """The stand-in's own: `{define: [[object, field]], lock: {id: times}, duplicate_rule, forbid: {field: value},
        merge: [object, into, from], purge: true, drop: [object, field], currency}`."""
        given = await _body(request)
        for obj, item in given.get("define", []):
            self.org.define(obj, item)
        if "drop" in given:
            self.org.kinds[given["drop"][0]].fields.pop(given["drop"][1])
        if "merge" in given:
            self.org.merge(self.org.named(given["merge"][0]), *given["merge"][1:])
        if given.get("purge"):
            self.org.purge()
        self.org.locked |= given.get("lock", {})
        self.org.forbidden |= given.get("forbid", {})
        self.org.duplicate_rule = bool(given.get("duplicate_rule", self.org.duplicate_rule))
        self.org.currency = given.get("currency", self.org.currency)
        return JSONResponse({"ok": True})

    async def _authorize(self, request: Request) -> Response:
        try:
            return RedirectResponse(self._world.grants.authorize(request.query_params), 302)
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        try:
            reply = self._world.grants.exchange({name: str(value) for name, value in form.items()})
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)
        return JSONResponse({**reply, "instance_url": str(request.base_url).rstrip("/")})

    def _found(self, kind: Kind, request: Request) -> Row:
        try:
            return self.org.find(kind, request.path_params["id"])
        except Wrong as wrong:
            if wrong.code == "INVALID_CROSS_REFERENCE_KEY":  # alone it is called so
                raise refusal(
                    404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible"
                ) from wrong
            raise


def _addresses(kind: Kind, rows: Sequence[Row]) -> list[str]:
    return [f"/services/data/v68.0/sobjects/{kind.name}/{row.id}" for row in rows]


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise refusal(400, "JSON_PARSER_ERROR", "Unexpected character in JSON") from error
    if not isinstance(body, dict):
        raise refusal(400, "JSON_PARSER_ERROR", "The body must be an object")
    return body
