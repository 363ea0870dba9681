"""Shapes of series found in real calendars, made small: text, and the native values it must be read as."""

from __future__ import annotations

from typing import Any

from tests.connectors.dav_texts import berlin, span

BERLIN = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
"""
IN_BERLIN = "TZID=Europe/Berlin"


def calendar(name: str, *events: str, tzid: str = "Europe/Berlin") -> str:
    """One resource; each event is its lines."""
    common = f"UID:{name}\nDTSTAMP:20260101T000000Z\nX-KEPT:here"
    parts = [f"BEGIN:VEVENT\n{common}\n{event.strip()}\nEND:VEVENT" for event in events]
    zone = BERLIN.format(tzid=tzid)
    text = "\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", zone.strip(), *parts, "END:VCALENDAR", ""]
    )
    return text.replace("\n", "\r\n")


def entry(day: str, **fields: Any) -> dict[str, Any]:
    return {"original_start": day, **fields}


CORPUS: dict[str, tuple[str, dict[str, Any]]] = {
    "weekly": (
        calendar(
            "weekly",
            f"SUMMARY:Weekly\nDTSTART;{IN_BERLIN}:20261102T003000\nDTEND;{IN_BERLIN}:20261102T010000\n"
            "RRULE:FREQ=WEEKLY;COUNT=8\nEXDATE:20261108T233000Z\nEXDATE:20261122T233000Z\nSTATUS:CONFIRMED",
        ),
        {
            **span("2026-11-02", "00:30", "01:00"),
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=8"],
            "occurrences": [entry("2026-11-09", cancelled=True), entry("2026-11-23", cancelled=True)],
            "status": "CONFIRMED",
        },
    ),
    "duration": (
        calendar(
            "duration",
            f"SUMMARY:Daily\nDTSTART;{IN_BERLIN}:20261102T040000\nDTEND;{IN_BERLIN}:20261102T050000\n"
            "RRULE:FREQ=DAILY;UNTIL=20261104T030000Z",
            f"SUMMARY:Longer\nRECURRENCE-ID;{IN_BERLIN}:20261103T040000\nDTSTART;{IN_BERLIN}:20261103T040000\n"
            "DURATION:PT3H\nLOCATION:Elsewhere",
        ),
        {
            "occurrences": [
                entry("2026-11-03", **span("2026-11-03", "04:00", "07:00"), summary="Longer", location="Elsewhere")
            ]
        },
    ),
    "utc-id": (
        calendar(
            "utc-id",
            f"SUMMARY:Base\nDTSTART;{IN_BERLIN}:20260910T140000\nDTEND;{IN_BERLIN}:20260910T150000\nRRULE:FREQ=WEEKLY",
            f"SUMMARY:Changed\nRECURRENCE-ID:20260917T120000Z\nDTSTART;{IN_BERLIN}:20260917T140000\n"
            f"DTEND;{IN_BERLIN}:20260917T150000\nSEQUENCE:1",
        ),
        {"occurrences": [entry("2026-09-17", summary="Changed")]},
    ),
    "moved": (
        calendar(
            "moved",
            f"SUMMARY:Song\nRECURRENCE-ID;{IN_BERLIN}:20261225T213000\nDTSTART;{IN_BERLIN}:20261218T213000\n"
            f"DTEND;{IN_BERLIN}:20261218T223000\nTRANSP:TRANSPARENT",
            f"SUMMARY:Song\nDTSTART;{IN_BERLIN}:20261127T213000\nDTEND;{IN_BERLIN}:20261127T223000\n"
            "RRULE:FREQ=MONTHLY;BYDAY=-1FR\nTRANSP:TRANSPARENT",
        ),
        {"transp": "TRANSPARENT", "occurrences": [entry("2026-12-25", **span("2026-12-18", "21:30", "22:30"))]},
    ),
    "whole-days": (
        calendar(
            "whole-days",
            "SUMMARY:Base\nDTSTART;VALUE=DATE:20260907\nDTEND;VALUE=DATE:20260908\n"
            "RRULE:FREQ=WEEKLY;UNTIL=20261231;INTERVAL=1;BYDAY=MO\nCLASS:PUBLIC\n"
            "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=START:-PT5M\nDESCRIPTION:Reminder\nEND:VALARM",
            "SUMMARY:Other\nRECURRENCE-ID;VALUE=DATE:20260914\nDTSTART;VALUE=DATE:20260914\nDTEND;VALUE=DATE:20260915\n"
            "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=START:-PT5M\nDESCRIPTION:Reminder\nEND:VALARM",
        ),
        {"dtstart": {"date": "2026-09-07"}, "reminder": 5, "occurrences": [entry("2026-09-14", summary="Other")]},
    ),
    "dates": (
        calendar(
            "dates",
            "SUMMARY:News\nDTSTART:20261102T190000Z\nDTEND:20261102T210000Z\nRDATE:20261107T190000Z\n"
            "RDATE:20261205T190000Z\nLOCATION:chat.example port: 64747",
        ),
        {
            "recurrence": ["RDATE:20261107T190000Z", "RDATE:20261205T190000Z"],
            "occurrences": [],
            "location": "chat.example port: 64747",
        },
    ),
    "floating": (
        calendar("floating", "SUMMARY:Wake\nDTSTART:20261102T070000\nDURATION:PT15M\nRRULE:FREQ=DAILY"),
        {"dtend": {"dateTime": "2026-11-02T07:15:00", "timeZone": None}, "recurrence": ["RRULE:FREQ=DAILY"]},
    ),
    "windows-zone": (
        calendar(
            "windows-zone",
            "SUMMARY:Office\nDTSTART;TZID=W. Europe Standard Time:20261102T090000\n"
            "DTEND;TZID=W. Europe Standard Time:20261102T100000\nRRULE:FREQ=WEEKLY\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY",
            tzid="W. Europe Standard Time",
        ),
        {"dtstart": berlin("2026-11-02T09:00:00"), "dtend": berlin("2026-11-02T10:00:00")},
    ),
    "text": (
        calendar(
            "text",
            "SUMMARY;LANGUAGE=de-de:Größe\\, Straße – 東京 👩‍👩‍👧\nDTSTART;VALUE=DATE:20261102\n"
            "CATEGORIES:a,b\\,c\nDESCRIPTION:\nCONTACT:Somebody\\; x@example.org",
        ),
        {"summary": "Größe, Straße – 東京 👩‍👩‍👧", "categories": ["a", "b,c"], "dtend": {"date": "2026-11-03"}},
    ),
}
