"""What is wrong now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note, table

COLUMNS = ["key", "since", "reason", "told"]


def alerts(
    *,
    test: Annotated[
        bool, Parameter(show_default=False, help="Send a message by each block of SYNCLINE_NOTIFY.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List what is wrong now: sign-ins that ended, apps that do not answer, brakes, what waits for a person.

    Each is told once when it begins and once when it is over, by the Prefect blocks named in SYNCLINE_NOTIFY. Exit
    code 2 when there is something.

    Example: syncline alerts --test
    """
    from engine.store.outside import alerts as told
    from flows.alerts import look

    with opened(project) as here:
        if test:
            return _test(here)
        found = look(here, datetime.now(UTC))
        rows = [_shown(row) for row in here.store.all(told, told.c.over_at.is_(None))]
    emit(
        sorted(rows, key=lambda row: (row["since"], row["key"])),
        json,
        lambda data: table(COLUMNS, [[row[name] for name in COLUMNS] for row in data], empty="Nothing is wrong."),
    )
    return Exit.WAITS if found else Exit.DONE


def _shown(row: dict[str, Any]) -> dict[str, str]:
    told = f"no: {row['error']}" if row["error"] else (row["told_at"] or "no")
    return {"key": row["key"], "since": row["since"], "reason": row["reason"], "told": told}


def _test(project: Any) -> int:
    import os

    from flows.server import use

    names = project.settings.notified
    if not names:
        note("SYNCLINE_NOTIFY names no block. Make one on Prefect's page under Blocks, and name it: slack-webhook/ops")
        return Exit.ERROR
    use(project.state / "prefect")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    from flows.notify import send

    send(names, "Syncline: a test", "This is how Syncline tells you what is wrong.")
    note(f"Sent by {', '.join(names)}.")
    return Exit.DONE
