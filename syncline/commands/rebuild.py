"""Bring back a state that was lost, damaged or set back."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from syncline.commands.runs import outcome
from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, SyncName, opened
from syncline.output import emit, note


def rebuild(
    sync: SyncName,
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(show_default=False, help="Show what would be linked and written, and write nothing.")
    ] = False,
    force: Annotated[
        bool, Parameter(show_default=False, help="Also where the state looks healthy, such as after an old backup.")
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Restore the links of a sync whose state was lost, emptied, damaged or replaced by an old backup.

    It reads everything and links by stamps and match keys. It deletes nothing; what is ambiguous, and more than a few
    records without a like, wait for a person: exit code 2. A damaged state file is set aside, never deleted.

    Example: syncline rebuild work --dry-run
    """
    from flows import rebuild as flow
    from flows.damage import damaged_state, set_aside
    from flows.project import ProjectError
    from syncline.rebuild_table import rebuild_table

    with opened(project) as here:
        here.deployment(sync)
        if dry_run and (path := damaged_state(here)) is not None:
            raise ProjectError(f"{path} is damaged. Without --dry-run it is set aside, and a new state begins.")
        aside = None if dry_run else set_aside(here)
        if aside is not None:
            note(f"The state file was damaged. It is now {aside}; a new state begins.")
        found = flow.run(here, sync, dry_run=dry_run, force=force)
        report: dict[str, Any] = {**found.as_json(), "aside": str(aside) if aside else None}
    emit(report, json, rebuild_table)
    return Exit.WAITS if dry_run and report["changes"] else outcome(report)
