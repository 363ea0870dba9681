"""Moments: DTSTART and its kin as `{"date": ...}` or `{"dateTime": wall time, "timeZone": IANA name or None}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.prop import vDuration

from connectors.caldav.zones import Zones, iana
from connectors.lines import Line, Unreadable, quoted

Moment = Mapping[str, Any]
_FORM = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")


def read(line: Line, zones: Zones) -> dict[str, Any]:
    """The moment of a line with one value."""
    return read_value(line, line.value, zones)


def read_value(line: Line, value: str, zones: Zones) -> dict[str, Any]:
    """One of the line's values. A zone nobody knows by name is shown as UTC, one that is nowhere defined as none."""
    form = _FORM.fullmatch(value.strip())
    if form is None:
        raise Unreadable(f"{line.name} is {value[:40]!r}, which is neither a date nor a time")
    try:
        day = date(int(form[1]), int(form[2]), int(form[3]))
        if form[4] is None:
            return {"date": day.isoformat()}
        wall = datetime.combine(day, time(int(form[4]), int(form[5]), min(int(form[6] or 0), 59)))
    except ValueError as error:
        raise Unreadable(f"{line.name} is {value[:40]!r}: {error}") from error
    tzid = line.param("TZID")
    if form[7]:
        return timed(wall, "UTC")
    if not tzid:
        return timed(wall, None)
    if (name := zones.name(tzid)) is not None:
        return timed(wall, name)
    offsets = zones.offsets(tzid)
    return timed(wall, None) if offsets is None else timed(_utc(wall.replace(tzinfo=offsets)), "UTC")


def write(name: str, moment: Moment, zones: Zones) -> Line:
    """A line for a moment; ValueError says what is wrong with it."""
    if "date" in moment:
        return Line.make(name, compact(wall(moment))[:8], [("VALUE", "DATE")])
    text, zone = compact(wall(moment)), moment.get("timeZone")
    if zone == "UTC":
        return Line.make(name, f"{text}Z")
    if zone is None:
        return Line.make(name, text)
    if iana(zone) is None:
        raise ValueError(f"{zone!r} is not a time zone")
    return Line.make(name, text, [("TZID", quoted(zones.tzid(zone)))])


def timed(at: datetime, zone: str | None) -> dict[str, Any]:
    return {"dateTime": at.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": zone}


def compact(at: datetime) -> str:
    """`20261102T090000`; unlike strftime also right for years below 1000."""
    return at.isoformat(timespec="seconds").replace("-", "").replace(":", "")


def wall(moment: Moment) -> datetime:
    """The wall time as written, midnight for a date."""
    text = moment["date"] if "date" in moment else moment["dateTime"]
    return datetime.fromisoformat(text).replace(tzinfo=None)


def instant(moment: Moment) -> datetime | date:
    """What two moments are compared by: UTC for a zone, wall time for none, a date for all-day."""
    if "date" in moment:
        return date.fromisoformat(moment["date"])
    if (zone := moment.get("timeZone")) is None:
        return wall(moment)
    return wall(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def same(one: Moment, other: Moment) -> bool:
    """Whether both are the same point in time (or date), however spelled."""
    return instant(one) == instant(other)


def shift(moment: Moment, by: timedelta) -> dict[str, Any]:
    """Wall-clock arithmetic: nine o'clock stays nine o'clock over a change of summer time."""
    at = wall(moment) + by
    return {"date": at.date().isoformat()} if "date" in moment else timed(at, moment.get("timeZone"))


def within(moment: Moment, like: Moment) -> dict[str, Any]:
    """The same instant in the zone of another moment, where both have one."""
    zone = like.get("timeZone")
    if "date" in moment or zone is None or moment.get("timeZone") is None:
        return dict(moment)
    at = instant(moment)
    assert isinstance(at, datetime)
    return timed(at.astimezone(ZoneInfo(zone)), zone)


def lasting(start: Moment, duration: str) -> dict[str, Any]:
    """The end after an RFC 5545 duration: days are days on the clock, hours are hours that pass."""
    span = elapsed(duration)
    if "T" not in duration.upper() or start.get("timeZone") is None:
        return shift(start, span)
    at = instant(start)
    assert isinstance(at, datetime)
    zone = start["timeZone"]
    return timed((at + span).astimezone(ZoneInfo(zone)), zone)


def elapsed(duration: str) -> timedelta:
    """An RFC 5545 duration such as `-PT15M`."""
    try:
        span: timedelta = vDuration.from_ical(duration.strip())  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise Unreadable(f"DURATION is {duration[:40]!r}") from error
    return span


def end_of(start: Moment, end: Line | None, duration: Line | None, zones: Zones) -> dict[str, Any]:
    """The end of an event by RFC 5545 3.6.1: DTEND (it wins), DURATION, else one day or no time at all."""
    if end is not None:
        return _of_kind(read(end, zones), start)
    if duration is not None:
        return lasting(start, duration.value)
    return shift(start, timedelta(days=1)) if "date" in start else dict(start)


def _of_kind(end: dict[str, Any], start: Moment) -> dict[str, Any]:
    """Some apps give a date one end and a time the other: the start decides."""
    if "date" in start and "date" not in end:
        return {"date": end["dateTime"][:10]}
    if "date" not in start and "date" in end:
        return timed(wall(end), start.get("timeZone"))
    return end


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def before(one: Moment, other: Moment) -> bool:
    """Whether one comes before the other; a floating and a fixed time are compared by their clocks."""
    left, right = instant(one), instant(other)
    if isinstance(left, datetime) and isinstance(right, datetime) and (left.tzinfo is None) == (right.tzinfo is None):
        return left < right
    return wall(one) < wall(other)
