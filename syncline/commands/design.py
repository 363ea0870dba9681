"""Describe a sync: make one from a mapping, and check what is written."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit

Sides = Annotated[
    list[str],
    Parameter(
        consume_multiple=True,
        show_default=False,
        help="side=CONNECTION, once for each side; without a mapping also side=CONNECTION:OBJECT.",
    ),
]
MappingName = Annotated[
    str | None,
    Parameter(help="A mapping of the project or the library, by name or path. Without it, one is proposed."),
]
Scopes = Annotated[
    list[str],
    Parameter(
        consume_multiple=True,
        show_default=False,
        help="side.key=VALUE: another part of the account than the mapping says.",
    ),
]
DryRun = Annotated[bool, Parameter(show_default=False, help="Without a mapping: show what is proposed, write nothing.")]


def new(
    name: Annotated[str, Parameter(help="What the sync is called.")],
    /,
    *,
    side: Sides,
    mapping: MappingName = None,
    scope: Scopes = [],  # noqa: B006 - never changed
    dry_run: DryRun = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Make a sync: write deployments/NAME.yaml, and without --mapping also mappings/NAME.yaml. Nothing runs yet.

    Without --mapping the accounts are asked for their fields and a few records, and a mapping is proposed: a row for
    each field that they have in common, with the reason behind it. Rows that are only likely are written as comments.

    Example: syncline new people --side crm=hub:contacts --side book=me
    """
    from syncline.draft import DraftError, draft
    from syncline.proposing import propose_sync, shown

    if mapping is not None and dry_run:
        raise DraftError("--dry-run shows a proposal; with --mapping there is none. Leave one of them out.")
    if mapping is None:
        with opened(project) as here:
            proposed = propose_sync(here, name, side, scope, dry=dry_run)
        emit(proposed, json, shown)
        return Exit.DONE
    with opened(project) as here:
        path = draft(here, name, mapping, side, scope)
    emit({"sync": name, "file": str(path)}, json, lambda _: f"Wrote {path}.\nNext: syncline plan {name}")
    return Exit.DONE


def check(
    what: Annotated[
        str | None, Parameter(help="A sync, or a mapping file. Without it, every sync of the project.")
    ] = None,
    /,
    *,
    offline: Annotated[
        bool,
        Parameter(
            show_default=False,
            help="Do not ask the apps: take the fields of the last run, or those that every account has.",
        ),
    ] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Check syncs and mappings: the files, the fields that the apps really have, the examples, a proof of every row.

    The proof says for each row and each two sides whether a value survives the way round: exact, stable, one-way or
    unstable, with the smallest value that fails. Exit code 1 where something is to be put right, 2 where nothing could
    be judged, for no account tells the fields of a side.

    Example: syncline check work
    """
    from syncline.checking import check_all, shown, verdict

    with opened(project) as here:
        found = check_all(here, what, offline)
    emit(found, json, shown)
    return verdict(found)
