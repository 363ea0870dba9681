"""Google's spelling of times, and the days that name the occurrences of a series.

Google answers `{"dateTime": "2026-11-02T09:00:00+01:00", "timeZone": "Europe/Berlin"}`, the offset being the calendar's
or the event's; ours is the wall time in the event's own zone, without an offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Moment = Mapping[str, Any]
SEVERAL_A_DAY = ("BYHOUR=", "BYMINUTE=", "BYSECOND=", "FREQ=HOURLY", "FREQ=MINUTELY", "FREQ=SECONDLY")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The zone, or None where nobody knows the name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def read(value: Moment | None, default_zone: str) -> dict[str, Any] | None:
    """Native moment of an API start, end or originalStartTime; an unknown zone becomes UTC."""
    if not value:
        return None
    if value.get("date"):
        return {"date": value["date"]}
    name = value.get("timeZone") or default_zone
    there = zone(name)
    if there is None:
        name, there = "UTC", ZoneInfo("UTC")
    at = datetime.fromisoformat(value["dateTime"])
    wall = at.astimezone(there) if at.tzinfo else at
    return {"dateTime": wall.replace(tzinfo=None, microsecond=0).isoformat(), "timeZone": name}


def write(value: Moment, default_zone: str, *, patch: bool) -> dict[str, Any]:
    """The API's spelling. A PATCH merges objects, so the members of the other kind are cleared by name."""
    if "date" in value:
        return {"date": value["date"], **({"dateTime": None, "timeZone": None} if patch else {})}
    named = {"dateTime": value["dateTime"], "timeZone": value.get("timeZone") or default_zone}
    return named | ({"date": None} if patch else {})


def instant(value: Moment) -> datetime:
    """For comparing: a day counts from its midnight UTC."""
    if "date" in value:
        return datetime.fromisoformat(value["date"]).replace(tzinfo=UTC)
    return _aware(value["dateTime"], value["timeZone"]).astimezone(UTC)


def shifted(value: Moment, by: timedelta) -> dict[str, Any]:
    """The moment that much (elapsed time) later."""
    if "date" in value:
        return {"date": (date.fromisoformat(value["date"]) + by).isoformat()}
    later = (instant(value) + by).astimezone(zone(value["timeZone"]))
    return {"dateTime": later.replace(tzinfo=None).isoformat(), "timeZone": value["timeZone"]}


def is_key(text: object) -> bool:
    """Whether it can name an occurrence: an ISO date, or a date-time without an offset."""
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def key_of(original: Moment, start: Moment, lines: Sequence[str]) -> str:
    """What names an occurrence: its original day in the series' zone, with the time where a day can have several."""
    if "date" in original:
        return str(original["date"])
    if "date" in start:
        return str(original["dateTime"][:10])
    local = instant(original).astimezone(zone(start["timeZone"])).replace(tzinfo=None)
    return local.isoformat() if several_a_day(lines) else local.date().isoformat()


def original_start(key: str, start: Moment, lines: Sequence[str]) -> dict[str, Any]:
    """The moment a key names: the rule's time of day, or that of an RDATE on this day."""
    if "date" in start:
        return {"date": key[:10]}
    if "T" in key:
        return {"dateTime": key, "timeZone": start["timeZone"]}
    extra = [moment for moment in listed(lines, "RDATE", start) if moment.get("dateTime", "").startswith(key)]
    return extra[0] if extra else {"dateTime": key + start["dateTime"][10:], "timeZone": start["timeZone"]}


def instance_id(master: str, original: Moment) -> str:
    """Google composes the ids of occurrences: `master_20261109T080000Z`, whole days `master_20261109`."""
    if "date" in original:
        return f"{master}_{original['date'].replace('-', '')}"
    return f"{master}_{instant(original):%Y%m%dT%H%M%SZ}"


def several_a_day(lines: Sequence[str]) -> bool:
    """Whether a day of the series can have more than one occurrence, so that the day alone names none."""
    if any(part in line.upper() for line in lines for part in SEVERAL_A_DAY):
        return True
    days = [text[:8] for line in lines if line.upper().startswith("RDATE") for text in _values(line)]
    return len(days) != len(set(days))


def listed(lines: Sequence[str], name: str, start: Moment) -> list[dict[str, Any]]:
    """The moments in the RDATE or EXDATE lines, in the series' zone."""
    found = []
    for line in lines:
        if line.upper().startswith(name):
            with suppress(ValueError):  # a line Google lets pass and we cannot read names no occurrence
                found += [_line_moment(text, _parameter(line, "TZID"), start) for text in _values(line)]
    return found


def exdate(keys: Sequence[str], start: Moment, lines: Sequence[str]) -> list[str]:
    """One EXDATE line for these occurrences, or no line."""
    if not keys:
        return []
    moments = [original_start(key, start, lines) for key in sorted(keys)]
    if "date" in start:
        return ["EXDATE;VALUE=DATE:" + ",".join(moment["date"].replace("-", "") for moment in moments)]
    texts = [moment["dateTime"].replace("-", "").replace(":", "") for moment in moments]
    return [f"EXDATE;TZID={start['timeZone']}:" + ",".join(texts)]


def _values(line: str) -> list[str]:
    return [text.partition("/")[0].strip() for text in line.partition(":")[2].split(",") if text.strip()]


def _parameter(line: str, name: str) -> str | None:
    for part in line.partition(":")[0].split(";")[1:]:
        if part.upper().startswith(f"{name}="):
            return part.partition("=")[2].strip('"')
    return None


def _line_moment(text: str, tzid: str | None, start: Moment) -> dict[str, Any]:
    """`20261116T080000Z`, `20261116T090000` in `tzid` or the series' zone, or `20261116`."""
    if "T" not in text:
        return {"date": datetime.strptime(text[:8], "%Y%m%d").date().isoformat()}  # noqa: DTZ007 - a day has no zone
    wall = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - its zone follows
    if "date" in start:
        return {"date": wall.date().isoformat()}
    home = start["timeZone"]
    there = "UTC" if text.endswith("Z") else tzid if tzid and zone(tzid) else home
    local = _aware(wall.isoformat(), there).astimezone(zone(home))
    return {"dateTime": local.replace(tzinfo=None).isoformat(), "timeZone": home}


def _aware(wall: str, name: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=zone(name) or UTC)
