"""A run as a Prefect flow run, from its call to its end state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import Flow, runtime, tags
from prefect.client.orchestration import get_client
from prefect.context import TagsContext
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelled, Completed, Crashed, Failed

from engine.store.lease import Busy
from flows import steps, tracing
from flows.announce import announce
from flows.broken import WHY, close_broken
from flows.direct import Progress
from flows.expected import EXPECTED, ended
from flows.logs import printed
from flows.notify import notify
from flows.page import show_logs, show_report, watcher
from flows.project import Project
from flows.report import OPS, RunReport, counted
from flows.server import silent
from flows.session import utc_now
from flows.shared import shared

log = logging.getLogger("flows")
Body = Callable[[steps.Work], RunReport]


def call(flow: Flow[..., Any], project: Project, sync: str, *given: Any, progress: Progress | None = None) -> RunReport:
    """Runs a flow in this process for a command, which says itself how it went: Prefect's lines go to its page only.

    Without heartbeats, for which Prefect waits up to a second at the end: we find killed runs ourselves. Raises what
    stopped the run, or ServerError.
    """
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).propagate = False
    before = watcher.set(progress or watcher.get())
    try:
        with tags(*tags_of(project, sync)), quiet():
            state: Any = flow(str(project.root), sync, *given, return_state=True)
            found: Any = state.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - judged below
        found = error
    finally:
        watcher.reset(before)
    if isinstance(found, RunReport):
        return found
    if _unreached(found):
        raise silent(project.state / "prefect", PREFECT_API_URL.value()) from found
    raise found


def _unreached(error: BaseException) -> bool:
    """Whether Prefect's server did not answer. What httpx raises is Prefect's: that of apps leaves as an AppError."""
    if isinstance(error, PrefectHTTPStatusError):
        return error.response.status_code >= 500  # that of a proxy before it, mostly
    return type(error).__module__ == "httpx" or "Failed to reach API" in str(error)


@contextmanager
def quiet() -> Iterator[None]:
    """Without heartbeats. Settings made anew cost a tenth of a second, so those that are quiet already stay."""
    if PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None:
        yield
        return
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def tags_of(project: Project, sync: str) -> list[str]:
    """What the runs of a sync are found by on Prefect's page."""
    sides = project.mapping(project.deployment(sync).mapping).sides.values()
    return [f"sync:{sync}", *sorted({f"app:{side.app}" for side in sides})]


def carried_out(root: str, sync: str, kind: str, patience: int, body: Body) -> Any:
    """The end state of a run: its report, or one sentence that says what stopped it."""
    show_logs()
    tracing.start()
    try:
        with shared(Path(root)) as project:
            printed(project.settings.log_level, project.settings.log_format)
            try:
                with TagsContext(current_tags=set()):  # on tasks: Prefect would ask for limits of each, over and over
                    report = _in_turn(project, sync, kind, patience, body)
            finally:
                _tell(project)
    except Busy as error:
        skipped = Cancelled if runtime.deployment.id else Failed  # a schedule comes round again, a person wants to know
        return skipped(message=str(error), data=error)
    except EXPECTED as error:
        return ended(error)
    end = Failed if report.status == "failed" else Completed
    return end(message=_sentence(report), data=report)


def _tell(project: Project) -> None:
    """Who is told what is wrong; that this fails is no reason for a run to fail."""
    try:
        notify(project, utc_now())
    except Exception:
        log.exception("nobody could be told what is wrong")


def _in_turn(project: Project, sync: str, kind: str, patience: int, body: Body) -> RunReport:
    """Waits for another run of the sync to end, at most so many seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            with steps.working(project, sync, kind) as work:
                _close_broken(work)
                report = body(work)
                if report.would is None:
                    show_report(project, sync, report)
                announce(project, sync, report)
                return report
        except Busy:
            if time.monotonic() >= until:
                raise
        time.sleep(1)


def _close_broken(work: steps.Work) -> None:
    """Runs that were killed would be shown as running for ever. One that was tried again is this one."""
    this = str(runtime.flow_run.id)
    for killed in {*close_broken(work, this)} - {this}:
        with get_client(sync_client=True) as client, suppress(ObjectNotFound):
            state = client.read_flow_run(UUID(killed)).state
            if state is None or not (state.is_final() or state.is_scheduled()):
                client.set_flow_run_state(UUID(killed), Crashed(message=WHY), force=True)


def _sentence(report: RunReport) -> str:
    """What the page says beside the state."""
    if report.errors:
        return " ".join(f"{side}: {reason}" for side, reason in report.errors.items())
    dry = report.would is not None
    ops = report.would or {op: sum(writes.get(op, 0) for writes in report.writes.values()) for op in OPS}
    said = [counted(ops, planned=dry)] if any(ops.values()) else []
    said += [f"{report.holds} waiting for a person"] * bool(report.holds)
    said += [f"{report.failed} not written"] * bool(report.failed)
    end = " This was a dry run: nothing was written." if dry else ""
    return (", ".join(said) + "." if said else "Nothing to do.") + end
