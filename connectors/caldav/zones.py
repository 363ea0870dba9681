"""Time zones of a calendar object: the names apps give them, and the VTIMEZONE texts that define them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Timezone
from tzlocal.windows_tz import win_tz

from connectors.lines import Component, Line, parse

HORIZON = 2040  # irregular zones are written out up to this year
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Zones:
    """The zones of one VCALENDAR: which IANA zone a TZID of it means."""

    def __init__(self, calendar: Component) -> None:
        self._calendar = calendar
        self._defined = {tzid: zone for zone in calendar.children("VTIMEZONE") if (tzid := _value(zone, "TZID"))}

    def name(self, tzid: str) -> str | None:
        """By its own name, by the X-LIC-LOCATION of its definition, by its Windows name, else None."""
        location = _value(self._defined[tzid], "X-LIC-LOCATION") if tzid in self._defined else None
        return iana(tzid) or (iana(location) if location else None)

    def offsets(self, tzid: str) -> tzinfo | None:
        """What the VTIMEZONE says, for a zone that has no IANA name; None where it says nothing usable."""
        if tzid not in self._defined:
            return None
        try:
            zone: Any = Timezone.from_ical(self._defined[tzid].to_ical())
            offsets: tzinfo = zone.to_tz(lookup_tzid=False)
        except (ValueError, KeyError, AttributeError, TypeError, IndexError):
            return None
        return offsets

    def tzid(self, zone: str) -> str:
        """How this calendar spells an IANA zone: a name it defines already, else the IANA name."""
        return next((tzid for tzid in self._defined if self.name(tzid) == zone), zone)

    def define(self, year: int) -> None:
        """Add a VTIMEZONE for every TZID in use that has none, good from `year` on."""
        parts = [*self._calendar.children("VEVENT"), *self._calendar.children("VTODO")]
        used = {tzid for part in parts for line in part.walk() if (tzid := line.param("TZID"))}
        for tzid in sorted(used - self._defined.keys()):
            if (zone := iana(tzid)) is not None:
                self._defined[tzid] = parse_zone(definition(zone, tzid, year))
                self._calendar.items.insert(self._first_event(), self._defined[tzid])

    def _first_event(self) -> int:
        return next(
            i for i, item in enumerate(self._calendar.items) if isinstance(item, Component) and item.name != "VTIMEZONE"
        )


@lru_cache(maxsize=1024)
def iana(tzid: str) -> str | None:
    """The IANA zone of a name as apps write it, also with a vendor's prefix (`/vendor.org/2015/Europe/Berlin`)."""
    tzid = tzid.strip()
    if tzid.upper() in ("UTC", "Z", "ETC/UTC"):
        return "UTC"
    if tzid in win_tz:
        return str(win_tz[tzid])
    parts = tzid.strip("/").split("/")
    return next((name for i in range(len(parts)) if _known(name := "/".join(parts[i:]))), None)


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def parse_zone(text: str) -> Component:
    return parse(f"BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR").children("VTIMEZONE")[0]


@lru_cache(maxsize=256)
def definition(zone: str, tzid: str, year: int) -> str:
    """A VTIMEZONE that agrees with the IANA zone from the start of `year` - 1 on.

    Two changes a year on the same weekday of the same month become rules; anything else is written out to HORIZON.
    """
    rules, last = ZoneInfo(zone), max(HORIZON, year + 5)
    start = datetime(year - 1, 1, 1, tzinfo=UTC)
    first = _offset(start, rules)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    lines += _observance([start.replace(tzinfo=None) + first], (first, first), _abbreviation(start, rules))
    changes: dict[tuple[tuple[timedelta, timedelta], str, bool], list[datetime]] = {}
    for at, before, after in _transitions(rules, year - 1, last):
        onsets = changes.setdefault(((before, after), _abbreviation(at, rules), after > before), [])
        onsets.append(at.replace(tzinfo=None) + before)
    for (offsets, name, summer), onsets in changes.items():
        lines += _observance(onsets, offsets, name, summer, last)
    return "\r\n".join([*lines, "END:VTIMEZONE"])


def _transitions(rules: ZoneInfo, first: int, last: int) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """UTC instant, offset before, offset after, of each change from year to year (both included)."""
    at, end, step = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC), timedelta(days=7)
    while at < end:
        if _offset(at, rules) != _offset(at + step, rules):
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
                low, high = (middle, high) if _offset(middle, rules) == _offset(at, rules) else (low, middle)
            yield high, _offset(low, rules), _offset(high, rules)
        at += step


def _rule(onsets: list[datetime], last: int) -> list[str]:
    """A yearly rule for changes that fall on the same weekday of the month, each year up to the last."""
    years = [onset.year for onset in onsets]
    if len(onsets) < 3 or years != list(range(years[0], last + 1)):
        return []
    day, month, time = onsets[0].weekday(), onsets[0].month, onsets[0].time()
    if any((at.weekday(), at.month, at.time()) != (day, month, time) for at in onsets):
        return []
    weeks = {(at.day - 1) // 7 + 1 for at in onsets}
    is_last = all((at + timedelta(days=7)).month != month for at in onsets)
    if not is_last and len(weeks) > 1:
        return []
    return [f"RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={-1 if is_last else weeks.pop()}{DAYS[day]}"]


def _dates(onsets: list[datetime]) -> list[str]:
    return [f"RDATE:{','.join(f'{at:%Y%m%dT%H%M%S}' for at in onsets[1:])}"] if len(onsets) > 1 else []


def _observance(
    onsets: list[datetime], offsets: tuple[timedelta, timedelta], name: str, summer: bool = False, last: int = 0
) -> list[str]:
    """STANDARD or DAYLIGHT time from these wall times on (by the clock before the change: RFC 5545 3.6.5)."""
    kind = "DAYLIGHT" if summer else "STANDARD"
    lines = [f"BEGIN:{kind}", f"DTSTART:{onsets[0]:%Y%m%dT%H%M%S}", *(_rule(onsets, last) or _dates(onsets))]
    lines += [f"TZOFFSETFROM:{_spelled(offsets[0])}", f"TZOFFSETTO:{_spelled(offsets[1])}", f"TZNAME:{name}"]
    return [*lines, f"END:{kind}"]


def _spelled(offset: timedelta) -> str:
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def _offset(at: datetime, rules: ZoneInfo) -> timedelta:
    return at.astimezone(rules).utcoffset() or timedelta()


def _abbreviation(at: datetime, rules: ZoneInfo) -> str:
    return at.astimezone(rules).tzname() or "LT"


def _value(component: Component, name: str) -> str | None:
    line: Line | None = component.line(name)
    return line.value.strip().strip('"') if line else None
