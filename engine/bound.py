"""A mapping bound to the live schemas of its sides: what to read, how to show it, how to write it.

A *row* is one line of the mapping; a *cell* is a row at one side; an *image* is the native value of a cell (with the
fields
its lens looks at besides), as stored in `copies.synced`. Shared records are `{row: value}`; a list row's value is
`{key: entry}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.canonical import same
from engine.contract import Schema
from engine.lens import Chain, Context, Refusal
from engine.lenses import lens_for, named
from engine.mapping import Mapping as MappingModel
from engine.row import Row as RowModel

Native = Mapping[str, Any]
Shared = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A row at one side."""

    name: str
    """The native field."""
    lens: Any
    reads: tuple[str, ...]
    """Native fields its lens looks at besides."""
    writable: bool
    many: bool

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name, *self.reads)


@dataclass(frozen=True)
class Row:
    """One line of the mapping, with its policy."""

    name: str
    means: str
    cells: Mapping[str, Cell]
    many: bool
    conflicts: str
    """newest | ask | a side."""
    sources: frozenset[str]
    """Sides whose edits count."""
    targets: frozenset[str]
    """Sides that are written."""


@dataclass
class BoundSide:
    """What the engine needs to know of one side."""

    name: str
    schema: Schema
    zone: str
    means: dict[str, str] = field(default_factory=dict)
    matching: dict[str, str] = field(default_factory=dict)
    """Match term -> native field, for terms that are no row."""


class Bound:
    """The mapping at work. Pure: the same arguments give the same answers."""

    def __init__(self, mapping: MappingModel, schemas: Mapping[str, Schema]) -> None:
        self.mapping = mapping
        self.names = tuple(mapping.sides)
        self.sides = {name: _side(name, mapping, schemas[name]) for name in self.names}
        self.rows = {row.name: row for row in _ordered(mapping, self.sides)}

    @cached_property
    def wanted(self) -> dict[str, frozenset[str]]:
        """Per side, the native fields to keep of each record: mapped, looked at, filtered or matched on."""
        from engine.rules import fields

        wanted = {}
        for name, side in self.sides.items():
            names = {used for row in self.rows.values() if name in row.cells for used in row.cells[name].fields}
            rule = self.mapping.only.get(name)
            names |= set(side.matching.values()) | (set(fields(rule)) if rule is not None else set())
            wanted[name] = frozenset(names | {"unreadable"})
        return wanted

    def context(self, side: str, native: Native, shared: Shared | None = None, horizon: str | None = None) -> Context:
        """The lens context of a side's record."""
        at = self.sides[side]
        by_means = {self.rows[name].means: value for name, value in (shared or {}).items() if name in self.rows}
        context = Context(means=at.means, native=native, shared=by_means, zone=at.zone)
        if horizon:
            context.horizon = horizon
        return context

    def get(self, side: str, native: Native) -> Shared:
        """What a side's record says, row by row; rows whose field was not read are absent."""
        context = self.context(side, native)
        return {
            name: row.cells[side].lens.get(native[row.cells[side].name], context) or _empty(row)
            for name, row in self.rows.items()
            if side in row.cells and row.cells[side].name in native
        }

    def image(self, side: str, row: str, native: Native) -> Any:
        """The native value of a row as kept in `synced`: fields of a scalar row, entries by key of a list row."""
        cell = self.rows[row].cells[side]
        if self.rows[row].many:
            return cell.lens.split(native.get(cell.name) or [])
        return {name: native.get(name) for name in cell.fields}

    def images(self, side: str, native: Native) -> dict[str, Any]:
        """All images of a record; rows whose field was not read are absent."""
        return {
            name: self.image(side, name, native)
            for name, row in self.rows.items()
            if side in row.cells and row.cells[side].name in native
        }

    def shown(self, side: str, row: str, image: Any) -> Any:
        """The shared value of an image."""
        cell = self.rows[row].cells[side]
        if self.rows[row].many:
            return cell.lens.get(cell.lens.join(image), self.context(side, {})) or {}
        return cell.lens.get(image[cell.name], self.context(side, image))

    def view(self, side: str, row: str, value: Any, shared: Shared, native: Native) -> Any:
        """What the side would show after being given a shared value of the row; raises Refusal."""
        cell = self.rows[row].cells[side]
        fields, _ = self.put(side, {**shared, row: value}, {**native, cell.name: None}, [row])
        return cell.lens.get(fields[cell.name], self.context(side, {**native, **fields})) or _empty(self.rows[row])

    def put(
        self, side: str, shared: Shared, old: Native, rows: Iterable[str] | None = None, horizon: str | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """Native fields that make the side show these rows, and notes for people; raises Refusal.

        Rows whose lens looks at a field that changes are put again too.
        """
        fields: dict[str, Any] = {}
        context = self.context(side, old, shared, horizon)
        chosen = set(self.rows if rows is None else rows)
        for name, row in self.rows.items():
            cell = row.cells.get(side)
            if cell is None or not cell.writable or (name not in shared and not row.many):
                continue
            if name in chosen or any(used in fields for used in cell.reads):
                context.native = {**old, **fields}
                try:
                    value = cell.lens.put(shared.get(name), old.get(cell.name), context)
                except Refusal as refusal:
                    refusal.row = name
                    raise
                if name in chosen or not same(value, old.get(cell.name)):
                    fields[cell.name] = value
        return fields, context.notes

    def delivers(self, side: str, fields: Iterable[str]) -> list[str]:
        """The rows that a write of these native fields settles."""
        written = set(fields)
        return [n for n, row in self.rows.items() if side in row.cells and written & set(row.cells[side].fields)]


def _empty(row: Row) -> Any:
    return {} if row.many else None


def _side(name: str, mapping: MappingModel, schema: Schema) -> BoundSide:
    side = BoundSide(name, schema, mapping.sides[name].zone or schema.zone)
    side.means = {item.means: native for native, item in schema.fields.items() if item.means}
    for term in {term for rule in mapping.match for term in rule} - set(mapping.fields):
        for means, native in side.means.items():
            if means.rsplit(".", 1)[-1] == term:
                side.matching[term] = native
    return side


def _ordered(mapping: MappingModel, sides: Mapping[str, BoundSide]) -> list[Row]:
    """The rows, those that others look at first and list rows last: a put sees what was put before it."""
    rows = [_row(name, model, mapping, sides, {}) for name, model in mapping.fields.items()]
    scalar = {row.name: row for row in rows if not row.many}
    lists = [_row(row.name, mapping.fields[row.name], mapping, sides, scalar) for row in rows if row.many]
    ordered = sorted(scalar.values(), key=lambda row: max((len(cell.reads) for cell in row.cells.values()), default=0))
    return [*ordered, *lists]


def _row(
    name: str, model: RowModel, mapping: MappingModel, sides: Mapping[str, BoundSide], scalar: Mapping[str, Row]
) -> Row:
    cells = {}
    for side in model.sides:
        at, native = sides[side], model.native(side)[0]
        inner = {row.cells[side].name: (row.name, row.cells[side].lens) for row in scalar.values() if side in row.cells}
        item = at.schema.fields[native]
        via = model.lenses(side)
        steps = [named(step) for step in via] if via else [lens_for(item, inner)]
        lens = steps[0] if item.many else Chain(steps)
        reads = tuple(at.means[means] for means in lens.reads if at.means.get(means, native) != native)
        cells[side] = Cell(native, lens, reads, item.writable, model.each is not None)
    writable = {side for side, cell in cells.items() if cell.writable}
    targets = {side for side in writable if model.writes(side)}
    sources = set(cells) if model.to is None else set(cells) - set(model.to)
    means = next((sides[s].schema.fields[c.name].means for s, c in cells.items()), "") or f"row.{name}"
    return Row(name, means, cells, model.each is not None, mapping.policy(name), frozenset(sources), frozenset(targets))
