"""Recurrence rules in one canonical form, so that equal rules compare equal however an app spelled them.

A rule is a dict of lower-case RFC 5545 parts: `{"freq": "WEEKLY", "interval": 2, "until": "2026-11-30"}`.
What the start implies is written out, redundant parts are dropped, equivalent rules share one spelling, and UNTIL is
the local date (or date-time, where the rule has several starts a day) of the last occurrence it allows.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.lenses import expand, zones
from engine.lenses.moment import Anchor

Rule = dict[str, Any]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NUMBERS = ("bysecond", "byminute", "byhour", "bymonthday", "byyearday", "byweekno", "bymonth", "bysetpos")
ORDER = (
    "freq",
    "interval",
    "count",
    "until",
    "bymonth",
    "byweekno",
    "byyearday",
    "bymonthday",
    "byday",
    "byhour",
    "byminute",
    "bysecond",
    "bysetpos",
    "wkst",
)
LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_COMMON = ("MO", "SU", "SA", "TU", "WE", "TH", "FR")
_DATES = ("byday", "bymonthday", "byyearday", "byweekno")


def parse(text: str) -> Rule:
    """The parts of an RRULE value; `{"raw": text}` where it cannot be read, which no app but its own will be given."""
    try:
        return _parse(text)
    except (ValueError, KeyError):
        return {"raw": text}


def _parse(text: str) -> Rule:
    rule: Rule = {}
    for part in filter(None, text.strip().split(";")):
        name, value = part.upper().split("=", 1)
        _read(rule, name.strip().lower(), value.strip())
    if rule["freq"] not in expand.FREQUENCIES or rule.get("interval", 1) < 1:
        raise ValueError(text)
    if "count" in rule:
        rule.pop("until", None)
    return rule


def _read(rule: Rule, name: str, value: str) -> None:
    if name in NUMBERS:
        rule[name] = sorted({int(item) for item in value.split(",")})
    elif name == "byday":
        rule[name] = sorted({_day(item.strip()) for item in value.split(",")}, key=_day_key)
    elif name in ("interval", "count"):
        rule[name] = int(value)
    elif name in ("freq", "until", "rscale", "skip"):
        rule[name] = value
    elif name == "wkst":
        rule[name] = DAYS[DAYS.index(value)]
    else:
        raise ValueError(name)


def _day(item: str) -> str:
    number, day = item[:-2], DAYS[DAYS.index(item[-2:])]
    return f"{int(number)}{day}" if number else day


def _day_key(item: str) -> tuple[int, int]:
    return int(item[:-2] or 0), DAYS.index(item[-2:])


def write(rule: Rule) -> str:
    """The RRULE value, without UNTIL (its spelling depends on the start): `FREQ=WEEKLY;BYDAY=MO`."""
    if "raw" in rule:
        return str(rule["raw"])
    parts = [name for name in ORDER if name in rule and name != "until"]
    return ";".join(f"{name.upper()}={_text(rule[name])}" for name in parts)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@lru_cache(maxsize=8192)
def _canonical(text: str, start: Anchor | None) -> str:
    rule = parse(text)
    if "raw" in rule or start is None:
        return json.dumps(rule)
    try:
        return json.dumps(settle(rule, start))
    except ValueError:  # an UNTIL or a number that is none
        return json.dumps({"raw": text})


def canonical(text: str, start: Anchor | None) -> Rule:
    """The canonical rule of an RRULE value for a series with this start; only parsed where there is no start."""
    rule: Rule = json.loads(_canonical(text, start))
    return rule


def settle(rule: Rule, start: Anchor) -> Rule:
    """The canonical form of parsed parts."""
    rule = dict(rule)
    _implied(rule, start)
    if not _skip(rule):
        return {"raw": write(rule)}
    former: Rule = {}
    while former != rule:
        former = dict(rule)
        for step in _STEPS:
            step(rule, start)
    if rule.get("interval") == 1:
        del rule["interval"]
    _until(rule, start)
    return {name: rule[name] for name in ORDER if name in rule}


def _skip(rule: Rule) -> bool:
    """Resolves RFC 7529: SKIP=BACKWARD on a month day means the last day of short months. False: not expressible."""
    scale, skip = rule.pop("rscale", "GREGORIAN"), rule.pop("skip", "OMIT")
    if scale != "GREGORIAN" or skip not in ("OMIT", "BACKWARD"):
        rule.update(rscale=scale, skip=skip)
        return False
    days = rule.get("bymonthday", [])
    if skip == "OMIT" or not days or max(days) <= 28:
        return True
    if len(days) > 1 or "byday" in rule or "bysetpos" in rule or rule["freq"] not in ("MONTHLY", "YEARLY"):
        return False
    rule.update(bymonthday=list(range(28, days[0] + 1)), bysetpos=[-1])
    return rule["freq"] == "MONTHLY" or len(rule.get("bymonth", [])) == 1


def _plain_days(rule: Rule, _: Anchor) -> None:
    """Weeks and days have no second Tuesday: the number says nothing there."""
    if "byday" in rule and rule["freq"] not in ("MONTHLY", "YEARLY"):
        rule["byday"] = sorted({day[-2:] for day in rule["byday"]}, key=_day_key)


def _implied(rule: Rule, start: Anchor) -> None:
    if any(name in rule for name in _DATES):
        return
    if rule["freq"] == "WEEKLY":
        rule["byday"] = [DAYS[start.at.weekday()]]
    elif rule["freq"] in ("MONTHLY", "YEARLY"):
        rule["bymonthday"] = [start.at.day]
        if rule["freq"] == "YEARLY":
            rule.setdefault("bymonth", [start.at.month])


def _times(rule: Rule, start: Anchor) -> None:
    if rule["freq"] in expand.SUB_DAILY:
        return
    own = {"byhour": start.at.hour, "byminute": start.at.minute, "bysecond": start.at.second}
    for name, value in own.items():
        if start.all_day or rule.get(name) == [value]:
            rule.pop(name, None)


def _position(rule: Rule, _: Anchor) -> None:
    """`BYDAY=TU;BYSETPOS=2` is `BYDAY=2TU` where one weekday is left to count."""
    days, places = rule.get("byday", []), rule.get("bysetpos", [])
    others = any(name in rule for name in ("bymonthday", "byyearday", "byweekno", "byhour", "byminute", "bysecond"))
    one_month = rule["freq"] == "MONTHLY" or (rule["freq"] == "YEARLY" and len(rule.get("bymonth", [0])) == 1)
    if one_month and len(days) == 1 and len(days[0]) == 2 and places and not others:
        rule["byday"] = sorted((f"{place}{days[0]}" for place in places), key=_day_key)
        del rule["bysetpos"]


def _daily(rule: Rule, start: Anchor) -> None:
    if rule["freq"] != "DAILY" or "bysetpos" in rule:
        return
    interval = rule.get("interval", 1)
    bare = not any(name in rule for name in (*_DATES, "bymonth"))
    if interval == 1 and "byday" in rule and not any(name in rule for name in _DATES[1:]):
        rule["freq"] = "WEEKLY"
    elif interval % 7 == 0 and bare:
        rule.update(freq="WEEKLY", interval=interval // 7, byday=[DAYS[start.at.weekday()]])


def _weekly(rule: Rule, _: Anchor) -> None:
    if (
        rule["freq"] == "WEEKLY"
        and rule.get("interval", 1) == 1
        and "bysetpos" not in rule
        and len(rule.get("byday", [])) == 7
    ):
        rule["freq"] = "DAILY"
        del rule["byday"]


def _monthly(rule: Rule, start: Anchor) -> None:
    """Every twelve months is every year; each month out of a list is every year in these months."""
    if rule["freq"] != "MONTHLY" or "byyearday" in rule or "byweekno" in rule:
        return
    interval, months = rule.get("interval", 1), rule.get("bymonth")
    if interval % 12 == 0 and months in (None, [start.at.month]):
        rule.update(freq="YEARLY", interval=interval // 12, bymonth=[start.at.month])
    elif interval == 1 and months and ("bysetpos" not in rule or len(months) == 1):
        rule["freq"] = "YEARLY"


def _yearly(rule: Rule, _: Anchor) -> None:
    """Every year in all months is every month."""
    if rule["freq"] != "YEARLY" or rule.get("interval", 1) != 1 or "byyearday" in rule or "byweekno" in rule:
        return
    months = rule.get("bymonth")
    every = months == list(range(1, 13)) or (months is None and "bymonthday" in rule and "byday" not in rule)
    if every and "bysetpos" not in rule:
        rule["freq"] = "MONTHLY"
        rule.pop("bymonth", None)


def _month_end(rule: Rule, _: Anchor) -> None:
    """`BYMONTHDAY=28,29,30,31;BYSETPOS=-1` is the last day of the month, by its number where it has but one."""
    days, months = rule.get("bymonthday", []), rule.get("bymonth") or []
    length = LONGEST[months[0] - 1] if len(months) == 1 and months != [2] else None
    if rule.get("bysetpos") == [-1] and "byday" not in rule and days == list(range(28, (days or [0])[-1] + 1)):
        if length:
            rule["bymonthday"] = [min(days[-1], length)]
        elif days[-1] == 31 or (months == [2] and days[-1] >= 29):
            rule["bymonthday"] = [-1]
        if len(rule["bymonthday"]) == 1 and (rule["freq"] == "MONTHLY" or len(months) == 1):
            del rule["bysetpos"]
    if length and "bymonthday" in rule and all(-length <= day for day in rule["bymonthday"]):
        rule["bymonthday"] = sorted({day if day > 0 else length + 1 + day for day in rule["bymonthday"]})


def _week_start(rule: Rule, start: Anchor) -> None:
    """WKST matters where weeks are counted: drops it elsewhere, and takes the first of the days that mean the same."""
    first = rule.pop("wkst", "MO")
    if "byweekno" in rule or (rule["freq"] == "WEEKLY" and "bysetpos" in rule):
        same = first
    elif rule["freq"] == "WEEKLY" and rule.get("interval", 1) > 1:
        same = next(day for day in _COMMON if _weeks(rule, start, day) == _weeks(rule, start, first))
    else:
        return
    if same != "MO":
        rule["wkst"] = same


def _weeks(rule: Rule, start: Anchor, first: str) -> list[bool]:
    """For each day of the rule: does its first turn fall into the start's own week?"""
    begin = start.at.weekday()
    length = (DAYS.index(first) - begin) % 7 or 7
    return [(DAYS.index(day[-2:]) - begin) % 7 < length for day in rule["byday"]]


_STEPS = (
    _plain_days,
    _times,
    _position,
    _daily,
    _weekly,
    _month_end,
    _monthly,
    _yearly,
    _week_start,
)


def _until(rule: Rule, start: Anchor) -> None:
    if "until" not in rule:
        return
    bound = read_until(rule.pop("until"), start)
    last = expand.last_allowed(rule, start, bound)
    exact = rule["freq"] in expand.SUB_DAILY or any(name in rule for name in ("byhour", "byminute", "bysecond"))
    if last is None and exact:
        last = zones.to_wall(bound, start.zone) if bound.tzinfo else bound
    last = max(last or start.at, start.at)
    rule["until"] = last.isoformat() if exact else last.date().isoformat()


def read_until(text: str, start: Anchor) -> datetime:
    """UNTIL as aware instant, or as wall time where it has no zone. A bare date allows its whole day."""
    if len(text) < 15 or start.all_day:
        return datetime.strptime(text[:8], "%Y%m%d").replace(hour=23, minute=59, second=59)  # noqa: DTZ007 - wall time
    wall = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time
    return zones.to_utc(wall, "UTC") if text.endswith("Z") and start.zone else wall
