"""A backfill: brings the records of a range of dates in line, in shards. Broken off, it goes on where it was: run it
again.

Without Prefect the shards run one after the other; with it each is a task on the sync's task runner.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.apply import Applied
from engine.bound import Bound
from engine.store.tables import changes
from flows import steps
from flows.direct import prepare
from flows.project import Project, ProjectError
from flows.report import RunReport
from flows.session import Session

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

Shard = tuple[int, int]


def run(
    project: Project,
    sync: str,
    start: date,
    end: date,
    *,
    shards: int = 4,
    direct: bool = False,
    session: Session | None = None,
) -> RunReport:
    """Runs a backfill of the days `start` to `end`, both included. Raises ProjectError, MappingError, Busy."""
    if direct:
        return carry_out(project, sync, start, end, shards, _one_by_one, session)
    from flows.backfill_flow import backfill_flow

    report: Any = backfill_flow(str(project.root), sync, start, end, shards)
    assert isinstance(report, RunReport)
    return report


def carry_out(
    project: Project,
    sync: str,
    start: date,
    end: date,
    shards: int,
    load: Callable[[steps.Work, list[tuple[str, Shard]]], list[Applied]],
    session: Session | None = None,
) -> RunReport:
    """Reads everything, plans the range, and loads it in shards by `load`."""
    with steps.working(project, sync, "backfill", session) as work:
        decided, _, counts = prepare(work, True, in_range(work.session.bound, start, end))
        applied = load(work, [(side, shard) for shard in cut(work, shards) for side in decided.planned])
        return steps.finish(work, counts, applied, steps.requests(work))


def in_range(bound: Bound, start: date, end: date) -> Callable[[dict[str, Any]], bool]:
    """Whether a shared record falls into the range.

    A single one by its start, a series when it has begun by the end.
    """
    by_means = {row.means: row.name for row in bound.rows.values()}
    if "meeting.start" not in by_means:
        raise ProjectError(
            f"Mapping {bound.mapping.name} has no row for the start of a record, so it has no range of dates."
        )

    def within(shared: dict[str, Any]) -> bool:
        moment = shared.get(by_means["meeting.start"]) or {}
        day = str(moment.get("date") or moment.get("at") or "")[:10]
        series = shared.get(by_means.get("meeting.repeat", "")) is not None
        return bool(day) and day <= end.isoformat() and (series or day >= start.isoformat())

    return within


def cut(work: steps.Work, shards: int) -> list[Shard]:
    """Equal parts of the plan, as ranges of its sequence numbers."""
    query = select(func.max(changes.c.seq).label("last")).where(changes.c.run == work.run)
    last = work.session.project.store.rows(query)[0]["last"]
    total = 0 if last is None else int(last) + 1
    size = max(1, -(-total // max(1, shards)))
    return [(at, min(at + size, total)) for at in range(0, total, size)]


def _one_by_one(work: steps.Work, parts: list[tuple[str, Shard]]) -> list[Applied]:
    return [steps.load(work, side, shard=shard) for side, shard in parts if side not in work.errors]


def gathered(futures: list[PrefectFuture[Applied]]) -> list[Applied]:
    """The results of shard tasks."""
    return [future.result() for future in futures]
