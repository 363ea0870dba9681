"""The parts of a backfill: which records and sides are meant, and how their changes are cut into shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from engine.bound import Bound
from engine.decide import Decided
from engine.mapping import Mapping
from engine.problem import did_you_mean, listed
from engine.store.tables import changes, holds
from flows import steps
from flows.project import ProjectError

Shard = tuple[int, int]
"""A range of the plan's sequence numbers: from, and before."""
DATED = ("meeting.start", "task.due", "deal.closes")
"""What a record's day is, by the meaning of its rows."""
SERIES = ("meeting.repeat", "task.repeat")


@dataclass(frozen=True)
class Part:
    """What a backfill brings in line."""

    first: date | None = None
    last: date | None = None
    """Both days are included; None is without end."""
    sides: frozenset[str] = frozenset()
    """Those that may be written; none named means all."""

    @property
    def words(self) -> str:
        """The range."""
        if self.first and self.last:
            return f"{self.first} to {self.last}"
        return f"from {self.first}" if self.first else f"up to {self.last}" if self.last else "everything"

    def check(self, mapping: Mapping) -> None:
        """Raises ProjectError where it means nothing."""
        if self.first and self.last and self.last < self.first:
            raise ProjectError(f"The range ends ({self.last}) before it begins ({self.first}). Nothing was read.")
        for side in sorted(self.sides - mapping.sides.keys()):
            near = did_you_mean(side, mapping.sides) or f"; it has {listed(mapping.sides)}"
            raise ProjectError(f"Mapping {mapping.name} has no side '{side}'{near}. Nothing was read.")

    def within(self, bound: Bound) -> Callable[[dict[str, Any]], bool] | None:
        """Whether a shared record is meant: a single one by its day, a series from its first day on, for it may have
        occurrences on any later one. None: all are. Raises ProjectError where records have no day.
        """
        if self.first is None and self.last is None:
            return None
        rows = {row.means: row.name for row in bound.rows.values()}
        dated = next((rows[means] for means in DATED if means in rows), None)
        if dated is None:
            raise ProjectError(
                f"The records of mapping {bound.mapping.name} have no day to tell a range by (no row for a start, a "
                "due date or a closing date). Leave the range out: then all of them are brought in line."
            )
        repeats = [rows[means] for means in SERIES if means in rows]

        def within(shared: dict[str, Any]) -> bool:
            day = _day(shared.get(dated))
            series = any(shared.get(row) is not None for row in repeats)
            early = self.first is not None and day < self.first.isoformat() and not series
            return bool(day) and not early and (self.last is None or day <= self.last.isoformat())

        return within

    def narrow(self, work: steps.Work, decided: Decided) -> Decided:
        """The plan without the changes of other sides: the next run plans those anew."""
        others = [side for side in decided.planned if self.sides and side not in self.sides]
        if not others:
            return decided
        theirs = changes.c.run == work.run, changes.c.side.in_(others), changes.c.state == "planned"
        with work.session.project.store.write() as connection:
            work.lease.check(connection)
            connection.execute(update(changes).where(*theirs).values(state="dropped"))
        return replace(decided, planned={side: ops for side, ops in decided.planned.items() if side not in others})


def _day(value: Any) -> str:
    """Of a moment, or of a date; "" where there is none."""
    if isinstance(value, dict):
        value = value.get("date") or value.get("at")
    return str(value or "")[:10]


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


def put_off(work: steps.Work) -> dict[str, str]:
    """Side -> why something was not written to it, though the side goes on: the app asked to wait, or did not answer,
    and a person is not asked. Of a sync the next run sees to it; a backfill has none.
    """
    sync = work.session.sync
    asked = select(holds.c.link).where(holds.c.sync == sync, holds.c.kind == "doubt", holds.c.state == "open")
    unsent = (changes.c.run == work.run) & (changes.c.state == "dropped") & changes.c.error.is_not(None)
    unsure = (changes.c.sync == sync) & (changes.c.state == "doubt") & changes.c.link.not_in(asked)
    count = func.count().over(partition_by=changes.c.side).label("count")
    query = select(changes.c.side, changes.c.error, count).where(unsent | unsure).order_by(changes.c.seq.desc())
    again = "What was written is known: run the backfill again."
    return {
        row["side"]: f"{row['count']} could not be written yet. {(row['error'] or '').rstrip('.')}. {again}"
        for row in work.session.project.store.rows(query)
    }
