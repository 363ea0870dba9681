"""Runs a mapping's examples in every direction: what is given on some sides must be written on the others as expected,
and what was written there must come back as what was given, or, where a side holds less, stay what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.bound import Bound
from engine.canonical import dumps, same
from engine.contract import Schema
from engine.lens import Refusal
from engine.mapping import Example
from engine.mapping import Mapping as MappingModel


def failures(mapping: MappingModel, schemas: Mapping[str, Schema]) -> list[str]:
    """One sentence for each expected field that comes out otherwise."""
    bound = Bound(mapping, schemas)
    return [found for example in mapping.examples for found in [*_there(bound, example), *_back(bound, example)]]


def _there(bound: Bound, example: Example) -> list[str]:
    shared: dict[str, Any] = {}
    for side, native in example.given.items():
        complete = _unset(bound, side) | native
        shared |= {row: value for row, value in bound.get(side, complete).items() if value not in (None, {})}
    found = []
    for side, expected in example.expect.items():
        try:
            written, _ = bound.put(side, shared, {})
        except Refusal as refusal:
            found.append(f"example '{example.say}': {side} refuses {refusal.row}: {refusal}")
            continue
        for name, value in expected.items():
            if not same(written.get(name), value):
                came = dumps(written.get(name))
                found.append(f"example '{example.say}': {side}.{name} should be {dumps(value)}, comes out as {came}")
    return found


def _back(bound: Bound, example: Example) -> Iterator[str]:
    for side, expected in example.expect.items():
        for origin, given in example.given.items():
            for row in bound.rows:
                place = f"example '{example.say}': back from {side}, row '{row}'"
                try:
                    came = _returned(bound, row, (origin, _unset(bound, origin) | given), (side, expected))
                except Refusal as refusal:
                    yield f"{place} is refused by {origin}: {refusal}"
                else:
                    yield from [] if came is None else [f"{place} comes out as {dumps(came)}"]


def _returned(
    bound: Bound, name: str, start: tuple[str, dict[str, Any]], end: tuple[str, dict[str, Any]]
) -> dict[str, Any] | None:
    """What a row became on its way back to where it was given; None where it is as it should be."""
    row, (origin, given), (side, expected) = bound.rows[name], start, end
    if not {origin, side} <= row.sources & row.targets or not set(row.cells[side].names) <= set(expected):
        return None
    shown = bound.get(side, _unset(bound, side) | expected)
    if name not in shown or all(given[field] is None for field in row.cells[origin].names):
        return None
    back = _put(bound, origin, shown, given, name)
    if same(shown[name], bound.get(origin, given).get(name)):
        own = {field: given[field] for field in row.cells[origin].names}
        came = {field: back.get(field) for field in own}
    else:  # the side holds less of it: that must be where it stays
        own = {field: expected[field] for field in row.cells[side].names}
        again = _put(bound, side, bound.get(origin, given | back), _unset(bound, side) | expected, name)
        came = {field: again.get(field) for field in own}
    return None if same(came, own) else came


def _put(bound: Bound, side: str, shown: dict[str, Any], old: dict[str, Any], row: str) -> dict[str, Any]:
    return bound.put(side, shown, old, [row])[0]


def _unset(bound: Bound, side: str) -> dict[str, Any]:
    """All fields of a side that rows are made of, empty."""
    cells = [row.cells[side] for row in bound.rows.values() if side in row.cells]
    return {name: None for cell in cells for name in cell.names}
