"""The mapping's filters, seen from the users: which records take part, and what brings one in or out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from engine.bound import Bound
from engine.filters import qualifies
from engine.lens import Refusal
from engine.problem import MappingError
from engine.rules import Compare, fields, leaves

Native = dict[str, Any]
TRIES = 30


class Sieve:
    """`only`, for all sides. Nobody changes the `marker` for its sake: it tells which thing a record is."""

    def __init__(self, bound: Bound, number: Callable[[], int] = lambda: 0, marker: str = "") -> None:
        self.bound, self.number = bound, number
        cells = bound.rows[marker].cells if marker else {}
        self.marked = {(side, name) for side, cell in cells.items() for name in cell.names}
        self.rules = bound.mapping.only
        self.known = {side: sorted(fields(rule)) for side, rule in self.rules.items()}
        self.mapped = {
            side
            for side, names in self.known.items()
            if any(set(names).intersection(row.cells[side].names) for row in bound.rows.values() if side in row.cells)
        }

    def passes(self, side: str, native: Native) -> bool:
        """Whether a record takes part, as far as its own side is concerned."""
        if side not in self.rules:
            return True
        try:
            return qualifies(self.rules[side], [native])[0]
        except MappingError:
            return False

    def passes_everywhere(self, side: str, native: Native) -> bool:
        """Whether it takes part, and its copies would."""
        if not self.passes(side, native):
            return False
        for other in sorted(self.mapped - {side}):
            try:
                copy = self.bound.put(other, self.bound.get(side, native), {})[0]
            except Refusal:
                continue
            if not self.passes(other, copy):
                return False
        return True

    def moved(self, side: str, native: Native, rng: random.Random, *, inside: bool) -> Native | None:
        """Fields that bring a record in, or out; {} where it is there already, None where nothing does it."""
        if self.passes(side, native) is inside:
            return {}
        names = [name for name in self.known.get(side, ()) if "." not in name and (side, name) not in self.marked]
        for _ in range(TRIES if side in self.rules else 0):
            change = {name: rng.choice(self._candidates(side, name)) for name in names}
            if len(names) > 1:
                change = {name: value for name, value in change.items() if rng.random() < 0.5}
            if change and self.passes(side, {**native, **change}) is inside:
                return change
        return None

    def _candidates(self, side: str, name: str) -> list[Any]:
        """Values that the rule names for a field, and two that it does not."""
        field = self.bound.sides[side].schema.fields.get(name)
        found: list[Any] = [None, False if field and field.type == "bool" else f"something else {self.number()}"]
        for leaf in leaves(self.rules[side]):
            if isinstance(leaf, Compare) and leaf.field == name:
                for test, operand in leaf.tests:
                    found += [] if test == "known" else operand if isinstance(operand, list) else [operand]
        found += list(field.choices or ()) if field else []
        return [[value] if field and field.many and value is not None else value for value in found]
