"""The stand-in: its routes, its sign-in pages and its state."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.grants import GrantError
from sandbox.outlook_calendar.archive import dump, restore
from sandbox.outlook_calendar.asking import ROOT, Answering, Asking, take_apart
from sandbox.outlook_calendar.batch import Batch
from sandbox.outlook_calendar.calendars import Calendars
from sandbox.outlook_calendar.errors import Refusal, bad_request
from sandbox.outlook_calendar.importing import import_text
from sandbox.outlook_calendar.items import RESPONSES, Items
from sandbox.outlook_calendar.mailbox import Calendar, Mailbox
from sandbox.outlook_calendar.properties import Draft
from sandbox.outlook_calendar.subscriptions import Subscriptions
from sandbox.outlook_calendar.zones import Moment
from sandbox.world import World

Handler = Callable[..., Answering | Awaitable[Answering]]
TENANTS = ("common", "organizations", "consumers")
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
EPOCH = datetime(2026, 1, 5, 8, tzinfo=UTC)


class Server:
    """One mailbox behind Microsoft Graph's routes. `POST /_outlook/lifecycle {"event": ...}`, without sign-in, makes
    the service tell subscribers of a lifecycle event."""

    open_paths = (*(f"/{tenant}/" for tenant in TENANTS), "/_outlook/")

    def __init__(self, world: World) -> None:
        world.grants.rotate = True
        self._world = world
        self.mailbox = Mailbox(world.clock, secrets.token_hex(8))
        self.mailbox.on_mail = self._count_mail
        self._subscriptions = Subscriptions(self.mailbox, world)
        calendars = Calendars(self.mailbox, world)
        self._table = _table(calendars, Items(self.mailbox, calendars), self._subscriptions, Batch(world))

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
        """Whatever changes events and calendars; neither a batch as such nor subscriptions do."""
        return method != "GET" and path.startswith(f"{ROOT}/") and not re.match(r"/v1.0/(\$batch|subscriptions)", path)

    def seed(self, calendar: str, text: str) -> None:
        """Like somebody's Outlook: see `importing`."""
        import_text(self.mailbox, self._named(calendar).id, text)

    def fill(self, calendar: str, count: int) -> None:
        """Half-hour meetings, four hours apart."""
        place = self._named(calendar).id
        for number in range(count):
            start = (EPOCH + timedelta(hours=4 * number)).replace(tzinfo=None)
            props = {"subject": f"Meeting {number}", "isReminderOn": False}
            times = (Moment(start, "UTC"), Moment(start + timedelta(minutes=30), "UTC"))
            self.mailbox.create(place, Draft(props, *times), mail=False)

    def state(self) -> Mapping[str, Any]:
        """The mailbox and its subscriptions."""
        return {"mailbox": dump(self.mailbox), "subscriptions": self._subscriptions.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        restore(self.mailbox, state["mailbox"])
        self._subscriptions.load(state["subscriptions"])

    def _named(self, calendar: str) -> Calendar:
        """By id or name, made where missing; "primary" is the default one."""
        if calendar in {"", "primary"}:
            return self.mailbox.default
        known = self.mailbox.calendars.values()
        return next((each for each in known if calendar in {each.id, each.name}), None) or self.mailbox.add_calendar(
            calendar
        )

    def _count_mail(self, count: int) -> None:
        self._world.journal.mail += count

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
        parts = _canonical(asking.parts, self.mailbox.default.id)
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


def _table(
    calendars: Calendars, items: Items, subscriptions: Subscriptions, batch: Batch
) -> list[tuple[str, str, Handler]]:
    """Method, path (`*` is handed on) and handler, paths in canonical form."""
    actions: list[tuple[str, str, Handler]] = [
        ("POST", f"me/events/*/{verb}", lambda asking, name, verb=verb: items.respond(asking, name, verb))
        for verb in RESPONSES
    ]
    return [
        ("GET", "me", calendars.me),
        ("GET", "me/calendars", calendars.all),
        ("POST", "me/calendars", calendars.create),
        ("GET", "me/calendars/*", calendars.one),
        ("GET", "me/calendars/*/events", calendars.events),
        ("POST", "me/calendars/*/events", items.create),
        ("GET", "me/calendars/*/calendarView", calendars.view),
        ("GET", "me/calendars/*/calendarView/delta", calendars.delta),
        ("GET", "me/events/*", items.get),
        ("PATCH", "me/events/*", items.update),
        ("DELETE", "me/events/*", items.delete),
        ("GET", "me/events/*/instances", calendars.instances),
        ("POST", "me/events/*/cancel", items.cancel),
        *actions,
        ("POST", "$batch", batch.run),
        ("GET", "subscriptions", subscriptions.all),
        ("POST", "subscriptions", subscriptions.create),
        ("GET", "subscriptions/*", subscriptions.get),
        ("PATCH", "subscriptions/*", subscriptions.renew),
        ("DELETE", "subscriptions/*", subscriptions.delete),
        ("POST", "subscriptions/*/reauthorize", subscriptions.reauthorize),
    ]


def _canonical(parts: tuple[str, ...], default: str) -> tuple[str, ...]:
    """One path per thing: the default calendar by its id, an event without its calendar."""
    match parts:
        case ("me", "calendar", *rest):
            return _canonical(("me", "calendars", default, *rest), default)
        case ("me", "events"):
            return ("me", "calendars", default, "events")
        case ("me", "calendarView", *rest):
            return ("me", "calendars", default, "calendarView", *rest)
        case ("me", "calendars", _, "events", event, *rest):
            return ("me", "events", event, *rest)
    return parts


def _fit(path: str, parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """The path itself and the parts in place of its stars, where it fits."""
    wanted = path.split("/")
    if len(wanted) != len(parts) or any(name not in {"*", part} for name, part in zip(wanted, parts, strict=True)):
        return None
    return (path, *(part for name, part in zip(wanted, parts, strict=True) if name == "*"))
