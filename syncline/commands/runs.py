"""Run a sync: look first, apply what was looked at, or do both at once."""

from __future__ import annotations

from datetime import date, datetime
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
    if report["errors"]:
        return Exit.ERROR
    return Exit.WAITS if report["changes"] or report["holds"] else Exit.DONE


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
    start: Annotated[datetime, Parameter(name="--from", help="First day, such as 2025-01-01.")],
    end: Annotated[datetime, Parameter(name="--to", help="Last day.")],
    shards: Annotated[int, Parameter(help="Parts that run side by side and are taken up again one by one.")] = 4,
    direct: Direct = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Bring a range of dates in line, in parts; a broken-off backfill goes on where it was.

    Example: syncline backfill work --from 2015-01-01 --to 2020-12-31 --shards 8
    """
    from syncline.tables import run_table

    if end < start:
        note("syncline: --to is before --from.")
        return Exit.USAGE
    with opened(project) as here:
        here.deployment(sync)
        report = _backfill(here, sync, (start.date(), end.date()), shards, direct)
    emit(report, json, run_table)
    return outcome(report)


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


def _backfill(project: Project, sync: str, days: tuple[date, date], shards: int, direct: bool) -> dict[str, Any]:
    if not direct:
        _use_prefect(project)
    from flows import backfill as flow
    from syncline.output import bars

    with bars() as progress:
        found = flow.run(project, sync, *days, shards=shards, direct=direct, progress=progress)
    report: dict[str, Any] = found.as_json()
    return report


def _use_prefect(project: Project) -> None:
    """Before Prefect's first import."""
    import os

    from flows.server import Server, configured, use

    home = project.state / "prefect"
    if configured(os.environ) is None and Server(home).page() is None:
        note("Starting the project's Prefect server (about ten seconds, once; stop it with: syncline down) ...")
    use(home)
