"""Run a sync: look first, apply what was looked at, or do both at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from flows.project import Project
from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, SyncName, opened
from syncline.output import emit, note

Direct = Annotated[
    bool,
    Parameter(
        show_default=False, help="The same steps in this process, without Prefect: quicker, and not on its page."
    ),
]


def plan(sync: SyncName, /, *, project: ProjectDir = None, json: AsJson = False) -> int:
    """Show what a run would write, field by field, and write nothing. Exit code 2 when changes wait.

    Example: syncline plan work
    """
    from flows.direct import plan as make
    from syncline.tables import plan_table

    with opened(project) as here:
        here.deployment(sync)
        report = make(here, sync).as_json()
    emit(report, json, plan_table)
    return planned(report)


def apply(
    plan: Annotated[str, Parameter(help="The plan, by the id that `syncline plan` printed.")],
    /,
    *,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Write exactly what a plan showed; what has changed since is left for the next plan.

    Example: syncline apply 01JDK3
    """
    from flows.direct import apply as carry_out
    from syncline.output import bars
    from syncline.tables import run_table

    with opened(project) as here, bars() as progress:
        report = carry_out(here, plan, progress=progress).as_json()
    emit(report, json, run_table)
    return outcome(report)


def run(
    sync: SyncName,
    /,
    *,
    direct: Direct = False,
    full: Annotated[bool, Parameter(show_default=False, help="Read everything anew, not only what changed.")] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Run a sync: read all sides, merge, and write what differs. Repeat it as often as you like.

    Example: syncline run work
    """
    from syncline.tables import run_table

    with opened(project) as here:
        here.deployment(sync)
        report = _direct(here, sync, full) if direct else _prefect(here, sync, full)
    emit(report, json, run_table)
    return outcome(report)


def backfill(
    sync: SyncName,
    /,
    *,
    start: Annotated[
        datetime | None, Parameter(name="--from", help="First day, such as 2025-01-01. Without it: from the beginning.")
    ] = None,
    end: Annotated[datetime | None, Parameter(name="--to", help="Last day. Without it: to the end.")] = None,
    side: Annotated[
        list[str], Parameter(show_default=False, help="A side that may be written; repeat it. Without it: all.")
    ] = [],  # noqa: B006 - never changed
    dry_run: Annotated[
        bool, Parameter(show_default=False, help="Show what would be written, field by field, and write nothing.")
    ] = False,
    shards: Annotated[int, Parameter(help="Parts that run side by side and are taken up again one by one.")] = 4,
    direct: Direct = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Bring a range of dates in line, in parts; a broken-off backfill goes on where it was.

    Exit code 2 of a dry run: the plan has changes. Write them with `syncline apply`.

    Example: syncline backfill work --from 2015-01-01 --to 2020-12-31 --shards 8
    """
    from flows import backfill as flow
    from flows.shards import Part
    from syncline.output import bars
    from syncline.tables import plan_table, run_table

    if start and end and end < start:
        note("syncline: --to is before --from.")
        return Exit.USAGE
    part = Part(start.date() if start else None, end.date() if end else None, frozenset(side))
    with opened(project) as here:
        here.deployment(sync)
        if dry_run:
            plan = flow.plan(here, sync, part).as_json()
        else:
            if not direct:
                _use_prefect(here)
            with bars() as progress:
                report = flow.run(here, sync, part, shards=shards, direct=direct, progress=progress).as_json()
    emit(plan if dry_run else report, json, plan_table if dry_run else run_table)
    return planned(plan) if dry_run else outcome(report)


def planned(plan: dict[str, Any]) -> Exit:
    """The exit code of a plan."""
    if plan["errors"]:
        return Exit.ERROR
    return Exit.WAITS if plan["changes"] or plan["holds"] else Exit.DONE


def outcome(report: dict[str, Any]) -> Exit:
    """The exit code of a run: its own failure, then what waits for a person."""
    if report["status"] == "failed":
        return Exit.ERROR
    return Exit.WAITS if report["holds"] or report["failed"] else Exit.DONE


def _direct(project: Project, sync: str, full: bool) -> dict[str, Any]:
    from flows import direct as whole
    from syncline.output import bars

    with bars() as progress:
        report: dict[str, Any] = whole.run(project, sync, full=full, progress=progress).as_json()
    return report


def _prefect(project: Project, sync: str, full: bool) -> dict[str, Any]:
    _use_prefect(project)
    from flows import sync as flow
    from syncline.output import bars

    with bars() as progress:
        report: dict[str, Any] = flow.run(project, sync, full=full, progress=progress).as_json()
    return report


def _use_prefect(project: Project) -> None:
    """Before Prefect's first import."""
    import os

    from flows.server import Server, configured, use

    home = project.state / "prefect"
    if configured(os.environ) is None and Server(home).page() is None:
        note("Starting the project's Prefect server (about ten seconds, once; stop it with: syncline down) ...")
    use(home)
