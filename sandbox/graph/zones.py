"""Time zones as Outlook names them, and wall times in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from sandbox.graph.errors import Refusal, invalid

_WALL = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d{1,9})?(Z?)$")


@lru_cache(maxsize=1024)
def windows_name(name: str) -> str:
    """The Windows name of a zone given by its Windows or IANA name; unknown ones are refused (400)."""
    if name in win_tz:
        return name
    found = "UTC" if name == "UTC" else tz_win.get(name) if name else None
    if found is None:
        message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise Refusal(400, "TimeZoneNotSupportedException", message)
    return str(found)


@lru_cache(maxsize=256)
def zone_info(windows: str) -> ZoneInfo:
    """The rules of a zone by its Windows name (CLDR's main territory)."""
    return ZoneInfo("UTC" if windows == "UTC" else win_tz[windows])


@dataclass(frozen=True)
class Moment:
    """A naive wall time in a zone that has a Windows name."""

    wall: datetime
    zone: str

    @cached_property
    def utc(self) -> datetime:
        """Aware; in a gap of the clock the time before the change counts on, as zoneinfo does."""
        return self.wall.replace(tzinfo=zone_info(self.zone)).astimezone(UTC)

    def moved_to(self, zone: str) -> Moment:
        """The same instant on the clocks of another zone."""
        if zone == self.zone:
            return self
        return Moment(self.utc.astimezone(zone_info(zone)).replace(tzinfo=None), zone)

    @property
    def is_midnight(self) -> bool:
        return self.wall == midnight(self.wall.date())


def midnight(day: date) -> datetime:
    """The naive start of a day."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - wall times are naive here


def parse_moment(value: Any, name: str) -> Moment:
    """A dateTimeTimeZone as sent: `dateTime` has no offset, the zone stands beside it and may not be missing."""
    if not isinstance(value, dict) or not isinstance(value.get("dateTime"), str):
        raise invalid(f"The property '{name}' needs a dateTime and a timeZone.")
    zone = windows_name(str(value.get("timeZone") or ""))
    match = _WALL.match(value["dateTime"])
    if match is None or (match[5] and zone != "UTC"):
        raise invalid(f"The value '{value['dateTime']}' of '{name}' is not a date and time without offset.")
    try:
        wall = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}")
    except ValueError as error:
        raise invalid(f"The value '{value['dateTime']}' of '{name}' is not a date and time.") from error
    return Moment(wall, zone)


def parse_bound(text: str, name: str) -> datetime:
    """A bound of a window, aware: its offset counts, UTC where it has none (never the preferred zone)."""
    try:
        bound = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        message = f"The value '{text}' of parameter '{name}' is not a date and time."
        raise Refusal(400, "ErrorInvalidParameter", message) from error
    return bound.replace(tzinfo=UTC) if bound.tzinfo is None else bound.astimezone(UTC)


def spell(moment: Moment, zone: str, *, as_named: str, all_day: bool) -> dict[str, str]:
    """On the wire: seven digits of second fractions, in the zone asked for (`as_named` is the caller's name for it).

    All-day times are dates: they keep their midnight in whatever zone is asked for.
    """
    wall = moment.wall if all_day else moment.moved_to(zone).wall
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": as_named}


def instant(moment: datetime) -> str:
    """An aware time as Graph writes its own time stamps."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0Z"


SHORTEST = timedelta(hours=24)
"""An all-day event lasts at least this long."""
