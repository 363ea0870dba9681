"""The lenses that exist, and which one a cell gets: by the fields' types and dialects, or by name (`via`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.contract import Field
from engine.lens import Chain, Lens
from engine.lenses.byname import PARTS, VIA, named
from engine.lenses.bytype import joined, lens_for, shape_of
from engine.lenses.translate import Verdict, verdict

__all__ = ["PARTS", "VIA", "Verdict", "joined", "lens_for", "lens_of", "named", "shape_of", "verdict"]


def lens_of(
    fields: Mapping[str, Field],
    via: Sequence[str | Mapping[str, Any]] = (),
    shape: str = "",
    rows: Mapping[str, tuple[str, Lens]] | None = None,
    *,
    each: bool = False,
) -> Any:
    """The lens of a cell made of these native fields; ValueError with a sentence where there is none.

    `shape`: see `shape_of`. `rows`: native field -> (row, lens) of this side, for changed occurrences. With `each` it
    splits and joins lists.
    """
    first, *more = via or ("",)
    if first:
        steps = [named(first, fields), *(named(spec) for spec in more)]
    elif len(fields) > 1:
        steps = [joined(fields, shape)]
    else:
        steps = [lens_for(next(iter(fields.values())), rows, "" if each else shape)]
    several, names = getattr(steps[0], "joins", False), ", ".join(fields)
    if len(fields) > 1 and not several:
        raise ValueError(
            f"The lens {_name(first)!r} takes one field, not {names}; begin with one such as {{join: ' '}}."
        )
    if len(fields) == 1 and several:
        raise ValueError(f"The lens {_name(first)!r} makes one value of several fields, and there is only {names}.")
    if each and not hasattr(steps[0], "split"):
        raise ValueError(f"The lens {_name(first)!r} knows no keys, so the row cannot have 'each'.")
    return steps[0] if each else Chain(steps)


def _name(spec: str | Mapping[str, Any]) -> str:
    return spec if isinstance(spec, str) else next(iter(spec))
