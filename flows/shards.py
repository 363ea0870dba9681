"""The parts of a backfill: which records are meant, and how their changes are cut into shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.bound import Bound
from engine.store.tables import changes
from flows import steps
from flows.project import ProjectError

Shard = tuple[int, int]
"""A range of the plan's sequence numbers: from, and before."""
Days = tuple[date, date]
"""First and last, both included."""


def in_range(bound: Bound, days: Days) -> Callable[[dict[str, Any]], bool]:
    """Whether a shared record falls into the range.

    A single one by its start; a series from its start on, for it may have occurrences on any later day.
    """
    by_means = {row.means: row.name for row in bound.rows.values()}
    if "meeting.start" not in by_means:
        raise ProjectError(
            f"Mapping {bound.mapping.name} has no row for the start of a record, so it has no range of dates."
        )
    first, last = (day.isoformat() for day in days)

    def within(shared: dict[str, Any]) -> bool:
        moment = shared.get(by_means["meeting.start"]) or {}
        day = str(moment.get("date") or moment.get("at") or "")[:10]
        series = shared.get(by_means.get("meeting.repeat", "")) is not None
        return bool(day) and day <= last and (series or day >= first)

    return within


def cut(work: steps.Work, sides: Iterable[str], shards: int) -> list[tuple[str, Shard]]:
    """What is planned for each side, in at most so many parts of the same size."""
    found = []
    for side in sides:
        where = (changes.c.run == work.run, changes.c.side == side, changes.c.state == "planned")
        rows = work.session.project.store.rows(select(changes.c.seq).where(*where).order_by(changes.c.seq))
        numbers = [int(row["seq"]) for row in rows]
        size = max(1, -(-len(numbers) // max(1, shards)))
        parts = [numbers[at : at + size] for at in range(0, len(numbers), size)]
        found += [(side, (part[0], part[-1] + 1)) for part in parts]
    return found
