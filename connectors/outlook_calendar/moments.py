"""Times: Graph hands them out in UTC with the entered zone beside them; records hold wall time in that zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

Moment = Mapping[str, Any]
"""`{"date": "2026-11-02"}` or `{"dateTime": "2026-11-02T09:00:00", "timeZone": "W. Europe Standard Time"}`."""


@lru_cache(maxsize=1024)
def windows_name(name: str | None) -> str | None:
    """The Windows name of a zone given by Windows or IANA name; None for unknown and custom ones."""
    if not name:
        return None
    return "UTC" if name == "UTC" else name if name in win_tz else tz_win.get(name)


@lru_cache(maxsize=256)
def zone_info(name: str) -> ZoneInfo:
    """The rules of a zone by Windows or IANA name; UTC where nobody knows it."""
    try:
        return ZoneInfo(name if name in tz_win or name == "UTC" else win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def shown(value: Mapping[str, Any], zone: str, *, all_day: bool) -> dict[str, Any]:
    """A dateTimeTimeZone of an answer, as a record holds it. All-day times are dates in any zone: not converted."""
    text = str(value["dateTime"])[:19]
    if all_day:
        return {"date": text[:10]}
    wall = datetime.fromisoformat(text).replace(tzinfo=zone_info(value.get("timeZone") or "UTC"))
    return timed(wall, zone)


def timed(instant: datetime, zone: str) -> dict[str, Any]:
    """An aware time as wall time of a zone (Windows name)."""
    return {"dateTime": _wall(instant.astimezone(zone_info(zone))), "timeZone": zone}


def sent(moment: Moment) -> dict[str, Any]:
    """A record's moment as a request holds it; whole days are midnights, in UTC at both ends."""
    if "date" in moment:
        return {"dateTime": f"{moment['date']}T00:00:00", "timeZone": "UTC"}
    name = moment.get("timeZone") or "UTC"
    return {"dateTime": moment["dateTime"], "timeZone": windows_name(name) or name}


def day_of(moment: Moment) -> str:
    """The local date."""
    return str(moment.get("date") or moment["dateTime"])[:10]


def instant_of(moment: Moment) -> datetime:
    """Aware UTC; midnight UTC for a date."""
    if "date" in moment:
        return datetime.fromisoformat(moment["date"]).replace(tzinfo=UTC)
    wall = datetime.fromisoformat(moment["dateTime"])
    return wall.replace(tzinfo=zone_info(moment.get("timeZone") or "UTC")).astimezone(UTC)


def planned(start: Moment, end: Moment, day: str) -> tuple[Moment, Moment]:
    """Start and end of the plain occurrence of that day (in the series' zone): the series' wall times, its length."""
    shift = date.fromisoformat(day) - date.fromisoformat(day_of(start))
    return _shifted(start, shift), _shifted(end, shift)


def same_time(one: Moment, other: Moment) -> bool:
    """Whether two moments are the same instant, or the same date; the spelling of the zone does not count."""
    return ("date" in one) == ("date" in other) and instant_of(one) == instant_of(other)


def original_day(text: str, zone: str, *, all_day: bool) -> str:
    """The local date of an `originalStart` (a UTC time). Whole days come as midnight in UTC or in the entered zone."""
    instant = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    if all_day and (instant.hour, instant.minute) == (0, 0):
        return instant.date().isoformat()
    return instant.astimezone(zone_info(zone)).date().isoformat()


def day_bounds(day: str, zone: str, *, all_day: bool) -> tuple[str, str]:
    """The local day as UTC bounds for a request. For whole days it is the day in UTC."""
    begin = datetime.fromisoformat(day).replace(tzinfo=zone_info("UTC" if all_day else zone))
    bounds = (begin, begin + timedelta(days=1))
    first, last = (f"{_wall(bound.astimezone(UTC))}Z" for bound in bounds)
    return first, last


def _shifted(moment: Moment, shift: timedelta) -> Moment:
    if "date" in moment:
        return {"date": (date.fromisoformat(moment["date"]) + shift).isoformat()}
    return {**moment, "dateTime": _wall(datetime.fromisoformat(moment["dateTime"]) + shift)}


def _wall(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
