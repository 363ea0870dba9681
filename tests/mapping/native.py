"""The fields of the three calendar apps as their connectors describe them, as data."""

from __future__ import annotations

from engine.contract import Field, Schema


def _field(kind: str, means: str = "", *, many: bool = False, writable: bool = True) -> Field:
    name, _, dialect = kind.partition("/")
    return Field(type=name, dialect=dialect, means=means and f"meeting.{means}", many=many, writable=writable)


GOOGLE = Schema(
    {
        "iCalUID": _field("text", "ical_uid", writable=False),
        "summary": _field("text", "title"),
        "description": _field("html/google", "body"),
        "location": _field("text", "place"),
        "start": _field("moment/google", "start"),
        "end": _field("moment/google", "end"),
        "recurrence": _field("recurrence/google", "repeat"),
        "occurrences": _field("occurrences/google", "changed", many=True),
        "attendees": _field("people/google", "people", many=True),
        "transparency": _field("choice/google", "busy"),
        "visibility": _field("choice/google", "privacy"),
        "status": _field("choice/google", "status", writable=False),
        "eventType": _field("text", writable=False),
        "organizer": _field("text", "organizer", writable=False),
        "reminder": _field("number", "reminder"),
        "color": _field("text"),
    }
)
OUTLOOK = Schema(
    {
        "iCalUId": _field("text", "ical_uid", writable=False),
        "subject": _field("text", "title"),
        "body": _field("html/graph", "body"),
        "location": _field("text", "place"),
        "start": _field("moment/graph", "start"),
        "end": _field("moment/graph", "end"),
        "recurrence": _field("recurrence/graph", "repeat"),
        "occurrences": _field("occurrences/graph", "changed", many=True),
        "attendees": _field("people/graph", "people", many=True),
        "showAs": _field("choice/graph", "busy"),
        "sensitivity": _field("choice/graph", "privacy"),
        "organizer": _field("text", "organizer", writable=False),
        "categories": _field("list"),
        "importance": _field("choice"),
        "reminder": _field("number", "reminder"),
    }
)
CALDAV = Schema(
    {
        "uid": _field("text", "ical_uid", writable=False),
        "summary": _field("text", "title"),
        "description": _field("text/plain", "body"),
        "location": _field("text", "place"),
        "dtstart": _field("moment/ical", "start"),
        "dtend": _field("moment/ical", "end"),
        "recurrence": _field("recurrence/ical", "repeat"),
        "occurrences": _field("occurrences/ical", "changed", many=True),
        "attendees": _field("people/ical", "people", many=True),
        "transp": _field("choice/ical", "busy"),
        "class": _field("choice/ical", "privacy"),
        "status": _field("choice/ical", "status"),
        "categories": _field("list"),
        "organizer": _field("text", "organizer", writable=False),
        "reminder": _field("number", "reminder"),
    }
)
SCHEMAS = {"google": GOOGLE, "outlook": OUTLOOK, "caldav": CALDAV}
