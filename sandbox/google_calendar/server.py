"""The routes of the Calendar API v3."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import google_auth
from sandbox.app import visit_of
from sandbox.google_calendar import batch, errors, parameters, seeding, showing
from sandbox.google_calendar.account import Account
from sandbox.google_calendar.calendar import Calendar
from sandbox.google_calendar.calendars import CalendarRoutes
from sandbox.google_calendar.channels import Channels
from sandbox.google_calendar.listing import Lister
from sandbox.google_calendar.writing import Options, Writer
from sandbox.world import World

ROOT = "/calendar/v3"
EVENTS = f"{ROOT}/calendars/{{calendar}}/events"
FORGET = "/_google/forget_channels"
"""POST, without sign-in: every push channel ends, and nobody is told."""
Endpoint = Callable[[Request], Awaitable[Response]]


class Server:
    """Google Calendar for one account."""

    open_paths = (*google_auth.OPEN_PATHS, FORGET)

    def __init__(self, world: World) -> None:
        self._world = world
        self.account = Account(world.clock)
        self._writer = Writer(self.account, world.journal)
        self._lister = Lister(world.clock)
        self._channels = Channels(world.clock, world.hooks)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first: `import` and `watch` are not event ids."""
        table: list[tuple[str, str, str, Endpoint]] = [
            ("events.import", "POST", f"{EVENTS}/import", self._import),
            ("events.watch", "POST", f"{EVENTS}/watch", self._watch),
            ("events.list", "GET", EVENTS, self._list),
            ("events.insert", "POST", EVENTS, self._insert),
            ("events.instances", "GET", f"{EVENTS}/{{event}}/instances", self._instances),
            ("events.move", "POST", f"{EVENTS}/{{event}}/move", self._move),
            ("events.get", "GET", f"{EVENTS}/{{event}}", self._get),
            ("events.patch", "PATCH", f"{EVENTS}/{{event}}", self._patch),
            ("events.update", "PUT", f"{EVENTS}/{{event}}", self._update),
            ("events.delete", "DELETE", f"{EVENTS}/{{event}}", self._delete),
            ("channels.stop", "POST", f"{ROOT}/channels/stop", self._stop),
            *CalendarRoutes(self.account).table(ROOT),
        ]
        api = [Route(path, _checked(name, act), methods=[method]) for name, method, path, act in table]
        return [
            *api,
            Route("/batch/calendar/v3", self._batch, methods=["POST"]),
            Route(FORGET, self._forget, methods=["POST"]),
            *google_auth.routes(self._world),
        ]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Google's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Everything that changes data; not batches themselves nor channels."""
        return method != "GET" and path.startswith(f"{ROOT}/calendars") and not path.endswith("/watch")

    def seed(self, calendar: str, text: str) -> None:
        """Put an iCalendar text's events into a calendar by id, alias or summary."""
        target = self.account.named(calendar)
        seeding.seed(self._writer, self.account, target, text)
        self._channels.notify(target.id)

    def fill(self, calendar: str, count: int) -> None:
        """Plain one-hour events."""
        seeding.fill(self._writer, self.account.named(calendar), count)

    def state(self) -> Mapping[str, Any]:
        """Calendars, channels and sign-ins."""
        grants = self._world.grants.state()
        return {"account": self.account.state(), "channels": self._channels.state(), "grants": grants}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.account.load(state["account"])
        self._world.grants.load(state["grants"])
        self._channels.load(state.get("channels", {"open": [], "used": []}))

    async def _list(self, request: Request) -> Response:
        expired = "syncToken" in request.query_params and self._world.faults.take({"expire_cursor"}, visit_of(request))
        page = self._lister.page(self._calendar(request), request.query_params, expired=bool(expired))
        return JSONResponse(page)

    async def _instances(self, request: Request) -> Response:
        calendar = self._calendar(request)
        master = calendar.find(request.path_params["event"])
        if master is None:
            raise errors.not_found()
        if not master.get("recurrence"):
            raise errors.invalid("Instances exist only for recurring events.")
        return JSONResponse(self._lister.instances(calendar, master, request.query_params))

    async def _get(self, request: Request) -> Response:
        calendar = self._calendar(request)
        event = calendar.find(request.path_params["event"])
        if event is None:
            raise errors.not_found()
        if request.headers.get("if-none-match") == event["etag"]:
            return Response(status_code=304)
        return _shown(request, calendar, event)

    async def _insert(self, request: Request) -> Response:
        calendar, body = self._calendar(request), await _body(request)
        return self._written(request, calendar, self._writer.insert(calendar, body, _options(request)))

    async def _import(self, request: Request) -> Response:
        calendar, body = self._calendar(request), await _body(request)
        return self._written(request, calendar, self._writer.import_(calendar, body, _options(request)))

    async def _patch(self, request: Request) -> Response:
        calendar, body = self._calendar(request), await _body(request)
        event = self._writer.patch(calendar, request.path_params["event"], body, _options(request))
        return self._written(request, calendar, event)

    async def _update(self, request: Request) -> Response:
        calendar, body = self._calendar(request), await _body(request)
        event = self._writer.update(calendar, request.path_params["event"], body, _options(request))
        return self._written(request, calendar, event)

    async def _delete(self, request: Request) -> Response:
        calendar = self._calendar(request)
        self._writer.delete(calendar, request.path_params["event"], _options(request))
        self._channels.notify(calendar.id)
        return Response(status_code=204)

    async def _move(self, request: Request) -> Response:
        if "destination" not in request.query_params:
            raise errors.bad_parameter("destination", "Required parameter: destination", "required")
        source, target = self._calendar(request), self.account.calendar(request.query_params["destination"])
        event = self._writer.move(source, request.path_params["event"], target, _options(request))
        self._channels.notify(source.id)
        return self._written(request, target, event)

    async def _watch(self, request: Request) -> Response:
        calendar, body = self._calendar(request), await _body(request)
        uri = f"https://www.googleapis.com{ROOT}/calendars/{calendar.id}/events?alt=json"
        return JSONResponse(self._channels.watch(calendar.id, uri, body))

    async def _stop(self, request: Request) -> Response:
        self._channels.stop(await _body(request))
        return Response(status_code=204)

    async def _forget(self, _: Request) -> Response:
        self._channels.forget()
        return Response(status_code=204)

    async def _batch(self, request: Request) -> Response:
        return await batch.run(request, self._world)

    def _calendar(self, request: Request) -> Calendar:
        return self.account.calendar(request.path_params["calendar"])

    def _written(self, request: Request, calendar: Calendar, event: dict[str, Any]) -> Response:
        self._channels.notify(calendar.id)
        return _shown(request, calendar, event)


def _checked(name: str, act: Endpoint) -> Endpoint:
    """The endpoint behind a check of its query parameters."""

    async def endpoint(request: Request) -> Response:
        parameters.check(name, request.query_params)
        return await act(request)

    return endpoint


def _shown(request: Request, calendar: Calendar, event: dict[str, Any]) -> Response:
    query = request.query_params
    look = showing.Look(parameters.shown_zone(query, calendar.zone), parameters.number(query, "maxAttendees"))
    body = showing.whole(event, look)
    return JSONResponse(body, headers={"ETag": event["etag"]})


async def _body(request: Request) -> Any:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        raise errors.invalid("Parse Error", reason="parseError") from None
    if not isinstance(body, dict):
        raise errors.invalid("Parse Error", reason="parseError")
    return body


def _options(request: Request) -> Options:
    query = request.query_params
    default = "none" if query.get("sendNotifications") == "false" else "all"
    updates = parameters.choice(query, "sendUpdates", ("all", "externalOnly", "none")) or default
    return Options(
        if_match=request.headers.get("if-match"),
        mails=updates != "none",
        conference=query.get("conferenceDataVersion") == "1",
        attachments=query.get("supportsAttachments") == "true",
    )
