"""Any recurrence set as one Outlook series: a pattern, and the days of it that are not in the set.

Outlook knows one pattern per series and no RDATE. What one pattern says is *exact*; what it says in other words is
*rewritten*; else the set is *expanded*: the pattern with the fewest surplus days that covers it, these days cancelled,
and dates at another time of day moved. A set that would need more than `MOST_CANCELLED` cancelled days is *refused*:
nothing is ever written half.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from math import gcd
from typing import Any

from engine.lenses import expand, pattern, rule
from engine.lenses.moment import Anchor, anchor

MOST_CANCELLED = 400
DEFAULT_HORIZON = "2040-12-31"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well a side holds a recurrence: exact, rewritten, expanded or refused, and why in a sentence."""

    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A patternedRecurrence (None if refused), the keys of its surplus days, and the moved ones: key -> wall time."""

    verdict: Verdict
    native: pattern.Pattern | None = None
    cancelled: tuple[str, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cover:
    pattern: pattern.Pattern
    surplus: frozenset[date]


def verdict(shared: Mapping[str, Any] | None, start: Mapping[str, Any], horizon: str = DEFAULT_HORIZON) -> Verdict:
    """How Outlook would hold a shared recurrence of a series with this shared start."""
    begin = anchor(start)
    if shared is None or begin is None:
        return Verdict("exact")
    return translation(shared, begin, horizon).verdict


def translation(shared: Mapping[str, Any], start: Anchor, horizon: str) -> Translation:
    """The Outlook series for a shared recurrence; an endless set that needs expansion ends at `horizon` (ISO date)."""
    return _translation(json.dumps(shared, sort_keys=True), start, horizon)


@lru_cache(maxsize=4096)
def _translation(text: str, start: Anchor, horizon: str) -> Translation:
    shared = json.loads(text)
    if expand.several_a_day(shared):
        return _refused("Outlook has no series with several starts a day.")
    exact = _exact(shared, start)
    if exact is not None:
        return exact
    last = datetime.fromisoformat(f"{horizon}T23:59:59") if expand.endless(shared) else expand.FAR
    try:
        wanted = expand.starts(shared, start, last)
    except expand.Unexpandable as why:
        return _refused(f"Outlook cannot hold this repeat rule: {why}.")
    if len({at.date() for at in wanted}) < len(wanted):
        return _refused("Outlook has no series with several starts a day.")
    if not wanted:
        return _refused("The repeat rule has no occurrence.")
    cover = _best(shared, start, wanted)
    if cover is None:
        return _refused(
            f"Outlook has no pattern for this repeat rule; more than {MOST_CANCELLED} days would have to be cancelled."
        )
    return _covered(shared, start, wanted, cover, horizon)


def _refused(reason: str) -> Translation:
    return Translation(Verdict("refused", reason))


def _exact(shared: Mapping[str, Any], start: Anchor) -> Translation | None:
    """The translation where one pattern reads back as the very same recurrence."""
    if len(shared["rules"]) != 1 or shared["rdates"] or (one := pattern.direct(shared["rules"][0])) is None:
        return None
    native = {"pattern": one, "range": _range(start, shared["rules"][0])}
    return Translation(Verdict("exact"), native) if pattern.read(native, start) == shared else None


def _range(start: Anchor, ends: Mapping[str, Any]) -> pattern.Pattern:
    begin = start.at.date().isoformat()
    if "count" in ends:
        return {"type": "numbered", "startDate": begin, "numberOfOccurrences": ends["count"]}
    if "until" in ends:
        return {"type": "endDate", "startDate": begin, "endDate": ends["until"][:10]}
    return {"type": "noEnd", "startDate": begin}


def _covered(
    shared: Mapping[str, Any], start: Anchor, wanted: list[datetime], cover: _Cover, horizon: str
) -> Translation:
    moved = {
        at.date().isoformat(): at.isoformat() for at in wanted if not start.all_day and at.time() != start.at.time()
    }
    endless = expand.endless(shared)
    plain = not cover.surplus and not moved
    if endless and plain and _forever(shared, start, cover.pattern):
        return Translation(Verdict("rewritten"), {"pattern": cover.pattern, "range": _range(start, {})})
    native = {"pattern": cover.pattern, "range": _range(start, {"until": wanted[-1].date().isoformat()})}
    if plain and not endless:
        return Translation(Verdict("rewritten"), native)
    told = [f"{len(cover.surplus)} days are cancelled"] * bool(cover.surplus) + [f"{len(moved)} are moved"] * bool(
        moved
    )
    told += [f"the series ends on {horizon}"] * endless
    reason = f"Outlook cannot hold this repeat rule, so there {' and '.join(told)}."
    days = tuple(sorted(day.isoformat() for day in cover.surplus))
    return Translation(Verdict("expanded", reason), native, days, moved)


def _forever(shared: Mapping[str, Any], start: Anchor, one: pattern.Pattern) -> bool:
    """True if the pattern names the same days for a century: longer than any difference the calendar could hide."""
    last = start.at.replace(year=start.at.year + 104, day=1)
    try:
        return [at.date() for at in expand.starts(shared, start, last)] == list(_days(one, start, last))
    except expand.Unexpandable:
        return False


def _days(one: pattern.Pattern, start: Anchor, last: datetime) -> Iterator[date]:
    parts = rule.settle(pattern.parts_of(one), start)
    return (at.date() for at in expand.named(parts, start, last))


def _best(shared: Mapping[str, Any], start: Anchor, wanted: list[datetime]) -> _Cover | None:
    """The pattern with the fewest surplus days; the first of equals."""
    days = frozenset(at.date() for at in wanted)
    end = datetime.combine(max(days), datetime.max.time())
    best: _Cover | None = None
    most = MOST_CANCELLED
    for one in _candidates(shared, start, sorted(days)):
        named = frozenset(islice(_days(one, start, end), len(days) + most + 1))
        if days <= named and len(named) - len(days) <= most:
            best, most = _Cover(one, named - days), len(named) - len(days) - 1
        if best is not None and not best.surplus:
            break
    return best


def _candidates(shared: Mapping[str, Any], start: Anchor, days: list[date]) -> Iterator[pattern.Pattern]:
    """Patterns that may cover the days: those of the rules themselves, then those that the days suggest."""
    yield from filter(None, (pattern.direct(one) for one in shared["rules"]))
    yield from _monthly(start.at.date(), days)
    yield _weekly(start.at.date(), days)
    yield {"type": "daily", "interval": gcd(*((day - start.at.date()).days for day in days)) or 1}


def _weekly(begin: date, days: list[date]) -> pattern.Pattern:
    monday = begin.toordinal() - begin.weekday()
    step = gcd(*((day.toordinal() - monday) // 7 for day in days)) or 1
    names = [name for number, name in enumerate(pattern.NAMES) if any(day.weekday() == number for day in days)]
    return {"type": "weekly", "interval": step, "daysOfWeek": names, "firstDayOfWeek": "monday"}


def _monthly(begin: date, days: list[date]) -> Iterator[pattern.Pattern]:
    step = gcd(*((day.year - begin.year) * 12 + day.month - begin.month for day in days)) or 1
    features: list[pattern.Pattern] = [{"dayOfMonth": max(day.day for day in days)}]
    if len({day.weekday() for day in days}) == 1:
        features += [{"daysOfWeek": [pattern.NAMES[days[0].weekday()]], "index": name} for name in pattern.PLACES]
    for which in features:
        for interval in dict.fromkeys((step, 12 if step % 12 == 0 else 1)):
            years = interval % 12 == 0
            one = pattern.in_months(which, interval // 12 if years else interval, begin.month if years else None)
            if one is not None:
                yield one
