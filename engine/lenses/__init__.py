"""The lenses that exist, and which one a cell gets: by the fields' types and dialects, or by name (`via`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract import Field
from engine.lens import Chain, Lens
from engine.lenses import rates
from engine.lenses.byname import PARTS, VIA, named
from engine.lenses.bytype import TYPES, Shape, joined, lens_for
from engine.lenses.bytype import shape_of as _shape_of
from engine.lenses.dates import DayOf, Instant
from engine.lenses.translate import Verdict, verdict

__all__ = ["PARTS", "TYPES", "VIA", "Shape", "Verdict", "lens_for", "lens_of", "named", "shape_of", "verdict"]

Specs = Sequence[str | Mapping[str, Any]]


def shape_of(sides: Mapping[str, Mapping[str, Field]], via: Mapping[str, Specs] | None = None) -> Shape:
    """What a row of these native fields holds; `via`: the lenses it names, by side. ValueError with a sentence."""
    return _shape_of(sides, rates.of_row(spec for specs in (via or {}).values() for spec in specs))


def lens_of(
    fields: Mapping[str, Field],
    via: Specs = (),
    shape: Shape | None = None,
    rows: Mapping[str, tuple[str, Lens]] | None = None,
    each: str | None = None,
) -> Any:
    """The lens of a cell made of these native fields; ValueError with a sentence where there is none.

    `shape`: see `shape_of`. `rows`: native field -> (row, lens) of this side, for changed occurrences. `each`: the key
    by which its lists are split and joined.
    """
    first, *more = via or ("",)
    item = next(iter(fields.values()))
    if first:
        steps = [named(first, fields, shape), *(named(spec, {}, shape) for spec in more)]
        if isinstance(steps[0], DayOf):
            steps.insert(0, Instant(item.dialect))
    elif len(fields) > 1:
        steps = [joined(fields, shape or Shape())]
    else:
        steps = [lens_for(item, rows, shape, each)]
    several, names = getattr(steps[0], "joins", False), ", ".join(fields)
    if len(fields) > 1 and not several:
        raise ValueError(
            f"The lens {_name(first)!r} takes one field, not {names}; begin with one such as {{join: ' '}}."
        )
    if len(fields) == 1 and several:
        raise ValueError(f"The lens {_name(first)!r} makes one value of several fields, and there is only {names}.")
    if each and not hasattr(steps[0], "split"):
        raise ValueError(f"The lens {_name(first) or item.type!r} knows no keys, so the row cannot have 'each'.")
    return steps[0] if each else Chain(steps)


def _name(spec: str | Mapping[str, Any]) -> str:
    return spec if isinstance(spec, str) else next(iter(spec))
