"""The routes of QuickBooks Online's Accounting API v3, and of Intuit's sign-in."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.app import visit_of
from sandbox.grants import GrantError
from sandbox.quickbooks.calling import Calling
from sandbox.quickbooks.company import Company, moment
from sandbox.quickbooks.entities import NAME, SHAPES, Data
from sandbox.quickbooks.errors import Wrong, general
from sandbox.quickbooks.query import MOST, Parser
from sandbox.world import Reply, World

Endpoint = Callable[[Request], Awaitable[Response]]
REALM = "9130350000000001"
BASE = "/v3/company/{realm}"
BATCH, WINDOW = 30, timedelta(days=30)
ENTITIES = {name.lower(): name for name in SHAPES}


class Server:
    """QuickBooks for one company. Refresh tokens change with each use."""

    open_paths = ("/oauth2/", "/.well-known/", "/_quickbooks/")

    def __init__(self, world: World) -> None:
        self._world = world
        world.grants.rotate = True
        self.calling = Calling(world, REALM)
        self.company = Company(world.clock, self.calling.tell)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", f"{BASE}/companyinfo/{{id}}", self._info),
            ("GET", f"{BASE}/preferences", self._preferences),
            ("GET", f"{BASE}/query", self._query),
            ("POST", f"{BASE}/query", self._query),
            ("GET", f"{BASE}/cdc", self._changed),
            ("POST", f"{BASE}/batch", self._batch),
            ("GET", f"{BASE}/{{entity}}/{{id}}", self._get),
            ("POST", f"{BASE}/{{entity}}", self._save),
            ("GET", "/.well-known/openid", self._discovery),
            ("GET", "/oauth2/authorize", self._authorize),
            ("POST", "/oauth2/token", self._token),
            ("POST", "/_quickbooks/set", self._set),
        ]
        return [Route(path, self._of_company(act), methods=[method]) for method, path, act in table]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In QuickBooks' words."""
        return general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """A batch counts as one; queries are POSTs, too."""
        return method == "POST" and path.startswith("/v3/") and not path.endswith("/query")

    def seed(self, calendar: str, text: str) -> None:
        """A JSON list of objects of the entity named `calendar`; customers for `primary`."""
        for given in json.loads(text):
            try:
                self.company.create(self._entity(calendar), given)
            except Wrong as wrong:
                raise ValueError(f"{wrong.code}: {wrong.detail}") from wrong

    def fill(self, calendar: str, count: int) -> None:
        """Plain objects of an entity."""
        entity = self._entity(calendar)
        more = {"IncomeAccountRef": {"value": "1"}} if entity == "Item" else {}
        table = self.company.tables[entity]
        for number in range(count):
            table.add(
                {NAME[entity]: f"Number {number}", "Active": True, "Type": "NonInventory", **more}
                if more
                else {NAME[entity]: f"Number {number}", "Active": True}
            )

    def state(self) -> Mapping[str, Any]:
        """Objects and sign-ins."""
        return {"company": self.company.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.company.load(state["company"])
        self._world.grants.load(state["grants"])

    def _of_company(self, act: Endpoint) -> Endpoint:
        """Another company's books are none of this sign-in's business."""

        async def answer(request: Request) -> Response:
            if request.path_params.get("realm", REALM) != REALM:
                return general(403, None)
            try:
                return await act(request)
            except Wrong as wrong:
                raise wrong.reply(self.company.now()) from wrong

        return answer

    async def _info(self, _: Request) -> Response:
        return self._answer({"CompanyInfo": {"CompanyName": "Stand-in Ltd", "Country": "DE", "Id": "1"}})

    async def _preferences(self, _: Request) -> Response:
        prefs = {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": self.company.currency}}
        return self._answer({"Preferences": {"Id": "1", "CurrencyPrefs": prefs}})

    async def _query(self, request: Request) -> Response:
        text = request.query_params.get("query") or (await request.body()).decode()
        query = Parser(text, SHAPES).query()
        table = self.company.tables[query.entity]
        found = query.run(self.company.shown(query.entity, row) for row in table.living())
        if query.count:
            return self._answer({"QueryResponse": {"totalCount": len(found)}})
        page = query.page(found)
        body: Data = {query.entity: page, "startPosition": query.start, "maxResults": len(page)} if page else {}
        return self._answer({"QueryResponse": body})

    async def _changed(self, request: Request) -> Response:
        """All since a time, inclusive; more than 1,000 are cut off without a word."""
        since = moment(request.query_params["changedSince"])
        forgotten = self._world.faults.take({"expire_cursor"}, visit_of(request))
        if forgotten or since < self._world.clock.now() - WINDOW:
            raise Wrong("2200", "Invalid changedSince", "The changedSince date must be within the last 30 days")
        left, answers = MOST, []
        for name in request.query_params["entities"].split(","):
            entity = ENTITIES.get(name.strip().lower())
            if entity is None:
                raise Wrong("2210", "Invalid entity", f"{name} cannot be asked for here")
            rows = [
                row
                for row in self.company.tables[entity].rows.values()
                if row.changed_at.replace(microsecond=0) >= since
            ]
            shown = [self.company.shown(entity, row) for row in rows[:left]]
            left -= len(shown)
            answers.append({entity: shown, "startPosition": 1, "maxResults": len(shown)} if shown else {})
        return self._answer({"CDCResponse": [{"QueryResponse": answers}]})

    async def _get(self, request: Request) -> Response:
        entity = self._named(request)
        return self._answer({entity: self.company.shown(entity, self.company.find(entity, request.path_params["id"]))})

    async def _save(self, request: Request) -> Response:
        """Creates, or updates what has an id. A request id that was used before gets the answer of then."""
        entity, given = self._named(request), await _body(request)
        request_id = request.query_params.get("requestid")
        if request_id in self.company.answers:
            return JSONResponse(self.company.answers[request_id])
        save = self.company.update if given.get("Id") else self.company.create
        answer = {entity: save(entity, given), "time": self.company.now()}
        if request_id:
            self.company.answers[request_id] = answer
        return JSONResponse(answer)

    async def _batch(self, request: Request) -> Response:
        """Up to 30, each for itself. A request id that was used before gets the answer of then."""
        request_id = request.query_params.get("requestid")
        if request_id in self.company.answers:
            return JSONResponse(self.company.answers[request_id])
        items = (await _body(request)).get("BatchItemRequest") or []
        if len(items) > BATCH:
            raise Wrong("1040", "Batch size exceeded", f"Batch items should not exceed {BATCH}")
        answers = []
        for item in items:
            entity = next(name for name in SHAPES if name in item)
            try:
                save = self.company.create if item["operation"] == "create" else self.company.update
                answers.append({"bId": item["bId"], entity: save(entity, item[entity])})
            except Wrong as wrong:
                answers.append({"bId": item["bId"], "Fault": wrong.fault()})
        answer: Data = {"BatchItemResponse": answers, "time": self.company.now()}
        if request_id:
            self.company.answers[request_id] = answer
        return JSONResponse(answer)

    async def _set(self, request: Request) -> Response:
        """The stand-in's own: `{"merge": [entity, into, from], "forget": true (all request ids), "currency",
        "hook": [address, verifier token, whether as CloudEvents]}`."""
        given, calling = await _body(request), self.calling
        calling.url, calling.token, calling.modern = given.get("hook", (calling.url, calling.token, calling.modern))
        if "merge" in given:
            self.company.merge(*given["merge"])
        if given.get("forget"):
            self.company.answers.clear()
        self.company.currency = given.get("currency", self.company.currency)
        return JSONResponse({"ok": True})

    async def _discovery(self, request: Request) -> Response:
        root = str(request.base_url).rstrip("/")
        names = ("token", "revocation", "userinfo")
        found = {f"{name}_endpoint": f"{root}/oauth2/{name}" for name in names}
        more = {"authorization_endpoint": f"{root}/oauth2/authorize", "jwks_uri": f"{root}/oauth2/keys"}
        return JSONResponse({"issuer": root, **found, **more})

    async def _authorize(self, request: Request) -> Response:
        try:
            address = self._world.grants.authorize(request.query_params)
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)
        return RedirectResponse(f"{address}&realmId={REALM}", 302)

    async def _token(self, request: Request) -> Response:
        """The registered app names itself in the form, or by a basic sign-in."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            form["client_id"], _, form["client_secret"] = b64decode(word).decode().partition(":")
        try:
            reply = self._world.grants.exchange(form)
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)
        reply.pop("scope", None)
        return JSONResponse({**reply, "x_refresh_token_expires_in": 8_726_400})

    def _named(self, request: Request) -> str:
        entity = ENTITIES.get(request.path_params["entity"].lower())
        if entity is None:
            raise Reply(general(404, None))
        return entity

    def _entity(self, name: str) -> str:
        name = "Customer" if name == "primary" else name
        found = ENTITIES.get(name.lower()) or ENTITIES.get(name.lower().removesuffix("s"))
        if found is None:
            raise ValueError(f"there is no entity {name}")
        return found

    def _answer(self, body: Data) -> Response:
        return JSONResponse({**body, "time": self.company.now()})


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise Wrong("2010", "Request has invalid or unsupported property", "The body is not JSON") from error
    if not isinstance(body, dict):
        raise Wrong("2010", "Request has invalid or unsupported property", "The body must be an object")
    return body
