"""The calendar list and the calendars themselves."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.google_calendar import parameters, times
from sandbox.google_calendar.account import Account
from sandbox.google_calendar.calendar import Calendar
from sandbox.google_calendar.errors import bad_parameter, invalid

Endpoint = Callable[[Request], Awaitable[Response]]


class CalendarRoutes:
    """`calendarList` and `calendars`."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def table(self, root: str) -> list[tuple[str, str, str, Endpoint]]:
        """Method name in the discovery document, verb, path, endpoint."""
        one = f"{root}/calendars/{{calendar}}"
        return [
            ("calendarList.list", "GET", f"{root}/users/me/calendarList", self._list),
            ("calendarList.get", "GET", f"{root}/users/me/calendarList/{{calendar}}", self._entry),
            ("calendars.insert", "POST", f"{root}/calendars", self._insert),
            ("calendars.get", "GET", one, self._get),
            ("calendars.patch", "PATCH", one, self._patch),
            ("calendars.delete", "DELETE", one, self._delete),
        ]

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        if "syncToken" in query:
            raise bad_parameter("syncToken", "This stand-in keeps no sync tokens of calendar lists.")
        size, offset = parameters.number(query, "maxResults", 100) or 100, query.get("pageToken", "0")
        if not offset.isdigit():
            raise bad_parameter("pageToken")
        entries = [self._listed(calendar) for calendar in self._account.calendars.values()]
        until = int(offset) + min(size, 250)
        body = {"kind": "calendar#calendarList", "etag": '"list"', "items": entries[int(offset) : until]}
        return JSONResponse(body | ({"nextPageToken": str(until)} if until < len(entries) else {}))

    async def _entry(self, request: Request) -> Response:
        return JSONResponse(self._listed(self._account.calendar(request.path_params["calendar"])))

    async def _get(self, request: Request) -> Response:
        return JSONResponse(_resource(self._account.calendar(request.path_params["calendar"])))

    async def _insert(self, request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        if not body.get("summary"):
            raise invalid("Missing summary.", "summary", "required")
        name = body.get("timeZone", "UTC")
        times.zone(name, "calendar")
        return JSONResponse(_resource(self._account.create(body["summary"], name, body.get("description", ""))))

    async def _patch(self, request: Request) -> Response:
        calendar = self._account.calendar(request.path_params["calendar"])
        body = json.loads(await request.body() or b"{}")
        times.zone(body.get("timeZone", calendar.zone), "calendar")
        calendar.summary = body.get("summary", calendar.summary)
        calendar.description = body.get("description", calendar.description)
        calendar.zone = body.get("timeZone", calendar.zone)
        return JSONResponse(_resource(calendar))

    async def _delete(self, request: Request) -> Response:
        calendar = self._account.calendar(request.path_params["calendar"])
        if calendar.id == self._account.email:
            raise invalid("The primary calendar cannot be deleted.", reason="cannotDeletePrimaryCalendar")
        del self._account.calendars[calendar.id]
        return Response(status_code=204)

    def _listed(self, calendar: Calendar) -> dict[str, Any]:
        primary = {"primary": True} if calendar.id == self._account.email else {}
        entry = {"kind": "calendar#calendarListEntry", "accessRole": "owner", "backgroundColor": "#9fe1e7"}
        reminders = {"defaultReminders": [{"method": "popup", "minutes": 10}]}
        return _resource(calendar) | entry | reminders | primary


def _resource(calendar: Calendar) -> dict[str, Any]:
    described = {"description": calendar.description} if calendar.description else {}
    plain = {"kind": "calendar#calendar", "id": calendar.id, "summary": calendar.summary, "timeZone": calendar.zone}
    return plain | {"etag": f'"{calendar.epoch}"'} | described
