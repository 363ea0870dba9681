"""Look back: what was changed, and any question in SQL."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from flows.project import Project
from syncline.exits import Exit
from syncline.options import AsJson, Limit, ProjectDir, SyncName, opened
from syncline.output import emit, note, table

EventName = Literal["edited", "gone", "linked", "agreed", "lost", "created", "updated", "along", "deleted"]
"""As `engine.events.Event` has them; here by name, so that help needs no engine."""


def history(
    sync: SyncName,
    /,
    *,
    record: Annotated[str | None, Parameter(help="Only this record, by its id on any side or by its link.")] = None,
    at: Annotated[
        str | None,
        Parameter(help="With --record: what each side held at this date or time, what was agreed, and where from."),
    ] = None,
    event: Annotated[EventName | None, Parameter(help="Only events of this kind.")] = None,
    since: Annotated[str | None, Parameter(help="Only what happened at this date or time or later.")] = None,
    until: Annotated[str | None, Parameter(help="Only what happened at this date or time or earlier.")] = None,
    limit: Limit = 100,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List what happened to records, or tell what there was at a moment, with the run and the rule behind each value.

    A date or time is UTC unless it has an offset (2026-11-23, 2026-11-23T14:05, 2026-11-23T14:05+01:00); --at and
    --until mean the end of that day, minute or second, --since its beginning.

    Example: syncline history work --record 4k2h9 --at 2026-11-23
    """
    from engine.history import query
    from engine.instant import InstantError, instant
    from syncline.looking_back import history_table

    if at and (record is None or event or since or until):
        note("syncline: --at needs --record, and neither --event, --since nor --until. See: syncline history --help")
        return Exit.USAGE
    try:
        moment = instant(at, end=True) if at else None
        first = instant(since, end=False) if since else None
        last = instant(until, end=True) if until else None
    except InstantError as error:
        note(f"syncline: {error}")
        return Exit.USAGE
    with opened(project) as here:
        here.deployment(sync)
        if record is not None and moment is not None:
            return _then(here, sync, record, moment, json)
        emit(query(here.store, sync, record, limit, event=event, since=first, until=last), json, history_table)
    return Exit.DONE


def _then(project: Project, sync: str, record: str, at: str, json: bool) -> int:
    from engine.timetravel import then
    from syncline.looking_back import moment_view

    emit(then(project.store, sync, record, at), json, moment_view)
    return Exit.DONE


def sql(
    query: Annotated[
        str, Parameter(help="One DuckDB query, over v_runs, v_history, v_holds, v_records, ...: docs/reference/sql.md.")
    ],
    /,
    *,
    format: Annotated[Literal["table", "csv"], Parameter(help="How rows are printed.")] = "table",
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Ask the state, the history and the snapshots with SQL; nothing can be changed this way.

    The views v_... have columns that stay; the tables of the state can be asked too. What a side showed when it was
    last read is snapshot_SYNC_SIDE (- and . become _).

    Example: syncline sql "select state, count(*) from v_records group by 1"
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
            lambda _: table(columns, [[_shown(value) for value in row] for row in rows], empty="No rows."),
        )
    return Exit.DONE


def _shown(value: Any) -> Any:
    """A time as text; everything else as it is."""
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)


def _csv(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(rows)
