"""The backfill as a Prefect flow: the same tasks as a sync, each shard loaded on the sync's task runner."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from typing import Any

from prefect import flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows import steps
from flows.crew import Crew
from flows.flowrun import carried_out
from flows.project import ProjectError
from flows.report import RunReport
from flows.shards import Days, cut

THREADS = 4
RUNNERS = {"dask": ("prefect_dask", "DaskTaskRunner"), "ray": ("prefect_ray", "RayTaskRunner")}


@flow(name="backfill", flow_run_name="{sync} {start} to {end}")
def backfill_flow(root: str, sync: str, start: date, end: date, shards: int = 4, patience: int = 0) -> Any:
    """Bring a range of dates in line: read everything, plan the range, load it in shards.

    Args:
        root: The project's folder.
        sync: The sync, as its file in deployments/ is called.
        start: The first day.
        end: The last day.
        shards: Parts of what is to be written to a side, each a task of its own.
        patience: Seconds to wait for another run of this sync that is under way.
    """
    return carried_out(root, sync, "backfill", patience, lambda work: _body(work, (start, end), shards))


def _body(work: steps.Work, days: Days, shards: int) -> RunReport:
    """Extract each side, join and diff, load each side in shards, report."""
    crew = Crew(work, everywhere=runner(work.session.deployment.task_runner))
    snapshots = crew.extract(full=True)
    sides = crew.diff(snapshots, days)
    crew.load_shards(cut(work, sides, shards))
    return crew.finish(snapshots)


def runner(name: str) -> TaskRunner[Any]:
    """The task runner that a sync names. Raises ProjectError where its package is missing."""
    if name not in RUNNERS:
        return ThreadPoolTaskRunner(max_workers=THREADS)
    module, cls = RUNNERS[name]
    try:
        found: TaskRunner[Any] = getattr(import_module(module), cls)()
    except ImportError as error:
        package = module.replace("_", "-")
        raise ProjectError(
            f"task_runner: {name} needs the package {package} ({error}). Install it: pip install {package}"
        ) from None
    return found
