"""What must hold for an event as a whole, and who may change what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.google_calendar import rules, times
from sandbox.google_calendar.errors import invalid, not_organizer
from sandbox.google_calendar.fields import GUESTS_OWN, READERS

STAMPS = {"etag", "updated", "created", "sequence"}


def check_zone(fields: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """400 for a timed series whose caller named no zone to expand it in."""
    for name in ("start", "end"):
        if fields.get("recurrence") and "dateTime" in (fields.get(name) or {}) and not body[name].get("timeZone"):
            raise invalid(f"Missing time zone definition for {name} time.", name, "required")


def check_whole(event: Mapping[str, Any]) -> None:
    """400 unless start and end are there, of one kind, in order, and fit the recurrence."""
    start, end = event.get("start"), event.get("end")
    if not start or not end:
        missing = "start" if not start else "end"
        raise invalid(f"Missing {missing} time.", missing, "required")
    if ("date" in start) != ("date" in end):
        raise invalid("The start and end times must either both be date or both be dateTime.", "end")
    if times.instant(end) <= times.instant(start):
        raise invalid("The specified time range is empty.", "end", "timeRangeEmpty")
    if event.get("recurrence"):
        rules.check_lines(event["recurrence"], start)


def check_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """400 for changes of what is immutable, or of a sequence backwards."""
    if before.get("recurringEventId") and after.get("recurrence"):
        raise invalid("An occurrence cannot have a recurrence of its own.", "recurrence")
    if after.get("eventType", "default") != before.get("eventType", "default"):
        raise invalid("The type of an event cannot be changed.", "eventType", "eventTypeRestriction")
    if after["sequence"] < before["sequence"]:
        raise invalid("Invalid sequence value. It must not be lower than the present one.", "sequence")


def check_guest(before: Mapping[str, Any], after: Mapping[str, Any], email: str) -> None:
    """403 where a guest changes what only the organizer may."""
    if before["organizer"].get("self") or before.get("guestsCanModify"):
        return
    changed = {name for name in READERS if before.get(name) != after.get(name)}
    if changed - GUESTS_OWN or _others(before, email) != _others(after, email) or _shared(before) != _shared(after):
        raise not_organizer()


def reschedules(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether guests would have to look at their diary again: RFC 5546's reason for a new sequence number."""
    return any(before.get(name) != after.get(name) for name in ("start", "end", "recurrence", "status"))


def only_reminders(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether reminders changed and nothing else."""
    names = (set(before) | set(after)) - STAMPS
    return {name for name in names if before.get(name) != after.get(name)} == {"reminders"}


def _others(event: Mapping[str, Any], email: str) -> list[Any]:
    """The guest list but for one's own answer."""
    mine = {"responseStatus", "comment", "additionalGuests"}
    return [
        {name: value for name, value in guest.items() if guest["email"] != email or name not in mine}
        for guest in event.get("attendees", ())
    ]


def _shared(event: Mapping[str, Any]) -> Any:
    return event.get("extendedProperties", {}).get("shared")
