"""What waits for a person, and the answers."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit

if TYPE_CHECKING:
    from flows.answers import Answers
    from flows.project import Project

Kind = Annotated[
    Literal["conflict", "ambiguous", "brake", "outage", "refused", "doubt", "loop", "schema", "merge"] | None,
    Parameter(help="Only those of this kind."),
]
Row = Annotated[str | None, Parameter(name="--field", help="Only those of this row of the mapping.")]
Flag = Parameter(show_default=False)


def holds(
    sync: Annotated[str | None, Parameter(help="The sync; without it, all of them.")] = None,
    /,
    *,
    kind: Kind = None,
    field: Row = None,
    show: Annotated[str | None, Parameter(help="All about one hold, by its id.")] = None,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """List what waits for a person, with the reason and what can be answered. Exit code 2 when there is any.

    Example: syncline holds work --kind conflict
    """
    from flows.answers import full, waiting
    from syncline.held import hold_details
    from syncline.tables import holds_table

    with opened(project) as here:
        if show is not None:
            found = full(here, show)
            emit(found, json, hold_details)
            return Exit.WAITS if found["state"] == "open" else Exit.DONE
        listed = waiting(here, sync, kind, field)
    emit(listed, json, holds_table)
    return Exit.WAITS if listed else Exit.DONE


def resolve(
    *hold: Annotated[str, Parameter(help="Holds, by the ids that `syncline holds` shows.")],
    all_of: Annotated[
        str | None,
        Parameter(name="--all", help="All open holds of this sync; --kind, --field and --score narrow them down."),
    ] = None,
    kind: Kind = None,
    field: Row = None,
    score: Annotated[
        float | None, Parameter(help="Only records that look alike with at least this score, 0 to 1.")
    ] = None,
    take: Annotated[str | None, Parameter(help="Take the value or the record of this side.")] = None,
    value: Annotated[str | None, Parameter(help="Take this value: JSON, or else plain text.")] = None,
    skip: Annotated[bool, Flag, Parameter(help="Leave things as they are; of a brake: undo it.")] = False,
    always: Annotated[
        bool, Flag, Parameter(help="With --all, --field and --take: from now on, as a line in the mapping.")
    ] = False,
    dry_run: Annotated[bool, Flag, Parameter(help="Show what would be answered, and answer nothing.")] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Answer holds; the next run acts on it. Give one of --take, --value and --skip. Exit code 2: some did not fit.

    Example: syncline resolve --all work --field title --take outlook
    """
    from syncline.answered import answers_shown

    wrong = _misused(hold, all_of, (kind, field, score), (take, value, skip), always, dry_run)
    if wrong:
        print_usage(wrong)
        return Exit.USAGE
    said = {"take": take} if take is not None else {"value": _value(value)} if value is not None else {"skip": True}
    said |= {"score": score} if score is not None else {}
    with opened(project) as here:
        if always:
            found = _always(here, str(all_of), str(field), str(take))
        else:
            found = _answer(here, hold, all_of, (kind, field, score), said, dry_run)
    emit(found.as_json(), json, answers_shown)
    return Exit.WAITS if found.unfit else Exit.DONE


def _misused(
    hold: tuple[str, ...],
    all_of: str | None,
    narrowed: tuple[str | None, str | None, float | None],
    said: tuple[str | None, str | None, bool],
    always: bool,
    dry_run: bool,
) -> str:
    """What is wrong with the arguments, or nothing."""
    take, value, skip = said
    if sum((take is not None, value is not None, skip)) != 1:
        return "resolve takes exactly one of --take SIDE, --value VALUE and --skip."
    if bool(hold) == bool(all_of):
        return "resolve takes either holds by their ids or --all SYNC. `syncline holds` lists them."
    if hold and any(one is not None for one in narrowed):
        return "--kind, --field and --score go with --all SYNC."
    kind, row, score = narrowed
    if score is not None and not 0 <= score <= 1:
        return "--score is a number from 0 to 1, such as 0.95."
    plain = take is not None and kind in (None, "conflict") and score is None and not dry_run
    if always and not (all_of and row and plain):
        return "--always goes with --all SYNC, --field ROW and --take SIDE: it is a rule for the conflicts of a field."
    return ""


def _always(here: Project, sync: str, row: str, side: str) -> Answers:
    from flows.answers import always

    return always(here, sync, row, side, _now())


def _answer(
    here: Project,
    ids: tuple[str, ...],
    sync: str | None,
    narrowed: tuple[str | None, str | None, float | None],
    said: dict[str, Any],
    dry_run: bool,
) -> Answers:
    """Raises HoldError where a single hold was named and the answer does not fit it."""
    from engine.holds import HoldError
    from flows.answers import answer, waiting

    meant = [one["hold"] for one in waiting(here, sync, *narrowed)] if sync else ids
    found = answer(here, meant, said, _now(), dry_run=dry_run)
    if len(ids) == 1 and found.unfit:
        raise HoldError(found.unfit[0]["reason"])
    return found


def print_usage(sentence: str) -> None:
    import sys

    print(f"syncline: {sentence}", file=sys.stderr)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _value(text: str | None) -> Any:
    try:
        return jsonlib.loads(text or "")
    except ValueError:
        return text
