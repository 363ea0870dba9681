"""What the users of somebody's own mapping write: whole records and edits that each app would accept."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from engine.bound import Bound
from engine.contract import Field
from engine.match import keys_of as match_keys
from syncline.rehearsal import entries, times
from syncline.rehearsal.diary import Diary, Native, Recorded, put
from syncline.rehearsal.entries import NOTHING
from syncline.rehearsal.sieve import Sieve
from syncline.rehearsal.values import draw, drawable


class Pen:
    """Writes for the users of one history. `number` gives a new number each time."""

    def __init__(self, bound: Bound, marker: str, recorded: Recorded, number: Callable[[], int]) -> None:
        self.bound, self.marker, self.recorded, self.number = bound, marker, recorded, number
        self.sieve = Sieve(bound, number, marker)
        self.diary = Diary(bound, marker, recorded, number)
        self.times = self.diary.rows
        self.known = {str(term) for rule in bound.mapping.match for term in rule}

    def record(self, side: str, thing: str, rng: random.Random) -> Native:
        """A new record."""
        data: Native = {self._cell(side, self.marker).name: thing + rng.choice(("", "", " of mine", " \u00fc & co"))}
        data |= self.diary.meeting(side, data, rng)
        for name in self._own(side):
            if rng.random() < 0.6 or self._needed(side, name):
                data |= self._drawn(side, name, {}, rng)
        return data | (self.sieve.moved(side, data, rng, inside=True) or {})

    def edit(self, side: str, native: Native, rng: random.Random, *, moving: bool = True) -> Native:
        """Fields that a user changes; together with the rest they make a whole record again.

        Without `moving` it keeps what it is known by: whoever changes that in the like of a record before they are tied
        makes it another.
        """
        names = [*self._own(side), *[name for name in self.times if self._source(side, name)]]
        free = [name for name in names if moving or name not in (*self.times, *self.known)]
        if not free:
            return {}
        name = rng.choice(free)
        if name in self.times:
            return self.diary.rescheduled(side, native, rng)
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
        fields = put(self.bound, side, {**known, self.marker: thing, **self._part(shared)}, {}, [*told, *self.times])
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

    def poison(self, side: str, poison: str, *, moving: bool = True) -> Native:
        """A value that no app takes, in a text of the record; {} where there is none. `moving`: as with `edit`."""
        for name in self._own(side):
            if not moving and name in self.known:
                continue
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
            return put(self.bound, side, {name: times.start_of(rng, self.number())}, native, [name]) or {}
        if self.bound.rows[name].many:
            samples = self._samples(side, cell.name)
            key = self.bound.mapping.fields[name].each
            had, new = entries.parted(field, native.get(cell.name)), self._entry(field, samples, rng, key)
            return {cell.name: entries.edited(field, had, new, key, rng)}
        if field.type == "text" and (texts := _spelled(cell.lens)):
            return {cell.name: rng.choice(texts)}
        fields = self.bound.sides[side].schema.fields
        drawn = {one: draw(rng, fields[one], self.number(), self._samples(side, one)) for one in cell.names}
        return {one: value for one, value in drawn.items() if value is not NOTHING}

    def _entry(self, field: Field, samples: list[Any], rng: random.Random, key: str | None) -> Any:
        """One of a list, perhaps one that was seen before."""
        found = [entry for sample in samples for entry in entries.parted(field, sample)]
        if field.type == "list" and key:
            return rng.choice(found) if found and rng.random() < 0.25 else entries.item(key, rng, self.number())
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


def _spelled(lens: Any) -> list[str]:
    """Texts that are spelled as the lens reads them; users of such a column write no others."""
    return [text for step in getattr(lens, "lenses", (lens,)) for text in getattr(step, "samples", ())]
