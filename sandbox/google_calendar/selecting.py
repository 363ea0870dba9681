"""Which events a list request means, as rows: ids of stored events, and occurrences that are computed when shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.google_calendar import parameters, rules, times
from sandbox.google_calendar.calendar import Calendar, Event
from sandbox.google_calendar.errors import bad_parameter

HORIZON = timedelta(days=2 * 366)
"""How far endless series are expanded where no timeMax is given."""
MOST = 3000
"""Occurrences of one series in one answer."""
Row = tuple[str, datetime | None]
"""Event id and None, or master id and the wall time of a computed occurrence."""


@dataclass(frozen=True, slots=True)
class Query:
    """A list request without its paging and its syncToken."""

    single: bool
    deleted: bool
    order: str | None
    uid: str | None
    text: str | None
    private: tuple[str, ...]
    shared: tuple[str, ...]
    types: tuple[str, ...]
    lower: datetime | None
    upper: datetime | None
    updated: datetime | None

    @classmethod
    def read(cls, query: QueryParams) -> Query:
        """From the parameters, or 400."""
        single, order = parameters.flag(query, "singleEvents"), query.get("orderBy")
        if order not in {None, "startTime", "updated"}:
            raise bad_parameter("orderBy")
        if order == "startTime" and not single:
            raise bad_parameter("orderBy", "The requested ordering is not available for the particular query.")
        lower, upper = parameters.moment(query, "timeMin"), parameters.moment(query, "timeMax")
        if lower and upper and upper <= lower:
            raise bad_parameter("timeMax", "The specified time range is empty.", "timeRangeEmpty")
        return cls(
            single=single,
            deleted=parameters.flag(query, "showDeleted"),
            order=order,
            uid=query.get("iCalUID"),
            text=query.get("q"),
            private=_pairs(query, "privateExtendedProperty"),
            shared=_pairs(query, "sharedExtendedProperty"),
            types=tuple(query.getlist("eventTypes")),
            lower=lower,
            upper=upper,
            updated=parameters.moment(query, "updatedMin"),
        )

    @property
    def syncs(self) -> bool:
        """Whether its last page carries a sync token: a search's does not, a start bound does no harm."""
        return not (self.order or self.uid or self.text or self.private or self.shared or self.updated)


def select(calendar: Calendar, query: Query, now: datetime) -> list[Row]:
    """Everything the query means, in its order."""
    rows = list(_rows(calendar, query, _candidates(calendar, query), now))
    if query.order == "startTime":
        rows.sort(key=lambda row: times.instant(resolve(calendar, row)["start"]))
    if query.order == "updated":
        rows.sort(key=lambda row: resolve(calendar, row)["updated"])
    return rows


def select_changed(calendar: Calendar, query: Query, sequence: int, now: datetime) -> list[Row]:
    """What changed since a point of the log, deletions included."""
    changed = calendar.changed_since(sequence)
    if not query.single:
        return [(event_id, None) for event_id in changed if _has_type(calendar.events[event_id], query)]
    return list(_rows(calendar, query, changed, now, deletions=True))


def resolve(calendar: Calendar, row: Row) -> Event:
    """The event a row stands for, as it is now."""
    event_id, local = row
    event = calendar.events[event_id]
    return calendar.effective(event) if local is None else calendar.occurrence(event, local)


def expand(event: Event, lower: datetime | None, upper: datetime | None, now: datetime) -> Iterator[datetime]:
    """Wall times of a series' occurrences that end after `lower` and start before `upper` (aware, or None)."""
    length = times.instant(event["end"]) - times.instant(event["start"])
    bound = upper or max(now, times.instant(event["start"])) + HORIZON
    low = None if lower is None else (lower - length).astimezone(UTC).replace(tzinfo=None) - timedelta(days=1)
    high = bound.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)
    for local in islice(rules.starts(event, low, high), MOST):
        begin = times.instant(times.at_wall(local, event["start"]))
        if begin < bound and (lower is None or begin + length > lower):
            yield local


def instances(calendar: Calendar, master: Event, query: QueryParams, now: datetime) -> Iterator[Row]:
    """The occurrences of one series, as `events.instances` means them."""
    lower, upper = parameters.moment(query, "timeMin"), parameters.moment(query, "timeMax")
    only, cancelled = query.get("originalStart"), parameters.flag(query, "showDeleted")
    exceptions = {times.wall(child["originalStartTime"]) for child in calendar.series(master["id"])}
    for local in sorted(set(expand(master, lower, upper, now)) | exceptions):
        event = calendar.occurrence(master, local)
        if event["status"] == "cancelled":
            wanted = cancelled
        else:
            after = lower is None or times.instant(event["end"]) > lower
            wanted = after and (upper is None or times.instant(event["start"]) < upper)
        if wanted and (only is None or _starts_at(event["originalStartTime"], only)):
            yield master["id"], local


def _starts_at(original: times.Moment, text: str) -> bool:
    """Whether `originalStart` (a date, or a time with offset) names this moment."""
    if "date" in original:
        return text[:10] == original["date"]
    try:
        return times.instant({"dateTime": text}) == times.instant(original)
    except ValueError:
        raise bad_parameter("originalStart") from None


def _candidates(calendar: Calendar, query: Query) -> list[str]:
    if query.uid is None:
        return list(calendar.events)
    masters = calendar.by_uid.get(query.uid, [])
    return [each for master in masters for each in (master, *calendar.children.get(master, {}).values())]


def _rows(
    calendar: Calendar, query: Query, candidates: list[str], now: datetime, *, deletions: bool = False
) -> Iterator[Row]:
    for event_id in candidates:
        event = calendar.effective(calendar.events[event_id])
        if query.single and "recurrence" in event and event["status"] != "cancelled":
            yield from _occurrences(calendar, query, event, now)
        elif query.single and "recurringEventId" in event and not deletions:
            continue  # comes with its series
        elif (deletions and event["status"] == "cancelled") or _fits(calendar, query, event, now):
            yield event_id, None


def _occurrences(calendar: Calendar, query: Query, master: Event, now: datetime) -> Iterator[Row]:
    """A moved occurrence is looked for by its series' times too: the bounds are checked on where it is now."""
    exceptions = {times.wall(child["originalStartTime"]) for child in calendar.series(master["id"])}
    computed = set(expand(master, query.lower, query.upper, now))
    for local in sorted(computed | exceptions):
        event = calendar.occurrence(master, local)
        if _fits(calendar, query, event, now):
            yield master["id"], local


def _fits(calendar: Calendar, query: Query, event: Event, now: datetime) -> bool:
    if event["status"] == "cancelled":
        return _shows_cancelled(calendar, query, event) and _recent(event, query)
    return (
        _recent(event, query)
        and _has_type(event, query)
        and _in_range(event, query, now)
        and _has_properties(event, query)
        and (query.text is None or query.text.lower() in _words(event))
    )


def _shows_cancelled(calendar: Calendar, query: Query, event: Event) -> bool:
    """showDeleted and updatedMin show all; else only cancelled occurrences of living series, unexpanded."""
    if query.deleted or query.updated:
        return True
    master = calendar.events.get(event.get("recurringEventId", ""))
    return master is not None and master["status"] != "cancelled" and not query.single


def _recent(event: Event, query: Query) -> bool:
    return query.updated is None or datetime.fromisoformat(event["updated"]) >= query.updated


def _has_type(event: Event, query: Query) -> bool:
    return not query.types or event.get("eventType", "default") in query.types


def _in_range(event: Event, query: Query, now: datetime) -> bool:
    if query.lower is None and query.upper is None:
        return True
    if "recurrence" in event:
        return next(expand(event, query.lower, query.upper, now), None) is not None
    after = query.lower is None or times.instant(event["end"]) > query.lower
    return after and (query.upper is None or times.instant(event["start"]) < query.upper)


def _has_properties(event: Event, query: Query) -> bool:
    held = event.get("extendedProperties", {})
    wanted = [("private", pair) for pair in query.private] + [("shared", pair) for pair in query.shared]
    return all(held.get(kind, {}).get(pair.partition("=")[0]) == pair.partition("=")[2] for kind, pair in wanted)


def _words(event: Event) -> str:
    guests: list[Any] = [value for guest in event.get("attendees", ()) for value in guest.values()]
    fields = [event.get(name, "") for name in ("summary", "description", "location")]
    return " ".join(str(each) for each in fields + guests).lower()


def _pairs(query: QueryParams, name: str) -> tuple[str, ...]:
    pairs = tuple(query.getlist(name))
    if any("=" not in pair for pair in pairs):
        raise bad_parameter(name)
    return pairs
