"""Recurrence lines: their checks and their expansion, in wall time of the series' own zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

from sandbox.google_calendar.errors import invalid
from sandbox.google_calendar.times import at_wall, from_suffix, suffix, wall, zone

LINE = re.compile(r"^(RRULE|EXRULE|RDATE|EXDATE)((?:;[^:]+)?):(.+)$")
SUB_DAILY = {"HOURLY", "MINUTELY", "SECONDLY"}
AROUND = timedelta(hours=3)
FOREVER, LAST = timedelta(days=100 * 366), datetime(9999, 1, 1)  # noqa: DTZ001 - wall time
"""Endless rules end after a century: an EXRULE that removes everything must not be searched for longer."""


def check_lines(value: Any, start: Mapping[str, str]) -> None:
    """400 unless each is an RRULE, EXRULE, RDATE or EXDATE line that fits the kind of the start."""
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise invalid("Invalid recurrence rule.", "recurrence")
    for line in value:
        found = LINE.match(line)
        if not found:
            raise invalid("Invalid recurrence rule.", "recurrence")
        if found[1] in {"RRULE", "EXRULE"}:
            _check_rule(found[3], start)
    try:
        _expansion(tuple(value), wall(start), start.get("timeZone"))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise invalid("Invalid recurrence rule.", "recurrence") from None


def starts(
    event: Mapping[str, Any], lower: datetime | None = None, upper: datetime | None = None
) -> Iterator[datetime]:
    """Wall times at which a series' occurrences begin, ascending, both bounds (naive wall times) included."""
    for local in _rules_of(event).xafter(lower or datetime.min, inc=True):  # noqa: DTZ901 - wall time
        if upper is not None and local > upper:
            return
        yield local


def named(event: Mapping[str, Any], ending: str) -> datetime | None:
    """The wall time of the occurrence that an id's suffix names; None where the rules have none.

    Looks around the time named, because a start in the gap of a clock change is named by the time it becomes.
    """
    guess = from_suffix(ending, event["start"])
    if guess is None:
        return None
    near = starts(event, guess - AROUND, guess + AROUND)
    return next((local for local in near if suffix(at_wall(local, event["start"])) == ending), None)


def _rules_of(event: Mapping[str, Any]) -> Any:
    start = event["start"]
    return _expansion(tuple(event["recurrence"]), wall(start), start.get("timeZone"))


def _check_rule(text: str, start: Mapping[str, str]) -> None:
    parts = _parts(text)
    if parts.get("FREQ") in SUB_DAILY | {None}:
        raise invalid("Invalid recurrence rule: FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY.", "recurrence")
    if "0" in {parts.get("INTERVAL"), parts.get("COUNT")}:
        raise invalid("Invalid recurrence rule: INTERVAL and COUNT must be positive.", "recurrence")
    until = parts.get("UNTIL")
    if until and ("date" in start) != (len(until) == 8):
        raise invalid("Invalid recurrence rule: UNTIL must be of the kind of the start.", "recurrence")
    if until and len(until) != 8 and not until.endswith("Z"):
        raise invalid("Invalid recurrence rule: UNTIL must be in UTC.", "recurrence")


@lru_cache(maxsize=4096)
def _expansion(lines: Sequence[str], start: datetime, zone_name: str | None) -> Any:
    """A dateutil rruleset over naive wall times. The start itself always is an occurrence (RFC 5545, 3.8.5.3)."""
    found = rruleset(cache=True)
    found.rdate(start)
    for line in lines:
        kind, parameters, text = LINE.match(line).groups()  # type: ignore[union-attr]
        if kind in {"RRULE", "EXRULE"}:
            add = found.rrule if kind == "RRULE" else found.exrule
            add(rrulestr(_for_dateutil(text, start, zone_name), dtstart=start))
            continue
        add = found.rdate if kind == "RDATE" else found.exdate
        for each in text.split(","):
            add(_date_of(each, parameters, zone_name, start))
    return found


def _parts(text: str) -> dict[str, str]:
    return dict(part.upper().split("=", 1) for part in text.split(";") if "=" in part)


def _for_dateutil(text: str, start: datetime, zone_name: str | None) -> str:
    """The rule with an end, in wall time, and with the skipping of RFC 7529 in plain RFC 5545 terms."""
    parts = _parts(text)
    parts.pop("RSCALE", None)
    if parts.pop("SKIP", "OMIT") == "BACKWARD" and parts.get("BYMONTHDAY", "") in {"29", "30", "31"}:
        parts["BYMONTHDAY"] = ",".join(str(day) for day in range(28, int(parts["BYMONTHDAY"]) + 1))
        parts["BYSETPOS"] = "-1"
    if not {"UNTIL", "COUNT"} & parts.keys():
        parts["UNTIL"] = min(start + FOREVER, LAST).strftime("%Y%m%dT%H%M%S")
    elif len(parts.get("UNTIL", "")) > 8:
        parts["UNTIL"] = _local(parts["UNTIL"], zone_name).strftime("%Y%m%dT%H%M%S")
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _date_of(text: str, parameters: str, zone_name: str | None, start: datetime) -> datetime:
    """One value of an RDATE or EXDATE line as wall time; of a period, its start."""
    first = text.split("/", 1)[0].strip()
    if len(first) == 8:
        day = datetime.strptime(first, "%Y%m%d")  # noqa: DTZ007 - wall time
        return day.replace(hour=start.hour, minute=start.minute, second=start.second)
    named = re.search(r";TZID=([^;:]+)", parameters)
    if first.endswith("Z") or not named or zone_name is None:
        return _local(first, zone_name)
    aware = datetime.strptime(first, "%Y%m%dT%H%M%S").replace(tzinfo=zone(named[1], "recurrence"))
    return aware.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None)


def _local(text: str, zone_name: str | None) -> datetime:
    """`20261109T080000Z` (UTC) or without Z (already wall time) as wall time of the series' zone."""
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time
    if not text.endswith("Z") or zone_name is None:
        return moment
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone_name)).replace(tzinfo=None)
