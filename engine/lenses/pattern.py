"""Microsoft's patternedRecurrence read as a shared recurrence, and the rules it can say in one pattern.

`{"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], ...}, "range": {"type": "noEnd", ...}}`.
A month day past the end of a month means its last day (Outlook's clamp), unlike RFC 5545, which skips the month.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.lenses import expand, rule
from engine.lenses.moment import Anchor
from engine.lenses.rule_steps import DAYS, LONGEST, Rule

Pattern = dict[str, Any]
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_PLACE = {place: name for name, place in PLACES.items()}
_NAME = dict(zip(DAYS, NAMES, strict=True))
_DAY = dict(zip(NAMES, DAYS, strict=True))
LONGEST_INTERVAL = 99


def read(native: Mapping[str, Any], start: Anchor) -> dict[str, Any]:
    """A patternedRecurrence as shared recurrence, for a series with this start."""
    repeat: dict[str, Any] = json.loads(_read(json.dumps(native, sort_keys=True), start))
    return repeat


@lru_cache(maxsize=8192)
def _read(text: str, start: Anchor) -> str:
    native = json.loads(text)
    parts = parts_of(native["pattern"])
    ends = native.get("range") or {}
    if ends.get("type") == "numbered":
        parts["count"] = int(ends["numberOfOccurrences"])
    elif ends.get("type") == "endDate":
        parts["until"] = str(ends["endDate"]).replace("-", "")
    exrules = []
    if not expand.on_rule(rule.settle({**parts}, start), start):
        exrules.append({"freq": "DAILY", "count": 1})
        _count_to_until(parts, start)
    return json.dumps({"rules": [rule.settle(parts, start)], "rdates": [], "exrules": exrules})


def _count_to_until(parts: Rule, start: Anchor) -> None:
    """Where the pattern passes over the start, Outlook counts from its first day, and RFC 5545 from the start."""
    if "count" in parts:
        last = max(expand.named(rule.settle(dict(parts), start), start, expand.FAR), default=start.at)
        del parts["count"]
        parts["until"] = f"{last:%Y%m%d}"


def parts_of(pattern: Mapping[str, Any]) -> Rule:
    """The rule parts of a pattern, without its end; raises KeyError or ValueError for a pattern that is none."""
    kind, interval = pattern["type"], int(pattern.get("interval") or 1)
    parts: Rule = {"freq": "DAILY", "interval": interval}
    if kind == "weekly":
        parts.update(
            freq="WEEKLY", byday=_days(pattern), wkst=_DAY[str(pattern.get("firstDayOfWeek") or "sunday").lower()]
        )
    elif kind in ("relativeMonthly", "relativeYearly"):
        parts.update(freq="MONTHLY", byday=_days(pattern), bysetpos=[PLACES[pattern.get("index") or "first"]])
    elif kind in ("absoluteMonthly", "absoluteYearly"):
        parts.update(freq="MONTHLY", **_month_day(int(pattern["dayOfMonth"])))
    elif kind != "daily":
        raise ValueError(f"unknown pattern {kind!r}")
    if kind.endswith("Yearly"):
        parts.update(freq="YEARLY", bymonth=[int(pattern["month"])])
    return parts


def _days(pattern: Mapping[str, Any]) -> list[str]:
    return sorted((_DAY[str(name).lower()] for name in pattern["daysOfWeek"]), key=DAYS.index)


def _month_day(day: int) -> Rule:
    return {"bymonthday": list(range(28, day + 1)), "bysetpos": [-1]} if day > 28 else {"bymonthday": [day]}


def direct(one: Rule) -> Pattern | None:
    """The pattern nearest to a canonical rule, without its end. It may clamp where the rule skips: compare days."""
    parts = {name: value for name, value in one.items() if name not in ("count", "until", "interval", "freq")}
    interval = one.get("interval", 1)
    if one.get("freq") == "DAILY" and not parts:
        return {"type": "daily", "interval": interval}
    if one.get("freq") == "WEEKLY" and set(parts) <= {"byday", "wkst"}:
        first = _NAME[parts.get("wkst", "MO")]
        return {
            "type": "weekly",
            "interval": interval,
            "daysOfWeek": [_NAME[day] for day in parts["byday"]],
            "firstDayOfWeek": first,
        }
    months = parts.pop("bymonth", [])
    if one.get("freq") not in ("MONTHLY", "YEARLY") or len(months) != (one["freq"] == "YEARLY"):
        return None
    which = _which(parts, months[0] if months else None)
    return which and in_months(which, interval, months[0] if months else None)


def in_months(which: Pattern, interval: int, month: int | None) -> Pattern | None:
    """A monthly or yearly pattern; every n years is every 12 n months, which all versions of Outlook know."""
    kind = "relative" if "index" in which else "absolute"
    if month is not None and interval == 1:
        return {"type": f"{kind}Yearly", "interval": 1, **which, "month": month}
    interval *= 1 if month is None else 12
    return {"type": f"{kind}Monthly", "interval": interval, **which} if interval <= LONGEST_INTERVAL else None


def _which(parts: Rule, month: int | None) -> Pattern | None:
    """The members that name the day of the month."""
    days, places = parts.get("byday", []), parts.get("bysetpos", [])
    if set(parts) == {"byday"} and len(days) == 1 and int(days[0][:-2] or 0) in _PLACE:
        return {"daysOfWeek": [_NAME[days[0][-2:]]], "index": _PLACE[int(days[0][:-2])]}
    if (
        set(parts) == {"byday", "bysetpos"}
        and len(places) == 1
        and places[0] in _PLACE
        and all(day in _NAME for day in days)
    ):
        return {"daysOfWeek": [_NAME[day] for day in days], "index": _PLACE[places[0]]}
    dates = parts.get("bymonthday", [])
    last = LONGEST[month - 1] if month else 31
    if set(parts) == {"bymonthday"} and len(dates) == 1 and (dates[0] == -1 or 0 < dates[0] <= last):
        return {"dayOfMonth": last if dates[0] == -1 else dates[0]}
    if set(parts) == {"bymonthday", "bysetpos"} and places == [-1] and dates == list(range(28, dates[-1] + 1)):
        return {"dayOfMonth": dates[-1]}
    return None
