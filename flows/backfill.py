"""A backfill: brings the records of a range of dates in line, in shards. Broken off, it goes on where it was: run it
again.

Without Prefect the shards run one after the other; with it each is a task on the sync's task runner.
"""

from __future__ import annotations

from collections import Counter

from engine.decide import Decided
from flows import steps
from flows.direct import Progress, planned, prepare
from flows.project import Project
from flows.report import PlanReport, RunReport
from flows.session import Session
from flows.shards import Part, cut, put_off


def run(
    project: Project,
    sync: str,
    part: Part,
    *,
    shards: int = 4,
    direct: bool = False,
    session: Session | None = None,
    progress: Progress = lambda _side, _done, _all: None,
) -> RunReport:
    """Runs a backfill. Raises ProjectError, MappingError, Busy."""
    if not direct:
        from flows.backfill_flow import backfill_flow
        from flows.flowrun import call

        asked = (part.first, part.last, sorted(part.sides), False, shards)
        return call(backfill_flow, project, sync, *asked, progress=progress)
    with steps.working(project, sync, "backfill", session) as work:
        decided, counts = _narrowed(work, part)
        parts = cut(work, decided.planned, shards)
        every, applied = Counter(side for side, _ in parts), []
        for side, shard in parts:
            if side not in work.errors:
                applied.append(steps.load(work, side, shard=shard))
                progress(side, sum(one.side == side for one in applied), every[side])
        work.errors = {**put_off(work), **work.errors}
        return steps.finish(work, counts, applied, steps.requests(work))


def plan(project: Project, sync: str, part: Part, session: Session | None = None) -> PlanReport:
    """What a backfill would write; nothing is sent. `direct.apply` carries out exactly this."""
    with steps.working(project, sync, "plan", session) as work:
        _, counts = _narrowed(work, part)
        report = planned(work)
        steps.finish(work, counts, [], steps.requests(work))
        return report


def _narrowed(work: steps.Work, part: Part) -> tuple[Decided, dict[str, int]]:
    part.check(work.session.mapping)
    decided, _, counts = prepare(work, True, part.within(work.session.bound))
    return part.narrow(work, decided), counts
