"""The sync as a Prefect flow: read the sides in parallel, join and diff, load what differs, report."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import flow, runtime, tags, task
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed

from engine.apply import Applied
from engine.contract import AppError, Transient
from engine.decide import Decided
from engine.snapshot import note_of
from flows import steps
from flows.project import Project
from flows.report import RunReport
from flows.session import Session


@dataclass(frozen=True)
class Ticket:
    """What a task needs to go on with a run in its own thread, process or machine."""

    root: str
    sync: str
    run: str
    fence: int
    holder: str

    @classmethod
    def of(cls, work: steps.Work) -> Ticket:
        session, lease = work.session, work.lease
        return cls(str(session.project.root), session.sync, work.run, lease.fence, lease.holder)

    @contextmanager
    def work(self) -> Iterator[steps.Work]:
        """The run, opened anew: connectors and databases do not travel."""
        project = Project.at(Path(self.root))
        session = Session(project, self.sync)
        try:
            yield steps.Work(session, self.run, session.lease(self.fence, self.holder))
        finally:
            project.close()


def _again(_task: Any, _run: Any, state: Any) -> bool:
    """Only what may pass by itself is tried again."""
    try:
        state.result()
    except Transient:
        return True
    except BaseException:  # noqa: BLE001 - any other failure is final, whatever it is
        return False
    return False


@task(
    task_run_name="extract {side}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=2, retry_condition_fn=_again
)
def extract(ticket: Ticket, side: str, full: bool) -> tuple[Path, int]:
    """Read one side into a snapshot; its path, and the requests it took."""
    with ticket.work() as work:
        path = steps.extract(work, side, full=full)
        return path, note_of(path).requests


@task(task_run_name="diff", cache_policy=NO_CACHE)
def diff(ticket: Ticket, snapshots: dict[str, Path]) -> tuple[Decided, dict[str, str]]:
    """Join the snapshots with what is known, merge field by field, plan and brake."""
    with ticket.work() as work:
        return steps.diff(work, snapshots), work.errors


@task(task_run_name="load {side}", cache_policy=NO_CACHE)
def load(ticket: Ticket, side: str) -> Applied:
    """Write what was planned for one side; the page shows how far it is."""
    with ticket.work() as work:
        return steps.load(work, side, _progress(side))


@task(task_run_name="look again", cache_policy=NO_CACHE)
def again(ticket: Ticket, errors: dict[str, str]) -> Decided | None:
    """Merge what was edited while we wrote."""
    with ticket.work() as work:
        work.errors |= errors
        return steps.again(work, steps.trusts(work))


@flow(name="sync", flow_run_name="{sync} {mode}")
def sync_flow(root: str, sync: str, mode: str = "incremental") -> Any:
    """Keep the sides of a sync the same: extract each, diff, load each, report."""
    _show_logs()
    with steps.working(Project.at(Path(root)), sync, "sync") as work:
        with tags(f"sync:{sync}", *sorted({f"app:{side.app}" for side in work.session.mapping.sides.values()})):
            report = _body(work, mode == "full")
        work.session.project.close()
    create_markdown_artifact(report.markdown(sync), key=f"report-{slug(sync)}", description=f"Run {report.run}")
    return Failed(message="; ".join(report.errors.values()), data=report) if report.status == "failed" else report


def _body(work: steps.Work, full: bool) -> RunReport:
    """Extract, diff, load: the sentence that a run is."""
    ticket, names = Ticket.of(work), list(work.session.mapping.sides)
    work.session.bound  # noqa: B018 - schemas are read once, before the tasks need them
    snapshots, requests = _extracted(work, {name: extract.submit(ticket, name, full) for name in names})
    decided, work.errors = diff(ticket, snapshots)
    applied = _load(ticket, list(decided.planned))
    for _ in range(steps.ROUNDS):
        work.errors |= {one.side: one.error for one in applied if one.error}
        more = again(ticket, work.errors) if _stirred(work) else None
        if more is None or not more.planned:
            break
        applied += _load(ticket, [name for name in more.planned if name not in work.errors])
    for one in applied:
        requests[one.side] = requests.get(one.side, 0) + one.requests
    return steps.finish(work, {name: note_of(path).records for name, path in snapshots.items()}, applied, requests)


def _extracted(work: steps.Work, futures: dict[str, Any]) -> tuple[dict[str, Path], dict[str, int]]:
    snapshots, requests = {}, {}
    for side, future in futures.items():
        try:
            snapshots[side], requests[side] = future.result()
        except AppError as error:
            snapshots[side] = steps.unreadable(work, side, error)
    return snapshots, requests


def _load(ticket: Ticket, names: list[str]) -> list[Applied]:
    return [future.result() for future in [load.submit(ticket, name) for name in names]]


def _stirred(work: steps.Work) -> bool:
    return steps.unsettled(work) > 0


def _progress(side: str) -> Callable[[int, int], None]:
    """Updates the run's progress artifact as commits are made."""
    artifact: list[Any] = []

    def show(done: int, total: int) -> None:
        percent = 100.0 * done / total if total else 100.0
        if artifact:
            update_progress_artifact(artifact_id=artifact[0], progress=percent)
        else:
            artifact.append(create_progress_artifact(percent, key=f"load-{slug(side)}", description=f"load {side}"))

    return show


def slug(name: str) -> str:
    """A name as Prefect's artifact keys allow it."""
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower()).strip("-")


def _show_logs() -> None:
    """The engine logs with the standard library; without a level nothing reaches the run's page."""
    for name in ("engine", "connectors", "flows"):
        logging.getLogger(name).setLevel(os.environ.get("SYNCLINE_LOG_LEVEL", "INFO"))


def run(project: Project, sync: str, *, full: bool = False) -> RunReport:
    """Runs the flow in this process, reporting to the Prefect server in the environment."""
    state: Any = sync_flow(str(project.root), sync, "full" if full else "incremental", return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, RunReport):
        return result
    if isinstance(result, BaseException):
        raise result
    raise RuntimeError(f"the run {runtime.flow_run.id} ended without a report: {state.message}")
