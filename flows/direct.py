"""Whole runs in this process, without Prefect: run, plan, and apply exactly what a plan showed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import select

from engine import journal
from engine.decide import Decided
from engine.holds import listed
from engine.snapshot import note_of
from engine.store.tables import changes, copies, runs
from flows.broken import close_broken
from flows.project import Project, ProjectError
from flows.report import PlanReport, RunReport
from flows.session import Session
from flows.steps import ROUNDS, Within, Work, again, diff, finish, load, read_all, requests, trusts, working
from flows.view import change_view, hold_view

Progress = Callable[[str, int, int], None]
"""Called with the side, the changes dealt with, and all of them."""


def run(
    project: Project,
    sync: str,
    *,
    full: bool = False,
    session: Session | None = None,
    progress: Progress = lambda _side, _done, _all: None,
) -> RunReport:
    """Reads, merges and writes; what was edited meanwhile is taken up at once."""
    with working(project, sync, "sync", session) as work:
        decided, verdicts, counts = prepare(work, full, None)
        applied = [load(work, side, partial(progress, side)) for side in decided.planned]
        for _ in range(ROUNDS):
            more = again(work, verdicts)
            if more is None or not more.planned:
                break
            applied += [load(work, side) for side in more.planned if side not in work.errors]
        return finish(work, counts, applied, requests(work))


def plan(project: Project, sync: str, session: Session | None = None) -> PlanReport:
    """What a run would write; nothing is sent. `apply` carries out exactly this."""
    with working(project, sync, "plan", session) as work:
        _, _, counts = prepare(work, False, None)
        report = planned(work)
        finish(work, counts, [], requests(work))
        return report


def apply(
    project: Project,
    plan_id: str,
    session: Session | None = None,
    progress: Progress = lambda _side, _done, _all: None,
) -> RunReport:
    """Carries out a plan and nothing else: what has changed since is left for the next plan. Raises ProjectError."""
    rows = project.store.all(runs, runs.c.id == plan_id)
    if not rows or rows[0]["kind"] != "plan":
        raise ProjectError(f"There is no plan {plan_id!r}. Make one with: syncline plan SYNC")
    sync = rows[0]["sync"]
    with working(project, sync, "apply", session) as work:
        now = project.store.all(runs, runs.c.id == work.run)[0]["mapping"]
        if now != rows[0]["mapping"]:
            _out_of_date(plan_id, sync)
        waiting = project.store.all(changes, changes.c.run == plan_id, changes.c.state == "planned")
        if not waiting and project.store.all(changes, changes.c.run == plan_id, changes.c.state == "dropped"):
            _out_of_date(plan_id, sync)
        with project.store.write() as connection:
            work.lease.check(connection)
            journal.adopt(connection, plan_id, work.run)
        applied = [load(work, side, partial(progress, side)) for side in dict.fromkeys(row["side"] for row in waiting)]
        return finish(work, {}, applied, requests(work))


def prepare(work: Work, full: bool, within: Within | None) -> tuple[Decided, dict[str, str | None], dict[str, int]]:
    """Extracts all sides and diffs them: the plan, the trust in each side, and how many records each read."""
    close_broken(work)
    snapshots = read_all(work, full)
    decided = diff(work, snapshots, within)
    return decided, trusts(work), {side: note_of(path).records for side, path in snapshots.items()}


def _out_of_date(plan_id: str, sync: str) -> None:
    raise ProjectError(
        f"Plan {plan_id} is out of date: another plan or run, or a change of the mapping, came after it. "
        f"Make a new one with: syncline plan {sync}"
    )


def planned(work: Work) -> PlanReport:
    """What a run has planned and not sent, and what waits for a person."""
    where = (changes.c.run == work.run, changes.c.state == "planned")
    same = (copies.c.sync == changes.c.sync) & (copies.c.side == changes.c.side) & (copies.c.id == changes.c.record)
    query = select(changes, copies.c.observed).outerjoin(copies, same).where(*where).order_by(changes.c.seq)
    store, bound = work.session.project.store, work.session.bound
    found = [change_view(bound, row, row["observed"] or {}) for row in store.rows(query)]
    return PlanReport(work.run, found, [hold_view(row) for row in listed(store, work.session.sync)], dict(work.errors))
