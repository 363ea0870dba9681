"""Rebuilding a sync's state: a run that reads everything, links anew, deletes nothing and makes nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select, update

from connectors import App
from engine import rebuild
from engine.audit import audit
from engine.contract import Json, Page
from engine.decide import decide
from engine.ingest import ingest
from engine.pair import pair
from engine.snapshot import note_of
from engine.store import Store, chunks
from engine.store.tables import connections, history, links, metadata, runs
from engine.trust import trust
from flows import place, steps
from flows.broken import close_broken
from flows.project import Project, ProjectError
from flows.reading import read_all
from flows.report import RunReport
from flows.session import Session
from flows.view import planned
from flows.work import Work, requests, working


@dataclass
class Overheard:
    """A connector that notes the stamps of what it lists."""

    app: App
    stamps: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.app, name)

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """As the app lists it."""
        for page in self.app.scan(obj, scope):
            self.stamps.update({record.id: record.stamp for record in page.records if record.stamp})
            yield page


@dataclass
class RebuildReport:
    """What a rebuild found and did, or would do."""

    run: RunReport
    dry_run: bool = False
    about: dict[str, int] = field(default_factory=dict)
    """mended, stamped, linked, unmatched, alone, deletes: see `syncline rebuild --help`."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Of a dry run: the writes, field by field."""

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline rebuild --json`."""
        more = {"dry_run": self.dry_run, "changes": self.changes}
        return {**self.run.as_json(), "rebuilt": self.about, **more}


def run(
    project: Project, sync: str, *, dry_run: bool = False, force: bool = False, session: Session | None = None
) -> RebuildReport:
    """Rebuilds; a dry run does so on a copy of the state, and writes nothing. Raises ProjectError, MappingError, Busy.

    A state that is healthy is left as it is, without `force`.
    """
    session = session or Session(project, sync)
    heard = {side: Overheard(session.connector(side)) for side in session.mapping.sides}
    session.connectors.update({side: cast("App", one) for side, one in heard.items()})
    if not dry_run:
        return _run(project, session, heard, dry=False, force=force)
    copied = Project(project.root)
    copied.__dict__["store"], copied.__dict__["settings"] = _copy(project.store), project.settings
    try:
        trial = Session(copied, sync, session.clock, session.connectors)
        return _run(copied, trial, heard, dry=True, force=force)
    finally:
        copied.close()


def _run(
    project: Project, session: Session, heard: Mapping[str, Overheard], *, dry: bool, force: bool
) -> RebuildReport:
    with working(project, session.sync, "rebuild", session) as work:
        work.dry = dry
        close_broken(work)
        snapshots = read_all(work, full=True)
        _all_read(session.sync, snapshots)
        stamps = {(side, id): stamp for side, one in heard.items() for id, stamp in one.stamps.items()}
        if not force:
            _needed(project.store, session.sync, stamps)
        about = _link(work, snapshots, stamps)
        sides = _plan(work, about)
        report = RebuildReport(RunReport(work.run), dry, about)
        applied = [] if dry else [steps.load(work, side) for side in sides if side not in work.errors]
        counts = {side: note_of(path).records for side, path in snapshots.items()}
        with project.store.write() as connection:
            report.changes = planned(connection, session.bound, work.run) if dry else []
            connection.execute(update(runs).where(runs.c.id == work.run).values(about=about))
        report.run = steps.finish(work, counts, applied, requests(work))
        if dry:
            place.remove([session.snapshots(work.run)])
        return report


def _all_read(sync: str, snapshots: Mapping[str, Path]) -> None:
    """Raises ProjectError where a side could not be read: what it holds would look as if it were nowhere."""
    for side, reason in ((side, note_of(path).error) for side, path in snapshots.items()):
        if reason:
            raise ProjectError(
                f"Nothing was rebuilt. A rebuild compares what all sides hold, and {side} could not be read: "
                f"{reason.rstrip('.')}. When that is mended, run it again: syncline rebuild {sync}"
            )


def _needed(store: Store, sync: str, stamps: rebuild.Stamps) -> None:
    """Raises ProjectError where the state is healthy: it has links, hangs together, and knows all that we made."""
    linked = store.rows(select(links.c.id).where(links.c.sync == sync, links.c.ended.is_(None)).limit(1))
    with store.read() as connection:
        unknown = rebuild.unknown(connection, sync, stamps)
    if linked and not unknown and not any(one.damaged for one in audit(store, sync)):
        raise ProjectError(
            f"The state of {sync} is healthy: there is nothing to rebuild, and nothing was changed. "
            f"After an old backup was put in its place, say so: syncline rebuild {sync} --force"
        )


def _link(work: Work, snapshots: Mapping[str, Path], stamps: rebuild.Stamps) -> dict[str, int]:
    """Takes in what was read and links it; how much of each."""
    session, store, now = work.session, work.session.project.store, work.session.now
    given = (store, session.bound, work.lease, work.run)
    with store.write() as connection:
        work.lease.check(connection)
        about = {"mended": rebuild.mend(connection, session.sync, now)}
    seen = [ingest(*given, side, path, now) for side, path in snapshots.items()]
    trust(store, work.lease, work.run, session.brakes, seen, now, session.canaries)
    with store.write() as connection:
        work.lease.check(connection)
        about["stamped"] = rebuild.tie(connection, session.sync, work.run, stamps, now)
    pair(*given, now, frozenset(work.errors))
    with store.write() as connection:
        work.lease.check(connection)
        about["alone"] = rebuild.leave_alone(connection, session.sync, stamps, now)
        return about | rebuild.totals(connection, session.sync)


def _plan(work: Work, about: dict[str, int]) -> list[str]:
    """Merges and plans; the sides to write."""
    session, store = work.session, work.session.project.store
    work.retry = True
    given = (store, session.bound, work.lease, work.run, steps.rules(work, steps.trusts(work)))
    decided = decide(*given, rebuild.careful(session.brakes), session.now)
    with store.write() as connection:
        work.lease.check(connection)
        about["deletes"] = rebuild.drop_deletes(connection, work.run)
    return list(decided.planned)


def _copy(store: Store) -> Store:
    """All of the state but its history and sign-ins, in memory."""
    made = Store.memory()
    with store.read() as old, made.write() as new:
        for table in metadata.sorted_tables:
            if table not in (history, connections):
                for part in chunks([dict(row) for row in old.execute(select(table)).mappings()]):
                    new.execute(table.insert(), list(part))
    return made
