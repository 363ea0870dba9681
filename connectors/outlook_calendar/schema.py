"""The fields of an Outlook event."""

from __future__ import annotations

from engine.contract import Field

SHOW_AS = {
    "free": "Free",
    "tentative": "Tentative",
    "busy": "Busy",
    "oof": "Out of office",
    "workingElsewhere": "Working elsewhere",
    "unknown": "Unknown",
}
SENSITIVITY = {"normal": "Normal", "personal": "Personal", "private": "Private", "confidential": "Confidential"}
IMPORTANCE = {"low": "Low", "normal": "Normal", "high": "High"}

FIELDS: dict[str, Field] = {
    "iCalUId": Field(type="text", label="iCalendar UID", means="meeting.ical_uid", writable=False),
    "subject": Field(type="text", label="Subject", means="meeting.title", max_length=255),
    "body": Field(type="html", dialect="graph", label="Body", means="meeting.body"),
    "location": Field(type="text", label="Location", means="meeting.place"),
    "start": Field(type="moment", dialect="graph", label="Start", means="meeting.start", required=True),
    "end": Field(type="moment", dialect="graph", label="End", means="meeting.end", required=True),
    "recurrence": Field(type="recurrence", dialect="graph", label="Recurrence", means="meeting.repeat"),
    "occurrences": Field(
        type="occurrences", dialect="graph", label="Changed occurrences", means="meeting.changed", many=True
    ),
    "attendees": Field(type="people", dialect="graph", label="Attendees", means="meeting.people", many=True),
    "showAs": Field(type="choice", dialect="graph", label="Show as", means="meeting.busy", choices=SHOW_AS),
    "sensitivity": Field(
        type="choice", dialect="graph", label="Sensitivity", means="meeting.privacy", choices=SENSITIVITY
    ),
    "organizer": Field(type="text", label="Organizer", means="meeting.organizer", writable=False),
    "categories": Field(type="list", label="Categories", many=True),
    "importance": Field(type="choice", label="Importance", choices=IMPORTANCE),
    "reminder": Field(type="number", label="Reminder (minutes before)", means="meeting.reminder"),
}
