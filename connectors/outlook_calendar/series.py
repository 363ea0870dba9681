"""An event as the app holds it, with what belongs to it: a series is one record with its changed occurrences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors.graph import ROOT, Ask, Part, Talk
from connectors.graph_feed import spelled
from connectors.outlook_calendar import wire
from connectors.outlook_calendar.halfway import meanwhile
from connectors.outlook_calendar.moments import Moment, original_day, planned, same_time
from connectors.outlook_calendar.notes import Notes, fingerprint, key_of, notes_of, people_of, series_of
from engine.contract import Missing, Record

Event = Mapping[str, Any]
KEY = "original_start"


@dataclass(frozen=True, slots=True)
class Held:
    """A single event or a series. Occurrences go by the local date of their original start."""

    event: Event
    notes: Notes = field(default_factory=Notes)
    exceptions: Mapping[str, Event] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    apart: Mapping[str, Event] = field(default_factory=dict)
    """Single events that stand for occurrences which could not be moved that far."""

    @property
    def id(self) -> str:
        return str(self.event["id"])

    @property
    def etag(self) -> str:
        return str(self.event["@odata.etag"])

    @property
    def is_series(self) -> bool:
        return self.event.get("type") == "seriesMaster"

    @property
    def guests(self) -> int:
        """How many people Outlook would write to on any change."""
        if not self.event.get("isOrganizer"):
            return 0
        own = _address((self.event.get("organizer") or {}).get("emailAddress"))
        everyone = (event.get("attendees") or () for event in (self.event, *self.exceptions.values()))
        return len({_address(each.get("emailAddress")) for people in everyone for each in people} - {own})

    @property
    def version(self) -> str:
        """The etag; for a series with changed occurrences also theirs. One string to compare."""
        parts = [f"{day} {event['@odata.etag']}" for day, event in sorted({**self.exceptions, **self.apart}.items())]
        parts += sorted(self.cancelled)
        return f"{self.etag}+{fingerprint(parts)}" if parts else self.etag


def record_of(held: Held) -> Record:
    """The record. What a write in several requests has changed so far shows as it was: see `meanwhile`."""
    events = (held.event, *held.exceptions.values(), *held.apart.values())
    return Record(
        id=held.id,
        version=held.version,
        data=meanwhile(actual_of(held), held.notes.unfinished),
        changed_at=max(filter(None, map(wire.changed_at, events)), default=None),
        created_at=wire.created_at(held.event),
        stamp=key_of(held.event),
    )


def actual_of(held: Held) -> dict[str, Any]:
    """The fields as they are at this moment, perhaps in the midst of a write."""
    data = wire.fields_of(held.event)
    data["attendees"] = held.notes.shown(held.event.get("attendees") or ())
    data["occurrences"] = entries_of(held)
    return data


def gone(id: str) -> Record:
    """The record of an event that is not there."""
    return Record(id=id, version=None, data={}, gone=True)


def entries_of(held: Held) -> list[dict[str, Any]]:
    """The `occurrences` of a record: what each changed occurrence has of its own, those with nothing left out."""
    found: dict[str, dict[str, Any]] = {day: {"cancelled": True} for day in held.cancelled}
    series = wire.own_fields(held.event)
    for day, event in {**held.exceptions, **held.apart}.items():
        found[day] = _own(held, series, day, event)
    for day, people in _people_of_days(held):
        if "cancelled" not in found.get(day, {}):
            found[day] = {"attendees": people, **found.get(day, {})}
    return [{KEY: day, **own} for day, own in sorted(found.items()) if own]


def times_of_day(held: Held, day: str) -> tuple[Moment, Moment]:
    """Start and end of the occurrence of that day where it is not changed."""
    start, end = wire.times_of(held.event)
    return planned(start, end, day)


def load(folder: str, id: str) -> Talk[Held | None]:
    """An event of a calendar (`folder`: its path), whole; for an occurrence its series; None where it is not there."""
    (reply,) = yield Ask([Part("GET", whole_path(folder, id))])
    if isinstance(reply.error, Missing):
        return None
    event = reply.result()
    master = series_of(event) or event.get("seriesMasterId")
    if master and master != id:
        return (yield from load(folder, master))
    exceptions = yield from _exceptions(event)
    notes = notes_of(event)
    apart = yield from _apart(folder, notes)
    zone, whole_days = wire.zone_of(event), bool(event.get("isAllDay"))
    return Held(
        event=event,
        notes=notes,
        exceptions={original_day(each["originalStart"], zone, all_day=whole_days): each for each in exceptions},
        cancelled=frozenset(str(each).rpartition(".")[2] for each in event.get("cancelledOccurrences") or ()),
        apart=apart,
    )


def whole_path(folder: str, id: str) -> str:
    """The address of an event with everything that belongs to it."""
    return f"{folder}/events/{quote(id, safe='')}?{spelled({'$select': wire.WHOLE, '$expand': wire.EXPAND_WHOLE})}"


def _exceptions(event: Event) -> Talk[Sequence[Event]]:
    """All of a master's; very many come in pages."""
    found = list(event.get("exceptionOccurrences") or ())
    link = event.get("exceptionOccurrences@odata.nextLink")
    while link:
        (reply,) = yield Ask([Part("GET", str(link).partition(f"/{ROOT}/")[2])])
        page = reply.result()
        found += page.get("value") or ()
        link = page.get("@odata.nextLink")
    return found


def _apart(folder: str, notes: Notes) -> Talk[Mapping[str, Event]]:
    """The single events that stand for occurrences; those that somebody deleted are missing."""
    if not notes.apart:
        return {}
    query = spelled({"$select": wire.SELECT})
    parts = [Part("GET", f"{folder}/events/{quote(id, safe='')}?{query}") for id in notes.apart.values()]
    replies = yield Ask(parts)
    found = zip(notes.apart, replies, strict=True)
    return {day: reply.result() for day, reply in found if not isinstance(reply.error, Missing)}


def _own(held: Held, series: Mapping[str, Any], day: str, event: Event) -> dict[str, Any]:
    """The fields of an occurrence that differ from its series'. Start and end travel together."""
    own = {name: value for name, value in wire.own_fields(event).items() if not wire.same(name, value, series[name])}
    start, end = wire.times_of(event)
    plain_start, plain_end = times_of_day(held, day)
    as_long = wire.span_seconds(start, end) == wire.span_seconds(*wire.times_of(held.event))
    if not same_time(start, plain_start) or not (as_long or same_time(end, plain_end)):
        own |= {"start": start, "end": end}
    return own


def _people_of_days(held: Held) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Occurrences with attendees of their own: real ones, else those noted for as long as the rule is the same."""
    real = people_of(held.event.get("attendees") or ())
    theirs = {day: people_of(event.get("attendees") or ()) for day, event in held.exceptions.items()}
    noted = held.notes.each if held.notes.shape == shape_of(held.event) else {}
    yield from (
        (day, [dict(each) for each in people]) for day, people in noted.items() if theirs.get(day, real) == real
    )
    yield from ((day, people) for day, people in theirs.items() if people != real)


def shape_of(event: Event) -> str:
    """A fingerprint of the rule."""
    return fingerprint(wire.rule_of(event.get("recurrence")))


def _address(value: Any) -> str:
    return str((value or {}).get("address") or "").lower()
