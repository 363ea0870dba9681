"""A mapping bound to the live schemas of its sides: what to read, how to show it, how to write it.

A *row* is one line of the mapping; a *cell* is a row at one side; an *image* is the native value of a cell (with the
fields its
lens looks at besides), as stored in `copies.synced`. Shared records are `{row: value}`; a list row's value is
`{key: entry}`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.canonical import same
from engine.cell import Cell, Native
from engine.contract import Field, Schema
from engine.instead import words
from engine.lens import Context, Literal, Lookup, Refusal, Unread
from engine.lenses import Shape, lens_of, shape_of
from engine.mapping import Mapping as MappingModel
from engine.row import Row as RowModel
from engine.rules import fields as looked_at

Shared = dict[str, Any]


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

    def __init__(
        self,
        mapping: MappingModel,
        schemas: Mapping[str, Schema],
        resting: Collection[str] = (),
        needs: Mapping[str, str] | None = None,
    ) -> None:
        """`resting`: rows that are left out for now. `needs`: side -> why nothing can be created there."""
        self.mapping = mapping
        self.resting = frozenset(resting)
        self.needs = dict(needs or {})
        self.names = tuple(mapping.sides)
        self.sides = {name: _side(name, mapping, schemas[name]) for name in self.names}
        self.rows = {row.name: row for row in _ordered(mapping, self.sides, self.resting)}
        self.refs: Lookup = Literal()
        """What references stand for; the steps of a run look it up for the records at hand."""

    @property
    def blind(self) -> bool:
        """Whether new records cannot be matched: a row that they are known by rests."""
        return any(term in self.resting for rule in self.mapping.match for term in rule)

    @cached_property
    def wanted(self) -> dict[str, frozenset[str]]:
        """Per side, the native fields to keep of each record: mapped, looked at, filtered or matched on."""
        wanted = {}
        for name, side in self.sides.items():
            names = {used for row in self.rows.values() if name in row.cells for used in row.cells[name].fields}
            names |= {native for row in self.resting for native in self.mapping.fields[row].native(name)}
            names |= set(side.matching.values()) | self.filtered[name]
            wanted[name] = frozenset(names | words(side.schema))
        return wanted

    @cached_property
    def filtered(self) -> dict[str, set[str]]:
        """Per side, the native fields that its filter looks at."""
        only, sides = self.mapping.only, self.sides
        return {name: looked_at(only[name], sides[name].schema.fields) if name in only else set() for name in sides}

    def context(self, side: str, native: Native, shared: Shared | None = None, horizon: str | None = None) -> Context:
        """The lens context of a side's record."""
        at = self.sides[side]
        by_means = {self.rows[name].means: value for name, value in (shared or {}).items() if name in self.rows}
        context = Context(means=at.means, native=native, shared=by_means, zone=at.zone, refs=self.refs.at(side))
        if horizon:
            context.horizon = horizon
        return context

    def get(self, side: str, native: Native) -> Shared:
        """What a side's record says, row by row; rows whose fields were not all read are absent."""
        context = self.context(side, native)
        found: Shared = {}
        for name, row in self.rows.items():
            if side in row.cells and row.cells[side].read(native):
                with suppress(Unread):
                    found[name] = _shared(row, row.cells[side].lens.get(row.cells[side].value(native), context))
        return found

    @cached_property
    def references(self) -> dict[str, dict[str, str]]:
        """Side -> row that refers to other records there -> their object."""
        found: dict[str, dict[str, str]] = {}
        for name, row in self.rows.items():
            for side, cell in row.cells.items():
                field = self.sides[side].schema.fields[cell.name]
                if field.type == "ref":
                    found.setdefault(side, {})[name] = field.refers
        return found

    def image(self, side: str, row: str, native: Native) -> Any:
        """The native value of a row as kept in `synced`: fields of a scalar row, entries by key of a list row."""
        cell = self.rows[row].cells[side]
        if self.rows[row].many:
            return cell.lens.split(native.get(cell.name) or [])
        return {name: native.get(name) for name in cell.fields}

    def images(self, side: str, native: Native) -> dict[str, Any]:
        """All images of a record; rows whose fields were not all read are absent."""
        return {
            name: self.image(side, name, native)
            for name, row in self.rows.items()
            if side in row.cells and row.cells[side].read(native)
        }

    def shown(self, side: str, row: str, image: Any) -> Any:
        """The shared value of an image."""
        cell = self.rows[row].cells[side]
        if self.rows[row].many:
            return cell.lens.get(cell.lens.join(image), self.context(side, {})) or {}
        return cell.lens.get(cell.value(image), self.context(side, image))

    def view(self, side: str, row: str, value: Any, shared: Shared, native: Native) -> Any:
        """What the side would show after being given a shared value of the row; raises Refusal.

        Of a list: some entries. Where one may change how others are shown, they stand among the rest of the list.
        """
        cell = self.rows[row].cells[side]
        if getattr(cell.lens, "ordered", False):
            value = {**(shared.get(row) or {}), **value}
        fields, _ = self.put(side, {**shared, row: value}, self.blanked(side, row, native), [row])
        after = {**native, **fields}
        return _shared(self.rows[row], cell.lens.get(cell.value(after), self.context(side, after)))

    def blanked(self, side: str, row: str, native: Native) -> dict[str, Any]:
        """A record without its value of a row; what other rows own of the same field stays."""
        cell = self.rows[row].cells[side]
        value = cell.lens.put(None, cell.value(native), self.context(side, native)) if cell.part else None
        return {**native, **cell.spread(value)}

    def put(
        self, side: str, shared: Shared, old: Native, rows: Iterable[str] | None = None, horizon: str | None = None
    ) -> tuple[dict[str, Any], list[str]]:
        """Native fields that make the side show these rows, and notes for people; raises Refusal.

        Rows whose lens looks at a field that changes are put again too. Of rows that share a field, each puts its
        part into what the one before has made of it.
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
                before = cell.value(context.native)
                try:
                    value = cell.lens.put(shared.get(name), before, context)
                except Refusal as refusal:
                    refusal.row = name
                    raise
                if name in chosen or not same(value, before):
                    fields |= cell.spread(value)
        return fields, context.notes

    def delivers(self, side: str, fields: Iterable[str]) -> list[str]:
        """The rows that a write of these native fields settles."""
        written = set(fields)
        return [n for n, row in self.rows.items() if side in row.cells and written & set(row.cells[side].fields)]


def _shared(row: Row, value: Any) -> Any:
    """A list row without entries is {}; else None is empty, and False and 0 are values."""
    return value or {} if row.many else value


def _side(name: str, mapping: MappingModel, schema: Schema) -> BoundSide:
    side = BoundSide(name, schema, mapping.sides[name].zone or schema.zone)
    side.means = {item.means: native for native, item in schema.fields.items() if item.means}
    similar = mapping.similar.weights if mapping.similar is not None else {}
    for term in {*similar, *(term for rule in mapping.match for term in rule)} - set(mapping.fields):
        for means, native in side.means.items():
            if means.rsplit(".", 1)[-1] == term:
                side.matching[term] = native
    return side


def _ordered(mapping: MappingModel, sides: Mapping[str, BoundSide], resting: Collection[str]) -> list[Row]:
    """The rows, those that others look at first and list rows last: a put sees what was put before it."""
    rows = [_row(name, model, mapping, sides, {}) for name, model in mapping.fields.items() if name not in resting]
    scalar = {row.name: row for row in rows if not row.many}
    lists = [_row(row.name, mapping.fields[row.name], mapping, sides, scalar) for row in rows if row.many]
    ordered = sorted(scalar.values(), key=lambda row: max((len(cell.reads) for cell in row.cells.values()), default=0))
    return [*ordered, *lists]


def _row(
    name: str, model: RowModel, mapping: MappingModel, sides: Mapping[str, BoundSide], scalar: Mapping[str, Row]
) -> Row:
    shape = shape_of({side: _fields(model, side, sides) for side in model.sides}, model.spelled)
    cells = {side: _cell(model, side, sides[side], shape, scalar) for side in model.sides}
    writable = {side for side, cell in cells.items() if cell.writable}
    targets = {side for side in writable if model.writes(side)}
    sources = set(cells) if model.to is None else set(cells) - set(model.to)
    means = next((sides[s].schema.fields[c.name].means for s, c in cells.items()), "") or f"row.{name}"
    return Row(name, means, cells, model.each is not None, mapping.policy(name), frozenset(sources), frozenset(targets))


def _fields(model: RowModel, side: str, sides: Mapping[str, BoundSide]) -> dict[str, Field]:
    return {name: sides[side].schema.fields[name] for name in model.native(side)}


def _cell(model: RowModel, side: str, at: BoundSide, shape: Shape, scalar: Mapping[str, Row]) -> Cell:
    fields = _fields(model, side, {side: at})
    inner = {row.cells[side].name: (row.name, row.cells[side].lens) for row in scalar.values() if side in row.cells}
    lens = lens_of(fields, model.lenses(side), shape, inner, model.each)
    looked = (at.means[means] for means in lens.reads if means in at.means)
    reads = tuple(native for native in looked if native not in fields)
    return Cell(tuple(fields), lens, reads, all(one.writable for one in fields.values()), model.each is not None)
