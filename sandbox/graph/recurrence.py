"""patternedRecurrence: reading, checking, expanding and writing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice, takewhile
from typing import Any

from sandbox.graph.errors import invalid
from sandbox.graph.pattern import DAYS, INDEXES, Pattern
from sandbox.graph.zones import windows_name

NEEDS = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}
NUMBERS = {"interval": 999, "dayOfMonth": 31, "month": 12}
NO_DATE = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A checked rule. `last`: the last day that may bear an occurrence, None without end. Days are days in `zone`."""

    pattern: Pattern
    kind: str
    start: date
    last: date | None
    count: int
    zone: str

    def days(self, earliest: date, latest: date) -> Iterator[date]:
        """The rule's days within both bounds (inclusive), in order."""
        end = min(latest, self.last or latest)
        return takewhile(lambda day: day <= end, self.pattern.since(self.start, max(earliest, self.start)))

    def has(self, day: date) -> bool:
        return next(self.days(day, day), None) is not None

    def later(self, day: date) -> Iterator[date]:
        """The rule's days after `day`."""
        return (each for each in self.days(day, date.max) if each > day)

    def earlier(self, day: date) -> Iterator[date]:
        """The rule's days before `day`, latest first."""
        return self.pattern.before(self.start, day)

    def as_json(self) -> dict[str, Any]:
        """As the server returns it: members without use are there too, as zeros and the year 1."""
        pattern, kind = self.pattern, self.pattern.kind
        yearly, absolute = kind.endswith("Yearly"), kind.startswith("absolute")
        days = {"daysOfWeek": [DAYS[day] for day in pattern.days]} if pattern.days else {}
        return {
            "pattern": {
                "type": kind,
                "interval": pattern.interval,
                "month": pattern.month if yearly else 0,
                "dayOfMonth": pattern.day if absolute else 0,
                **days,
                "firstDayOfWeek": DAYS[pattern.first_day],
                "index": pattern.index,
            },
            "range": {
                "type": self.kind,
                "startDate": self.start.isoformat(),
                "endDate": self.last.isoformat() if self.kind == "endDate" and self.last else NO_DATE,
                "recurrenceTimeZone": self.zone,
                "numberOfOccurrences": self.count,
            },
        }


def parse_recurrence(value: Any, zone: str) -> Recurrence:
    """Check a patternedRecurrence; `zone` holds where recurrenceTimeZone is not given. Raises Refusal (400)."""
    if not isinstance(value, dict) or not isinstance(value.get("pattern"), dict):
        raise invalid("A recurrence needs a pattern.")
    if not isinstance(value.get("range"), dict):
        raise invalid("A recurrence needs a range.")
    return _ranged(_pattern(value["pattern"]), value["range"], zone)


def _pattern(value: dict[str, Any]) -> Pattern:
    """Members that the type does not use are checked all the same, as the service does."""
    kind = _one_of(value, "type", tuple(NEEDS), None)
    numbers = {name: _number(value, name, most) for name, most in NUMBERS.items() if name in value}
    days = value.get("daysOfWeek")
    if days is not None and (not isinstance(days, list) or not all(day in DAYS for day in days)):
        raise invalid("daysOfWeek must be a list of weekdays.")
    missing = [name for name in ("interval", *NEEDS[kind]) if not value.get(name)]
    if missing:
        raise invalid(f"A recurrence pattern of type {kind} needs {', '.join(missing)}.")
    first = _one_of(value, "firstDayOfWeek", DAYS, "sunday")
    index = _one_of(value, "index", INDEXES, "first")
    uses_days = "daysOfWeek" in NEEDS[kind]
    return Pattern(
        kind=kind,
        interval=numbers["interval"],
        days=tuple(sorted({DAYS.index(day) for day in days})) if days and uses_days else (),
        first_day=DAYS.index(first),
        index=index if kind.startswith("relative") else "first",
        day=numbers.get("dayOfMonth", 1),
        month=numbers.get("month", 1),
    )


def _ranged(pattern: Pattern, value: dict[str, Any], default_zone: str) -> Recurrence:
    kind = _one_of(value, "type", ("endDate", "noEnd", "numbered"), None)
    start = _day(value, "startDate")
    zone = windows_name(str(value.get("recurrenceTimeZone") or default_zone))
    last = None
    if "endDate" in value and (end := _day(value, "endDate")) < start:
        raise invalid(f"The recurrence's endDate {end} is before its startDate.")
    count = _number(value, "numberOfOccurrences", 999) if "numberOfOccurrences" in value else 0
    if kind == "endDate":
        last = _day(value, "endDate")
    if kind == "numbered":
        if not count:
            raise invalid("A numbered recurrence needs numberOfOccurrences.")
        last = list(islice(pattern.since(start, start), count))[-1]
    found = Recurrence(pattern, kind, start, last, count if kind == "numbered" else 0, zone)
    if next(found.days(start, date.max), None) is None:
        raise invalid("The recurrence has no occurrence.")
    return found


def _number(value: dict[str, Any], name: str, most: int) -> int:
    number = value[name]
    if type(number) is not int or not 1 <= number <= most:
        raise invalid(f"{name} must be a number from 1 to {most}, not {number!r}.")
    return number


def _one_of(value: dict[str, Any], name: str, choices: tuple[str, ...], default: str | None) -> str:
    chosen = value.get(name, default)
    if chosen not in choices:
        raise invalid(f"{name} must be one of {', '.join(choices)}, not {chosen!r}.")
    return str(chosen)


def _day(value: dict[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(value[name])
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(f"The recurrence's {name} must be a date.") from error
