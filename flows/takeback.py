"""The steps of an undo between reading and writing: what is taken back, and the plan of it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from engine.decide import Decided, decide_in
from engine.store import chunks
from engine.store.tables import changes, copies, links, runs
from engine.undo.traces import Asked
from engine.undo.undo import undo
from flows import steps
from flows.project import ProjectError
from flows.view import change_view
from flows.work import Work


class _Rehearsed(Exception):
    """Nothing of a rehearsal is kept."""


@dataclass
class Taken:
    """What an undo came to."""

    decided: Decided
    changes: list[dict[str, Any]] = field(default_factory=list)
    """The writes, field by field, as a plan shows them."""
    undone: list[dict[str, Any]] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)


def begun(work: Work, asked: Asked, flow_run: str | None = None) -> None:
    """Notes in the run's row what it is about, and which flow run shows it."""
    noted = {**asdict(asked), "flow_run": flow_run}
    about = {name: value for name, value in noted.items() if value is not None}
    with work.session.project.store.write() as connection:
        work.lease.check(connection)
        _note(connection, work, about | ({"dry_run": True} if work.dry else {}))


def ended(work: Work, flow_run: str) -> bool:
    """Whether the undo that this flow run shows has ended before: it was killed after that, and is tried again."""
    where = (runs.c.sync == work.session.sync, runs.c.kind == "undo", runs.c.status.in_(("done", "waiting")))
    rows = work.session.project.store.rows(select(runs.c.about).where(*where))
    return any((row["about"] or {}).get("flow_run") == flow_run for row in rows)


def take_back(work: Work, snapshots: Mapping[str, Path], asked: Asked) -> Taken:
    """Ingests what was read, takes back what was asked for, and plans that and nothing else.

    A dry run stores what was read, like a plan, and nothing more. Raises ProjectError where a side could not be seen.
    """
    session = work.session
    verdicts, _ = steps.observe(work, snapshots)
    _all_seen(work)
    taken = Taken(Decided(work.run))
    with suppress(_Rehearsed), session.project.store.write() as connection:
        work.lease.check(connection)
        undoing = undo(connection, session.bound, session.sync, work.run, asked, session.now)
        taken.undone, taken.left = undoing.undone, undoing.left
        taken.decided = _decide(connection, work, verdicts, undoing.links)
        taken.changes = _planned(connection, work)
        about = connection.execute(select(runs.c.about).where(runs.c.id == work.run)).scalar() or {}
        _note(connection, work, {**about, "undone": taken.undone, "left": taken.left, "links": undoing.links})
        if work.dry:
            raise _Rehearsed
    return taken


def again(work: Work, verdicts: Mapping[str, str | None]) -> Decided | None:
    """Another round for the records of this undo that changed while we wrote; None when all is done."""
    store = work.session.project.store
    dirty = select(links.c.id).where(links.c.dirty.is_(True), links.c.ended.is_(None))
    mine = [part for part in chunks(about(work)["links"]) if store.rows(dirty.where(links.c.id.in_(part)).limit(1))]
    if not mine:
        return None
    steps.reread(work, verdicts)
    with store.write() as connection:
        work.lease.check(connection)
        return _decide(connection, work, verdicts, about(work)["links"])


def about(work: Work) -> dict[str, Any]:
    """What the run's row says of it."""
    (row,) = work.session.project.store.rows(select(runs.c.about).where(runs.c.id == work.run))
    return {"links": [], "undone": [], "left": [], **(row["about"] or {})}


def _all_seen(work: Work) -> None:
    for side, reason in work.errors.items():
        raise ProjectError(
            f"Nothing was undone. An undo first looks whether anything was changed since, and {side} could not be "
            f"read: {reason.rstrip('.')}. When that is mended, run the undo again."
        )


def _decide(connection: Connection, work: Work, verdicts: Mapping[str, str | None], only: list[str]) -> Decided:
    session, may = work.session, steps.rules(work, verdicts)
    given = (connection, session.bound, session.sync, work.run, may, session.brakes, session.now)
    return decide_in(*given, only=frozenset(only))


def _planned(connection: Connection, work: Work) -> list[dict[str, Any]]:
    same = (copies.c.sync == changes.c.sync) & (copies.c.side == changes.c.side) & (copies.c.id == changes.c.record)
    query = select(changes, copies.c.observed).outerjoin(copies, same).order_by(changes.c.seq)
    rows = connection.execute(query.where(changes.c.run == work.run, changes.c.state == "planned")).mappings()
    return [change_view(work.session.bound, dict(row), row["observed"] or {}) for row in rows]


def _note(connection: Connection, work: Work, doc: dict[str, Any]) -> None:
    connection.execute(update(runs).where(runs.c.id == work.run).values(about=doc))
