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
from engine.lenses.rule_steps import DAYS, STEPS, Rule, day_key, implied, skip

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
        rule[name] = sorted({_day(item.strip()) for item in value.split(",")}, key=day_key)
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
    implied(rule, start)
    if not skip(rule):
        return {"raw": write(rule)}
    former: Rule = {}
    while former != rule:
        former = dict(rule)
        for step in STEPS:
            step(rule, start)
    if rule.get("interval") == 1:
        del rule["interval"]
    _until(rule, start)
    return {name: rule[name] for name in ORDER if name in rule}


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
