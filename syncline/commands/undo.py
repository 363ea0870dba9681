"""Take back what a run did, or what was done to a record or a field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from flows.project import Project
from syncline.commands.runs import Direct, _use_prefect
from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note


def undo(
    run: Annotated[str | None, Parameter(show_default=False, help="The run, as `syncline runs` lists it.")] = None,
    /,
    *,
    sync: Annotated[str | None, Parameter(help="The sync: needed with --field and --since alone.")] = None,
    link: Annotated[
        str | None,
        Parameter(help="Only this record, by its link or by its id on any side. Without a run: its last change."),
    ] = None,
    field: Annotated[
        str | None,
        Parameter(help="Only this field of the mapping, or FIELD/KEY of a list. Without a run: its last change."),
    ] = None,
    since: Annotated[
        datetime | None,
        Parameter(help="All runs since this moment, such as 2026-05-04T08:00, in UTC unless it says otherwise."),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(show_default=False, help="Show what would be written, field by field, and write nothing.")
    ] = False,
    direct: Direct = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Undo a run, or what was done to a record or a field. What was edited since is listed and left: exit code 2.

    An undo is a run: it can be broken off and goes on with the next run, and it can itself be undone.

    Example: syncline undo 4f2a91c07be3d518 --dry-run
    """
    from engine.undo.traces import Asked
    from flows.undo import meant
    from syncline.undo_table import undo_table

    if not any((run, link, field, since)) or (run and since):
        note("syncline: undo takes a run, or --link, --field or --since, and a run has no --since.")
        return Exit.USAGE
    with opened(project) as here:
        at = None if since is None else _utc(since).isoformat()
        name, asked = meant(here, sync, Asked(run, link, field, at))
        report = _carry_out(here, name, asked, dry_run, direct)
    emit(report, json, undo_table)
    return _outcome(report)


def _carry_out(here: Project, sync: str, asked: Any, dry_run: bool, direct: bool) -> dict[str, Any]:
    if not direct and not dry_run:
        _use_prefect(here)
    from flows.undo import run
    from syncline.output import bars

    with bars() as progress:
        found = run(here, sync, asked, dry_run=dry_run, direct=direct, progress=progress)
    return found.as_json()


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _outcome(report: dict[str, Any]) -> Exit:
    if report["status"] == "failed":
        return Exit.ERROR
    waits = report["left"] or report["holds"] or report["failed"] or report["changes"]
    return Exit.WAITS if waits else Exit.DONE
