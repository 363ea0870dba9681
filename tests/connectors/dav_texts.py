"""Calendar texts for the tests of the CalDAV connector, and what the connector makes of them."""

from __future__ import annotations

from random import Random
from typing import Any

from engine.contract import Done, Failed, Invalid, Op, Record, Write
from tests.connectors.dav_fake import SCOPE, FakeDav

NINE = ("DTSTART;TZID=Europe/Berlin:20261102T090000", "DTEND;TZID=Europe/Berlin:20261102T100000")
SERIES = (*NINE, "RRULE:FREQ=WEEKLY;BYDAY=MO", "SUMMARY:Budget")


def berlin(text: str) -> dict[str, Any]:
    return {"dateTime": text, "timeZone": "Europe/Berlin"}


def span(day: str, begin: str, end: str) -> dict[str, Any]:
    return {"dtstart": berlin(f"{day}T{begin}:00"), "dtend": berlin(f"{day}T{end}:00")}


def zone(tzid: str, *more: str) -> str:
    """A VTIMEZONE two hours east all year."""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}", *more, "BEGIN:STANDARD", "DTSTART:19700101T000000"]
    return "\n".join([*lines, "TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD", "END:VTIMEZONE", ""])


def read(text: str) -> Record:
    (record,) = FakeDav(event=text).connector().get("events", SCOPE, ["event.ics"])
    return record


def edit(text: str, **data: Any) -> tuple[Record, str]:
    """The record after an update, and the text then stored, unfolded."""
    fake = FakeDav(event=text)
    write = Write(op=Op.UPDATE, key="k", id="event.ics", if_version='"1"', data=data)
    (outcome,) = fake.connector().write("events", SCOPE, [write])
    assert isinstance(outcome, Done), outcome
    return outcome.record, fake.texts["event.ics"].replace("\r\n ", "")


def refused(text: str, **data: Any) -> Invalid:
    fake = FakeDav(event=text)
    (outcome,) = fake.connector().write("events", SCOPE, [Write(op=Op.UPDATE, key="k", id="event.ics", data=data)])
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid), outcome
    assert fake.texts["event.ics"] == text
    return outcome.error


def alarm(trigger: str, action: str = "DISPLAY") -> str:
    return f"BEGIN:VALARM\nACTION:{action}\nTRIGGER{trigger}\nX-ID:{trigger}\nEND:VALARM"


def damaged(text: str, chance: Random) -> str:
    """A text with a few characters changed, cut out or copied elsewhere."""
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randrange(len(text)), chance.randrange(len(text))
        middle = chance.choice(["", chance.choice('05;:=",TZ\r\n \\\x00é/'), text[other : other + 30]])
        text = text[:at] + middle + text[at + chance.randint(0, 8) :]
    return text
