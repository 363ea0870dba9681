"""Reading iCalendar texts into groups: a series (or a single event) with its overrides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from icalendar import Calendar


@dataclass(slots=True)
class Group:
    """All VEVENTs of one UID. `master` is None where a file has overrides only."""

    uid: str
    master: Any = None
    overrides: list[Any] = field(default_factory=list)


def groups(text: str) -> Iterator[Group]:
    """One per UID, in the order of the text; an event without UID gets one derived from its content."""
    found: dict[str, Group] = {}
    for event in Calendar.from_ical(text).walk("VEVENT"):
        if "DTSTART" not in event:
            continue
        uid = str(event.get("UID") or "") or _derived_uid(event)
        group = found.setdefault(uid, Group(uid))
        if "RECURRENCE-ID" in event:
            group.overrides.append(event)
        else:
            group.master = event
    yield from found.values()


def lines(event: Any, *names: str) -> list[str]:
    """The recurrence lines of a VEVENT as text, such as `RRULE:FREQ=WEEKLY`, unfolded, in the order of the event."""
    wanted = {name.upper() for name in names}
    content = (str(line) for line in event.content_lines())
    return [line for line in content if line.split(":", 1)[0].split(";", 1)[0].upper() in wanted]


def zone_of(prop: Any) -> str | None:
    """The TZID a date property carries: None for floating times, "UTC" for those in Z."""
    value = prop.dt
    zone = getattr(value, "tzinfo", None)
    if zone is None:
        return None
    return str(prop.params.get("TZID") or getattr(zone, "key", None) or "UTC")


def _derived_uid(event: Any) -> str:
    return hashlib.blake2b(event.to_ical(), digest_size=16).hexdigest() + "@derived.example"
