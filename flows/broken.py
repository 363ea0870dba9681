"""Runs that were killed: nobody closed them, in our state or on Prefect's page. The next run of their sync does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, update

from engine.store.tables import runs
from flows.work import Work

_BROKEN = select(runs).where(runs.c.sync == bindparam("of"), runs.c.status == "running", runs.c.id != bindparam("this"))
WHY = "It broke off. Nothing is lost: the next run went on from the journal."


def close_broken(work: Work, flow_run: str | None = None) -> list[str]:
    """Closes what is still open of this sync, and notes by which flow run this one is shown, if any.

    This run holds the lease, so any other that is open was killed. Gives the flow runs that showed them.
    """
    store, now = work.session.project.store, work.session.now
    where = {"of": work.session.sync, "this": work.run}
    if flow_run is None and not store.rows(_BROKEN, **where):
        return []
    found: list[dict[str, Any]] = []
    with store.write() as connection:
        work.lease.check(connection)
        if flow_run is not None:
            connection.execute(update(runs).where(runs.c.id == work.run).values(report={"flow_run": flow_run}))
        found += [dict(row) for row in connection.execute(_BROKEN, where).mappings()]
        for row in found:
            report = {**row["report"], "errors": {"run": WHY}}
            closed = update(runs).where(runs.c.id == row["id"])
            connection.execute(closed.values(status="failed", ended_at=now, report=report))
    return [row["report"]["flow_run"] for row in found if "flow_run" in row["report"]]
