"""Rehearse a sync: random histories with faults and crashes, before the real ones come."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, note, progress_bar

if TYPE_CHECKING:
    from syncline.rehearsal.own import OwnSetting

STEPS = re.compile(r"\d+(-\d+)?(,\s*\d+(-\d+)?)*")


def rehearse(
    what: Annotated[str | None, Parameter(help="A mapping or a sync. Without it, made-up apps and mappings.")] = None,
    /,
    *,
    histories: Annotated[int, Parameter(help="How many.")] = 200,
    seed: Annotated[int, Parameter(help="The first seed; each history has the next one.")] = 0,
    steps: Annotated[
        str | None, Parameter(help="Play only these steps of the seed, such as 0,3,5-8, and tell what happens.")
    ] = None,
    processes: Annotated[int | None, Parameter(help="How many at a time. Without it, one for each processor.")] = None,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Play random histories with simulated apps, faults and crashes over the real engine, and check what must hold.

    Each history is decided by one number, its seed. Nothing real is touched. A history that breaks something is
    shortened and shown, with the command that plays it again. Exit code 1 when there is one.

    Example: syncline rehearse google-outlook-meetings --histories 1000
    """
    from syncline.rehearsal.rehearse import rehearse as play_all
    from syncline.rehearsal.telling import told, totals_table

    if histories < 1 or (steps is not None and not STEPS.fullmatch(steps)):
        note("syncline: --histories is 1 or more, and --steps names steps by their numbers, such as 0,3,5-8.")
        return Exit.USAGE
    settings = _settings(what, project)
    left_alone = settings.notes if settings else ()
    for sentence in left_alone:
        note(sentence)
    if steps is not None or histories == 1:
        found = told(seed, settings, steps, what)
        emit(found, json, lambda doc: "\n".join(doc["trace"] + doc["violations"] + doc["unavoidable"]))
        return Exit.ERROR if found["violations"] else Exit.DONE
    with progress_bar("histories") as progress:
        totals = play_all(seed, histories, settings, processes=processes, progress=progress)
    document: dict[str, Any] = totals.as_json() | {"first_seed": seed, "left_alone": list(left_alone)}
    if totals.failing:
        document["shortest"] = told(totals.failing[0][0], settings, None, what, shorten=True)
    emit(document, json, totals_table)
    return Exit.ERROR if totals.failing else Exit.DONE


def _settings(what: str | None, project: Path | None) -> OwnSetting | None:
    """What histories of a user's own mapping or sync are played with; None for made-up apps."""
    if what is None:
        return None
    from syncline.rehearsal.own import setting_of

    with opened(project) as here:
        return setting_of(here, what)
