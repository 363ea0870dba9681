"""Rows that must travel together: their lenses look at each other's fields, or they share one."""

from __future__ import annotations

from engine.bound import Bound


def groups(bound: Bound) -> list[tuple[str, ...]]:
    """Rows by group, in the order of the mapping."""
    found: list[list[str]] = []
    for name in bound.rows:
        touched = [group for group in found if any(_tied(bound, name, other) for other in group)]
        found = [group for group in found if group not in touched]
        found.append([row for group in touched for row in group] + [name])
    return [tuple(row for row in bound.rows if row in group) for group in found]


def _tied(bound: Bound, one: str, other: str) -> bool:
    mine, theirs = bound.rows[one].cells, bound.rows[other].cells
    return any(side in theirs and mine[side].tied(theirs[side]) for side in mine)
