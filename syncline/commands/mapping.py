"""Versions of a mapping: what a change would do, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson, ProjectDir, opened
from syncline.output import emit, table

if TYPE_CHECKING:
    from flows.project import Project


def mapping(
    action: Annotated[
        Literal["diff", "test", "versions", "revert"],
        Parameter(
            help="diff: what has changed since the last run, and what that would write. test: the examples and the "
            "proof. versions: every mapping that ever ran. revert: write a former one back."
        ),
    ],
    what: Annotated[str, Parameter(help="A sync; or a mapping, by name, that one sync uses.")],
    /,
    *,
    to: Annotated[
        int | None, Parameter(help="revert: the version to go back to. diff: the one to compare with.")
    ] = None,
    offline: Annotated[bool, Parameter(show_default=False, help="diff and test: do not ask the apps.")] = False,
    project: ProjectDir = None,
    json: AsJson = False,
) -> int:
    """Try a changed mapping before it writes, see its versions, go back to one.

    Nothing is written to any app. Exit code of diff: 2 where something has changed; of test: 1 where something is to be
    put right.

    Example: syncline mapping diff work
    """
    with opened(project) as here:
        if action == "test":
            return _test(here, what, offline, json)
        sync = _sync(here, what)
        if action == "diff":
            return _diff(here, sync, to, offline, json)
        return _versions(here, sync, json) if action == "versions" else _revert(here, sync, to, json)


def _sync(project: Project, what: str) -> str:
    """The sync meant. Raises ProjectError."""
    from flows.project import ProjectError

    if what in project.syncs():
        return what
    users = [name for name in project.syncs() if project.deployment(name).mapping == what]
    if len(users) == 1:
        return users[0]
    hint = f"These use a mapping of that name: {', '.join(users)}." if users else "See: syncline status"
    raise ProjectError(f"There is no sync {what!r}, and versions are kept for each sync. {hint}")


def _test(project: Project, what: str, offline: bool, json: bool) -> int:
    from syncline.checking import check_all, shown, verdict

    found = check_all(project, what, offline)
    emit(found, json, shown)
    return verdict(found)


def _versions(project: Project, sync: str, json: bool) -> int:
    from flows.versions import versions

    found = versions(project, sync)
    rows = [[str(row["version"]), row["at"][:19], str(row["runs"]), "yes" if row["now"] else None] for row in found]
    empty = f"{sync} has not run yet. Next: syncline plan {sync}"
    emit(found, json, lambda _: table(("version", "first ran", "runs", "now"), rows, empty=empty))
    return Exit.DONE


def _diff(project: Project, sync: str, to: int | None, offline: bool, json: bool) -> int:
    from flows import direct
    from flows.session import Session
    from flows.versions import differences, document, last_run

    base = last_run(project, sync) if to is None else to
    now = Session(project, sync).fingerprint[0]
    before = document(project, sync, base) if base is not None else {"fields": {}}
    changed = differences(before, now)
    found: dict[str, Any] = {"sync": sync, "since": base, "changed": changed, "writes": None, "plan": None}
    if changed and not offline:
        plan = direct.plan(project, sync)
        found |= {"plan": plan.plan, "writes": _counted(plan.changes), "errors": plan.errors}
    emit(found, json, _told)
    return Exit.ERROR if found.get("errors") else Exit.WAITS if changed else Exit.DONE


def _counted(changes: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Records by side and what would be done to them."""
    found: dict[str, dict[str, int]] = {}
    for change in changes:
        side = found.setdefault(change["side"], {})
        side[change["op"]] = side.get(change["op"], 0) + 1
    return found


def _told(found: dict[str, Any]) -> Any:
    from rich.console import Group

    since = "no run yet" if found["since"] is None else f"version {found['since']}"
    if not found["changed"]:
        return f"{found['sync']}: the mapping is that of {since}."
    rows = [[one["key"], one["before"], one["after"]] for one in found["changed"]]
    parts: list[Any] = [table(("changed", f"before ({since})", "now"), rows)]
    if found["writes"] is not None:
        counts = [f"{side}: {', '.join(f'{n} {op}' for op, n in ops.items())}" for side, ops in found["writes"].items()]
        parts.append(f"A run would write {'; '.join(counts) or 'nothing'}.")
        parts.append(f"To see it: syncline show {found['plan']}. To do it: syncline apply {found['plan']}")
    parts += [f"{side}: {error}" for side, error in found.get("errors", {}).items()]
    return Group(*parts)


def _revert(project: Project, sync: str, to: int | None, json: bool) -> int:
    from flows.versions import revert

    found = revert(project, sync, to)
    lines = [f"Wrote version {found['version']} to {found['file']}."]
    lines += [f"What it said before is in {found['kept']}."] if found["kept"] else []
    lines += [] if found["comments"] else ["The comments of that version are not known here; its keys are all there."]
    emit(found, json, lambda _: "\n".join([*lines, f"Next: syncline mapping diff {sync}"]))
    return Exit.DONE
