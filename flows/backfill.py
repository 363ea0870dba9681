"""A backfill: brings the records of a range of dates in line, in shards. Broken off, it goes on where it was: run it
again.

Without Prefect the shards run one after the other; with it each is a task on the sync's task runner.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from flows import steps
from flows.direct import Progress, prepare
from flows.project import Project
from flows.report import RunReport
from flows.session import Session
from flows.shards import cut, in_range


def run(
    project: Project,
    sync: str,
    start: date,
    end: date,
    *,
    shards: int = 4,
    direct: bool = False,
    session: Session | None = None,
    progress: Progress = lambda _side, _done, _all: None,
) -> RunReport:
    """Runs a backfill of the days `start` to `end`, both included. Raises ProjectError, MappingError, Busy."""
    if not direct:
        from flows.backfill_flow import backfill_flow
        from flows.flowrun import call

        return call(backfill_flow, project, sync, start, end, shards, progress=progress)
    with steps.working(project, sync, "backfill", session) as work:
        decided, _, counts = prepare(work, True, in_range(work.session.bound, (start, end)))
        parts = cut(work, decided.planned, shards)
        every, applied = Counter(side for side, _ in parts), []
        for side, shard in parts:
            if side not in work.errors:
                applied.append(steps.load(work, side, shard=shard))
                progress(side, sum(one.side == side for one in applied), every[side])
        return steps.finish(work, counts, applied, steps.requests(work))
