"""Events as the mailbox keeps them: a series is one event with its exceptions and deleted occurrences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from sandbox.graph.errors import Refusal, invalid, not_found
from sandbox.graph.recurrence import Recurrence
from sandbox.graph.zones import SHORTEST, Moment

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Times:
    """When something takes place; for all-day events both moments are midnights and the end is exclusive."""

    start: Moment
    end: Moment
    all_day: bool = False

    @cached_property
    def begins(self) -> datetime:
        """Aware UTC; an all-day event's date counts as if it were in UTC."""
        return self.start.wall.replace(tzinfo=UTC) if self.all_day else self.start.utc

    @cached_property
    def ends(self) -> datetime:
        """Like `begins`."""
        return self.end.wall.replace(tzinfo=UTC) if self.all_day else self.end.utc

    def within(self, earliest: datetime, latest: datetime) -> bool:
        """Whether any of it lies in the window; something without length counts where it stands."""
        return self.begins < latest and (self.ends > earliest or self.begins == self.ends == earliest)

    def check(self) -> Times:
        """Itself, or Refusal: a negative span, or all-day times that are no whole days of one zone."""
        if self.all_day and not (self.start.is_midnight and self.end.is_midnight):
            raise invalid("The start and end of an all-day event must be midnight.")
        if self.all_day and self.start.zone != self.end.zone:
            raise invalid("The start and end of an all-day event must be in the same time zone.")
        if self.ends < self.begins:
            message = "The end of the event is before its start."
            raise Refusal(400, "ErrorCalendarEndDateIsEarlierThanStartDate", message)
        if self.all_day and self.ends - self.begins < SHORTEST:
            raise invalid("The duration of an all-day event must be at least 24 hours.")
        return self


@dataclass(slots=True)
class Override:
    """What one occurrence has of its own; the rest comes from the series."""

    times: Times | None = None
    props: dict[str, Any] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """A single event or a series.

    `number` is its place in the mailbox, `version` the mailbox's count of changes at its last one. `props` are
    wire-shaped, but for the body: its html. Exceptions and cancellations go by the day of the original start in the
    rule's zone.
    """

    number: int
    calendar: str
    uid: str
    times: Times
    created: datetime
    modified: datetime
    version: int = 0
    props: dict[str, Any] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)
    transaction: str | None = None
    rule: Recurrence | None = None
    exceptions: dict[date, Override] = field(default_factory=dict)
    cancelled: set[date] = field(default_factory=set)

    def item(self, day: date | None) -> Item:
        """The event itself, or its occurrence of that day; Refusal (404) where there is none (any more)."""
        if day is not None and (self.rule is None or day in self.cancelled or not self.rule.has(day)):
            raise not_found()
        return Item(self, day)

    def planned(self, day: date) -> Times:
        """The occurrence's times by the rule: the same wall times as the series, in the rule's zone."""
        assert self.rule is not None
        zone = self.times.start.zone if self.times.all_day else self.rule.zone
        start, end = self.times.start.moved_to(zone).wall, self.times.end.moved_to(zone).wall
        begin = datetime.combine(day, start.time())
        return Times(Moment(begin, zone), Moment(begin + (end - start), zone), self.times.all_day)

    def occurrences(self, earliest: datetime, latest: datetime) -> list[Item]:
        """Those of a series that lie in the window (aware bounds), by start."""
        if self.rule is None:
            return []
        length = self.times.ends - self.times.begins
        days = self.rule.days(_day(earliest - length, -DAY), _day(latest, DAY))
        plain = [Item(self, day) for day in days if day not in self.cancelled and day not in self.exceptions]
        own = [Item(self, day) for day in self.exceptions]
        found = [item for item in (*plain, *own) if item.times.within(earliest, latest)]
        return sorted(found, key=lambda item: (item.times.begins, item.day or date.min))

    def check_boundary(self, day: date, times: Times) -> None:
        """Refusal (400) when the occurrence would reach or pass the day of a neighbour that is still there."""
        assert self.rule is not None
        new = self._day_of(times)
        before = next((each for each in self.rule.earlier(day) if each not in self.cancelled), None)
        after = next((each for each in self.rule.later(day) if each not in self.cancelled), None)
        too_early = before is not None and new <= self._day_of(Item(self, before).times)
        too_late = after is not None and new >= self._day_of(Item(self, after).times)
        if too_early or too_late:
            message = "Modified occurrence is crossing or overlapping adjacent occurrence."
            raise Refusal(400, "ErrorOccurrenceCrossingBoundary", message)

    def _day_of(self, times: Times) -> date:
        assert self.rule is not None
        start = times.start if times.all_day else times.start.moved_to(self.rule.zone)
        return start.wall.date()


@dataclass(frozen=True, slots=True)
class Item:
    """What a client sees as one event: a single event, a series' master, or one occurrence (`day` is set)."""

    event: Event
    day: date | None = None

    @property
    def kind(self) -> str:
        """The API's `type`."""
        if self.day is not None:
            return "exception" if self.day in self.event.exceptions else "occurrence"
        return "seriesMaster" if self.event.rule else "singleInstance"

    @property
    def times(self) -> Times:
        if self.day is None:
            return self.event.times
        return (self._own and self._own.times) or self.event.planned(self.day)

    @property
    def props(self) -> Mapping[str, Any]:
        return {**self.event.props, **self._own.props} if self._own else self.event.props

    @property
    def extended(self) -> Mapping[str, str]:
        return {**self.event.extended, **self._own.extended} if self._own else self.event.extended

    @property
    def _own(self) -> Override | None:
        return None if self.day is None else self.event.exceptions.get(self.day)


def visible(event: Event, earliest: datetime, latest: datetime) -> Iterator[Item]:
    """What a calendar view shows of an event: itself when it is single, else its occurrences."""
    if event.rule is not None:
        yield from event.occurrences(earliest, latest)
    elif event.times.within(earliest, latest):
        yield Item(event)


def _day(moment: datetime, slack: timedelta) -> date:
    """The UTC day of a bound, a day wider as zones differ; kept within the calendar."""
    try:
        return (moment + slack).date()
    except OverflowError:
        return date.min if slack < timedelta(0) else date.max
