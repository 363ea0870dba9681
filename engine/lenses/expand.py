"""Bounded expansion of recurrence sets, in wall time of the series' zone as RFC 5545 asks.

DTSTART is always an occurrence and the first that COUNT counts, also where the rule does not name it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from dateutil import rrule as du

from engine.lenses import zones
from engine.lenses.moment import Anchor

Rule = Mapping[str, Any]
SUB_DAILY = ("HOURLY", "MINUTELY", "SECONDLY")
FREQUENCIES = {"YEARLY": du.YEARLY, "MONTHLY": du.MONTHLY, "WEEKLY": du.WEEKLY, "DAILY": du.DAILY} | dict.fromkeys(
    SUB_DAILY, -1
)
_DAYS = {"MO": du.MO, "TU": du.TU, "WE": du.WE, "TH": du.TH, "FR": du.FR, "SA": du.SA, "SU": du.SU}
_NUMBERS = ("bysecond", "byminute", "byhour", "bymonthday", "byyearday", "byweekno", "bymonth", "bysetpos")
FAR = datetime.fromisoformat("2200-12-31")
MOST = 20_000
"""No set is expanded further: a person would not look at more, and neither should we."""


class Unexpandable(ValueError):
    """A rule that cannot be read, is finer than a day, or has too many occurrences."""


def _ruler(rule: Rule, begin: datetime, until: datetime) -> Iterator[datetime]:
    if "raw" in rule or rule["freq"] in SUB_DAILY:
        raise Unexpandable("the rule is finer than a day" if "freq" in rule else "the rule cannot be read")
    given = {name: rule[name] for name in _NUMBERS if name in rule}
    if "byday" in rule:
        given["byweekday"] = [_DAYS[day[-2:]](int(day[:-2])) if day[:-2] else _DAYS[day] for day in rule["byday"]]
    given["count" if "count" in rule else "until"] = rule.get("count", until)
    try:
        found = du.rrule(
            FREQUENCIES[rule["freq"]],
            begin,
            interval=rule.get("interval", 1),
            wkst=_DAYS[rule.get("wkst", "MO")],
            **given,
        )
    except ValueError as error:
        raise Unexpandable(str(error)) from None
    return takewhile(lambda at: at <= until, found)


def until_of(rule: Rule) -> datetime | None:
    """The last wall time that a canonical rule's UNTIL allows."""
    if "until" not in rule:
        return None
    until = datetime.fromisoformat(rule["until"])
    return until if "T" in rule["until"] else until.replace(hour=23, minute=59, second=59)


def named(rule: Rule, start: Anchor, last: datetime) -> Iterator[datetime]:
    """What the rule itself names from the start to `last`: the start only if it is on the rule."""
    return _ruler(rule, start.at, min(last, until_of(rule) or last))


def on_rule(rule: Rule, start: Anchor) -> bool:
    """True if the rule names the start itself."""
    return next(named(rule, start, start.at), None) == start.at


def starts(repeat: Mapping[str, Any], start: Anchor, last: datetime = FAR) -> list[datetime]:
    """The wall times of all occurrences from the start to `last`, sorted; raises Unexpandable."""
    found = {start.at} | {date_of(text, start) for text in repeat["rdates"]}
    for rule in repeat["rules"]:
        if "count" in rule and len(repeat["rules"]) == 1 and not on_rule(rule, start):
            rule = {**rule, "count": rule["count"] - 1}  # noqa: PLW2901 - the start took one turn
        found.update(islice(named(rule, start, last), MOST))
    for rule in repeat["exrules"]:
        found.difference_update(islice(named(rule, start, last), MOST))
    if len(found) >= MOST:
        raise Unexpandable(f"it has more than {MOST} occurrences")
    return sorted(at for at in found if at <= last)


def date_of(text: str, start: Anchor) -> datetime:
    """An RDATE of a shared recurrence: a date (at the series' time of day) or a wall time."""
    at = datetime.fromisoformat(text)
    return at if "T" in text else datetime.combine(at.date(), start.at.time())


def endless(repeat: Mapping[str, Any]) -> bool:
    """True if some rule has neither COUNT nor UNTIL."""
    return any("count" not in rule and "until" not in rule for rule in repeat["rules"])


def several_a_day(repeat: Mapping[str, Any]) -> bool:
    """True if two occurrences may start on one day; then their keys are date-times."""
    rules: Sequence[Rule] = repeat["rules"]
    if any(name in rule for rule in rules for name in ("byhour", "byminute", "bysecond")):
        return True
    return any(rule.get("freq") in SUB_DAILY for rule in rules)


def last_allowed(rule: Rule, start: Anchor, bound: datetime) -> datetime | None:
    """The last occurrence not after `bound` (an instant, or a naive wall time); None where there is none."""
    wall = zones.to_wall(bound, start.zone) if bound.tzinfo else bound
    edge = wall + timedelta(hours=3) if bound.tzinfo else wall  # wall times stray from instants where the clock changes
    try:
        for begin in dict.fromkeys((_near(rule, start.at, wall), start.at)):
            last = deque((at for at in _ruler(rule, begin, edge) if _allowed(at, start, bound)), maxlen=1)
            if last:
                return last[0]
    except Unexpandable:
        return None
    return None


def _allowed(at: datetime, start: Anchor, bound: datetime) -> bool:
    return (zones.to_utc(at, start.zone) if bound.tzinfo else at) <= bound


def _near(rule: Rule, at: datetime, bound: datetime) -> datetime:
    """A later begin in step with the rule, a few periods before `bound`: expanding from there gives the same end."""
    interval = rule.get("interval", 1)
    if bound <= at or rule.get("freq") in SUB_DAILY:
        return at
    if rule["freq"] in ("DAILY", "WEEKLY"):
        step = timedelta(days=interval * (1 if rule["freq"] == "DAILY" else 7))
        return at + max(0, (bound - at) // step - 40) * step
    months = 12 * interval if rule["freq"] == "YEARLY" else interval
    count = ((bound.year - at.year) * 12 + bound.month - at.month) // months - 24
    if count <= 0:
        return at
    year, month = divmod(at.year * 12 + (0 if rule["freq"] == "YEARLY" else at.month - 1) + count * months, 12)
    return at.replace(year=year, month=month + 1, day=1)
