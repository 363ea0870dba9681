"""A calendar object resource: a series with its overrides and EXDATEs as one record, and edits back onto its text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from connectors.caldav import guests, ics, moments, repeat
from connectors.caldav.zones import Zones
from connectors.lines import Component, Line, Unreadable, parse
from engine.contract import Invalid, Record

Entries = dict[str, Mapping[str, Any]]
STAMP = "X-SYNCLINE-KEY"


class Series:
    """One event and its changed occurrences, over the text they are stored in."""

    def __init__(self, calendar: Component, master: Component, overrides: Sequence[Component]) -> None:
        self.calendar, self.master = calendar, master
        self.zones = Zones(calendar)
        self._days = self._count()
        self._overrides: dict[str, Component] = {}
        for component in sorted(overrides, key=ics.sequence):
            self._overrides[self._days.key(self._recurrence_id(component))] = component

    @classmethod
    def load(cls, text: str) -> Self | None:
        """None where the resource holds no event (a task, a journal). Unreadable says why it cannot be shown."""
        calendar = parse(text)
        events = calendar.children("VEVENT")
        if not events:
            return None
        if len({line.value if (line := event.line("UID")) else None for event in events}) > 1:
            raise Unreadable("there are events with different UIDs in it")
        masters = [event for event in events if event.line("RECURRENCE-ID") is None]
        overrides = [event for event in events if event.line("RECURRENCE-ID") is not None]
        if not masters and len(overrides) > 1:
            raise Unreadable("there are several occurrences in it, but not the series they belong to")
        if not masters:  # an invitation to one occurrence only: a meeting like any other
            return cls(calendar, overrides[0], ())
        return cls(calendar, max(masters, key=ics.sequence), overrides)

    @classmethod
    def fresh(cls, uid: str, data: Mapping[str, Any], now: datetime, stamp: str = "") -> Self:
        """A new event with this data, and with the key it is made under, if any."""
        made = f"CREATED:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Syncline//CalDAV//EN", "BEGIN:VEVENT", f"UID:{uid}", made]
        calendar = parse("\r\n".join([*head, "END:VEVENT", "END:VCALENDAR"]))
        event = calendar.children("VEVENT")[0]
        ics.write(event, {"dtstart": data.get("dtstart")}, Zones(calendar))
        event.put(STAMP, *([Line.make(STAMP, stamp)] if stamp else []))
        series = cls(calendar, event, ())
        series.edit(data, now)
        return series

    def text(self) -> bytes:
        return self.calendar.to_ical()

    def invites(self) -> bool:
        return any(guests.invites(event) for event in self.calendar.children("VEVENT"))

    # --- reading --------------------------------------------------------------------------------------------------

    def record(self, ident: str, version: str | None) -> Record:
        data, at = self.read(), self.changed_at()
        return Record(id=ident, version=version, data=data, changed_at=at, stamp=self.stamp())

    def read(self) -> dict[str, Any]:
        """All fields of the schema."""
        data = ics.read(self.master, self.zones)
        uid, organizer = self.master.line("UID"), self.master.line("ORGANIZER")
        data["uid"] = (uid.value.strip() or None) if uid else None
        data["organizer"] = (guests.address(organizer) or None) if organizer else None
        data["recurrence"] = None if self._orphan else repeat.read(self.master, self.zones)
        data["occurrences"] = self._read_occurrences(data) if data["recurrence"] or self._overrides else []
        return data

    def stamp(self) -> str | None:
        """The key it was made under, where that was us."""
        line = self.master.line(STAMP)
        return (line.value.strip() or None) if line else None

    def changed_at(self) -> datetime | None:
        stamps = [ics.changed_at(event) for event in (self.master, *self._overrides.values())]
        return max((stamp for stamp in stamps if stamp is not None), default=None)

    @property
    def _orphan(self) -> bool:
        return self.master.line("RECURRENCE-ID") is not None

    def _count(self) -> repeat.Days:
        own = ics.read(self.master, self.zones)
        return repeat.Days(own["dtstart"], own["dtend"], repeat.read(self.master, self.zones) or (), self.zones)

    def _recurrence_id(self, component: Component) -> dict[str, Any]:
        line = component.line("RECURRENCE-ID")
        assert line is not None
        if line.param("RANGE"):
            raise Unreadable("one of its changes is for 'this and all that follow', which cannot be shown as a series")
        return moments.read(line, self.zones)

    def _read_occurrences(self, series: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {key: {"cancelled": True} for _, _, key in self._exdates()}
        for key, component in self._overrides.items():
            if self._called_off(component, series):
                found[key] = {"cancelled": True}
            elif entry := self._entry(key, component, series):
                found[key] = entry
            else:
                found.pop(key, None)
        return [{"original_start": key, **found[key]} for key in sorted(found)]

    def _called_off(self, component: Component, series: Mapping[str, Any]) -> bool:
        status = component.line("STATUS")
        return status is not None and status.value.strip().upper() == "CANCELLED" != series["status"]

    def _entry(self, key: str, component: Component, series: Mapping[str, Any]) -> dict[str, Any]:
        """What an override changes. iCalendar inherits nothing: what it lacks was emptied."""
        own = ics.read(component, self.zones)
        entry: dict[str, Any] = {}
        if any(not moments.same(own[name], plain) for name, plain in self._days.span(key).items()):
            entry |= {name: own[name] for name in ics.MOMENTS}
        others = [name for name in ics.OWN if name not in ics.MOMENTS and own[name] != series[name]]
        return entry | {name: None if own[name] == [] else own[name] for name in others}

    def _exdates(self) -> list[tuple[Line, str, str]]:
        """Line, raw value and key of each excluded start."""
        values = [(line, value) for line in self.master.lines("EXDATE") for value in line.value.split(",") if value]
        return [
            (line, value, self._days.key(moments.read_value(line, value, self.zones)))
            for line, value in values
            if value.strip()
        ]

    # --- editing --------------------------------------------------------------------------------------------------

    def edit(self, data: Mapping[str, Any], now: datetime) -> bool:
        """Set these fields; False where all of them are so already. The keys of occurrences stay what they are."""
        before = self.read()
        target = before | _settled(data)
        if target == before:
            return False
        entries = self._wanted(before, target)
        former = {id(component): list(component.walk()) for component in self._events()}
        shown = {entry["original_start"] for entry in before["occurrences"]}
        exdates, clock = self._exdates() if shown else [], repeat.identity(before["dtstart"])
        ics.write(self.master, {name: target[name] for name in ics.OWN if target[name] != before[name]}, self.zones)
        if target["recurrence"] != before["recurrence"]:
            repeat.write(self.master, target["recurrence"], self.zones)
        self._days = self._count()
        moved = clock != repeat.identity(target["dtstart"])
        self._write_overrides(entries, shown, target, moved)
        self._write_exdates(entries, exdates, moved)
        self._finish(former, now)
        return True

    def _events(self) -> list[Component]:
        return [self.master, *self._overrides.values()]

    def _wanted(self, before: Mapping[str, Any], target: Mapping[str, Any]) -> Entries:
        """The entries to write by key; an event that repeats no more has none left."""
        entries = {str(entry.get("original_start")): entry for entry in target["occurrences"]}
        if target["recurrence"] and self._orphan:
            raise Invalid("This is one occurrence of somebody else's series: it cannot repeat.", field="recurrence")
        if not target["recurrence"] and target["occurrences"] not in ([], before["occurrences"]):
            raise Invalid("Only an event that repeats has occurrences.", field="occurrences")
        if before["recurrence"] and not target["recurrence"]:
            return {}
        for key, entry in entries.items():
            self._days.original(key)
            if unknown := entry.keys() - {"original_start", "cancelled", *ics.OWN}:
                raise Invalid(f"Occurrence {key} has no {', '.join(sorted(unknown))}.", field="occurrences")
        return entries

    def _write_overrides(self, entries: Entries, shown: set[str], target: Mapping[str, Any], moved: bool) -> None:
        """Overrides that are in no entry go where an entry showed them; those that changed nothing just follow."""
        ended = not target["recurrence"] and not entries
        for key, component in list(self._overrides.items()):
            entry = entries.get(key)
            cancelled = entry is not None and bool(entry.get("cancelled"))
            restored = entry is None and key in shown
            if ended or restored or (cancelled and not self._called_off(component, target)):
                self._drop(key)
                continue
            if not cancelled:
                self._adjust(component, key, entry or {}, target)
            if moved:
                self._identify(component, key)
        for key, entry in entries.items():
            if key not in self._overrides and not entry.get("cancelled"):
                self._add(key, entry, target)

    def _drop(self, key: str) -> None:
        gone = self._overrides.pop(key)
        self.calendar.items[:] = [item for item in self.calendar.items if item is not gone]

    def _add(self, key: str, entry: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        component = self.master.copy()
        for name in (*repeat.RULES, "EXDATE", "SEQUENCE"):
            component.put(name)
        self._identify(component, key)
        self._adjust(component, key, entry, target)
        self._overrides[key] = component
        at = max(i for i, item in enumerate(self.calendar.items) if isinstance(item, Component))
        self.calendar.items.insert(at + 1, component)

    def _identify(self, component: Component, key: str) -> None:
        component.put("RECURRENCE-ID", moments.write("RECURRENCE-ID", self._days.original(key), self.zones))

    def _adjust(self, component: Component, key: str, entry: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        """Make an override show the series with its entry laid over."""
        want = {**{name: target[name] for name in ics.OWN}, **self._days.span(key)}
        want |= _settled({name: value for name, value in entry.items() if name in ics.OWN})
        own = ics.read(component, self.zones)
        try:
            times = any(not moments.same(own[name], want[name]) for name in ics.MOMENTS)
            names = [name for name in ics.OWN if (times if name in ics.MOMENTS else own[name] != want[name])]
            ics.write(component, {name: want[name] for name in names}, self.zones)
        except (Invalid, TypeError, ValueError, KeyError, AttributeError) as error:
            raise Invalid(f"Occurrence {key}: {error}", field="occurrences") from error

    def _write_exdates(self, entries: Entries, old: Sequence[tuple[Line, str, str]], moved: bool) -> None:
        """Lines that still hold stay as they are."""
        wanted = {key for key, entry in entries.items() if entry.get("cancelled") and key not in self._overrides}
        if not moved and wanted == {key for _, _, key in old}:
            return
        kept = [] if moved else [(line.with_value(value), key) for line, value, key in old if key in wanted]
        new = sorted(wanted - {key for _, key in kept})
        lines = [moments.write("EXDATE", self._days.original(key), self.zones) for key in new]
        self.master.put("EXDATE", *(line for line, _ in kept), *lines)

    def _finish(self, former: Mapping[int, Sequence[Line]], now: datetime) -> None:
        """Stamp the components that changed, name the event where it has no UID, define the zones in use."""
        for component in self._events():
            if former.get(id(component)) != list(component.walk()):
                ics.stamp(component, now)
        years = [moments.wall(ics.read(component, self.zones)["dtstart"]).year for component in self._events()]
        self.zones.define(min(years))


def _settled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Given values as `read` would show them: lists are never None, some names have a default. Else Invalid."""
    for name in data:
        if name not in ics.FIELDS or not ics.FIELDS[name].writable:
            raise Invalid(f"An event has no {name} that can be written.", field=name)
    lists = {name for name, field in ics.FIELDS.items() if field.many}
    values = {name: (list(value or ()) if name in lists else value) for name, value in data.items()}
    empty = {name: ics.DEFAULTS.get(name) for name, value in values.items() if value is None or value == ""}
    return values | empty
