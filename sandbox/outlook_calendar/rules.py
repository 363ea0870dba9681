"""iCalendar rules as recurrence patterns, where Outlook has one for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.graph.pattern import DAYS, INDEXES
from sandbox.graph.zones import zone_info

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKDAYS = CODES[:5]
KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}


def as_patterned(rule: str, start: datetime, zone: str) -> dict[str, Any] | None:
    """The patternedRecurrence of an RRULE value (`FREQ=..;..`) with that naive start; None where there is none."""
    parts = dict(part.upper().split("=", 1) for part in rule.split(";") if "=" in part)
    if not parts.keys() <= KNOWN:
        return None
    pattern = _pattern(parts, start.date())
    if pattern is None:
        return None
    pattern["interval"] = int(parts.get("INTERVAL", "1"))
    return {"pattern": pattern, "range": _range(parts, start, zone)}


def _pattern(parts: Mapping[str, str], start: date) -> dict[str, Any] | None:
    days = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    match parts.get("FREQ"):
        case "DAILY" if not parts.keys() & {"BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"}:
            return {"type": "daily"}
        case "DAILY" if sorted(days) == sorted(WEEKDAYS) and parts.get("INTERVAL", "1") == "1":
            return _weekly(days, parts) if not parts.keys() & {"BYMONTH", "BYMONTHDAY", "BYSETPOS"} else None
        case "WEEKLY" if not parts.keys() & {"BYMONTH", "BYMONTHDAY", "BYSETPOS"}:
            return _weekly(days or [CODES[start.weekday()]], parts)
        case "MONTHLY" if "BYMONTH" not in parts:
            return _monthly(parts, days, start)
        case "YEARLY":
            return _yearly(parts, days, start)
    return None


def _weekly(days: list[str], parts: Mapping[str, str]) -> dict[str, Any] | None:
    if not set(days) <= set(CODES):
        return None
    first = DAYS[CODES.index(parts.get("WKST", "MO"))]
    return {"type": "weekly", "daysOfWeek": [DAYS[CODES.index(day)] for day in days], "firstDayOfWeek": first}


def _monthly(parts: Mapping[str, str], days: list[str], start: date) -> dict[str, Any] | None:
    if days:
        relative = _relative(parts, days)
        return {"type": "relativeMonthly", **relative} if relative else None
    day = parts.get("BYMONTHDAY", str(start.day))
    if "BYSETPOS" in parts or not (day == "-1" or (day.isdecimal() and int(day) <= 28)):
        return None
    return {"type": "absoluteMonthly", "dayOfMonth": 31 if day == "-1" else int(day)}


def _yearly(parts: Mapping[str, str], days: list[str], start: date) -> dict[str, Any] | None:
    month = parts.get("BYMONTH", str(start.month))
    if not month.isdecimal():
        return None
    if days:
        relative = _relative(parts, days) if "BYMONTH" in parts else None
        return {"type": "relativeYearly", "month": int(month), **relative} if relative else None
    day = parts.get("BYMONTHDAY", str(start.day))
    leap = (month, day) == ("2", "29")
    if "BYSETPOS" in parts or leap or not day.isdecimal():
        return None
    return {"type": "absoluteYearly", "month": int(month), "dayOfMonth": int(day)}


def _relative(parts: Mapping[str, str], days: list[str]) -> dict[str, Any] | None:
    """`2TU`, or several plain days with one BYSETPOS."""
    if "BYMONTHDAY" in parts:
        return None
    place, codes = parts.get("BYSETPOS"), days
    if place is None and len(days) == 1:
        place, codes = days[0][:-2], [days[0][-2:]]
    if place not in {"1", "2", "3", "4", "-1", "+1", "+2", "+3", "+4"} or not set(codes) <= set(CODES):
        return None
    index = INDEXES[-1] if place == "-1" else INDEXES[int(place) - 1]
    return {"daysOfWeek": [DAYS[CODES.index(code)] for code in codes], "index": index}


def _range(parts: Mapping[str, str], start: datetime, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "noEnd", "startDate": str(start.date()), "recurrenceTimeZone": zone}
    if "COUNT" in parts:
        found |= {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"])}
    elif "UNTIL" in parts:
        found |= {"type": "endDate", "endDate": str(_until(parts["UNTIL"], start, zone))}
    return found


def _until(text: str, start: datetime, zone: str) -> date:
    """The last local day whose occurrence, at the time of day of `start`, is not after UNTIL."""
    until = datetime.fromisoformat(text)
    if len(text) == 8:
        return until.date()
    local = until.astimezone(zone_info(zone)) if until.tzinfo else until
    return local.date() - timedelta(days=local.time() < start.time())
