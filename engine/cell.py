"""A cell of a mapping: where one of its rows lives on one side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Native = Mapping[str, Any]
"""A side's record, by its native fields."""


@dataclass(frozen=True)
class Cell:
    """A row at one side: one native field, or several that a lens joins."""

    names: tuple[str, ...]
    """The native fields it is made of, in the mapping's order."""
    lens: Any
    """Of several fields it gets and puts `{native field: value}`, of one field its value."""
    reads: tuple[str, ...]
    """Native fields its lens looks at besides."""
    writable: bool
    many: bool

    @property
    def name(self) -> str:
        """The native field, or the first of several: what people know the cell by."""
        return self.names[0]

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.names, *self.reads)

    @property
    def part(self) -> bool:
        """Whether it owns only a part of its field, and other rows may own the rest."""
        return bool(getattr(self.lens, "part", False))

    def read(self, native: Native) -> bool:
        """Whether all of it was read."""
        return all(name in native for name in self.names)

    def value(self, native: Native) -> Any:
        """What the lens gets of a record."""
        return native.get(self.name) if len(self.names) == 1 else {name: native.get(name) for name in self.names}

    def spread(self, value: Any) -> dict[str, Any]:
        """What the lens put, as native fields; None clears them all."""
        if len(self.names) == 1:
            return {self.name: value}
        return {name: (value or {}).get(name) for name in self.names}

    def tied(self, other: Cell) -> bool:
        """Whether a write of the other one concerns this one: a lens looks at its field, or they share a field."""
        mine, theirs = set(self.names), set(other.names)
        return bool(mine & theirs or theirs.intersection(self.reads) or mine.intersection(other.reads))
