"""The days of a recurrence pattern. Written from the pattern table of the API, not from iCalendar rules."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class Pattern:
    """`kind` is the API's pattern type; `days` are weekdays with Monday = 0; unused members keep their defaults."""

    kind: str
    interval: int = 1
    days: tuple[int, ...] = ()
    first_day: int = 6
    index: str = "first"
    day: int = 1
    month: int = 1

    def since(self, anchor: date, earliest: date) -> Iterator[date]:
        """The days from `earliest` on, none before `anchor`, in order and without end (but the year 9999)."""
        number = max(0, self._period_of(anchor, earliest) - 1)
        while days := self._period(anchor, number):
            yield from (day for day in days if day >= max(anchor, earliest))
            number += 1

    def before(self, anchor: date, day: date) -> Iterator[date]:
        """The days before `day`, latest first, down to `anchor`."""
        for number in range(self._period_of(anchor, day) + 1, -1, -1):
            days = self._period(anchor, number) or []
            yield from (each for each in reversed(days) if anchor <= each < day)

    def _period_of(self, anchor: date, day: date) -> int:
        """About which period `day` falls in: right to within one."""
        match self.kind:
            case "daily":
                steps = (day - anchor).days
            case "weekly":
                steps = (day - anchor).days // 7
            case "absoluteMonthly" | "relativeMonthly":
                steps = (day.year - anchor.year) * 12 + day.month - anchor.month
            case _:
                steps = day.year - anchor.year
        return max(0, steps) // self.interval

    def _period(self, anchor: date, number: int) -> list[date]:
        """The days of the n-th day, week, month or year of the pattern; empty only when the calendar is over."""
        step = number * self.interval
        try:
            match self.kind:
                case "daily":
                    return [anchor + timedelta(days=step)]
                case "weekly":
                    return self._week(anchor, step)
                case "absoluteMonthly" | "relativeMonthly":
                    months = anchor.month - 1 + step
                    return [self._in_month(anchor.year + months // 12, months % 12 + 1)]
                case _:
                    return [self._in_month(anchor.year + step, self.month)]
        except (OverflowError, ValueError):
            return []

    def _week(self, anchor: date, weeks: int) -> list[date]:
        start = anchor - timedelta(days=(anchor.weekday() - self.first_day) % 7) + timedelta(weeks=weeks)
        return sorted(start + timedelta(days=(day - self.first_day) % 7) for day in self.days)

    def _in_month(self, year: int, month: int) -> date:
        """One day: short months give their last where the 29th to 31st is asked (Outlook does not skip them)."""
        if year > LAST_YEAR:
            raise OverflowError
        length = monthrange(year, month)[1]
        if self.kind.startswith("absolute"):
            return date(year, month, min(self.day, length))
        fitting = [day for day in range(1, length + 1) if date(year, month, day).weekday() in self.days]
        return date(year, month, fitting[-1] if self.index == "last" else fitting[INDEXES.index(self.index)])
