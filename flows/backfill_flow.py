"""The backfill as a Prefect flow: the same tasks as a sync, each shard loaded on the sync's task runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field

from flows import steps
from flows.crew import Crew
from flows.flowrun import carried_out
from flows.page import show_plan
from flows.project import ProjectError
from flows.report import RunReport
from flows.shards import Part, cut, put_off

THREADS = 4
RUNNERS = {"dask": ("prefect_dask", "DaskTaskRunner"), "ray": ("prefect_ray", "RayTaskRunner")}


def _part(asked: Mapping[str, Any]) -> Part:
    return Part(asked["start"], asked["end"], frozenset(asked["sides"]))


def _name() -> str:
    asked = runtime.flow_run.parameters
    dry = " (dry run)" if asked["dry_run"] else ""
    return f"{asked['sync']} {_part(asked).words}{dry}"


@flow(name="backfill", flow_run_name=_name)
def backfill_flow(
    root: str,
    sync: str,
    start: date | None = None,
    end: date | None = None,
    sides: list[str] = [],  # noqa: B006 - never changed, and Prefect's form shows it
    dry_run: bool = False,
    shards: Annotated[int, Field(ge=1, le=64)] = 4,
    patience: int = 0,
) -> Any:
    """Bring a range of dates in line: read everything, plan the range, load it in shards.

    Args:
        root: The project's folder.
        sync: The sync, as its file in deployments/ is called.
        start: The first day of the range. Empty: from the very first record on.
        end: The last day of the range, which is part of it. Empty: to the very last record.
        sides: The sides that this run may write. Empty: all of them.
        dry_run: Only show what would be written, as a report. Nothing is written.
        shards: Into how many parts is cut what is to be written to a side. They are written at the same time.
        patience: Seconds to wait for another run of this sync that is under way.
    """
    part, kind = Part(start, end, frozenset(sides)), "plan" if dry_run else "backfill"
    return carried_out(root, sync, kind, patience, lambda work: _body(work, part, shards))


def _body(work: steps.Work, part: Part, shards: int) -> RunReport:
    """Extract each side, join and diff, load each side in shards, report. A dry run shows its plan instead."""
    part.check(work.session.mapping)
    crew = Crew(work, everywhere=runner(work.session.deployment.task_runner))
    snapshots = crew.extract(full=True)
    sides = crew.diff(snapshots, part)
    would = show_plan(work, part.words) if work.dry else None
    if would is None:
        crew.load_shards(cut(work, sides, shards))
        work.errors = {**put_off(work), **work.errors}
    return replace(crew.finish(snapshots), would=would)


def runner(name: str) -> TaskRunner[Any]:
    """The task runner that a sync names, on the cluster that its own settings tell of, else in processes of this
    machine: DASK_SCHEDULER_ADDRESS (or Dask's configuration), RAY_ADDRESS. Raises ProjectError without its package.
    """
    if name not in RUNNERS:
        return ThreadPoolTaskRunner(max_workers=THREADS)
    module, cls = RUNNERS[name]
    try:
        made = getattr(import_module(module), cls)
        cluster = {"address": import_module("dask").config.get("scheduler-address", None)} if name == "dask" else {}
    except ImportError as error:
        raise ProjectError(
            f"task_runner: {name} needs the package {module.replace('_', '-')} ({error}). "
            f"Install it where runs are carried out: pip install 'syncline[{name}]'"
        ) from None
    found: TaskRunner[Any] = made(**cluster)
    return found
