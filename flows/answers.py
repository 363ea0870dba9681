"""Answers to holds: one, many at once, and as a rule for ever."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine import holds
from engine.always import always_take
from engine.store.tables import copies, links
from engine.together import best
from flows.project import LIBRARY, Project
from flows.view import hold_view


@dataclass
class Answers:
    """What became of some answers."""

    answered: list[dict[str, Any]] = field(default_factory=list)
    unfit: list[dict[str, str]] = field(default_factory=list)
    """`{"hold", "reason"}` of those that the answer does not fit."""
    dry_run: bool = False
    """Nothing was answered: this is what would be."""
    rule: dict[str, Any] | None = None
    """The line written into a mapping: `{"row", "line", "file", "copied", "syncs", "changed"}`."""

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline resolve --json`."""
        return asdict(self)


def waiting(
    project: Project,
    sync: str | None = None,
    kind: str | None = None,
    row: str | None = None,
    score: float | None = None,
) -> list[dict[str, Any]]:
    """Open holds as documents, oldest first: of a sync, a kind, a row of the mapping; look-alikes of a score."""
    if sync is not None:
        project.deployment(sync)
    views = [hold_view(found) for found in holds.listed(project.store, sync)]
    found = [one for one in views if kind in (None, one["kind"]) and row in (None, one["field"])]
    return [one for one in found if score is None or (best(one["detail"]) or -1) >= score]


def full(project: Project, hold: str) -> dict[str, Any]:
    """One hold with its records, and how it can be answered. Raises HoldError."""
    row = holds.one(project.store, hold)
    view = {**hold_view(row), "how": holds.ways(row["kind"]), "records": []}
    if row["link"] is None:
        return view
    first = next(iter(project.mapping(project.deployment(row["sync"]).mapping).fields))
    query = select(copies, links.c.agreed).join(links, links.c.id == copies.c.link)
    found = project.store.rows(query.where(copies.c.link == row["link"]).order_by(copies.c.side))
    view["records"] = [
        {
            "side": one["side"],
            "id": one["id"],
            "title": one["agreed"].get(first),
            "changed_at": one["changed_at"],
            "changed_by": one["changed_by"],
        }
        for one in found
    ]
    return view


def answer(project: Project, ids: Sequence[str], said: dict[str, Any], now: str, *, dry_run: bool = False) -> Answers:
    """Gives the same answer to some holds, at once. The next run of their sync acts on it."""
    answered, unfit = holds.answer_all(project.store, ids, said, now, dry=dry_run)
    reasons = [{"hold": hold, "reason": reason} for hold, reason in unfit.items()]
    return Answers([hold_view(row) for row in answered], reasons, dry_run)


def always(project: Project, sync: str, row: str, side: str, now: str) -> Answers:
    """From now on a side wins the conflicts of a row: a line in the mapping, and the answer to those that wait.

    A mapping of the library is first copied into the project. Raises MappingError, ProjectError; then nothing is done.
    """
    name = project.deployment(sync).mapping
    path, copied = _own(project, name)
    try:
        changed = always_take(path, row, side)
    except BaseException:
        if copied:
            path.unlink(missing_ok=True)
        raise
    open_ = [one["hold"] for one in waiting(project, sync, "conflict", row)]
    answers = answer(project, open_, {"take": side}, now)
    answers.rule = {
        "row": row,
        "line": f"wins: {side}",
        "file": str(path),
        "copied": copied,
        "changed": changed,
        "syncs": [one for one in project.syncs() if project.deployment(one).mapping == name],
    }
    return answers


def _own(project: Project, name: str) -> tuple[Path, bool]:
    """The project's file of a mapping, and whether it was copied from the library just now."""
    path = project.mapping_file(name)
    if path.parent != LIBRARY:
        return path, False
    target = project.root / "mappings" / path.name
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, target)
    return target, True
