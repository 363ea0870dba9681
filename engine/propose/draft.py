"""A row that is proposed, and what it is proposed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Field, Json, Schema
from engine.row import LensSpec


@dataclass(frozen=True, slots=True)
class Seen:
    """One side: which app and object it is, its live fields, and a few records. Nothing of the records is kept."""

    app: str
    object: str
    schema: Schema
    samples: Sequence[Json] = ()
    dated: bool = True
    """Whether it tells when a record was changed."""

    @property
    def fields(self) -> Mapping[str, Field]:
        return self.schema.fields

    def values(self, native: str) -> list[Any]:
        """What the records seen hold in a field, where they hold something."""
        return [one[native] for one in self.samples if one.get(native) not in (None, "", [], {})]


Sides = Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class Draft:
    """A row of a mapping to be."""

    name: str
    sides: Mapping[str, tuple[str, ...]]
    """Side -> native fields."""
    reason: str
    means: str = ""
    via: Mapping[str, list[LensSpec]] = field(default_factory=dict)
    each: str = ""
    to: tuple[str, ...] | None = None
    doubt: str = ""
    """Why a person has to say whether it is right; such a row is written as a comment."""

    def yaml(self) -> dict[str, Any]:
        """As a mapping has it."""
        row: dict[str, Any] = {side: names[0] if len(names) == 1 else list(names) for side, names in self.sides.items()}
        if self.via:
            row["via"] = {side: list(specs) for side, specs in self.via.items()}
        if self.each:
            row["each"] = self.each
        if self.to is not None:
            row["to"] = self.to[0] if len(self.to) == 1 else list(self.to)
        return row

    def uses(self) -> set[tuple[str, str]]:
        """(side, native field)."""
        return {(side, name) for side, names in self.sides.items() for name in names}


@dataclass(frozen=True, slots=True)
class Left:
    """A field that is in no row."""

    side: str
    native: str
    why: str


def unmade(sides: Sides, row: Draft) -> bool:
    """Whether no side could be written."""
    return not any(all(sides[side].fields[name].writable for name in names) for side, names in row.sides.items())
