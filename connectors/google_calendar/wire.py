"""One event resource to native fields and back. Series and their exceptions are put together in `series`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.google_calendar import times
from engine.contract import Field, Json

TEXTS = ("summary", "description", "location")
DEFAULTS = {"transparency": "opaque", "visibility": "default"}
OVERRIDABLE = (*TEXTS, "start", "end", "attendees", *DEFAULTS, "reminder", "color")
"""What an exception of a series can have of its own, in the order in which it is shown."""
HIDDEN = frozenset({*TEXTS, "attendees", "organizer", "reminder", "color", "transparency"})
"""What a reader of somebody else's calendar does not see of a private event."""
PERSON = ("email", "displayName", "optional", "resource", "responseStatus", "organizer")
STAMP = "syncline"

FIELDS: Mapping[str, Field] = {
    "iCalUID": Field(type="text", label="iCalendar UID", means="meeting.ical_uid", writable=False),
    "summary": Field(type="text", label="Title", means="meeting.title"),
    "description": Field(type="html", dialect="google", label="Description", means="meeting.body"),
    "location": Field(type="text", label="Place", means="meeting.place"),
    "start": Field(type="moment", dialect="google", label="Start", means="meeting.start", required=True),
    "end": Field(type="moment", dialect="google", label="End", means="meeting.end", required=True),
    "recurrence": Field(type="recurrence", dialect="google", label="Repeats", means="meeting.repeat"),
    "occurrences": Field(
        type="occurrences", dialect="google", label="Changed occurrences", means="meeting.changed", many=True
    ),
    "attendees": Field(type="people", dialect="google", label="Guests", means="meeting.people", many=True),
    "transparency": Field(
        type="choice",
        dialect="google",
        label="Show as",
        means="meeting.busy",
        choices={"opaque": "Busy", "transparent": "Free"},
    ),
    "visibility": Field(
        type="choice",
        dialect="google",
        label="Visibility",
        means="meeting.privacy",
        choices={"default": "Default", "public": "Public", "private": "Private", "confidential": "Confidential"},
    ),
    "status": Field(
        type="choice",
        dialect="google",
        label="Status",
        means="meeting.status",
        writable=False,
        choices={"confirmed": "Confirmed", "tentative": "Tentative"},
    ),
    "eventType": Field(type="text", label="Type of event", writable=False),
    "organizer": Field(type="text", label="Organizer", means="meeting.organizer", writable=False),
    "reminder": Field(type="number", label="Reminder, minutes before", means="meeting.reminder"),
    "color": Field(type="text", label="Colour (1 to 11)"),
}


def native(event: Json, zone: str, *, veiled: bool = False) -> dict[str, Any]:
    """The fields of one event, without its occurrences. `veiled`: absent members are unread, not empty."""
    start = times.read(event.get("start"), zone)
    data = {
        "iCalUID": event.get("iCalUID"),
        **{name: event.get(name) or None for name in TEXTS},
        "start": start,
        "end": times.read(event.get("end"), zone),
        "recurrence": [line for line in event.get("recurrence", []) if not line.upper().startswith("EXDATE")] or None,
        "attendees": [_person(person) for person in event.get("attendees", [])],
        **{name: event.get(name) or default for name, default in DEFAULTS.items()},
        "status": event.get("status") or "confirmed",
        "eventType": event.get("eventType") or "default",
        "organizer": event.get("organizer", {}).get("email"),
        "reminder": _reminder(event.get("reminders", {})),
        "color": event.get("colorId"),
    }
    if veiled:
        shown = {*event, "reminder" if "reminders" in event else "", "color" if "colorId" in event else ""}
        data = {name: value for name, value in data.items() if name not in HIDDEN or name in shown}
    return data


def body(data: Json, zone: str, before: Json | None) -> dict[str, Any]:
    """The API's members for these native fields (not the recurrence): an insert, or a PATCH of the event `before`.

    A list is replaced whole by Google, so what ours does not speak of is taken from `before`.
    """
    patch = before is not None
    members: dict[str, Any] = {}
    for name, value in data.items():
        if name in ("start", "end") and value is not None:
            members[name] = times.write(value, zone, patch=patch)
        elif name == "attendees":
            members[name] = _guests(value or [], (before or {}).get("attendees", []))
        elif name == "reminder":
            members["reminders"] = _reminders(value, (before or {}).get("reminders", {}))
        elif name == "color":
            members["colorId"] = value
        elif name in TEXTS or name in DEFAULTS:
            members[name] = value
    return members if patch else {name: value for name, value in members.items() if value is not None}


def created_at(event: Json) -> datetime | None:
    """`created`, aware. Some imported events have one of the year 0, which tells nothing."""
    try:
        return datetime.fromisoformat(str(event.get("created") or ""))
    except ValueError:
        return None


def stamp_of(event: Json) -> str | None:
    """The key of the write that made this event, if we made it."""
    text = event.get("extendedProperties", {}).get("private", {}).get(STAMP)
    return None if text is None else str(text)


def _person(person: Json) -> dict[str, Any]:
    return {name: person[name] for name in PERSON if name in person}


def _guests(people: Sequence[Json], before: Sequence[Json]) -> list[dict[str, Any]]:
    former = {str(person.get("email", "")).lower(): person for person in before}
    return [_guest(person, former.get(str(person.get("email", "")).lower(), {})) for person in people]


def _guest(person: Json, former: Json) -> dict[str, Any]:
    kept = {name: former[name] for name in ("comment", "additionalGuests") if name in former}
    return {**kept, **{name: value for name, value in person.items() if name != "organizer" and value is not None}}


def _reminder(reminders: Json) -> int | None:
    """The pop-up nearest to the start; the calendar's default reminders are not this event's."""
    if reminders.get("useDefault"):
        return None
    minutes = [each["minutes"] for each in reminders.get("overrides", []) if each.get("method") == "popup"]
    return min(minutes, default=None)


def _reminders(minutes: int | None, before: Json) -> dict[str, Any]:
    """E-mail reminders and earlier pop-ups stay; the nearest pop-up is the one that is replaced."""
    overrides = [] if before.get("useDefault") else list(before.get("overrides", []))
    nearest = _reminder(before)
    kept = [each for each in overrides if not (each.get("method") == "popup" and each.get("minutes") == nearest)]
    if minutes is None:
        kept = [each for each in kept if each.get("method") != "popup"]
        return {"useDefault": False, "overrides": kept}
    earlier = [each for each in kept if each.get("method") != "popup" or each.get("minutes", 0) > minutes]
    return {"useDefault": False, "overrides": [{"method": "popup", "minutes": int(minutes)}, *earlier][:5]}
