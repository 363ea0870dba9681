"""The mailbox: calendars, events, the log of changes, and what writing to it does (mail included)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.graph.directory import OWNER, is_owner
from sandbox.graph.errors import Refusal, invalid, not_found
from sandbox.graph.ids import change_key, item_id, new_uid, read_id
from sandbox.graph.recurrence import parse_recurrence
from sandbox.graph.values import merge_extended
from sandbox.outlook_calendar.events import Event, Item, Override, Times
from sandbox.outlook_calendar.properties import DEFAULTS, Draft

TICK = timedelta(microseconds=1)
ORGANIZER = {"organizer": {"emailAddress": OWNER}, "isOrganizer": True, "responseStatus": "organizer"}


@dataclass(slots=True)
class Calendar:
    """One calendar; the first of the mailbox is the default one."""

    id: str
    name: str
    version: int = 0


class Mailbox:
    """`salt` tells mailboxes apart: ids, uids and delta tokens of one mean nothing to another.

    `on_change(kind, item)` hears of each created | updated | deleted event; `on_mail(count)` of each message that
    Exchange would have sent.
    """

    def __init__(self, clock: Clock, salt: str) -> None:
        self.salt = salt
        self.version = 0
        self.calendars: dict[str, Calendar] = {}
        self.events: dict[int, Event] = {}
        self.gone: dict[int, tuple[str, int]] = {}
        self.log: list[tuple[int, int]] = []
        self.transactions: set[str] = set()
        self.next_number = 1
        self.on_change: Callable[[str, Item], None] = lambda _, __: None
        self.on_mail: Callable[[int], None] = lambda _: None
        self._clock = clock
        self._modified: datetime | None = None
        self.add_calendar("Calendar")

    @property
    def default(self) -> Calendar:
        return next(iter(self.calendars.values()))

    def add_calendar(self, name: str) -> Calendar:
        """Make one; names are unique in a mailbox."""
        if any(each.name == name for each in self.calendars.values()):
            raise Refusal(409, "ErrorFolderExists", f"A folder with the name '{name}' already exists.")
        calendar = Calendar(item_id(f"{self.salt}/calendar", len(self.calendars) + 1), name)
        self.calendars[calendar.id] = calendar
        return calendar

    def id_of(self, number: int, day: date | None = None, *, immutable: bool = False) -> str:
        """The id of an event or of an occurrence, also of deleted ones."""
        calendar = self.events[number].calendar if number in self.events else self.gone[number][0]
        place = f"{self.salt}/event" if immutable else f"{self.salt}/{calendar[-24:]}"
        return item_id(place, number, day, immutable=immutable)

    def find(self, text: str) -> Item:
        """The item of an id of either form; Refusal (400 or 404)."""
        immutable, number, day = read_id(text)
        if number not in self.events or self.id_of(number, day, immutable=immutable) != text:
            raise not_found()
        return self.events[number].item(day)

    def in_calendar(self, calendar: str) -> Iterator[Event]:
        """Its events, oldest first."""
        return (event for event in self.events.values() if event.calendar == calendar)

    def changed_since(self, version: int) -> Iterator[tuple[int, int]]:
        """(version, number) of what changed after `version`, oldest first; only the last change of each counts."""
        for place in range(bisect_right(self.log, (version, self.next_number)), len(self.log)):
            at, number = self.log[place]
            event = self.events.get(number)
            if at == (event.version if event else self.gone[number][1]):
                yield at, number

    def create(self, calendar: str, draft: Draft, *, mail: bool = True) -> Item:
        """A new event; a transactionId that was used before is refused (409), also when its event is gone."""
        if draft.start is None or draft.end is None:
            raise invalid("The properties 'start' and 'end' are needed.")
        if draft.transaction and draft.transaction in self.transactions:
            message = "Your request can't be completed: an item with the same transactionId exists already."
            raise Refusal(409, "ErrorDuplicateTransactionId", message)
        now, number = self._clock.now(), self.next_number
        times = Times(draft.start, draft.end, bool(draft.all_day)).check()
        event = Event(number, calendar, new_uid(self.salt, number), times, now, now)
        event.props = {**DEFAULTS, **ORGANIZER, **draft.props}
        event.transaction = draft.transaction
        _set_rule(event, draft)
        merge_extended(event.extended, draft.extended)
        self.add(event)
        item = Item(event)
        if mail:
            self.on_mail(len(_guests(item)))
        return item

    def add(self, event: Event) -> None:
        """Take in an event that has the next number."""
        self.next_number += 1
        self.events[event.number] = event
        if event.transaction:
            self.transactions.add(event.transaction)
        self._changed("created", event)

    def update(self, item: Item, draft: Draft) -> Item:
        """Patch an event, a series or an occurrence (which becomes an exception by it)."""
        before = _guests(item)
        if item.day is None:
            _update_event(item.event, draft)
        else:
            _update_occurrence(item, draft)
        self._changed("updated", item.event)
        self.on_mail(_told(item, draft, before))
        return item

    def delete(self, item: Item, *, mail: bool = True) -> None:
        """Delete an event, a series with all its occurrences, or one occurrence; the organizer's guests get mail."""
        event = item.event
        if mail:
            self.on_mail(len(_guests(item)))
        if item.day is None:
            self._changed("deleted", event)
            self.gone[event.number] = (event.calendar, event.version)
            del self.events[event.number]
            return
        event.exceptions.pop(item.day, None)
        event.cancelled.add(item.day)
        self._changed("updated", event)

    def _changed(self, kind: str, event: Event) -> None:
        """Log it. Times of change never repeat nor go back, whatever the clock does."""
        self.version += 1
        now = self._clock.now()
        self._modified = max(now, self._modified + TICK) if self._modified else now
        event.version, event.modified = self.version, self._modified
        self.log.append((self.version, event.number))
        self.on_change(kind, Item(event))


def etag(item: Item) -> str:
    """A series has one version: touching an occurrence changes that of its master and siblings."""
    return f'W/"{change_key(item.event.version)}"'


def _update_event(event: Event, draft: Draft) -> None:
    """Only checked values are kept: nothing is changed when something is refused."""
    times = _merged_times(event.times, draft)
    trial = replace(event, times=times)
    _set_rule(trial, draft)
    if times != event.times or trial.rule != event.rule:
        event.exceptions, event.cancelled = {}, set()
    event.times, event.rule = trial.times, trial.rule
    if event.props["isOnlineMeeting"]:
        draft.props.pop("isOnlineMeeting", None)  # once online, it stays online
        draft.props.pop("onlineMeetingProvider", None)
    event.props = {**event.props, **draft.props}
    merge_extended(event.extended, draft.extended)


def _update_occurrence(item: Item, draft: Draft) -> None:
    event, day = item.event, item.day
    assert day is not None
    if draft.has_recurrence and draft.recurrence is not None:
        raise Refusal(400, "ErrorInvalidRequest", "An occurrence of a series cannot have a recurrence of its own.")
    own = event.exceptions.get(day, Override())
    times = own.times
    if draft.sets_times:
        times = _merged_times(item.times, draft)
        event.check_boundary(day, times)
    fresh = Override(times, {**own.props, **draft.props}, dict(own.extended))
    merge_extended(fresh.extended, draft.extended)
    event.exceptions[day] = fresh


def _merged_times(old: Times, draft: Draft) -> Times:
    if draft.all_day is not None and not (draft.start and draft.end):
        raise invalid("Writing isAllDay needs start and end in the same request.")
    all_day = old.all_day if draft.all_day is None else draft.all_day
    return Times(draft.start or old.start, draft.end or old.end, all_day).check()


def _set_rule(event: Event, draft: Draft) -> None:
    """Set or clear the rule, and check that it begins on the day the event does, in the rule's own zone."""
    if draft.has_recurrence:
        zone = event.times.start.zone
        event.rule = None if draft.recurrence is None else parse_recurrence(draft.recurrence, zone)
    if event.rule is None:
        return
    start = event.times.start if event.times.all_day else event.times.start.moved_to(event.rule.zone)
    if start.wall.date() != event.rule.start:
        raise invalid("The recurrence range's startDate must be the date of the event's start.")


def _guests(item: Item) -> dict[str, Any]:
    """The attendees that the mailbox's owner, as organizer, would write to, by address."""
    people = item.props["attendees"] if item.props["isOrganizer"] else []
    found = {each["emailAddress"]["address"].lower(): each for each in people}
    return {address: each for address, each in found.items() if not is_owner(address)}


def _told(item: Item, draft: Draft, before: dict[str, Any]) -> int:
    """How many messages an update sends; there is no way to send none.

    Writing nothing but attendees tells those that came, went or changed. A series tells of each exception separately.
    """
    after = _guests(item)
    if draft == Draft(props={"attendees": draft.props.get("attendees")}):
        return sum(before.get(address) != after.get(address) for address in before.keys() | after.keys())
    return len(before.keys() | after.keys()) * (1 if item.day else 1 + len(item.event.exceptions))
