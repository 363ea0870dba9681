"""How an event repeats: its rule lines, the keys that name its occurrences, and where each would start and end."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.caldav import moments
from connectors.caldav.zones import Zones
from connectors.lines import Component, Line
from engine.contract import Invalid

RULES = ("RRULE", "RDATE", "EXRULE")
_SEVERAL = ("BYHOUR=", "BYMINUTE=", "BYSECOND=", "FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY")
_KEY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?")


def read(event: Component, zones: Zones) -> list[str] | None:
    """The rule lines in the order of the text, RDATEs with IANA zones; None for a single event."""
    found = [text for line in event.lines() if line.name in RULES for text in _spelled(line, zones)]
    return found or None


def _spelled(line: Line, zones: Zones) -> list[str]:
    if line.name != "RDATE":
        return [f"{line.name}:{line.value.strip()}"]
    # of a period only its start: an occurrence takes as long as the series'
    starts = [value.partition("/")[0] for value in line.value.split(",") if value.strip()]
    listed = [moments.read_value(line, value, zones) for value in starts]
    heads: dict[str, list[str]] = {}
    for moment in listed:
        zone = moment.get("timeZone")
        mark = ";VALUE=DATE" if "date" in moment else f";TZID={zone}" if zone not in (None, "UTC") else ""
        text = moments.compact(moments.wall(moment))
        heads.setdefault(mark, []).append(text[:8] if "date" in moment else f"{text}Z" if zone == "UTC" else text)
    return [f"RDATE{mark}:{','.join(values)}" for mark, values in heads.items()]


def write(event: Component, rules: Sequence[str] | None, zones: Zones) -> None:
    """Replace the rule lines."""
    lines = [Line.parse(str(text)) for text in rules or ()]
    for line in lines:
        if line.name not in RULES or not line.value or "\n" in line.text:
            raise Invalid(f"{line.text[:60]!r} is not an RRULE, RDATE or EXRULE.", field="recurrence")
    for name in RULES:
        event.put(name)
    at = next((i for i, item in enumerate(event.items) if isinstance(item, Component)), len(event.items))
    event.items[at:at] = [_in_zone(line, zones) for line in lines]


def _in_zone(line: Line, zones: Zones) -> Line:
    tzid = line.param("TZID")
    return line.with_value(line.value, TZID=zones.tzid(tzid)) if tzid else line


class Days:
    """The occurrences of one series, by key: the local date of the original start, in the series' own zone.

    Only where a day can have several starts (BYHOUR and the like, two RDATEs on a day) the key is a local date-time.
    """

    def __init__(self, start: moments.Moment, end: moments.Moment, rules: Sequence[str], zones: Zones) -> None:
        self.start, self.end = start, end
        dates = [Line.parse(text) for text in rules if text.startswith("RDATE")]
        listed = [moments.read_value(line, value, zones) for line in dates for value in line.value.split(",")]
        self._extra = [moments.within(moment, start) for moment in listed]
        days = [moments.wall(moment).date() for moment in self._extra]
        self.several = len(days) != len(set(days)) or any(part in text.upper() for text in rules for part in _SEVERAL)

    def key(self, original: moments.Moment) -> str:
        """The key of a RECURRENCE-ID or EXDATE. In an all-day series a time counts by its date as written."""
        if "date" in self.start or "date" in original:
            return moments.wall(original).date().isoformat()
        at = moments.wall(moments.within(original, self.start))
        return at.isoformat() if self.several else at.date().isoformat()

    def original(self, key: str) -> dict[str, Any]:
        """The moment that a key names: at the rule's time of day, or that of an RDATE on this day."""
        if not _KEY.fullmatch(key):
            raise Invalid(f"{key!r} does not name an occurrence.", field="occurrences")
        if "date" in self.start:
            return {"date": key[:10]}
        if "T" in key:
            return moments.timed(datetime.fromisoformat(key), self.start.get("timeZone"))
        extra = next((one for one in self._extra if one.get("dateTime", "").startswith(key)), None)
        clock = moments.wall(self.start).time()
        day = datetime.fromisoformat(key).date()
        return extra or moments.timed(datetime.combine(day, clock), self.start.get("timeZone"))

    def span(self, key: str) -> dict[str, dict[str, Any]]:
        """Start and end of the occurrence as the series has it; the end in its own zone, as late by the clock."""
        start = self.original(key)
        by = moments.wall(start) - moments.wall(self.start)
        end = moments.shift(moments.within(self.end, self.start), by)
        return {"dtstart": start, "dtend": moments.within(end, self.end)}


def identity(start: moments.Moment) -> Mapping[str, Any]:
    """What RECURRENCE-IDs share with the series' start: kind, time of day and zone."""
    if "date" in start:
        return {"date": True}
    return {"clock": moments.wall(start).time(), "zone": start.get("timeZone")}
