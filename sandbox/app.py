"""The shell around every stand-in: control plane, faults, sign-in check, counters.

How a stand-in plugs in: a package here whose class `Server` is built with one argument, the `World`, and has the
members of `StandIn` below. Its routes are ordinary Starlette routes with *async* endpoints; they all run on one event
loop, so its state needs no locks as long as an endpoint does not await between reading and writing it.

- Routes never check the bearer token nor count requests; the shell does, before and after. Sign-in pages are named in
  `open_paths` (prefixes), are served without a token and are counted as requests only.
- To refuse deep inside: `raise Reply(JSONResponse(..., status_code=...))` (from `sandbox.world`).
- `failure(status, retry_after)` words the shell's own refusals in the app's dialect: 401 for a bad token, 404 for an
  unknown path, 405, 500, and the faults 403, 429, 500 and 503.
- `expire_cursor` is the app's own business: where a cursor is used, ask
  `world.faults.take({"expire_cursor"}, visit_of(request))` and answer as the real app does.
- Mail that would be sent: `world.journal.mail += 1`. Writes are counted by the shell: every request for which
  `is_write(method, path)` holds and whose status is below 400, parts of a batch one by one.
- A batch endpoint runs its parts with `await world.call(method, target, headers, body)`; copy the Authorization header.
- Webhooks: `world.hooks.send(...)`, or `await world.hooks.ask(...)` where the reply matters. Time: `world.clock.now()`.
- For refresh tokens that rotate set `world.grants.rotate = True`; `world.grants` does the OAuth endpoints' work.
- `state()` is JSON that `load()` restores; `seed(container, text)` takes an iCalendar text, or for other records a JSON
  list of them as the API shows them; `fill(container, n)` makes that many plain records for benchmarks. A container is
  a calendar, a list, a folder, or where there are none the kind of record. `sandbox.table` keeps rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control import control_routes
from sandbox.faults import STATUSES, Visit
from sandbox.world import Answer, Reply, World

log = logging.getLogger(__name__)


class StandIn(Protocol):
    """One app's API over its own in-memory data."""

    open_paths: tuple[str, ...]

    def routes(self) -> Sequence[BaseRoute]:
        """Starlette routes of the app's whole API, sign-in pages included."""

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """A refusal as the real app words it."""

    def is_write(self, method: str, path: str) -> bool:
        """Whether such a request changes the user's data."""

    def seed(self, calendar: str, text: str) -> None:
        """Put the records of a text into a container, made where missing; ValueError when unreadable."""

    def fill(self, calendar: str, count: int) -> None:
        """Make `count` plain records, the same ones each time."""

    def state(self) -> Mapping[str, Any]:
        """Everything, as JSON."""

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former `state()`."""


def visit_of(request: Request) -> Visit:
    """The request as faults see it."""
    return _visit(request.scope)


class Shell:
    """The ASGI app that is served: a stand-in's routes behind faults, sign-in and counters."""

    def __init__(self, standin: StandIn, world: World, save: Callable[[], None]) -> None:
        self._standin = standin
        self._world = world
        world.call = self.call
        self._control = Starlette(routes=control_routes(standin, world, save))
        self._api = Starlette(
            routes=list(standin.routes()),
            exception_handlers={Reply: _answer_as_raised, HTTPException: self._answer_as_app},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith("/_control/"):
            await self._control(scope, receive, send)
            return
        messages = await self._messages(scope, receive)
        if self._world.faults.take({"drop_after_commit"}, _visit(scope)):
            await _hang_up(scope, receive)
            return
        for message in messages:
            await send(message)

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Serve one part of a batch; a dropped part answers 500, as its effect is there and its answer is not."""
        scope = _part_scope(method, target, headers)
        messages = await self._messages(scope, _receiver(body))
        if self._world.faults.take({"drop_after_commit"}, _visit(scope)):
            messages = await _collect(self._standin.failure(500), scope, _receiver(b""))
        start, *rest = messages
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start.get("headers", [])}
        return Answer(start["status"], names, b"".join(each.get("body", b"") for each in rest))

    async def _messages(self, scope: Scope, receive: Receive) -> list[Message]:
        """The whole answer, counted."""
        visit = _visit(scope)
        is_open = visit.path.startswith(self._standin.open_paths)
        receive = await _at_hand(receive)
        refusal = None if is_open else await self._obstacle(scope, visit)
        try:
            messages = await _collect(refusal or self._api, scope, receive)
        except ClientDisconnect:
            messages = await _collect(self._standin.failure(500), scope, receive)  # nobody is there to read it
        except Exception:
            log.exception("a stand-in failed at %s %s", visit.method, visit.target)
            messages = await _collect(self._standin.failure(500), scope, receive)
        write = not is_open and self._standin.is_write(visit.method, visit.path)
        self._world.journal.note(visit, messages[0]["status"], write=write)
        return messages

    async def _obstacle(self, scope: Scope, visit: Visit) -> Response | None:
        """A fault or a bad token in the way of this request."""
        if slow := self._world.faults.take({"slow"}, visit):
            await asyncio.sleep(slow.seconds)
        if fault := self._world.faults.take(STATUSES, visit):
            return self._standin.failure(int(fault.kind), fault.retry_after)
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        rejected = self._world.faults.take({"reject_token"}, visit)
        if rejected or not self._world.grants.accepts(headers.get(self._world.grants.header.encode(), "")):
            return self._standin.failure(401)
        return None

    def _answer_as_app(self, _: Request, error: Exception) -> Response:
        """Starlette's own 404 and 405 in the app's words."""
        assert isinstance(error, HTTPException)
        return self._standin.failure(error.status_code)


def _answer_as_raised(_: Request, error: Exception) -> Response:
    assert isinstance(error, Reply)
    return error.response


def _visit(scope: Scope) -> Visit:
    query = scope["query_string"].decode("latin-1")
    return Visit(scope["method"], scope["path"], query, part="sandbox.part" in scope)


def _part_scope(method: str, target: str, headers: Mapping[str, str]) -> Scope:
    """An ASGI scope for a request that never came over a socket."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "sandbox.part": True,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method.upper(),
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }


def _receiver(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _at_hand(receive: Receive) -> Receive:
    """The whole request body, in memory: a request that is held up takes effect even if its sender is gone by then."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    gone = message["type"] == "http.disconnect"
    return receive if gone else _receiver(body)


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without a word, and wait until the server has seen it closed."""
    scope["extensions"]["sandbox.transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
