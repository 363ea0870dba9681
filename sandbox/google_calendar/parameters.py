"""The query parameters each method takes, and how they are read. Unknown ones are refused, to catch misspellings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from sandbox.google_calendar.errors import bad_parameter

GLOBAL = {"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"}
_VIEW = {"maxAttendees", "alwaysIncludeEmail"}
_MAIL = {"sendUpdates", "sendNotifications"}
_WRITE = {"conferenceDataVersion", "supportsAttachments"}
_PAGE = {"maxResults", "pageToken"}
_SEARCH = {"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax"}
_LIST = _PAGE | _SEARCH | {"eventTypes", "showDeleted", "singleEvents", "syncToken", "timeZone", "updatedMin"}

ACCEPTED: Mapping[str, set[str]] = {
    "calendarList.list": _PAGE | {"minAccessRole", "showDeleted", "showHidden", "syncToken"},
    "calendarList.get": set(),
    "calendars.get": set(),
    "calendars.insert": set(),
    "calendars.patch": set(),
    "calendars.delete": set(),
    "channels.stop": set(),
    "events.list": _LIST | _VIEW | {"showHiddenInvitations"},
    "events.watch": _LIST | _VIEW | {"showHiddenInvitations"},
    "events.get": _VIEW | {"timeZone"},
    "events.instances": _PAGE | _VIEW | {"originalStart", "showDeleted", "timeMax", "timeMin", "timeZone"},
    "events.insert": _MAIL | _WRITE | {"maxAttendees"},
    "events.import": _WRITE,
    "events.patch": _MAIL | _WRITE | _VIEW,
    "events.update": _MAIL | _WRITE | _VIEW,
    "events.delete": _MAIL,
    "events.move": _MAIL | {"destination"},
}
"""By method of the discovery document."""

SYNC_EXCLUDES = _SEARCH | {"updatedMin"}
"""What may not stand beside a syncToken."""


def check(method: str, query: QueryParams) -> None:
    """400 for a parameter the method does not have."""
    for name in query:
        if name not in ACCEPTED[method] | GLOBAL:
            raise bad_parameter(name, f"Unknown parameter: {name}", "unknownParameter")


def flag(query: QueryParams, name: str) -> bool:
    """A boolean; False when absent."""
    value = query.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise bad_parameter(name)
    return value == "true"


def number(query: QueryParams, name: str, default: int | None = None) -> int | None:
    """A positive number."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) < 1:
        raise bad_parameter(name)
    return int(text)


def choice(query: QueryParams, name: str, allowed: tuple[str, ...]) -> str | None:
    """One of some words."""
    value = query.get(name)
    if value not in {None, *allowed}:
        raise bad_parameter(name)
    return value


def shown_zone(query: QueryParams, default: str) -> str:
    """The IANA zone the reader wants to see times in."""
    name = query.get("timeZone", default)
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise bad_parameter("timeZone") from None


def moment(query: QueryParams, name: str) -> datetime | None:
    """An RFC 3339 time; the offset is mandatory."""
    text = query.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_parameter(name, "Bad Request", "badRequest") from None
    if found.tzinfo is None:
        raise bad_parameter(name, "Bad Request", "badRequest")
    return found
