"""What the users of somebody's own mapping write: whole records and edits that each app would accept."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.bound import Bound, Row
from engine.contract import Field
from engine.lens import Refusal
from engine.match import keys_of as match_keys
from syncline.rehearsal import entries, times
from syncline.rehearsal.entries import NOTHING
from syncline.rehearsal.sieve import Sieve
from syncline.rehearsal.spelling import pattern_of, respelled
from syncline.rehearsal.values import draw, drawable

Native = dict[str, Any]
Recorded = Mapping[str, Sequence[Native]]
"""Side -> native records seen before."""
TRIES = 8


class Pen:
    """Writes for the users of one history. `number` gives a new number each time."""

    def __init__(self, bound: Bound, marker: str, recorded: Recorded, number: Callable[[], int]) -> None:
        self.bound, self.marker, self.recorded, self.number = bound, marker, recorded, number
        self.sieve = Sieve(bound, number, marker)
        self.start, self.end = _by_means(bound, ".start"), _by_means(bound, ".end")
        self.repeat, self.changed = _by_type(bound, "recurrence"), _by_type(bound, "occurrences")
        self.times = [name for name in (self.start, self.end, self.repeat, self.changed) if name]

    def record(self, side: str, thing: str, rng: random.Random) -> Native:
        """A new record."""
        data: Native = {self._cell(side, self.marker).name: thing + rng.choice(("", "", " of mine", " \u00fc & co"))}
        data |= self._meeting(side, data, rng)
        for name in self._own(side):
            if rng.random() < 0.6 or self._needed(side, name):
                data |= self._drawn(side, name, {}, rng)
        return data | (self.sieve.moved(side, data, rng, inside=True) or {})

    def edit(self, side: str, native: Native, rng: random.Random, *, moving: bool = True) -> Native:
        """Fields that a user changes; together with the rest they make a whole record again.

        Without `moving` it keeps what it is known by: whoever changes that in the like of a record before they are tied
        makes it another.
        """
        known = {str(term) for rule in self.bound.mapping.match for term in rule}
        names = [*self._own(side), *[name for name in self.times if self._source(side, name)]]
        free = [name for name in names if moving or name not in (*self.times, *known)]
        if not free:
            return {}
        name = rng.choice(free)
        if name in self.times:
            return self._rescheduled(side, native, rng)
        cell, field, fields = self._cell(side, name), self._field(side, name), self.bound.sides[side].schema.fields
        if rng.random() < 0.1 and not (field.required or cell.part):
            return {one: [] if fields[one].many else None for one in cell.names}
        return self._drawn(side, name, native, rng)

    def twin(self, side: str, other: str, native: Native, rng: random.Random) -> Native | None:
        """The like of another side's record, made here by hand; None where nobody could tell that they are one."""
        thing = str(native[self._cell(other, self.marker).name])
        shared = self.bound.get(other, native)
        told = [self.marker, *self._telling(side, other, shared)]
        known = {name: shared[name] for name in told}
        fields = self._put(side, {**known, self.marker: thing, **self._part(shared)}, {}, [*told, *self.times])
        if fields is None:
            return None
        whole = {**dict.fromkeys(self.bound.wanted[side]), **fields}
        same_times = self._part(self.bound.get(side, whole)) == self._part(shared)
        keys = set(match_keys(self.bound, other, native).items())
        if not same_times or not keys & set(match_keys(self.bound, side, whole).items()):
            return None
        for name in self._own(side):
            if name not in told and rng.random() < 0.6:
                fields |= self._drawn(side, name, fields, rng)
        fields |= self.sieve.moved(side, fields, rng, inside=True) or {}
        return fields if keys & set(match_keys(self.bound, side, {**whole, **fields}).items()) else None

    def poison(self, side: str, poison: str) -> Native:
        """A value that no app takes, in a text of the record; {} where there is none."""
        for name in self._own(side):
            cells = self.bound.rows[name].cells
            if all(self.bound.sides[at].schema.fields[cell.name].type == "text" for at, cell in cells.items()):
                return {self._cell(side, name).name: poison}
        return {}

    def left_alone(self) -> list[tuple[str, str]]:
        """Rows that users of some side would write if there were a value for them, with the type of the field."""
        free = [name for name in self.bound.rows if name != self.marker and name not in self.times]
        sides = {name: [side for side in self.bound.names if self._source(side, name)] for name in free}
        found = [(name, side) for name in free for side in sides[name] if not self._drawable(side, name)]
        return [(name, self._field(side, name).type) for name, side in dict(found).items()]

    def _cell(self, side: str, row: str) -> Any:
        return self.bound.rows[row].cells[side]

    def _field(self, side: str, row: str) -> Field:
        return self.bound.sides[side].schema.fields[self._cell(side, row).name]

    def _source(self, side: str, name: str) -> bool:
        row = self.bound.rows[name]
        return side in row.cells and side in row.sources and row.cells[side].writable

    def _samples(self, side: str, native: str) -> list[Any]:
        return [record[native] for record in self.recorded.get(side, ()) if record.get(native) not in (None, [], "")]

    def _own(self, side: str) -> list[str]:
        """Rows that a user of the side writes one by one."""
        free = [name for name in self.bound.rows if name != self.marker and name not in self.times]
        return [name for name in free if self._source(side, name) and self._drawable(side, name)]

    def _drawable(self, side: str, name: str) -> bool:
        field = self._field(side, name)
        return field.type == "moment" or drawable(field, self._samples(side, self._cell(side, name).name))

    def _drawn(self, side: str, name: str, native: Native, rng: random.Random) -> Native:
        cell, field = self._cell(side, name), self._field(side, name)
        if field.type == "moment":
            return self._put(side, {name: times.start_of(rng, self.number())}, native, [name]) or {}
        if self.bound.rows[name].many:
            samples = self._samples(side, cell.name)
            had, new = entries.parted(field, native.get(cell.name)), self._entry(field, samples, rng)
            return {cell.name: entries.edited(field, had, new, self.bound.mapping.fields[name].each, rng)}
        fields = self.bound.sides[side].schema.fields
        drawn = {one: draw(rng, fields[one], self.number(), self._samples(side, one)) for one in cell.names}
        return {one: value for one, value in drawn.items() if value is not NOTHING}

    def _entry(self, field: Field, samples: list[Any], rng: random.Random) -> Any:
        """One of a list, perhaps one that was seen before."""
        found = [entry for sample in samples for entry in entries.parted(field, sample)]
        if field.type not in entries.LISTS:
            return draw(rng, field, self.number(), found)
        return rng.choice(found) if found and rng.random() < 0.25 else entries.entry(field, rng, self.number())

    def _needed(self, side: str, name: str) -> bool:
        """Whether a record cannot do without: its app asks for it, or the filter does."""
        names = self._cell(side, name).names
        fields = self.bound.sides[side].schema.fields
        return any(fields[one].required or one in self.sieve.known.get(side, ()) for one in names)

    def _telling(self, side: str, other: str, shared: Mapping[str, Any]) -> list[str]:
        """Rows besides the marker and the times by which a rule recognises records of both sides; [] for none."""
        rows, free = self.bound.rows, {self.marker, *self.times}
        for rule in self.bound.mapping.match:
            if all(
                term in free or (term in rows and {side, other} <= set(rows[term].cells) and shared.get(term))
                for term in rule
            ):
                return [term for term in rule if term not in free]
        return []

    def _part(self, shared: Mapping[str, Any]) -> dict[str, Any]:
        return {name: shared[name] for name in self.times if shared.get(name) not in (None, {})}

    def _put(self, side: str, shared: Mapping[str, Any], old: Native, rows: Sequence[str]) -> Native | None:
        try:
            return self.bound.put(side, dict(shared), old, [n for n in rows if side in self.bound.rows[n].cells])[0]
        except Refusal:
            return None

    def _meeting(self, side: str, data: Native, rng: random.Random) -> Native:
        """When it is: a start and an end, now and then a rule with changed occurrences; {} for what has no times."""
        if not self.start or side not in self.bound.rows[self.start].cells:
            return {}
        names = [self._cell(side, name).name for name in self.times if side in self.bound.rows[name].cells]
        past = [record for record in self.recorded.get(side, ()) if record.get(names[0])]
        if past and rng.random() < 0.25:
            record = rng.choice(past)
            return {name: record[name] for name in names if record.get(name) is not None}
        for _ in range(TRIES):
            shared = self._schedule(rng, series=rng.random() < 0.5)
            fields = self._put(side, {**self.bound.get(side, data), **shared}, {}, self.times)
            if fields is not None:
                return respelled(rng, self._patterned(side, fields, rng))
        return self._put(side, {self.start: {"at": "2026-12-01T09:00:00", "zone": "UTC"}}, {}, [self.start]) or {}

    def _schedule(self, rng: random.Random, *, series: bool) -> dict[str, Any]:
        begin = times.start_of(rng, self.number())
        found: dict[str, Any] = {self.start: begin}
        if self.end:
            found[self.end] = times.end_of(rng, begin)
        if series and self.repeat:
            found[self.repeat] = times.repeat_of(rng, begin)
            for _ in range(rng.choice((0, 0, 1, 2)) if self.changed else 0):
                found[self.changed] = {**found.get(self.changed, {}), **self._occurrence(found, rng)}
        return found

    def _patterned(self, side: str, fields: Native, rng: random.Random) -> Native:
        """With a pattern of Outlook's own in place of the rule, where the side speaks so."""
        if not self.repeat or self._field(side, self.repeat).dialect != "graph" or rng.random() < 0.5:
            return fields
        name = self._cell(side, self.repeat).name
        begin = self.bound.get(side, fields).get(self.start)
        if not fields.get(name) or begin is None:
            return fields
        changed: Native = {self._cell(side, self.changed).name: []} if self.changed else {}
        return {**fields, name: {**pattern_of(rng, begin, fields[name])}, **changed}

    def _occurrence(self, shared: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
        """A changed occurrence of a series, by its original start; {} where there is none to change."""
        repeat, begin, former = shared.get(self.repeat), shared.get(self.start), shared.get(self.changed) or {}
        if not repeat or not begin or not self.end or not shared.get(self.end):
            return {}
        keys = [key for key in times.keys_of(repeat, begin) if not former.get(key, {}).get("cancelled")]
        if not keys:
            return {}
        key, chance = rng.choice(keys), rng.random()
        if chance < 0.35:
            return {key: {"cancelled": True}}
        entry = dict(former.get(key) or {})
        if chance < 0.8:
            there = times.moved(rng, begin, shared[self.end], key, self.number())
            entry |= dict(zip((self.start, self.end), there, strict=True))
        if chance > 0.65:
            entry[self.marker] = f"w{self.number()} only here"
        return {key: entry}

    def _rescheduled(self, side: str, native: Native, rng: random.Random) -> Native:
        """Moved, or repeated otherwise, or one occurrence of it changed."""
        shared = self.bound.get(side, native)
        series, chance = bool(self.repeat and shared.get(self.repeat)), rng.random()
        for _ in range(TRIES):
            if series and self.changed and chance < 0.45:
                new: Native = {self.changed: {**(shared.get(self.changed) or {}), **self._occurrence(shared, rng)}}
            elif self.repeat and self.changed and shared.get(self.start) and chance < 0.65:
                ends = series and rng.random() < 0.4
                new = {self.repeat: None if ends else times.repeat_of(rng, shared[self.start]), self.changed: {}}
            else:
                new = self._moved(shared, rng, series=series)
            fields = self._put(side, {**shared, **new}, native, list(new))
            if fields is not None:
                return respelled(rng, fields)
        return {}

    def _moved(self, shared: Mapping[str, Any], rng: random.Random, *, series: bool) -> dict[str, Any]:
        begin = times.start_of(rng, self.number())
        if series and shared.get(self.start):  # on the same day: the days of its occurrences stay what they are
            begin = times.at_hour(rng, shared[self.start], self.number())
        return {self.start: begin, **({self.end: times.end_of(rng, begin)} if self.end else {})}


def _by_means(bound: Bound, tail: str) -> str:
    """The row of moments with this meaning; empty where there is none."""
    found = (row.name for row in bound.rows.values() if row.means.endswith(tail) and _has(bound, row, "moment"))
    return next(found, "")


def _by_type(bound: Bound, kind: str) -> str:
    return next((row.name for row in bound.rows.values() if _has(bound, row, kind)), "")


def _has(bound: Bound, row: Row, kind: str) -> bool:
    return all(bound.sides[side].schema.fields[cell.name].type == kind for side, cell in row.cells.items())
