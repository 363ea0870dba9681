"""Whether somebody asked for an update: values are made by users, not by the sync."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.bound import Bound
from syncline.rehearsal.story import Story, plain

EMPTY: tuple[Any, ...] = (None, "", [])


def unasked(
    bound: Bound, story: Story, side: str, thing: str, present: Mapping[str, Any], data: Mapping[str, Any], marker: str
) -> Iterator[tuple[int, str]]:
    """(invariant, what) for every scalar that an update would only respell, or would blank though no user did."""
    for name, row in bound.rows.items():
        if row.many or side not in row.cells or row.cells[side].name not in data or name == marker:
            continue
        native = row.cells[side].name
        before, after = present.get(native), data[native]
        if before in EMPTY or before == after or thing in story.poisoned:
            continue
        if after in EMPTY:
            cleared = any((one.thing, one.atom, one.value) == (thing, (name, None), None) for one in story.said)
            if not cleared:
                yield 1, f"{native} of {thing} on {side} was {before!r} and is blanked, which nobody did"
        elif plain(before) == plain(after):
            yield 16, f"{native} of {thing} on {side} was {before!r} and is written as {after!r}"
