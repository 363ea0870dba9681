"""Brakes: what a plan may do at once, per side and kind. A tripped brake freezes only its kind and side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.canonical import digest
from engine.contract import Op
from engine.mapping import Brakes
from engine.plan import Change


@dataclass(frozen=True)
class Tripped:
    """More of a kind than the brake allows, on one side."""

    kind: str
    """deletes | updates | creates | blanked."""
    side: str
    reason: str
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """Of exactly this list: an approval counts for nothing else."""
        return digest([self.kind, self.side, sorted(item(change) for change in self.changes)])


def judge(brakes: Brakes, changes: Iterable[Change], totals: Mapping[str, int]) -> list[Tripped]:
    """The brakes that this plan trips. `totals` are the linked records per side."""
    groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        groups[_kind(change), change.side].append(change)
        for name in _blanked(change):
            groups[f"blanked {name}", change.side].append(change)
    tripped = []
    for (kind, side), group in groups.items():
        limit = getattr(brakes, kind.split()[0])
        total = totals.get(side, 0)
        if len(group) > limit.of(total):
            reason = f"{len(group)} {kind} on {side} of {total} linked records; the brake allows {limit.of(total)}"
            tripped.append(Tripped(kind, side, reason, tuple(group)))
    return tripped


def item(change: Change) -> str:
    """One change of an approved list: the same write to the same record."""
    return digest([change.link, change.side, change.op, change.data])


def _kind(change: Change) -> str:
    return {Op.CREATE: "creates", Op.UPDATE: "updates", Op.DELETE: "deletes"}[change.op]


def _blanked(change: Change) -> list[str]:
    if change.op is not Op.UPDATE:
        return []
    empty: tuple[Any, ...] = (None, "", [], {})
    return [name for name, value in change.data.items() if value in empty and change.before.get(name) not in empty]
