"""Looks for a value of a row that does not survive: generated ones, the boundaries of both schemas, real records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound
from engine.contract import Field
from engine.lens import Refusal
from engine.proof.keep import Unfit, clipped
from engine.proof.scenes import scenes
from engine.proof.shrink import smaller
from engine.proof.trip import EXACT, FAULTS, REFUSED, STABLE, UNFIT, Native, Outcome, Road, edited, spells, travel
from engine.proof.values import values

MOST = 80
"""Records made up for one pair of sides."""
TABLE = 40
"""Words of a table that are tried."""
EDITS = 12
"""Values that follow one another on a record."""
TRIES = 150
"""Values looked at to find the smallest one that fails."""


@dataclass
class Found:
    """What became of the values of some rows on their way from one side to another."""

    road: Road
    klass: dict[str, str] = field(default_factory=dict)
    """Row -> exact or stable, as far as was seen."""
    faults: dict[str, Outcome] = field(default_factory=dict)
    """Row -> the smallest value found that fails."""
    notes: dict[str, str] = field(default_factory=dict)
    sampled: set[str] = field(default_factory=set)
    """Rows where only a real record showed it."""
    silent: set[str] = field(default_factory=set)
    """Rows of which one side never shows anything."""
    tried: int = 0


def search(bound: Bound, rows: Sequence[str], a: str, b: str, samples: Sequence[Mapping[str, Any]] = ()) -> Found:
    """Sends values of these rows from `a` to `b` and back."""
    going = tuple(row for row in rows if a in bound.rows[row].sources and b in bound.rows[row].targets)
    back = tuple(row for row in going if b in bound.rows[row].sources and a in bound.rows[row].targets)
    found = Found(Road(bound, a, b, going, back))
    if any(_field(bound, row, side).type == "ref" for row in going for side in (a, b)):
        return found  # what an id stands for on the other side is no matter of lenses
    made = [*_made(found.road)]
    found.silent = {row for row in going if _silent(found.road, row, made)}
    outcomes = [travel(found.road, start) for start in made]
    for number, outcome in enumerate(outcomes):
        for row, one in outcome.items():
            if row not in found.silent:
                _note(found, row, one, sampled=False)
        if 0 < number < EDITS and len(going) == 1 and going[0] not in found.faults:
            _edit(found, made[number - 1], made[number])
    for record in samples:
        for row, one in _sampled(found.road, record).items():
            if row not in found.silent:
                _note(found, row, one, sampled=True)
    found.tried = len(made) + len(samples)
    for row in going:
        _refusals(found, row, [one[row] for one in outcomes if row in one])
    return found


def _edit(found: Found, former: Native, start: Native) -> None:
    row = found.road.rows[0]
    if row in found.silent or any(value in (None, "", []) for value in start.values()):
        return
    stuck = edited(found.road, row, former, start)
    if stuck is not None:
        found.faults[row] = stuck


def _note(found: Found, row: str, one: Outcome, *, sampled: bool) -> None:
    if one.kind in FAULTS and row not in found.faults:
        found.faults[row] = one if len(found.road.rows) > 1 else _smallest(found, row, one)
    elif one.kind == STABLE and found.klass.get(row) != STABLE:
        found.klass[row] = STABLE
    elif one.kind == EXACT:
        found.klass.setdefault(row, EXACT)
        return
    else:
        return
    if sampled:
        found.sampled.add(row)


def _smallest(found: Found, row: str, one: Outcome) -> Outcome:
    """A smaller value that fails in the same way, as far as a few tries tell."""
    left, road = TRIES, found.road
    improved = True
    while improved and left > 0:
        improved = False
        for start in smaller(one.passes[0].native):
            left -= 1
            again = travel(road, _able(road, start) or {}).get(row) if _able(road, start) else None
            if again is not None and again.kind == one.kind:
                one, improved = again, True
                break
            if left <= 0:
                break
    return one


def _refusals(found: Found, row: str, outcomes: Sequence[Outcome]) -> None:
    """Nothing fits: a fault. A value of a closed list, or of another type, does not: a fault. Else it is a note."""
    refused = [one for one in outcomes if one.kind in (REFUSED, UNFIT)]
    if not refused or row in found.faults or row in found.silent:
        return
    road = found.road
    source, target = _field(road.bound, row, road.a), _field(road.bound, row, road.b)
    real = [one for one in refused if one.passes]
    closed = source.type in ("choice", "bool") and (source.choices or source.type == "bool")
    unfit = [one for one in refused if one.kind == UNFIT]
    in_parts = target.type in ("address", "addresses") and len(road.bound.rows[row].cells[road.a].names) > 1
    read = spells(road, row, road.a) or spells(road, row, road.b)
    other = kind_of(source) != kind_of(target) and not in_parts and not read
    whole = all(one.kind in (REFUSED, UNFIT) or _is_empty(one) for one in outcomes)
    if len(road.rows) == 1 and (closed or unfit or other or whole):
        one = (unfit or real or refused)[0]
        found.faults[row] = _smallest(found, row, one) if one.passes else one
    else:
        found.notes[row] = f"{len(refused)} of {len(outcomes)} values tried are refused, and wait: {refused[0].says}"


def kind_of(item: Field) -> str:
    """Types of which a value may be written as the other's."""
    words = ("text", "html", "email", "phone", "url", "country")
    return "words" if item.type in words else item.type


def _is_empty(one: Outcome) -> bool:
    return bool(one.passes) and all(value in (None, "", [], {}) for value in one.passes[0].native.values())


def _silent(road: Road, row: str, made: Sequence[Native]) -> bool:
    """Whether a lens that calls itself one-way never shows anything: what is written by it says nothing back."""
    for side in (road.a, road.b):
        if getattr(road.bound.rows[row].cells[side].lens, "klass", "") != "one-way":
            continue
        try:
            if side == road.a:
                views = [road.shown(side, start).get(row) for start in made]
            else:
                given = [road.given(side, road.shown(road.a, start), {}) for start in made[:3]]
                views = [road.shown(side, native).get(row) for native in given]
        except Exception:  # noqa: BLE001 - it is told when the values go round
            views = [...]
        if all(view in (None, {}, [], "") for view in views):
            return True
    return False


def _field(bound: Bound, row: str, side: str) -> Field:
    return bound.sides[side].schema.fields[bound.rows[row].cells[side].name]


def _made(road: Road) -> Iterator[Native]:
    """Records of `a` with values of these rows."""
    timed = scenes(road.bound, road.rows)
    starts = (_scene(road, shared) for shared in timed) if timed and len(road.rows) > 1 else _composed(road)
    count = 0
    for start in starts:
        able = None if start is None else _able(road, start)
        if able is not None and count < MOST:
            count += 1
            yield able


def _scene(road: Road, shared: dict[str, Any]) -> Native | None:
    shown = {row: value for row, value in shared.items() if road.a in road.bound.rows[row].cells}
    blank = {name: None for row in road.rows for name in road.bound.rows[row].cells[road.a].fields}
    try:
        return blank | road.bound.put(road.a, shown, {}, list(shown))[0]
    except Refusal:
        return None


def _composed(road: Road) -> Iterator[Native]:
    """Each field with each of its values; those beside it have their first one, and now and then none."""
    fields = {name: row for row in road.rows for name in road.bound.rows[row].cells[road.a].names}
    looked = {name for row in road.rows for name in road.bound.rows[row].cells[road.a].reads}
    drawn = {name: _values(road, row, name) for name, row in fields.items()}
    first = {name: next(iter(found), None) for name, found in drawn.items()}
    blank: Native = dict.fromkeys(looked)
    share = max(1, MOST // max(1, len(drawn)))
    for name, found in drawn.items():
        for value in found[: share - 1] + found[-1:]:
            yield {**blank, **first, name: value}
    if len(drawn) > 1:
        yield from ({**blank, **dict.fromkeys(drawn), name: value} for name, value in first.items())


def _values(road: Road, row: str, name: str) -> list[Any]:
    cells = road.bound.rows[row].cells
    items = [road.bound.sides[side].schema.fields[one] for side, cell in cells.items() for one in cell.names]
    limits = {item.max_length for item in items if item.max_length} | set(_clips(road, row))
    words = [*_words(cells[road.a].lens, native=True)] or [*_words(cells[road.b].lens, native=False)]
    each = road.bound.mapping.fields[row].each or ""
    return values(road.bound.sides[road.a].schema.fields[name], limits, words, each)


def _words(lens: Any, *, native: bool) -> Iterator[str]:
    """The words of a table, as its own side says them or as the others do; texts that a spelling reads."""
    for step in getattr(lens, "lenses", (lens,)):
        yield from getattr(step, "samples", ()) if native else ()
        table: Mapping[Any, Any] = getattr(step, "shows", {})
        yield from (str(word) for word in [*(table if native else table.values())][:TABLE] if isinstance(word, str))


def _clips(road: Road, row: str) -> Iterator[int]:
    """Lengths that the mapping itself cuts to."""
    for side in (road.a, road.b):
        for spec in road.bound.mapping.fields[row].lenses(side):
            if isinstance(spec, dict) and isinstance(most := next(iter(spec.values())), int):
                yield most


def _able(road: Road, start: Native) -> Native | None:
    """The record as the app would hold it; None where it could not."""
    schema = road.bound.sides[road.a].schema.fields
    try:
        return {name: clipped(schema[name], value) for name, value in start.items()}
    except Unfit:
        return None


def _sampled(road: Road, record: Mapping[str, Any]) -> dict[str, Outcome]:
    names = {name for row in road.rows for name in road.bound.rows[row].cells[road.a].fields}
    if not all(road.bound.rows[row].cells[road.a].read(record) for row in road.rows):
        return {}
    return travel(road, {name: record.get(name) for name in names})
