"""The one address of the Admin API, its sign-in, its webhooks, and what every answer tells of costs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, build_schema, execute, parse, validate
from graphql.utilities import get_operation_ast
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.shopify import cost, errors
from sandbox.shopify.mutations import Mutation
from sandbox.shopify.queries import Query
from sandbox.shopify.shop import Raw, Shop, moment
from sandbox.table import Row
from sandbox.world import World

SCHEMA = build_schema((Path(__file__).parent / "admin.graphql").read_text(encoding="utf-8"))
SECRET = "shpss_stand-in"


class Server:
    """Shopify for one shop. `SECRET` is the app's, with which webhooks are signed."""

    open_paths = ("/admin/oauth/", "/_shopify/")

    def __init__(self, world: World) -> None:
        self._world = world
        world.grants.header = "x-shopify-access-token"
        world.grants.rotate = True
        self.shop = Shop(world.clock)
        self.bucket = cost.Bucket(world.clock)
        self._times = 1

    def routes(self) -> Sequence[BaseRoute]:
        """All requests go to one address."""
        return [
            Route("/admin/api/{version}/graphql.json", self._graphql, methods=["POST"]),
            Route("/admin/oauth/access_token", self._token, methods=["POST"]),
            Route("/_shopify/set", self._set, methods=["POST"]),
        ]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Shopify's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:  # noqa: ARG002 - all go to one address: counted where they land
        """Never by the address."""
        return False

    def seed(self, calendar: str, text: str) -> None:
        """A JSON list of inputs of productSet (in `products`, and `primary`) or customerCreate (in `customers`)."""
        for given in json.loads(text):
            if calendar == "customers":
                payload = self._mutation().customerCreate(None, given)
            else:
                payload = self._mutation().productSet(None, given)
            if payload["userErrors"]:
                raise ValueError(payload["userErrors"][0]["message"])

    def fill(self, calendar: str, count: int) -> None:
        """Plain records."""
        rows = [{"email": f"person{n}@example.org", "lastName": f"Number {n}"} for n in range(count)]
        self.seed(
            calendar, json.dumps(rows if calendar == "customers" else [{"title": f"Number {n}"} for n in range(count)])
        )

    def state(self) -> Mapping[str, Any]:
        """Records and sign-ins."""
        return {"shop": self.shop.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.shop.load(state["shop"])
        self._world.grants.load(state["grants"])

    async def _graphql(self, request: Request) -> Response:
        try:
            given = await request.json()
            document = parse(str(given["query"]), no_location=False)
        except (ValueError, KeyError, TypeError, GraphQLError) as error:
            return JSONResponse({"errors": [{"message": f"syntax error: {error}"}]})
        if wrong := validate(SCHEMA, document):
            return JSONResponse({"errors": errors.shown(wrong)})
        return JSONResponse(self._run(document, given.get("variables") or {}, given.get("operationName")))

    def _run(self, document: DocumentNode, variables: Mapping[str, Any], name: str | None) -> Raw:
        points = cost.requested(document, variables)
        if points > cost.MOST:
            return errors.too_dear(points, cost.MOST)
        if not self.bucket.take(points):
            return errors.throttled(points, self.bucket.status())
        operation = get_operation_ast(document, name)
        mutates = operation is not None and operation.operation is OperationType.MUTATION
        root = self._mutation() if mutates else Query(self.shop)
        result = execute(SCHEMA, document, root, variable_values=dict(variables), operation_name=name)
        assert isinstance(result, ExecutionResult)
        self.bucket.back(points // 2)  # much of what was asked for was not there
        told = {
            "requestedQueryCost": points,
            "actualQueryCost": points - points // 2,
            "throttleStatus": self.bucket.status(),
        }
        answer: Raw = {"data": result.data, "extensions": {"cost": told}}
        return answer | ({"errors": errors.shown(result.errors)} if result.errors else {})

    def _mutation(self) -> Mutation:
        return Mutation(self.shop, self._tell)

    def _tell(self, topic: str, row: Row) -> None:
        """Counts a write, and sends a webhook to whoever asked for it."""
        self._world.journal.writes += 1
        kind = "Product" if topic.startswith("PRODUCTS") else "Customer"
        named = {"id": int(row.id), "admin_graphql_api_id": f"gid://shopify/{kind}/{row.id}"}
        body = json.dumps({"id": int(row.id)} if topic.endswith("DELETE") else named).encode()
        for each in (one for one in self.shop.hooks if one["topic"] == topic):
            headers = self._headers(topic, body)
            for _ in range(self._times):
                self._world.hooks.send(each["uri"], headers, body)

    def _headers(self, topic: str, body: bytes) -> dict[str, str]:
        digest = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
        return {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic.lower().replace("_", "/", 1),
            "X-Shopify-Hmac-Sha256": digest,
            "X-Shopify-Shop-Domain": self.shop.domain,
            "X-Shopify-API-Version": "2026-07",
            "X-Shopify-Webhook-Id": str(uuid4()),
            "X-Shopify-Triggered-At": moment(self._world.clock.now()),
        }

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        try:
            return JSONResponse(self._world.grants.exchange({name: str(value) for name, value in form.items()}))
        except GrantError as error:
            return JSONResponse(error.as_json(), status_code=400)

    async def _set(self, request: Request) -> Response:
        """The stand-in's own: `lag` of the index in seconds, `reach` of cursors, the `level` and `rate` of the bucket,
        how many `times` a webhook comes."""
        given = await request.json()
        self.shop.lag = timedelta(seconds=float(given.get("lag", self.shop.lag.total_seconds())))
        self.shop.reach = int(given.get("reach", self.shop.reach))
        self._times = int(given.get("times", self._times))
        self.bucket.level = float(given.get("level", self.bucket.level))
        self.bucket.rate = float(given.get("rate", self.bucket.rate))
        return JSONResponse({"ok": True})
