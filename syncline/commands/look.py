"""Look at a sync: where every record stands, and what its runs did."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, Limit, ProjectDir, opened
from syncline.output import emit, note


def status(
    sync: Annotated[str | None, Parameter(help="The sync. Without it, all of the project.")] = None,
    /,
    *,
    explain: Annotated[
        Literal["in_sync", "excluded", "held", "conflict", "ambiguous", "failed", "pending"] | None,
        Parameter(help="List the records in this state instead, each with the reason, its link and since when."),
    ] = None,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Count every record of every side by where it stands; the numbers always add up to the total.

    Exit code 2 when some of them wait for a person. Where a watcher is at work, it says so beside the counts.

    Example: syncline status work --explain failed
    """
    from engine import accounting
    from flows.view import titles
    from flows.watch.alive import at_work
    from syncline.tables import WAITING, records_table, status_table

    with opened(project) as here:
        if sync is not None:
            here.deployment(sync)
        names = [sync] if sync is not None else here.syncs()
        if explain is not None:
            told = {name: accounting.explain(here.store, name, explain, titles(here, name)) for name in names}
            listed = [{"sync": name, **row} for name, rows in told.items() for row in rows]
            emit(listed, json, records_table)
            return Exit.WAITS if listed and explain in WAITING else Exit.DONE
        found = {name: accounting.status(here.store, name) for name in names}
        watcher = at_work(here.store)
    emit(found, json, status_table)
    if watcher is not None:
        note(f"Watched by {watcher}: a change is carried over as soon as it is told or found.")
    counted = [side["records"] for sides in found.values() for side in sides.values()]
    return Exit.WAITS if any(records[state] for records in counted for state in WAITING) else Exit.DONE


def runs(
    sync: Annotated[str | None, Parameter(help="The sync. Without it, all of the project.")] = None,
    /,
    *,
    limit: Limit = 20,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List the latest runs and plans.

    Example: syncline runs work --limit 5
    """
    from engine.record import runs_of
    from syncline.tables import run_view, runs_table

    with opened(project) as here:
        if sync is not None:
            here.deployment(sync)
        found = [run_view(row) for row in runs_of(here.store, sync, limit)]
    emit(found, json, runs_table)
    return Exit.DONE


def show(
    run: Annotated[str, Parameter(help="A run or a plan, by its id.")],
    /,
    *,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Show one run: what it read, every change it planned and what became of it.

    Example: syncline show 01JDK3
    """
    from engine.record import run_of
    from flows.project import ProjectError
    from syncline.tables import run_details, run_view

    with opened(project) as here:
        found = run_of(here.store, run)
    if found is None:
        raise ProjectError(f"There is no run {run!r}. List them with: syncline runs")
    emit(run_view(found), json, run_details)
    return Exit.DONE
