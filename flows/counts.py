"""What a run that has ended adds to the meters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select

from engine.meters import Key
from engine.store.tables import holds, runs
from flows.report import RunReport
from flows.work import Work

WAITED = "ping_to_write"
BOUNDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, float("inf"))
"""Seconds."""
_TRIPS = (
    select(func.count().label("count"))
    .select_from(holds.join(runs, runs.c.sync == holds.c.sync))
    .where(runs.c.id == bindparam("run"), holds.c.kind.in_(("brake", "outage")), holds.c.opened_at >= runs.c.started_at)
)


def of_run(work: Work, report: RunReport) -> dict[Key, float]:
    """From its report."""
    sync = work.session.sync
    found: dict[Key, float] = {(sync, "", "runs"): 1, (sync, "", "run_seconds"): report.seconds}
    found[sync, "", "runs_failed"] = report.status == "failed"
    for side, ops in report.writes.items():
        found |= {(sync, side, op): number for op, number in ops.items()}
    found |= {(sync, side, "requests"): number for side, number in report.requests.items()}
    if report.holds:
        found[sync, "", "brake_trips"] = work.session.project.store.rows(_TRIPS, run=work.run)[0]["count"]
    if work.pinged_at and not work.dry and report.status != "failed":
        found[sync, "", "pinged"] = 1
        if any(any(ops.values()) for ops in report.writes.values()):
            seconds = (work.session.clock() - datetime.fromisoformat(work.pinged_at)).total_seconds()
            found[sync, "", f"{WAITED}_seconds"] = seconds
            found[sync, "", f"{WAITED}_{next(bound for bound in BOUNDS if seconds <= bound)}"] = 1
    return found
