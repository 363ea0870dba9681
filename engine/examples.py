"""Runs a mapping's examples: given values on some sides, the others must be written as expected."""

from __future__ import annotations

from collections.abc import Mapping
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
    return [found for example in mapping.examples for found in _failures(bound, example)]


def _failures(bound: Bound, example: Example) -> list[str]:
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


def _unset(bound: Bound, side: str) -> dict[str, Any]:
    """All fields of a side that rows are made of, empty."""
    cells = [row.cells[side] for row in bound.rows.values() if side in row.cells]
    return {name: None for cell in cells for name in cell.names}
