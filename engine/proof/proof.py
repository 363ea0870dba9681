"""Proves a mapping: for each row and each pair of its sides, how well a value survives the way round, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound
from engine.contract import Schema
from engine.mapping import Mapping as MappingModel
from engine.proof.groups import groups
from engine.proof.search import Found, search
from engine.proof.traps import static, told
from engine.proof.whole import whole

ONE_WAY, UNSTABLE = "one-way", "unstable"
ORDER = ("exact", "stable", ONE_WAY, UNSTABLE)
Samples = Mapping[str, Sequence[Mapping[str, Any]]]
"""Side -> native records that were seen."""


@dataclass(frozen=True)
class Finding:
    """Why a mapping is refused."""

    trap: str
    """Its name: prefix, table, dates, ..."""
    text: str
    path: tuple[str | int, ...]
    passes: tuple[tuple[str, Any], ...] = ()
    """(side, native value), pass by pass, of the smallest value found that fails."""
    stops: bool = True
    """Whether a sync must not start with it; else it is advice."""


@dataclass(frozen=True)
class Way:
    """A row from one side to another."""

    row: str
    source: str
    target: str
    klass: str
    """exact, stable, one-way or unstable."""
    how: str
    """Established by: lens, search or samples."""
    finding: Finding | None = None
    note: str = ""
    """Values that are refused, where that is as it should be."""


@dataclass
class Proof:
    """All that was found."""

    ways: list[Way] = field(default_factory=list)
    traps: list[Finding] = field(default_factory=list)
    """Of the mapping as a whole: match keys, filters, required fields."""
    notes: list[str] = field(default_factory=list)
    tried: int = 0
    """Values that went round."""

    @property
    def unstable(self) -> list[Finding]:
        """One for each pair of sides of a row that is not safe."""
        found: dict[tuple[Any, ...], Finding] = {}
        for way in self.ways:
            if way.finding:
                found.setdefault((way.row, *sorted((way.source, way.target))), way.finding)
        return list(found.values())

    @property
    def findings(self) -> list[Finding]:
        return [*self.unstable, *self.traps]

    @property
    def stopping(self) -> list[Finding]:
        """A sync with these must not start."""
        return [one for one in self.findings if one.stops]


def prove(mapping: MappingModel, schemas: Mapping[str, Schema], samples: Samples | None = None) -> Proof:
    """The proof of a mapping that fits its schemas (`check_against` found nothing). Pure and deterministic."""
    bound, proof = Bound(mapping, schemas), Proof()
    for rows in groups(bound):
        part = copy(bound)
        part.rows = {row: bound.rows[row] for row in rows}  # the others would only cost time
        for a, b in _pairs(bound, rows):
            found = search(part, rows, a, b, (samples or {}).get(a, ()))
            proof.tried += found.tried
            proof.ways += [_way(bound, row, found, a, b) for row in rows if _goes(bound, row, a, b)]
    rank = {row: place for place, row in enumerate(mapping.fields)}
    proof.ways.sort(key=lambda way: rank[way.row])
    for trap in whole(bound):
        if trap.name == "note":
            proof.notes.append(trap.text)
        else:
            proof.traps.append(Finding(trap.name, trap.text, trap.path, stops=trap.stops))
    return proof


def _pairs(bound: Bound, rows: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Ordered pairs of sides between which one of the rows goes."""
    for a in bound.names:
        yield from ((a, b) for b in bound.names if a != b and any(_goes(bound, row, a, b) for row in rows))


def _goes(bound: Bound, name: str, a: str, b: str) -> bool:
    row = bound.rows[name]
    return a in row.sources and b in row.targets


def _way(bound: Bound, row: str, found: Found, a: str, b: str) -> Way:
    two_way = _goes(bound, row, b, a)
    trap = static(bound, row, a, b, two_way) or (
        told(bound, row, found, a, b, two_way) if row in found.faults else None
    )
    note = found.notes.get(row, "")
    if trap is not None:
        passes = tuple((one.side, _plain(one.native)) for one in trap.passes)
        how = "search" if row in found.faults else "lens"
        how = "samples" if row in found.sampled else how
        return Way(row, a, b, UNSTABLE, how, Finding(trap.name, trap.text, ("fields", row), passes), note)
    if not two_way:
        return Way(row, a, b, ONE_WAY, "lens", note=note)
    declared = _declared(bound, row, a, b)
    if declared == ONE_WAY and row in found.silent:
        return Way(row, a, b, ONE_WAY, "lens", note=note)
    seen = found.klass.get(row, "")
    known = [word for word in (declared, seen) if word in ORDER[:2]]
    klass = max(known, key=ORDER.index, default="stable")
    how = "lens" if klass == declared else "samples" if row in found.sampled else "search"
    return Way(row, a, b, klass, how, note=note)


def _declared(bound: Bound, row: str, a: str, b: str) -> str:
    """The weakest of what the two lenses say of themselves."""
    said = [getattr(bound.rows[row].cells[side].lens, "klass", "stable") for side in (a, b)]
    return max((word for word in said if word in ORDER), key=ORDER.index, default="stable")


def _plain(native: Mapping[str, Any]) -> Any:
    """One field's value by itself, several as they are."""
    return next(iter(native.values())) if len(native) == 1 else dict(native)
