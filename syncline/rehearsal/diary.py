"""When the meetings and tasks of somebody's own mapping are: made, moved, repeated, one occurrence of them changed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.bound import Bound, Row
from engine.lens import Refusal
from syncline.rehearsal import times
from syncline.rehearsal.spelling import pattern_of, respelled

Native = dict[str, Any]
Recorded = Mapping[str, Sequence[Native]]
"""Side -> native records seen before."""
TRIES = 8


class Diary:
    """The rows of a mapping that tell when something is; `rows` is empty where nothing has a time."""

    def __init__(self, bound: Bound, marker: str, recorded: Recorded, number: Callable[[], int]) -> None:
        self.bound, self.marker, self.recorded, self.number = bound, marker, recorded, number
        self.start, self.end = _by_means(bound, ".start"), _by_means(bound, ".end")
        self.repeat, self.changed = _by_type(bound, "recurrence"), _by_type(bound, "occurrences")
        self.rows = [name for name in (self.start, self.end, self.repeat, self.changed) if name]

    def meeting(self, side: str, data: Native, rng: random.Random) -> Native:
        """When it is: a start and an end, now and then a rule with changed occurrences; {} for what has no times."""
        if not self.start or side not in self.bound.rows[self.start].cells:
            return {}
        names = [self._cell(side, name).name for name in self.rows if side in self.bound.rows[name].cells]
        past = [record for record in self.recorded.get(side, ()) if record.get(names[0])]
        if past and rng.random() < 0.25:
            record = rng.choice(past)
            return {name: record[name] for name in names if record.get(name) is not None}
        for _ in range(TRIES):
            shared = self._schedule(rng, series=rng.random() < 0.5)
            fields = self._put(side, {**self.bound.get(side, data), **shared}, {}, self.rows)
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
        name = self._cell(side, self.repeat).name if self.repeat else ""
        if not name or self.bound.sides[side].schema.fields[name].dialect != "graph" or rng.random() < 0.5:
            return fields
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

    def rescheduled(self, side: str, native: Native, rng: random.Random) -> Native:
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

    def _cell(self, side: str, row: str) -> Any:
        return self.bound.rows[row].cells[side]

    def _put(self, side: str, shared: Mapping[str, Any], old: Native, rows: Sequence[str]) -> Native | None:
        return put(self.bound, side, shared, old, rows)


def put(bound: Bound, side: str, shared: Mapping[str, Any], old: Native, rows: Sequence[str]) -> Native | None:
    """Native fields of these rows, as far as the side has them; None where a lens refuses."""
    try:
        return bound.put(side, dict(shared), old, [name for name in rows if side in bound.rows[name].cells])[0]
    except Refusal:
        return None


def _by_means(bound: Bound, tail: str) -> str:
    """The row of moments with this meaning; empty where there is none."""
    found = (row.name for row in bound.rows.values() if row.means.endswith(tail) and _has(bound, row, "moment"))
    return next(found, "")


def _by_type(bound: Bound, kind: str) -> str:
    return next((row.name for row in bound.rows.values() if _has(bound, row, kind)), "")


def _has(bound: Bound, row: Row, kind: str) -> bool:
    return all(bound.sides[side].schema.fields[cell.name].type == kind for side, cell in row.cells.items())
