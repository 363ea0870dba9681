"""ATTENDEE lines and native people: `{"email", "name", "role", "partstat", "cutype"}`, only the members there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.lines import Component, Line, unquoted
from engine.contract import Invalid

PARAMS = {"name": "CN", "role": "ROLE", "partstat": "PARTSTAT", "cutype": "CUTYPE"}


def read(line: Line) -> dict[str, str]:
    """One person. A calendar address that is no mailto: is shown as it is, unless an EMAIL parameter tells more."""
    person = {"email": address(line)}
    for name, param in PARAMS.items():
        if (value := unquoted(line.param(param))) is not None:
            person[name] = value if name == "name" else value.upper()
    return person


def address(line: Line) -> str:
    value = line.value.strip()
    scheme, _, rest = value.partition(":")
    return rest if scheme.lower() == "mailto" else line.param("EMAIL") or value


def write(old: Sequence[Line], people: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Lines for these people, keeping what else the old lines say about them.

    SCHEDULE-AGENT=NONE (RFC 6638 7.1) tells the server that inviting them is none of its business: no mail.
    """
    known = {address(line).lower(): line for line in old}
    return [_line(known.get(_email(person).lower()), person) for person in people]


def _email(person: Mapping[str, Any]) -> str:
    email = str(person.get("email") or "").strip()
    if not email or any(char.isspace() for char in email):
        raise Invalid(f"{email!r} is not an address of a person.", field="attendees")
    return email


def _line(old: Line | None, person: Mapping[str, Any]) -> Line:
    email = _email(person)
    line = old or Line.make("ATTENDEE", email if email.startswith(("urn:", "/", "http")) else f"mailto:{email}")
    changes = {param: str(person[name]) if person.get(name) else None for name, param in PARAMS.items()}
    return line.with_value(line.value, **changes, SCHEDULE_AGENT="NONE")


def invites(event: Component) -> bool:
    """Whether a scheduling server would mail people about this event: it has an organizer and guests it looks after."""
    organizer = event.line("ORGANIZER")
    if organizer is None or _off_duty(organizer):
        return False
    return any(not _off_duty(line) for line in event.lines("ATTENDEE"))


def _off_duty(line: Line) -> bool:
    return (line.param("SCHEDULE-AGENT") or "SERVER").upper() in ("NONE", "CLIENT")
