"""An event with its exceptions as one record: how they are read together, and what is sent to make them as wanted.

Google keeps an exception as an event of its own that names its master (`recurringEventId`) and its place in the
series (`originalStartTime`). A removed occurrence is either a cancelled exception or an EXDATE line of the master;
both are `cancelled` here. Whether exceptions follow a change of the master is not documented, so nothing relies on
it: the wanted occurrences are known before the master is written, and compared with what is there afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from connectors.google_calendar import times, wire
from engine.contract import Invalid, Json, Record

Occurrences = dict[str, dict[str, Any]]
"""Native entries by their original start."""
CANCELLED = {"cancelled": True}


@dataclass(frozen=True)
class Series:
    """A single event, or a master with its exceptions, as the API shows them. `zone` is the calendar's."""

    master: Json
    zone: str
    exceptions: Sequence[Json] = ()
    veiled: bool = False

    @property
    def id(self) -> str:
        return str(self.master["id"])

    @property
    def repeats(self) -> bool:
        return bool(self.master.get("recurrence"))

    @property
    def lines(self) -> list[str]:
        """All lines of the rule, EXDATE included, in the app's order."""
        return list(self.master.get("recurrence", []))

    @property
    def version(self) -> str:
        """The etag of a single; of a series a hash, since Google gives masters and exceptions an etag each."""
        if not self.repeats:
            return str(self.master["etag"])
        parts = sorted(f"{each['id']} {each.get('etag', each.get('status'))}" for each in self.exceptions)
        text = "\n".join([str(self.master["etag"]), *parts])
        return "series-" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def data(self) -> dict[str, Any]:
        """The master's native fields."""
        return wire.native(self.master, self.zone, veiled=self.veiled)

    @cached_property
    def by_key(self) -> dict[str, Json]:
        """The exceptions by their original start."""
        found: dict[str, Json] = {}
        for exception in self.exceptions:
            original = times.read(exception.get("originalStartTime"), self.zone)
            if original:
                found[times.key_of(original, self.data["start"], self.lines)] = exception
        return found

    @cached_property
    def occurrences(self) -> Occurrences:
        """What is cancelled or differs from the series, sorted by original start."""
        entries: Occurrences = {key: dict(CANCELLED) for key in self.exdates}
        for key, exception in self.by_key.items():
            entry = CANCELLED if exception.get("status") == "cancelled" else self._differing(key, exception)
            if entry and key not in entries:
                entries[key] = dict(entry)
        return dict(sorted(entries.items()))

    @cached_property
    def exdates(self) -> set[str]:
        """The occurrences that EXDATE lines remove."""
        start = self.data["start"]
        return {times.key_of(moment, start, self.lines) for moment in times.listed(self.lines, "EXDATE", start)}

    def record(self) -> Record:
        """As the contract wants it. A cancelled event is gone."""
        if self.master.get("status") == "cancelled":
            return gone(self.id)
        entries = [{"original_start": key, **entry} for key, entry in self.occurrences.items()]
        data = {**self.data, "occurrences": entries if self.repeats else []}
        stamps = [each["updated"] for each in (self.master, *self.exceptions) if each.get("updated")]
        changed = max((datetime.fromisoformat(stamp) for stamp in stamps), default=None)
        return Record(
            id=self.id,
            version=self.version,
            data=data,
            changed_at=changed,
            created_at=wire.created_at(self.master),
            stamp=wire.stamp_of(self.master),
        )

    def plain(self, key: str) -> dict[str, Any]:
        """The native fields an occurrence has that nobody changed."""
        start, end = self.data["start"], self.data["end"]
        original = times.original_start(key, start, self.lines)
        length = times.instant(end) - times.instant(start)
        whole = {name: self.data[name] for name in wire.OVERRIDABLE if name in self.data}
        return whole | {"start": original, "end": times.shifted(original, length)}

    def instance(self, key: str) -> str:
        """The id under which an occurrence is changed."""
        known = self.by_key.get(key)
        if known is not None:
            return str(known["id"])
        return times.instance_id(self.id, times.original_start(key, self.data["start"], self.lines))

    def _differing(self, key: str, exception: Json) -> dict[str, Any]:
        plain, own = self.plain(key), wire.native(exception, self.zone, veiled=self.veiled)
        names = [
            name for name in wire.OVERRIDABLE if name in plain and name in own and not _same(own[name], plain[name])
        ]
        if "start" in names or "end" in names:  # they travel together
            names = sorted({*names, "start", "end"}, key=wire.OVERRIDABLE.index)
        return {name: own[name] for name in names}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do to one occurrence: `members` None removes it, else they are patched."""

    key: str
    id: str
    members: dict[str, Any] | None
    etag: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def wanted(entries: Iterable[Json] | None) -> Occurrences:
    """The native list by key; Invalid where an entry names no day or has half a time."""
    found: Occurrences = {}
    for entry in entries or []:
        rest = {name: value for name, value in entry.items() if name != "original_start"}
        if not times.is_key(entry.get("original_start")) or (("start" in rest) != ("end" in rest)):
            raise Invalid("A changed occurrence needs original_start, and start with end.", field="occurrences")
        found[str(entry["original_start"])] = dict(CANCELLED) if rest.get("cancelled") else rest
    return found


def steps(series: Series, target: Occurrences) -> Iterator[Step]:
    """What makes `series` (read after its master was written) show exactly the `target` occurrences."""
    present = series.occurrences
    for key in sorted({*target, *present, *series.by_key}):
        goal = target.get(key)
        if goal == CANCELLED:
            if present.get(key) != CANCELLED:
                yield Step(key, series.instance(key), None, _etag(series, key))
        elif key not in series.exdates:
            yield from _change(series, key, goal or {})


def lines_for(rule: Sequence[str] | None, target: Occurrences, start: Mapping[str, Any]) -> list[str] | None:
    """The recurrence to send: the rule with its cancelled occurrences as EXDATE."""
    if not rule:
        return None
    return [*rule, *times.exdate([key for key, entry in target.items() if entry == CANCELLED], start, rule)]


def group(events: Iterable[Json], zone: str, veiled: Mapping[str, bool]) -> Iterator[Series]:
    """Masters with their exceptions. Exceptions without a master here are invitations to one occurrence: singles."""
    masters: dict[str, Json] = {}
    exceptions: dict[str, list[Json]] = {}
    for event in events:
        parent = event.get("recurringEventId")
        if parent:
            exceptions.setdefault(parent, []).append(event)
        else:
            masters[event["id"]] = event
    for id_, master in masters.items():
        yield Series(master, zone, exceptions.pop(id_, []), veiled.get(id_, False))
    for lost in exceptions.values():
        yield from (Series(each, zone, (), veiled.get(each["id"], False)) for each in lost if _lives(each))


def gone(id_: str) -> Record:
    """A positive proof of deletion."""
    return Record(id=id_, version=None, data={}, gone=True)


def _change(series: Series, key: str, goal: Json) -> Iterator[Step]:
    """The smallest patch from what the occurrence is now to the series' fields overlaid with `goal`."""
    exception = series.by_key.get(key)
    full = {**series.plain(key), **goal}
    cancelled = exception is not None and exception.get("status") == "cancelled"
    if exception is None:
        own: dict[str, Any] = series.plain(key)
    else:
        own = {} if cancelled else wire.native(exception, series.zone)
    fields = {name: value for name, value in full.items() if name not in own or not _same(own[name], value)}
    if not fields:
        return
    members = wire.body(fields, series.zone, exception or series.master)
    if cancelled:
        members["status"] = "confirmed"
    yield Step(key, series.instance(key), members, _etag(series, key), fields)


def _etag(series: Series, key: str) -> str | None:
    etag = series.by_key.get(key, {}).get("etag")
    return None if etag is None else str(etag)


def _lives(event: Json) -> bool:
    return event.get("status") != "cancelled"


def _same(one: Any, other: Any) -> bool:
    """Moments are the same where they are the same instant: an exception may be shown in another zone."""
    if isinstance(one, dict) and isinstance(other, dict):
        return ("date" in one) == ("date" in other) and times.instant(one) == times.instant(other)
    return bool(one == other)
