"""Creating, changing and deleting an event, each as a conversation.

Every change starts from a fresh read: it gives the version to compare, the times that must be sent along, and tells
whether Outlook would write to guests. What takes several requests is marked as unfinished in our notes on the event
by the first of them and unmarked by the last; until then it shows what halfway.py says, and the next
write completes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.graph import Ask, Part, Talk
from connectors.graph_property import KEY, NOTES, property_json
from connectors.outlook_calendar import wire
from connectors.outlook_calendar.arrange import Arranged, Entries, arrange, by_day, find, lost, noted, path_of
from connectors.outlook_calendar.errors import DUPLICATE
from connectors.outlook_calendar.halfway import aimed, broken
from connectors.outlook_calendar.notes import Notes
from connectors.outlook_calendar.schema import FIELDS
from connectors.outlook_calendar.series import Held, actual_of, entries_of, gone, load, record_of, shape_of
from engine.contract import Deleted, Invalid, Missing, Op, Record, Stale, Write

SHAPING = ("start", "end", "recurrence")
"""Writing these makes Outlook forget the changed occurrences of a series."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to one calendar. `folder`: its path; `mails`: whether guests may get mail."""

    folder: str
    mails: bool = False

    def talk(self, write: Write) -> Talk[Record]:
        """The conversation for a write; ends with the record as now stored."""
        if write.op is Op.CREATE:
            return self._create(write)
        return self._update(write) if write.op is Op.UPDATE else self._delete(write)

    def _create(self, write: Write) -> Talk[Record]:
        data = _checked(write.data)
        wanted = by_day(data.get("occurrences"))
        if wanted and data.get("recurrence") is None:
            raise Invalid("An event that does not repeat has no occurrences.", field="occurrences")
        notes = Notes(unfinished={"fields": ["occurrences"]} if wanted else None)
        if data.get("attendees"):
            notes = notes.with_people(list(data["attendees"]), ())
        (reply,) = yield Ask([Part("POST", f"{self.folder}/events", _new(write.key, data, notes))])
        if reply.code == DUPLICATE:
            id = yield from find(self.folder, write.key)
        else:
            id = str(reply.result()["id"])
        held = (yield from load(self.folder, id)) if id else None
        if held is None:
            raise Deleted("The event that was created with this key has been deleted since.")
        if held.notes.unfinished is None:
            return record_of(held)
        try:
            return (yield from self._finish(held, wanted, write.key, strict=True))
        except Invalid:
            yield Ask(_removal((yield from load(self.folder, held.id)) or held))
            raise

    def _update(self, write: Write) -> Talk[Record]:
        held = yield from self._current(write)
        now = actual_of(held)
        data = {name: value for name, value in _checked(write.data).items() if not wire.same(name, value, now[name])}
        shape: list[Any] = [data.get(name, now[name]) for name in SHAPING]
        start, end, rule = shape
        shaping = any(name in data for name in SHAPING)
        wanted = _wanted(held, write.data, data, rule)
        if not shaping and (reasons := lost(held, wanted)):
            raise Invalid(" ".join(reasons), field="occurrences")
        body, notes = wire.own_json(data), held.notes
        if shaping:
            body |= wire.times_json(start, end)
            body |= {"recurrence": wire.rule_json(rule, start)} if rule or held.is_series else {}
        if (shaping and wanted) or _in_steps(held, wanted, data):
            busy = sorted({"occurrences", *data, *(SHAPING if shaping else ())})
            goal = {**now, **data, "occurrences": list(wanted.values())}
            notes = replace(notes, unfinished=broken(busy, record_of(held).data, goal))
        if "attendees" in data:
            notes = notes.with_people(list(data["attendees"] or ()), held.event.get("attendees") or ())
        body |= noted(notes) if notes != held.notes else {}
        if body:
            held = yield from self._patched(held, body)
        if not (held.is_series or held.apart or held.notes.unfinished):
            return record_of(held)
        return (yield from self._finish(held, wanted, write.key, strict="occurrences" in data))

    def _delete(self, write: Write) -> Talk[Record]:
        assert write.id is not None
        try:
            held = yield from self._current(write)
        except Missing:
            return gone(write.id)
        first, *_ = yield Ask(_removal(held, guarded=write.if_version is not None), ordered=True)
        if not isinstance(first.error, Missing):
            first.result()
        return gone(held.id)

    def _current(self, write: Write) -> Talk[Held]:
        """The event before the write. Raises Missing, Stale, and Invalid where its guests would get mail."""
        held = (yield from load(self.folder, write.id)) if write.id else None
        if held is None:
            raise Missing("The event is no longer in this calendar.")
        if write.if_version is not None and write.if_version != held.version:
            raise Stale("The event was changed in Outlook meanwhile.")
        if held.guests and not self.mails:
            raise Invalid(
                f"Outlook would send mail to {held.guests} guest(s) of this meeting and cannot be told not to. "
                "Change the meeting in Outlook, or allow mail in the settings of this connection (mail_guests: yes)."
            )
        return held

    def _patched(self, held: Held, body: Mapping[str, Any]) -> Talk[Held]:
        """Patch the event itself and read it again."""
        (reply,) = yield Ask([Part("PATCH", path_of(held.id), body, etag=held.etag)])
        reply.result()
        fresh = yield from load(self.folder, held.id)
        if fresh is None:
            raise Missing("The event was deleted while it was being changed.")
        return fresh

    def _finish(self, held: Held, wanted: Entries, key: str, *, strict: bool) -> Talk[Record]:
        """Arrange the occurrences, then set our notes right, and read the series again if anything was sent."""
        arranged = yield from arrange(self.folder, held, wanted, key, strict=strict)
        notes = _settled(arranged, held, wanted)
        if notes != arranged.notes:
            (reply,) = yield Ask([Part("PATCH", path_of(held.id), noted(notes))])
            reply.result()
        arranged.check()
        if notes == arranged.notes and not arranged.touched:
            return record_of(held)
        fresh = yield from load(self.folder, held.id)
        if fresh is None:
            raise Missing("The series was deleted while it was being changed.")
        return record_of(fresh)


def _checked(data: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in data:
        if name not in FIELDS or not FIELDS[name].writable:
            raise Invalid(f"The field {name!r} of an Outlook event cannot be written.", field=name)
    return data


def _new(key: str, data: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    """The body of a create. Without word of a reminder Outlook would set one."""
    start, rule = data.get("start"), data.get("recurrence")
    body = {**wire.own_json({"reminder": None, **data}), **wire.times_json(start or {}, data.get("end") or {})}
    if rule is not None:
        body["recurrence"] = wire.rule_json(rule, start or {})
    properties = [property_json(KEY, key)]
    properties += [property_json(NOTES, notes.dump())] if notes != Notes() else []
    return {**body, "transactionId": key, "singleValueExtendedProperties": properties}


def _wanted(held: Held, given: Mapping[str, Any], data: Mapping[str, Any], rule: Any) -> Entries:
    """The occurrences as they shall be: as written, as a write that broke off would have them, or as they are."""
    if rule is None:
        if data.get("occurrences"):
            raise Invalid("An event that does not repeat has no occurrences.", field="occurrences")
        return {}
    if "occurrences" in given:
        return by_day(given["occurrences"])
    return by_day(aimed(entries_of(held), held.notes.unfinished))


def _in_steps(held: Held, wanted: Entries, data: Mapping[str, Any]) -> bool:
    """Whether between two requests an occurrence would show something that nobody wrote.

    Occurrences that live apart do not follow the series by themselves, and people of occurrences are noted last.
    """
    own_people = bool(held.notes.each) or any("attendees" in entry for entry in wanted.values())
    return bool(held.apart) or (own_people and "occurrences" in data)


def _without_rule(data: Mapping[str, Any]) -> Entries:
    if data.get("occurrences"):
        raise Invalid("An event that does not repeat has no occurrences.", field="occurrences")
    return {}


def _settled(arranged: Arranged, held: Held, wanted: Entries) -> Notes:
    """Our notes once a series is as wanted."""
    each = {day: list(entry["attendees"] or ()) for day, entry in wanted.items() if "attendees" in entry}
    notes, there = arranged.notes, set(arranged.apart)
    kept = {day: id for day, id in notes.apart.items() if day in there and not wanted.get(day, {}).get("cancelled")}
    return replace(notes, unfinished=None, apart=kept, each=each, shape=shape_of(held.event) if each else "")


def _removal(held: Held, *, guarded: bool = False) -> list[Part]:
    """The event, and the single events that stand for occurrences of it."""
    first = Part("DELETE", path_of(held.id), etag=held.etag if guarded else None)
    return [first, *(Part("DELETE", path_of(id)) for id in held.notes.apart.values())]
