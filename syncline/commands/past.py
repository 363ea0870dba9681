"""Look back: what was changed, and any question in SQL."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, Limit, ProjectDir, SyncName, opened
from syncline.output import emit, table


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


def _csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(rows)
