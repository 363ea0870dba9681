"""The sync as a Prefect flow."""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow

from flows import steps
from flows.crew import Crew
from flows.direct import Progress
from flows.flowrun import call, carried_out
from flows.project import Project
from flows.report import RunReport

Mode = Literal["incremental", "full"]


@flow(name="sync", flow_run_name="{sync} {mode}", persist_result=False)  # said, it needs not ask the server
def sync_flow(root: str, sync: str, mode: Mode = "incremental", patience: int = 0) -> Any:
    """Keep the sides of a sync the same: extract each side, join and diff, load each side, report.

    Args:
        root: The project's folder.
        sync: The sync, as its file in deployments/ is called.
        mode: What changed since the last run, or everything.
        patience: Seconds to wait for another run of this sync that is under way.
    """
    return carried_out(root, sync, "sync", patience, lambda work: _body(work, mode == "full"))


def _body(work: steps.Work, full: bool) -> RunReport:
    """The sentence that a run is."""
    crew = Crew(work)
    snapshots = crew.extract(full)
    crew.load(crew.diff(snapshots))
    for _ in range(steps.ROUNDS):
        edited_meanwhile = crew.look_again()
        if not edited_meanwhile:
            break
        crew.load(edited_meanwhile)
    return crew.finish(snapshots)


def run(project: Project, sync: str, *, full: bool = False, progress: Progress | None = None) -> RunReport:
    """Runs the flow in this process, reporting to the Prefect server in the environment."""
    return call(sync_flow, project, sync, "full" if full else "incremental", progress=progress)
