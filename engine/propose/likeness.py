"""Rows of fields that nobody gave a meaning: by the same name, and as doubtful ones by similar names and values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from rapidfuzz.fuzz import token_sort_ratio

from engine.contract import Field
from engine.propose import tables
from engine.propose.draft import Draft, Sides, unmade
from engine.propose.meanings import EACH
from engine.propose.vocabulary import plain

SIMILAR = 82.0
"""Of 100, where names are similar enough to be shown to a person."""
OVERLAP = 0.5
"""Share of the values of one side that the other has too, where that is worth a look."""
ENOUGH = 4
"""Different values below which an overlap says nothing."""
_KIN = ({"text", "html", "email", "phone", "url", "country", "choice"}, {"number", "money"}, {"date", "instant"})
Place = tuple[str, str]
"""(side, native field)."""


def by_name(sides: Sides, taken: set[Place]) -> list[Draft]:
    """Fields whose names or labels are the same words."""
    found: list[Draft] = []
    used = set(taken)
    for side, seen in sides.items():
        for native, item in seen.fields.items():
            cells = {side: native}
            if (side, native) in used:
                continue
            for other in sides:
                if other not in cells and (match := _namesake(sides, other, native, item, used)):
                    cells[other] = match
            row = _draft(sides, cells, f"the same name: {item.label or native}") if len(cells) > 1 else None
            if row is not None and not unmade(sides, row):
                used |= row.uses()
                found.append(tables.matched(sides, row))
    return found


def doubtful(sides: Sides, taken: set[Place]) -> list[Draft]:
    """Pairs of what is left that look alike, each field once, the most alike first."""
    scored = sorted(_pairs(sides, taken), key=lambda one: (-one[0], one[1]))
    used: set[Place] = set(taken)
    found = []
    for _, first, second, why in scored:
        if {first, second} & used:
            continue
        row = _draft(sides, dict([first, second]), "", doubt=why)
        if not unmade(sides, row):
            used |= {first, second}
            found.append(row)
    return found


def _namesake(sides: Sides, side: str, native: str, item: Field, used: set[Place]) -> str:
    wanted = {plain(native), plain(item.label)} - {""}
    free = ((name, one) for name, one in sides[side].fields.items() if (side, name) not in used and _kin(one, item))
    return next((name for name, one in free if wanted & {plain(name), plain(one.label)}), "")


def _kin(one: Field, other: Field) -> bool:
    """Types that may hold the same, and no two different meanings."""
    if one.means and other.means and one.means != other.means:
        return False
    return one.type == other.type or any({one.type, other.type} <= kin for kin in _KIN)


def _draft(sides: Sides, cells: dict[str, str], reason: str, doubt: str = "") -> Draft:
    kinds = {sides[side].fields[native].type for side, native in cells.items()}
    each = EACH.get(next(iter(kinds)), "") if len(kinds) == 1 else ""
    native = next(iter(cells.values()))
    means = next((m for side, name in cells.items() if (m := sides[side].fields[name].means)), "")
    name = plain(native).replace(" ", "_") or "field"
    return Draft(name, {side: (one,) for side, one in cells.items()}, reason, means, each=each, doubt=doubt)


def _pairs(sides: Sides, taken: set[Place]) -> Iterator[tuple[float, Place, Place, str]]:
    free = [(side, name) for side, seen in sides.items() for name in seen.fields if (side, name) not in taken]
    for first, second in combinations(free, 2):
        one, other = sides[first[0]].fields[first[1]], sides[second[0]].fields[second[1]]
        if first[0] == second[0] or not _kin(one, other):
            continue
        names = max(token_sort_ratio(*pair) for pair in product(_names(first[1], one), _names(second[1], other)))
        shared = _overlap(sides[first[0]].values(first[1]), sides[second[0]].values(second[1]))
        if names >= SIMILAR:
            also = f", and {shared:.0%} of the values seen are the same" if shared else ""
            yield names + 100 * shared, first, second, f"similar names{also}"
        elif shared >= OVERLAP:
            yield 100 * shared, first, second, f"{shared:.0%} of the values seen are the same, the names are not"


def _names(native: str, item: Field) -> list[str]:
    return [name for name in (plain(native), plain(item.label)) if name]


def _overlap(first: list[Any], second: list[Any]) -> float:
    """The share of the different values of the side with fewer that the other has too; 0 where there are too few."""
    one, other = (
        {json.dumps(value, sort_keys=True, default=str).casefold() for value in each} for each in (first, second)
    )
    least = min(len(one), len(other))
    return len(one & other) / least if least >= ENOUGH else 0.0
