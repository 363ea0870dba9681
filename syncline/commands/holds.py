"""What waits for a person, and the answers."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from typing import Annotated, Any

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, SyncName, opened
from syncline.output import emit


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


def print_usage(sentence: str) -> None:
    import sys

    print(f"syncline: {sentence}", file=sys.stderr)


def _value(text: str | None) -> Any:
    try:
        return jsonlib.loads(text or "")
    except ValueError:
        return text
