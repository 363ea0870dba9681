"""Events as replies show them: defaults left out, times in the reader's zone, tombstones with next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.google_calendar.times import shown

DEFAULTS = {
    "transparency": "opaque",
    "visibility": "default",
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
    "anyoneCanAddSelf": False,
    "endTimeUnspecified": False,
}


@dataclass(frozen=True, slots=True)
class Look:
    """How the reader wants to see events. `zone`: whose offset times carry."""

    zone: str
    max_attendees: int | None = None


def whole(event: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """The resource as `get` and writes answer it. Of a cancelled occurrence only its name is kept."""
    if event["status"] == "cancelled" and "recurringEventId" in event:
        return {"kind": "calendar#event", "etag": event["etag"]} | tombstone(event, look)
    body = {name: value for name, value in event.items() if DEFAULTS.get(name, ...) != value}
    for name in ("start", "end", "originalStartTime"):
        if name in body:
            body[name] = shown(body[name], look.zone)
    _cut_guests(body, look)
    link = f"https://www.google.com/calendar/event?eid={event['id']}"
    fixed = {"kind": "calendar#event", "htmlLink": link, "eventType": "default", "reminders": {"useDefault": True}}
    return fixed | body


def listed(event: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """The resource as lists show it: of deleted events nothing but the id is guaranteed."""
    return tombstone(event, look) if event["status"] == "cancelled" else whole(event, look)


def tombstone(event: Mapping[str, Any], look: Look) -> dict[str, Any]:
    """Id and status, and for an occurrence which one it was."""
    named = {"id": event["id"], "status": "cancelled"}
    if "recurringEventId" in event:
        original = shown(event["originalStartTime"], look.zone)
        named |= {"recurringEventId": event["recurringEventId"], "originalStartTime": original}
    return named


def _cut_guests(body: dict[str, Any], look: Look) -> None:
    guests = body.get("attendees", [])
    if look.max_attendees is None or len(guests) <= look.max_attendees:
        return
    own = [guest for guest in guests if guest.get("self")]
    body["attendees"] = (own + [guest for guest in guests if not guest.get("self")])[: look.max_attendees]
    body["attendeesOmitted"] = True
