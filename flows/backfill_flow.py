"""The backfill as a Prefect flow: the same steps, each shard a task on the sync's task runner."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, tags, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from engine.apply import Applied
from flows import steps
from flows.backfill import Shard, carry_out, gathered
from flows.project import Project, ProjectError
from flows.report import RunReport
from flows.sync import Ticket, slug

RUNNERS = {"dask": ("prefect_dask", "DaskTaskRunner"), "ray": ("prefect_ray", "RayTaskRunner")}


@task(task_run_name="load {side} {shard}", cache_policy=NO_CACHE)
def load_shard(ticket: Ticket, side: str, shard: Shard) -> Applied:
    """Write one shard of the plan for one side."""
    with ticket.work() as work:
        return steps.load(work, side, shard=shard)


def runner(name: str) -> TaskRunner[Any]:
    """The task runner that a sync names. Raises ProjectError where its package is missing."""
    if name not in RUNNERS:
        return ThreadPoolTaskRunner(max_workers=4)
    module, cls = RUNNERS[name]
    try:
        loaded = __import__(module)
    except ImportError:
        package = module.replace("_", "-")
        raise ProjectError(
            f"task_runner: {name} needs the package {package}. Install it: pip install {package}"
        ) from None
    found: TaskRunner[Any] = getattr(loaded, cls)()
    return found


@flow(name="backfill", flow_run_name="{sync} {start} to {end}")
def _backfill(root: str, sync: str, start: date, end: date, shards: int = 4) -> RunReport:
    """Bring a range of dates in line: read everything, plan the range, load it in shards."""

    def load(work: steps.Work, parts: list[tuple[str, Shard]]) -> list[Applied]:
        ticket = Ticket.of(work)
        return gathered([load_shard.submit(ticket, side, shard) for side, shard in parts])

    with tags(f"sync:{sync}", "backfill"):
        report = carry_out(Project.at(Path(root)), sync, start, end, shards, load)
    create_markdown_artifact(report.markdown(sync), key=f"backfill-{slug(sync)}", description=f"Backfill {report.run}")
    return report


def backfill_flow(root: str, sync: str, start: date, end: date, shards: int) -> RunReport:
    """Runs the flow on the sync's task runner."""
    chosen = runner(Project.at(Path(root)).deployment(sync).task_runner)
    return _backfill.with_options(task_runner=chosen)(root, sync, start, end, shards)
