"""An undo: takes back what a run did, or what was done to a record or a field. Broken off, any later run goes on with
it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import or_, select

from engine.problem import did_you_mean, listed
from engine.snapshot import note_of
from engine.store.tables import copies, history, links, runs
from engine.undo.traces import Asked
from flows import steps, takeback
from flows.direct import Progress
from flows.project import Project, ProjectError
from flows.report import RunReport
from flows.session import Session


@dataclass
class UndoReport:
    """What an undo did, or would do."""

    run: RunReport
    dry_run: bool = False
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Of a dry run: the writes, field by field."""
    undone: list[dict[str, Any]] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline undo --json`."""
        more = {"dry_run": self.dry_run, "changes": self.changes, "undone": self.undone, "left": self.left}
        return {**self.run.as_json(), **more}


def run(
    project: Project,
    sync: str,
    asked: Asked,
    *,
    dry_run: bool = False,
    direct: bool = False,
    session: Session | None = None,
    progress: Progress = lambda _side, _done, _all: None,
) -> UndoReport:
    """Undoes what was asked for; a dry run says what that would be, and writes nothing. Raises ProjectError, Busy."""
    if not direct and not dry_run:
        from flows.flowrun import call
        from flows.undo_flow import undo_flow

        given = (asked.run, asked.link, asked.field, asked.since)
        return _report(project, call(undo_flow, project, sync, *given, progress=progress))
    with steps.working(project, sync, "undo", session) as work:
        work.dry = dry_run
        takeback.begun(work, asked)
        snapshots = steps.read_all(work, full=False)
        taken = takeback.take_back(work, snapshots, asked)
        applied = []
        if not dry_run:
            applied = [steps.load(work, side, partial(progress, side)) for side in taken.decided.planned]
            for _ in range(steps.ROUNDS):
                more = takeback.again(work, steps.trusts(work))
                if more is None or not more.planned:
                    break
                applied += [steps.load(work, side) for side in more.planned if side not in work.errors]
        counts = {side: note_of(path).records for side, path in snapshots.items()}
        report = steps.finish(work, counts, applied, steps.requests(work))
        return UndoReport(report, dry_run, taken.changes if dry_run else [], taken.undone, taken.left)


def _report(project: Project, report: RunReport) -> UndoReport:
    about = project.store.rows(select(runs.c.about).where(runs.c.id == report.run))[0]["about"] or {}
    return UndoReport(report, undone=about.get("undone", []), left=about.get("left", []))


def meant(project: Project, sync: str | None, asked: Asked) -> tuple[str, Asked]:
    """The sync that this is about, and the link by its own id. Raises ProjectError where there is no such thing."""
    if asked.run is not None:
        sync = _run(project, sync, asked.run)
    if asked.link is not None:
        sync, link = _link(project, sync, asked.link)
        asked = replace(asked, link=link)
    if sync is None:
        raise ProjectError("Say in which sync: syncline undo --sync NAME --field FIELD")
    rows = project.mapping(project.deployment(sync).mapping).fields
    name = (asked.field or "").partition("/")[0]
    if name and name not in rows:
        hint = did_you_mean(name, rows) or f"; it has {listed(rows)}"
        raise ProjectError(f"The mapping of {sync} has no field '{name}'{hint}.")
    return sync, asked


def _run(project: Project, sync: str | None, run: str) -> str:
    rows = project.store.all(runs, runs.c.id == run)
    if not rows or sync not in (None, rows[0]["sync"]):
        where = f" of {sync}" if sync else ""
        raise ProjectError(
            f"There is no run {run!r}{where}. List them with: syncline runs. Runs older than the history that is kept "
            "cannot be undone."
        )
    if rows[0]["kind"] == "plan" or (rows[0]["about"] or {}).get("dry_run"):
        raise ProjectError(f"{run} only looked and wrote nothing, so there is nothing to undo.")
    return str(rows[0]["sync"])


def _link(project: Project, sync: str | None, name: str) -> tuple[str, str]:
    """(sync, link) of a link's id, or of a record's id on any side, now or formerly."""
    here = [] if sync is None else [links.c.sync == sync]
    tied = select(copies.c.link).where(copies.c.id == name, copies.c.link.is_not(None))
    formerly = select(history.c.link).where(history.c.record == name, history.c.link.is_not(None))
    named = or_(links.c.id == name, links.c.id.in_(tied), links.c.id.in_(formerly))
    found = project.store.rows(select(links.c.sync, links.c.id).where(named, *here))
    if not found:
        raise ProjectError(f"There is no record {name!r} that was ever linked. Find it with: syncline history SYNC")
    if len(found) > 1:
        known = ", ".join(f"{row['sync']} {row['id']}" for row in found)
        raise ProjectError(f"{name!r} belongs to several things ({known}): give one of these ids, with its --sync.")
    return str(found[0]["sync"]), str(found[0]["id"])
