"""Making the occurrences of a series as they are wanted: look up their ids, delete, change, move.

Outlook refuses to move an occurrence to or past the day of a neighbour. Moves therefore start at the far end of the
direction of travel; one that is refused all the same is deleted, and a single event of our own stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from connectors.graph import LIMIT, Ask, Part, Talk
from connectors.graph_feed import spelled
from connectors.graph_property import KEY, NOTES, look, property_json
from connectors.outlook_calendar import wire
from connectors.outlook_calendar.errors import CROSSING, DUPLICATE
from connectors.outlook_calendar.moments import day_bounds, day_of, original_day, same_time
from connectors.outlook_calendar.notes import Notes, fingerprint
from connectors.outlook_calendar.series import KEY as DAY
from connectors.outlook_calendar.series import Held, entries_of, times_of_day
from engine.contract import Invalid, Missing, Stale

Entry = Mapping[str, Any]
Entries = Mapping[str, Entry]
"""By the local date of the original start."""
_APART_FROM = {DAY, "attendees"}
_ALLOWED = {DAY, "cancelled", "attendees", "start", "end", *wire.OWN}


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one occurrence."""

    day: str
    part: Part
    travel: int = 0
    """1: to a later day, -1: to an earlier one."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """What came of it: our notes as now stored, the days that live apart, whether anything was sent, what failed."""

    notes: Notes
    apart: Iterable[str]
    touched: bool
    impossible: Sequence[str] = ()

    def check(self) -> None:
        """Raise Invalid if something could not be done."""
        if self.impossible:
            raise Invalid(" ".join(self.impossible), field="occurrences")


def by_day(entries: Sequence[Entry] | None) -> dict[str, Entry]:
    """The entries by date. Raises Invalid for fields that an occurrence cannot have."""
    found: dict[str, Entry] = {}
    for entry in entries or ():
        strange = sorted(set(entry) - _ALLOWED)
        if strange:
            raise Invalid(f"An occurrence in Outlook cannot have its own {', '.join(strange)}.", field="occurrences")
        found[str(entry[DAY])[:10]] = entry
    return found


def lost(held: Held, wanted: Entries) -> list[str]:
    """Why the wanted occurrences cannot be had: those deleted in Outlook cannot be brought back."""
    deleted = [day for day in sorted(held.cancelled) if day not in held.apart and not _cancelled(wanted.get(day))]
    return [f"Outlook cannot bring back the deleted occurrence of {day}." for day in deleted]


def arrange(folder: str, held: Held, wanted: Entries, key: str, *, strict: bool) -> Talk[Arranged]:
    """Carry out what differs. `strict`: a changed entry that names no occurrence is impossible, else it is ignored."""
    stored = held.notes
    held, dropped = yield from _without_doubles(held)
    impossible = lost(held, wanted)
    shown = by_day(entries_of(held))
    days = [day for day in sorted({*shown, *wanted}) if _bare(shown.get(day)) != _bare(wanted.get(day))]
    days = [day for day in days if day not in held.cancelled or day in held.apart]
    ids = yield from _ids(held, days)
    unknown = [day for day in days if day not in ids and not _cancelled(wanted.get(day))]
    if strict:
        impossible += [f"The series has no occurrence on {day} that could be changed." for day in unknown]
    steps = [_step(held, day, ids[day], shown.get(day), wanted.get(day)) for day in days if day in ids]
    stuck = yield from _insist(_in_order(steps))
    if not stuck:
        return Arranged(stored, held.apart, touched=bool(steps) or dropped, impossible=impossible)
    notes = yield from _set_apart(folder, held, {step.day: wanted.get(step.day, {}) for step in stuck}, ids, key)
    return Arranged(notes, notes.apart, touched=True, impossible=impossible)


def find(folder: str, key: str) -> Talk[str | None]:
    """The id of the event that was created with this key, or None."""
    (reply,) = yield Ask([Part("GET", f"{folder}/events?{spelled({'$filter': look(key), '$select': 'id'})}")])
    found = reply.result().get("value") or ()
    return str(found[0]["id"]) if found else None


def path_of(id: str) -> str:
    """Where an event or occurrence is written."""
    return f"me/events/{quote(id, safe='')}"


def noted(notes: Notes) -> dict[str, Any]:
    """Our notes as part of a request's body."""
    return {"singleValueExtendedProperties": [property_json(NOTES, notes.dump())]}


def _without_doubles(held: Held) -> Talk[tuple[Held, bool]]:
    """Delete the single events whose occurrence is there (again): the rule is new, or a former run got no further."""
    doubles = [day for day in held.apart if day not in held.cancelled]
    if not doubles:
        return held, False
    yield from _carry_out([Step(day, Part("DELETE", path_of(str(held.apart[day]["id"])))) for day in doubles])
    return replace(held, apart={day: event for day, event in held.apart.items() if day not in doubles}), True


def _ids(held: Held, days: Sequence[str]) -> Talk[dict[str, str]]:
    """The id of each day's occurrence, or of the single event in its place; days without one are missing."""
    ids = {day: str(event["id"]) for day, event in {**held.exceptions, **held.apart}.items() if day in days}
    unknown = [day for day in days if day not in ids]
    if not unknown:
        return ids
    zone, whole_days = wire.zone_of(held.event), bool(held.event.get("isAllDay"))
    replies = yield Ask([Part("GET", _instances(held, day, zone, whole_days)) for day in unknown])
    for day, reply in zip(unknown, replies, strict=True):
        for each in reply.result().get("value") or ():
            began = each.get("originalStart") or each["start"]["dateTime"]
            if original_day(began, zone, all_day=whole_days) == day:
                ids[day] = str(each["id"])
    return ids


def _instances(held: Held, day: str, zone: str, whole_days: bool) -> str:
    begin, end = day_bounds(day, zone, all_day=whole_days)
    options = {"startDateTime": begin, "endDateTime": end, "$select": "id,type,start,originalStart", "$top": "50"}
    return f"{path_of(held.id)}/instances?{spelled(options)}"


def _step(held: Held, day: str, id: str, shown: Entry | None, wanted: Entry | None) -> Step:
    if _cancelled(wanted):
        return Step(day, Part("DELETE", path_of(id)))
    body = wire.own_json(_differing(wire.own_fields(held.event), shown or {}, wanted or {}))
    start, end = _times(held, day, wanted)
    old_start, old_end = _times(held, day, shown)
    if not (same_time(start, old_start) and same_time(end, old_end)):
        body |= wire.times_json(start, end)
    return Step(day, Part("PATCH", path_of(id), body), travel=_direction(day_of(old_start), day_of(start)))


def _differing(series: Entry, shown: Entry, wanted: Entry) -> dict[str, Any]:
    """The fields to write: what is not its own is as in the series."""
    goal = {name: wanted.get(name, series[name]) for name in wire.OWN}
    return {name: value for name, value in goal.items() if not wire.same(name, value, shown.get(name, series[name]))}


def _times(held: Held, day: str, entry: Entry | None) -> tuple[Any, Any]:
    if entry and ("start" in entry or "end" in entry):
        return entry.get("start"), entry.get("end")
    return times_of_day(held, day)


def _in_order(steps: Sequence[Step]) -> list[Step]:
    """Deletions first, then moves, each direction from its far end."""
    deletions = [step for step in steps if step.part.method == "DELETE"]
    later = [step for step in reversed(steps) if step.part.method != "DELETE" and step.travel > 0]
    rest = [step for step in steps if step.part.method != "DELETE" and step.travel <= 0]
    return [*deletions, *later, *rest]


def _insist(steps: Sequence[Step]) -> Talk[Sequence[Step]]:
    """Carry out the steps; those refused because of a neighbour again, as long as that helps. What is left over."""
    before = None
    while steps and len(steps) != before:
        before = len(steps)
        steps = yield from _carry_out(steps)
    return steps


def _carry_out(steps: Sequence[Step]) -> Talk[Sequence[Step]]:
    """Each step once, in order; those refused because of a neighbour. Raises other errors."""
    refused: list[Step] = []
    while steps:
        now, later = steps[:LIMIT], steps[LIMIT:]
        replies = yield Ask([step.part for step in now], ordered=True)
        untried = []
        for step, reply in zip(now, replies, strict=True):
            if reply.untried:
                untried.append(step)
            elif reply.code == CROSSING:
                refused.append(step)
            elif not (step.part.method == "DELETE" and isinstance(reply.error, Missing)):
                reply.result()
        steps = [*untried, *later]
    return refused


def _set_apart(folder: str, held: Held, stuck: Entries, ids: Mapping[str, str], key: str) -> Talk[Notes]:
    """Single events for the occurrences that cannot move; noted before the occurrence goes, so that none is lost."""
    apart = {day: str(event["id"]) for day, event in held.apart.items()}
    for day, entry in stuck.items():
        apart[day] = yield from _stand_in(folder, held, day, entry, key)
    notes = replace(held.notes, apart=apart)
    steps = [Step("", Part("PATCH", path_of(held.id), noted(notes)))]
    yield from _carry_out([*steps, *(Step("", Part("DELETE", path_of(id))) for id in (ids[day] for day in stuck))])
    return notes


def _stand_in(folder: str, held: Held, day: str, entry: Entry, key: str) -> Talk[str]:
    """The id of a single event in place of an occurrence: with the series' fields and its own."""
    own = {name: entry.get(name, value) for name, value in wire.own_fields(held.event).items()}
    body = {**wire.own_json(own), **wire.times_json(*_times(held, day, entry))}
    stamp = f"{held.id}#{day}"
    known = yield from find(folder, stamp)  # of a former run that got no further
    if known:
        (reply,) = yield Ask([Part("PATCH", path_of(known), body)])
        reply.result()
        return known
    body |= {
        "transactionId": fingerprint([key, day, held.etag]),
        "singleValueExtendedProperties": [property_json(KEY, stamp)],
    }
    (reply,) = yield Ask([Part("POST", f"{folder}/events", body)])
    if reply.code != DUPLICATE:
        return str(reply.result()["id"])
    made = yield from find(folder, stamp)  # the answer to the first try was lost
    if made is None:
        raise Stale("An event that stands for an occurrence was deleted meanwhile.")
    return made


def _bare(entry: Entry | None) -> dict[str, Any]:
    """What is written to the occurrence itself: its people are kept in our notes on the series."""
    return {name: value for name, value in (entry or {}).items() if name not in _APART_FROM}


def _cancelled(entry: Entry | None) -> bool:
    return bool(entry and entry.get("cancelled"))


def _direction(old: str, new: str) -> int:
    return (new > old) - (new < old)
