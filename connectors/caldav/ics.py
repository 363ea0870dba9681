"""One VEVENT: its properties as native fields, and native fields back onto it, touching nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.caldav import alarms, guests, moments
from connectors.caldav.zones import Zones
from connectors.lines import Component, Line, Unreadable, escape, listed, unescape
from engine.contract import Field, Invalid

TEXTS = {"summary": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
NAMES = {"transp": "TRANSP", "class": "CLASS", "status": "STATUS"}
DEFAULTS = {"transp": "OPAQUE", "class": "PUBLIC"}  # RFC 5545 3.8.2.7 and 3.8.1.3: what an absent property means
MOMENTS = ("dtstart", "dtend")
OWN = (*MOMENTS, *TEXTS, *NAMES, "categories", "attendees", "reminder")
"""The fields that one occurrence can have for itself."""

FIELDS: Mapping[str, Field] = {
    "uid": Field(type="text", label="UID", means="meeting.ical_uid", writable=False),
    "summary": Field(type="text", label="Title", means="meeting.title"),
    "description": Field(type="text", dialect="plain", label="Description", means="meeting.body"),
    "location": Field(type="text", label="Place", means="meeting.place"),
    "dtstart": Field(type="moment", dialect="ical", label="Start", means="meeting.start", required=True),
    "dtend": Field(type="moment", dialect="ical", label="End", means="meeting.end"),
    "recurrence": Field(type="recurrence", dialect="ical", label="Repeats", means="meeting.repeat"),
    "occurrences": Field(
        type="occurrences", dialect="ical", label="Changed occurrences", means="meeting.changed", many=True
    ),
    "attendees": Field(type="people", dialect="ical", label="People", means="meeting.people", many=True),
    "transp": Field(
        type="choice",
        dialect="ical",
        label="Shown as",
        means="meeting.busy",
        choices={"OPAQUE": "Busy", "TRANSPARENT": "Free"},
    ),
    "class": Field(
        type="choice",
        dialect="ical",
        label="Privacy",
        means="meeting.privacy",
        choices={"PUBLIC": "Public", "PRIVATE": "Private", "CONFIDENTIAL": "Confidential"},
    ),
    "status": Field(
        type="choice",
        dialect="ical",
        label="Status",
        means="meeting.status",
        choices={"CONFIRMED": "Confirmed", "TENTATIVE": "Tentative", "CANCELLED": "Cancelled"},
    ),
    "categories": Field(type="list", label="Categories", many=True),
    "organizer": Field(type="text", label="Organizer", means="meeting.organizer", writable=False),
    "reminder": Field(type="number", label="Reminder (minutes before)", means="meeting.reminder"),
}


def read(event: Component, zones: Zones) -> dict[str, Any]:
    """The fields in OWN of one component; Unreadable where the times make no sense."""
    start = event.line("DTSTART")
    if start is None:
        raise Unreadable("an event in it has no DTSTART")
    begin = moments.read(start, zones)
    data: dict[str, Any] = {"dtstart": begin}
    data["dtend"] = moments.end_of(begin, event.line("DTEND"), event.line("DURATION"), zones)
    data |= {name: _text(event, prop) for name, prop in TEXTS.items()}
    data |= {name: _name(event, prop) or DEFAULTS.get(name) for name, prop in NAMES.items()}
    data["categories"] = [text for line in event.lines("CATEGORIES") for text in listed(line.value)]
    data["attendees"] = [guests.read(line) for line in event.lines("ATTENDEE")]
    data["reminder"] = alarms.read(event, begin)
    return data


def write(event: Component, changes: Mapping[str, Any], zones: Zones) -> None:
    """Set these OWN fields. Invalid names the field that cannot be set so."""
    if not changes.keys().isdisjoint(MOMENTS):
        _times(event, changes, zones)
    for name in [name for name in OWN if name in changes and name in WRITERS]:
        WRITERS[name](event, name, changes[name])
    if "reminder" in changes:
        alarms.write(event, changes["reminder"], read(event, zones)["dtstart"])


def stamp(event: Component, now: datetime) -> None:
    """Mark a component as changed: one SEQUENCE further, DTSTAMP and LAST-MODIFIED now."""
    text = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    event.put("DTSTAMP", Line.make("DTSTAMP", text))
    event.put("LAST-MODIFIED", Line.make("LAST-MODIFIED", text))
    event.put("SEQUENCE", Line.make("SEQUENCE", str(sequence(event) + 1)))


def sequence(event: Component) -> int:
    line = event.line("SEQUENCE")
    return int(line.value) if line and line.value.strip().isdigit() else 0


def changed_at(event: Component) -> datetime | None:
    """LAST-MODIFIED, else DTSTAMP; both are UTC by the RFC, also where the Z is missing."""
    for line in (event.line("LAST-MODIFIED"), event.line("DTSTAMP")):
        try:
            if line is not None:
                return datetime.strptime(line.value.strip().rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _times(event: Component, changes: Mapping[str, Any], zones: Zones) -> None:
    """Start and end; an end that was not written stays what it was, so DURATION becomes DTEND."""
    old = read(event, zones) if event.line("DTSTART") else {}
    start, end = (changes.get(name) or old.get(name) for name in MOMENTS)
    if start is None:
        raise Invalid("An event needs a start.", field="dtstart")
    for name, value in zip(MOMENTS, (start, end), strict=True):
        if value is not None and not isinstance(value, Mapping):
            raise Invalid(f"{value!r} is not a date or time.", field=name)
    if start != old.get("dtstart"):
        event.put("DTSTART", _line("dtstart", start, zones))
    if "dtend" in changes and changes["dtend"] is None:
        end = None
    spelled_out = event.line("DTEND") is not None and event.line("DURATION") is None
    if end is None or end != old.get("dtend") or not spelled_out:
        _end(event, start, end, zones)


def _end(event: Component, start: moments.Moment, end: moments.Moment | None, zones: Zones) -> None:
    """No property where the end is what RFC 5545 takes an absent one to be (no time at all cannot be written)."""
    event.put("DURATION")
    if end is None or ("date" not in start and end == start):
        event.put("DTEND")
        return
    if ("date" in start) != ("date" in end):
        raise Invalid("Start and end must both be dates or both be times.", field="dtend")
    line = _line("dtend", end, zones)
    if moments.before(end, start):
        raise Invalid("The event ends before it starts.", field="dtend")
    event.put("DTEND", line)


def _line(name: str, moment: moments.Moment, zones: Zones) -> Line:
    try:
        return moments.write(name.upper(), moment, zones)
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{dict(moment)} is not a date or time that a calendar can hold: {error}.", field=name) from error


def _write_text(event: Component, field: str, value: str | None) -> None:
    """Other spellings of the same text (an HTML copy, an alternative address) would now be wrong: they go."""
    name = TEXTS[field]
    old = event.line(name) or Line.make(name, "")
    event.put(name, *([old.with_value(escape(value), ALTREP=None)] if value else []))
    if name == "DESCRIPTION":
        event.put("X-ALT-DESC")


def _write_name(event: Component, field: str, value: str | None) -> None:
    name = NAMES[field]
    choices = FIELDS[field].choices or {}
    if value is not None and value not in choices:
        raise Invalid(f"{value!r} is not a {name}; there are {', '.join(choices)}.", field=field)
    event.put(name, *([Line.make(name, value)] if value else []))


def _write_categories(event: Component, _: str, value: list[str] | None) -> None:
    lines = [Line.make("CATEGORIES", ",".join(escape(text) for text in value))] if value else []
    event.put("CATEGORIES", *lines)


def _write_attendees(event: Component, _: str, value: list[Mapping[str, Any]] | None) -> None:
    event.put("ATTENDEE", *guests.write(event.lines("ATTENDEE"), value or []))


WRITERS: Mapping[str, Callable[[Component, str, Any], None]] = {
    **dict.fromkeys(TEXTS, _write_text),
    **dict.fromkeys(NAMES, _write_name),
    "categories": _write_categories,
    "attendees": _write_attendees,
}


def _text(event: Component, name: str) -> str | None:
    line = event.line(name)
    return (unescape(line.value) or None) if line else None


def _name(event: Component, name: str) -> str | None:
    line = event.line(name)
    return (line.value.strip().upper() or None) if line else None
