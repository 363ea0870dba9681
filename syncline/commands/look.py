"""Look at a sync: where every record stands, what happened, what waits for a person."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, SyncName, opened
from syncline.output import emit, table

Limit = Annotated[int, Parameter(help="At most so many, the latest first.")]


def status(
    sync: Annotated[str | None, Parameter(help="The sync. Without it, all of the project.")] = None,
    /,
    *,
    state: Annotated[
        Literal["in_sync", "excluded", "held", "conflict", "ambiguous", "failed", "pending"] | None,
        Parameter(help="List the records in this state instead, each with the reason."),
    ] = None,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Count every record of every side by where it stands; the numbers always add up to the total.

    Exit code 2 when some of them wait for a person.

    Example: syncline status work --state failed
    """
    from engine.accounting import explain
    from engine.accounting import status as count
    from syncline.tables import WAITING, records_table, status_table

    with opened(project) as here:
        if sync is not None:
            here.deployment(sync)
        names = [sync] if sync is not None else here.syncs()
        if state is not None:
            listed = [{"sync": name, **row} for name in names for row in explain(here.store, name, state)]
            emit(listed, json, records_table)
            return Exit.WAITS if listed and state in WAITING else Exit.DONE
        found = {name: count(here.store, name) for name in names}
    emit(found, json, status_table)
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


def history(
    sync: SyncName,
    /,
    *,
    record: Annotated[str | None, Parameter(help="Only this record, by its id on any side or by its link.")] = None,
    limit: Limit = 100,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List every field change that was applied: when, which, from which side, before, after, and why.

    Example: syncline history work --record 4k2h9
    """
    from engine.history import query
    from syncline.tables import history_table

    with opened(project) as here:
        here.deployment(sync)
        found = query(here.store, sync, record, limit)
    emit(found, json, history_table)
    return Exit.DONE


def holds(sync: SyncName, /, *, project: ProjectDir = None, json: AsJson = False) -> int:
    """List what waits for a person, with the reason and what can be answered. Exit code 2 when there is any.

    Example: syncline holds work
    """
    from engine.holds import listed
    from flows.view import hold_view
    from syncline.tables import holds_table

    with opened(project) as here:
        here.deployment(sync)
        found = [hold_view(row) for row in listed(here.store, sync)]
    emit(found, json, holds_table)
    return Exit.WAITS if found else Exit.DONE


def resolve(
    hold: Annotated[str, Parameter(help="The hold, by the id that `syncline holds` shows.")],
    /,
    *,
    take: Annotated[str | None, Parameter(help="Take the value or the record of this side.")] = None,
    value: Annotated[str | None, Parameter(help="Take this value: JSON, or else plain text.")] = None,
    skip: Annotated[
        bool, Parameter(show_default=False, help="Leave things as they are until something changes.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Answer a hold; the next run acts on it. Give one of --take, --value and --skip.

    Example: syncline resolve 7f3a --take outlook
    """
    from engine.holds import answer
    from flows.view import hold_view

    if sum((take is not None, value is not None, skip)) != 1:
        print_usage("resolve takes exactly one of --take SIDE, --value VALUE and --skip.")
        return Exit.USAGE
    said = {"take": take} if take is not None else {"value": _value(value)} if value is not None else {"skip": True}
    with opened(project) as here:
        found = hold_view(answer(here.store, hold, said, datetime.now(UTC).isoformat()))
    emit(found, json, lambda _: f"Answered {hold}. It takes effect with the next run.")
    return Exit.DONE


def sql(
    query: Annotated[
        str, Parameter(help="One DuckDB query. Tables: links, copies, runs, changes, holds, history, ...")
    ],
    /,
    *,
    format: Annotated[Literal["table", "csv"], Parameter(help="How rows are printed.")] = "table",
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Ask the state, the history and the snapshots with SQL; nothing can be changed this way.

    Snapshots are the views snapshot_SYNC_SIDE, with the latest reading of a side (- and . become _).

    Example: syncline sql "select event, count(*) from history group by 1"
    """
    from syncline.query import ask

    with opened(project) as here:
        columns, rows = ask(here, query)
    if format == "csv" and not json:
        _csv(columns, rows)
    else:
        emit(
            [dict(zip(columns, row, strict=True)) for row in rows],
            json,
            lambda _: table(columns, rows, empty="No rows."),
        )
    return Exit.DONE


def print_usage(sentence: str) -> None:
    import sys

    print(f"syncline: {sentence}", file=sys.stderr)


def _csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(rows)


def _value(text: str | None) -> Any:
    try:
        return jsonlib.loads(text or "")
    except ValueError:
        return text
