"""Other spellings of the same: what an app may hold though no lens of ours would write it so."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from engine.lenses.moment import anchor
from engine.lenses.pattern import NAMES, PLACES

Native = dict[str, Any]


def respelled(rng: random.Random, fields: Native) -> Native:
    """The same fields, some of them in another spelling."""
    return {name: _one(rng, value) if rng.random() < 0.3 else value for name, value in fields.items()}


def _one(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"dateTime", "timeZone"} and len(value["dateTime"]) == 19:
        return {**value, "dateTime": f"{value['dateTime']}.0000000"}
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return [_line(rng, line) for line in value]
    return value


def _line(rng: random.Random, line: str) -> str:
    head, colon, rule = line.partition(":")
    if head != "RRULE":
        return line
    parts = rule.split(";")
    parts += ["INTERVAL=1"] if "INTERVAL" not in rule and rng.random() < 0.5 else []
    return f"{head}{colon}{';'.join(rng.sample(parts, len(parts)))}"


def pattern_of(rng: random.Random, start: Mapping[str, Any], former: Mapping[str, Any]) -> Native:
    """A series as Outlook's own window offers it, beginning at this start."""
    begin = anchor(start)
    assert begin is not None
    at, name = begin.at, NAMES[begin.at.weekday()]
    place = list(PLACES)[min((at.day - 1) // 7, 3)] if at.day <= 28 else "last"
    pattern = rng.choice(
        (
            {"type": "daily", "interval": rng.choice((1, 2))},
            {"type": "weekly", "interval": rng.choice((1, 2)), "daysOfWeek": [name], "firstDayOfWeek": "sunday"},
            {"type": "weekly", "interval": 1, "daysOfWeek": sorted({name, "friday"}), "firstDayOfWeek": "monday"},
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": at.day},
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": [name], "index": place},
            {"type": "absoluteYearly", "interval": 1, "dayOfMonth": at.day, "month": at.month},
        )
    )
    zone = {key: value for key, value in (former.get("range") or {}).items() if key == "recurrenceTimeZone"}
    days = {"startDate": at.date().isoformat(), **zone}
    ends = rng.choice(({"type": "noEnd"}, {"type": "numbered", "numberOfOccurrences": rng.randint(2, 12)}))
    return {"pattern": pattern, "range": {**days, **ends}}
