"""The routes of HubSpot's CRM API v3, of associations v4, and of its sign-in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.hubspot import associations, batch, errors
from sandbox.hubspot.calling import Calling
from sandbox.hubspot.portal import Kind, Portal, pipelines, type_ids
from sandbox.hubspot.search import search
from sandbox.hubspot.showing import named, shown
from sandbox.table import Row
from sandbox.world import Reply, World

Endpoint = Callable[[Request], Awaitable[Response]]
OBJECTS = "/crm/v3/objects/{kind}"
PROPERTIES = "/crm/v3/properties/{kind}"
PAIRS = "/crm/v4/associations/{source}/{target}/batch"
READS = ("/batch/read", "/search")
PAGE = 100


class Server:
    """HubSpot for one account."""

    open_paths = ("/oauth/", "/_hubspot/")

    def __init__(self, world: World) -> None:
        self._world = world
        self.calling = Calling(world)
        self.portal = Portal(world.clock, self.calling.tell)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first: `batch` and `search` are not ids."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/account-info/v3/details", self._account),
            ("GET", PROPERTIES, self._properties),
            ("POST", PROPERTIES, self._define),
            ("GET", f"{PROPERTIES}/{{name}}", self._property),
            ("GET", "/crm/v3/pipelines/deals", self._pipelines),
            ("POST", f"{OBJECTS}/batch/{{action}}", self._batch),
            ("POST", f"{OBJECTS}/search", self._search),
            ("POST", f"{OBJECTS}/merge", self._merge),
            ("POST", f"{OBJECTS}/gdpr-delete", self._erase),
            ("GET", OBJECTS, self._list),
            ("POST", OBJECTS, self._create),
            ("GET", f"{OBJECTS}/{{id}}", self._get),
            ("PATCH", f"{OBJECTS}/{{id}}", self._update),
            ("DELETE", f"{OBJECTS}/{{id}}", self._archive),
            ("POST", f"{PAIRS}/{{action}}", self._pairs),
            ("GET", "/oauth/authorize", self._authorize),
            ("POST", "/oauth/v1/token", self._token),
            ("POST", "/_hubspot/set", self._set),
        ]
        return [Route(path, act, methods=[method]) for method, path, act in table]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In HubSpot's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Records and associations; not definitions."""
        about = path.startswith(("/crm/v3/objects/", "/crm/v4/associations/"))
        return method != "GET" and about and not path.endswith(READS)

    def seed(self, calendar: str, text: str) -> None:
        """A JSON list of property objects, as records of the type named `calendar`; contacts for `primary`."""
        kind = self.portal.kind("contacts" if calendar == "primary" else calendar)
        for given in json.loads(text):
            try:
                self.portal.create(kind, given)
            except Reply as refused:
                raise ValueError(bytes(refused.response.body).decode()) from refused

    def fill(self, calendar: str, count: int) -> None:
        """Plain records of a type."""
        kind = self.portal.kind("contacts" if calendar == "primary" else calendar)
        first = {"contacts": "lastname", "deals": "dealname"}.get(kind.name, "name")
        more = {"dealstage": "appointmentscheduled"} if kind.name == "deals" else {}
        own = "email" if kind.name == "contacts" else first
        rows = [{own: f"person{number}@example.org", first: f"Number {number}", **more} for number in range(count)]
        self.portal.import_(kind, rows)

    def state(self) -> Mapping[str, Any]:
        """Records and sign-ins."""
        return {"portal": self.portal.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.portal.load(state["portal"])
        self._world.grants.load(state["grants"])

    async def _account(self, _: Request) -> Response:
        return JSONResponse(
            {
                "portalId": 8_700_001,
                "accountType": "DEVELOPER_TEST",
                "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR",
                "additionalCurrencies": ["USD"],
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "eu1",
            }
        )

    async def _properties(self, request: Request) -> Response:
        return JSONResponse({"results": list(self._kind(request).defined.values())})

    async def _property(self, request: Request) -> Response:
        found = self._kind(request).defined.get(request.path_params["name"])
        if found is None:
            raise errors.not_found(f"Property named {request.path_params['name']!r} does not exist")
        return JSONResponse(found)

    async def _define(self, request: Request) -> Response:
        given = await _body(request)
        return JSONResponse(self.portal.define(self._kind(request), given), status_code=201)

    async def _pipelines(self, _: Request) -> Response:
        return JSONResponse({"results": pipelines()})

    async def _list(self, request: Request) -> Response:
        """In the order of ids; `after` is the id to go on behind."""
        kind, query = self._kind(request), request.query_params
        limit = int(query.get("limit", "10"))
        if limit > PAGE:
            raise errors.bad_request(f"limit must be at most {PAGE}")
        archived = query.get("archived", "").lower() == "true"
        rows = sorted((row for row in kind.table.rows.values() if row.gone == archived), key=lambda row: int(row.id))
        left = [row for row in rows if int(row.id) > int(query.get("after") or 0)]
        page, more = left[:limit], len(left) > limit
        names, targets = _words(query, "properties"), _words(query, "associations")
        body: dict[str, Any] = {"results": [shown(self.portal, kind, row, names, targets) for row in page]}
        if more:
            body["paging"] = {"next": {"after": page[-1].id, "link": str(request.url.include_query_params(after=0))}}
        return JSONResponse(body)

    async def _search(self, request: Request) -> Response:
        kind, asked = self._kind(request), await _body(request)
        total, rows, after = search(self.portal, kind, asked)
        names = list(asked.get("properties") or [])
        body: dict[str, Any] = {"total": total, "results": [shown(self.portal, kind, row, names) for row in rows]}
        return JSONResponse(body | ({"paging": {"next": {"after": after}}} if after else {}))

    async def _get(self, request: Request) -> Response:
        kind, query = self._kind(request), request.query_params
        row = kind.find(request.path_params["id"])
        return JSONResponse(shown(self.portal, kind, row, _words(query, "properties"), _words(query, "associations")))

    async def _create(self, request: Request) -> Response:
        kind, given = self._kind(request), await _body(request)
        return self._written(
            kind, self.portal.create(kind, given.get("properties") or {}, given.get("associations") or ()), given, 201
        )

    async def _update(self, request: Request) -> Response:
        kind, given = self._kind(request), await _body(request)
        row = self.portal.update(kind, request.path_params["id"], given.get("properties") or {})
        return self._written(kind, row, given, 200)

    async def _archive(self, request: Request) -> Response:
        self.portal.archive(self._kind(request), request.path_params["id"])
        return Response(status_code=204)

    async def _merge(self, request: Request) -> Response:
        kind, given = self._kind(request), await _body(request)
        row = self.portal.merge(kind, str(given["primaryObjectId"]), str(given["objectIdToMerge"]))
        return JSONResponse(shown(self.portal, kind, row, ()))

    async def _erase(self, request: Request) -> Response:
        given = await _body(request)
        self.portal.erase(self._kind(request), str(given["objectId"]))
        return Response(status_code=204)

    async def _batch(self, request: Request) -> Response:
        kind, given = self._kind(request), await _body(request)
        action = request.path_params["action"]
        if action not in {"read", "create", "update", "upsert", "archive"}:
            raise errors.not_found()
        archived = request.query_params.get("archived", "").lower() == "true"
        return batch.run(self.portal, kind, action, given, archived=archived)

    async def _pairs(self, request: Request) -> Response:
        source, target, action = (request.path_params[name] for name in ("source", "target", "action"))
        inputs = (await _body(request)).get("inputs") or []
        if action == "read":
            return self._paired(source, target, inputs)
        for each in inputs:
            self._tie(source, target, action, each)
        if action == "archive":
            return Response(status_code=204)
        return JSONResponse({"status": "COMPLETE", "results": []}, status_code=201)

    def _paired(self, source: str, target: str, inputs: Sequence[Mapping[str, Any]]) -> Response:
        """Those without any association are named as errors."""
        found = {str(each["id"]): self.portal.associations.of(source, target, str(each["id"])) for each in inputs}
        results = [
            {"from": {"id": id}, "to": associations.labelled(source, target, held)}
            for id, held in found.items()
            if held
        ]
        body: dict[str, Any] = {"status": "COMPLETE", "results": results}
        if lost := [id for id, held in found.items() if not held]:
            body |= {"numErrors": len(lost), "errors": [associations.none_found(source, target, id) for id in lost]}
        return JSONResponse(body, status_code=207 if lost else 200)

    def _tie(self, source: str, target: str, action: str, each: Mapping[str, Any]) -> None:
        one = self.portal.kind(source).find(str(each["from"]["id"])).id
        others = each["to"] if action == "archive" else [each["to"]]
        for other in others:
            id = self.portal.kind(target).find(str(other["id"])).id
            if action == "archive":
                self.portal.associations.untie(source, target, one, id)
            else:
                self.portal.associations.tie(source, target, one, id, type_ids(each))
            self._tied(source, target, one, id, removed=action == "archive")
            pointing, row = (source, one) if (source, target) in associations.POINTS else (target, id)
            self.portal.touch(self.portal.kind(pointing), row)

    def _tied(self, source: str, target: str, one: str, other: str, *, removed: bool) -> None:
        about = {"fromObjectId": int(one), "toObjectId": int(other), "associationRemoved": removed}
        self.calling.tell(source, "associationChange", about)
        self.calling.tell(target, "associationChange", {**about, "fromObjectId": int(other), "toObjectId": int(one)})

    async def _set(self, request: Request) -> Response:
        """The stand-in's own: `{"lag": seconds, "may_define": bool, "hook": [address, secret]}`."""
        given = await _body(request)
        self.calling.url, self.calling.secret = given.get("hook", (self.calling.url, self.calling.secret))
        self.portal.lag = timedelta(seconds=float(given.get("lag", self.portal.lag.total_seconds())))
        self.portal.may_define = bool(given.get("may_define", self.portal.may_define))
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
            said = errors.body("BAD_AUTH_CODE", error.description, **error.as_json())
            return JSONResponse(said, status_code=400)
        return JSONResponse(reply)

    def _kind(self, request: Request) -> Kind:
        return self.portal.kind(request.path_params["kind"])

    def _written(self, kind: Kind, row: Row, given: Mapping[str, Any], status: int) -> Response:
        return JSONResponse(shown(self.portal, kind, row, named(kind, given)), status_code=status)


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise errors.bad_request("Invalid input JSON") from error
    if not isinstance(body, dict):
        raise errors.bad_request("Invalid input JSON")
    return body


def _words(query: QueryParams, name: str) -> list[str]:
    """A list parameter: comma-separated, or repeated."""
    return [word for each in query.getlist(name) for word in each.split(",") if word]
