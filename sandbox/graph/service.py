"""The gateway in front of every Graph API: sign-in pages, paths, refusals, batches and subscriptions."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.graph.asking import ROOT, Answering, Asking, take_apart
from sandbox.graph.batch import Batch
from sandbox.graph.directory import OWNER, OWNER_ID
from sandbox.graph.errors import Refusal, bad_request
from sandbox.graph.subscriptions import Subscriptions
from sandbox.world import World

Handler = Callable[..., Answering | Awaitable[Answering]]
Table = Sequence[tuple[str, str, Handler]]
"""Method, path (`*` is handed on) and handler, paths in canonical form."""
Parts = tuple[str, ...]
TENANTS = ("common", "organizations", "consumers")
OPEN = (*(f"/{tenant}/" for tenant in TENANTS), "/_outlook/")
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
FAILURES = {
    400: ("BadRequest", "The request is not valid."),
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ResourceNotFound", "Resource could not be discovered."),
    405: ("Request_BadRequest", "The method is not allowed for this resource."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    500: ("ErrorInternalServerError", "An internal server error occurred. The operation failed."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
}


class Service:
    """One app's `table` of paths behind Microsoft's gateway. `canonical` gives one path per thing.

    `POST /_outlook/lifecycle {"event": ...}`, without sign-in, makes the service tell subscribers of a lifecycle event.
    """

    def __init__(
        self, world: World, table: Table, canonical: Callable[[Parts], Parts], subscriptions: Subscriptions
    ) -> None:
        world.grants.rotate = True
        self._world = world
        self._canonical = canonical
        self._subscriptions = subscriptions
        self._table = [*table, *_common(Batch(world), subscriptions)]

    def routes(self) -> list[BaseRoute]:
        """Graph's own paths are told apart in `_answer`: Starlette decodes `%2F` too early for its ids."""
        return [
            Route(f"{ROOT}/{{rest:path}}", self._endpoint, methods=METHODS),
            Route("/{tenant}/oauth2/v2.0/authorize", self._authorize, methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
            Route("/_outlook/lifecycle", self._lifecycle, methods=["POST"]),
        ]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """A refusal of the gateway; throttling tells how long to wait."""
        code, message = FAILURES.get(status, FAILURES[500])
        wait = 1 if retry_after is None else retry_after
        headers = {"Retry-After": f"{wait:g}"} if status in {429, 503} else {}
        return self._refusal(Refusal(status, code, message, headers))

    def is_write(self, method: str, path: str) -> bool:
        """Whatever changes the mailbox; neither a batch as such nor subscriptions do."""
        return method != "GET" and path.startswith(f"{ROOT}/") and not re.match(r"/v1.0/(\$batch|subscriptions)", path)

    async def _endpoint(self, request: Request) -> Response:
        asking = await take_apart(request)
        try:
            answering = await self._answer(asking)
        except Refusal as refusal:
            return self._refusal(refusal)
        applied = ", ".join(f'{name}="{value}"' for name, value in asking.prefer.items())
        headers = dict(answering.headers) | ({"Preference-Applied": applied} if applied else {})
        headers["request-id"] = secrets.token_hex(16)
        if answering.body is None:
            return Response(status_code=answering.status, headers=headers)
        return JSONResponse(answering.body, answering.status, headers)

    async def _answer(self, asking: Asking) -> Answering:
        parts = self._canonical(asking.parts)
        fitting = [(method, handler, names) for method, path, handler in self._table if (names := _fit(path, parts))]
        for method, handler, names in fitting:
            if method == asking.method:
                found = handler(asking, *names[1:])
                return await found if isawaitable(found) else found
        if fitting:
            raise Refusal(405, *FAILURES[405])
        raise bad_request(f"Resource not found for the segment '{'/'.join(asking.parts)}'.", "BadRequest")

    def _refusal(self, refusal: Refusal) -> Response:
        name = secrets.token_hex(16)
        body = refusal.as_json(name, self._world.clock.now())
        return JSONResponse(body, refusal.status, refusal.headers | {"request-id": name})

    async def _authorize(self, request: Request) -> Response:
        try:
            return RedirectResponse(self._world.grants.authorize(request.query_params), 302)
        except GrantError as error:
            return JSONResponse(error.as_json(), 400)

    async def _token(self, request: Request) -> Response:
        """A refresh token is given to those who asked for offline_access only, and replaced at each use."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            reply = self._world.grants.exchange(form)
        except GrantError as error:
            wrong = error.as_json() | {
                "error_codes": [70000],
                "timestamp": f"{self._world.clock.now():%Y-%m-%d %H:%M:%SZ}",
            }
            return JSONResponse(wrong | {"error_description": f"AADSTS70000: {error.description}"}, 400)
        scopes = reply["scope"].split()
        if "offline_access" not in scopes:
            reply.pop("refresh_token", None)
        scope = " ".join(name for name in scopes if name != "offline_access")
        return JSONResponse(reply | {"scope": scope, "ext_expires_in": reply["expires_in"]})

    async def _lifecycle(self, request: Request) -> Response:
        try:
            self._subscriptions.lifecycle(await request.json())
        except Refusal as refusal:
            return self._refusal(refusal)
        return Response(status_code=202)


def _common(batch: Batch, subscriptions: Subscriptions) -> Table:
    """What there is on every Graph."""
    return [
        ("GET", "me", _me),
        ("POST", "$batch", batch.run),
        ("GET", "subscriptions", subscriptions.all),
        ("POST", "subscriptions", subscriptions.create),
        ("GET", "subscriptions/*", subscriptions.get),
        ("PATCH", "subscriptions/*", subscriptions.renew),
        ("DELETE", "subscriptions/*", subscriptions.delete),
        ("POST", "subscriptions/*/reauthorize", subscriptions.reauthorize),
    ]


def _me(asking: Asking) -> Answering:
    """The signed-in user."""
    user = {"id": OWNER_ID, "displayName": OWNER["name"], "mail": OWNER["address"]}
    user["userPrincipalName"] = OWNER["address"].lower()
    return Answering({"@odata.context": asking.context("users/$entity"), **user})


def _fit(path: str, parts: Parts) -> Parts | None:
    """The path itself and the parts in place of its stars, where it fits."""
    wanted = path.split("/")
    if len(wanted) != len(parts) or any(name not in {"*", part} for name, part in zip(wanted, parts, strict=True)):
        return None
    return (path, *(part for name, part in zip(wanted, parts, strict=True) if name == "*"))
