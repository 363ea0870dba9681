"""The steps of a run as plain functions.

Extract, diff, load, report. `--direct` calls them; the Prefect tasks wrap them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from engine import journal, record
from engine.apply import Applied
from engine.apply import apply as send
from engine.contract import AppError, Op, Support
from engine.decide import Decided, decide
from engine.holds import reconcile
from engine.ingest import Seen, ingest
from engine.pair import pair
from engine.plan import Rules
from engine.read import Source, look, read
from engine.recover import doubt_hold, recover
from engine.snapshot import Note, describe, note_of
from engine.store.lease import Lease
from engine.store.tables import changes, copies, holds, inbox, links, sides
from engine.trust import trust
from flows.project import Project
from flows.pruning import prune
from flows.report import RunReport
from flows.session import Session

log = logging.getLogger("flows")
ROUNDS = 3
"""A record edited while we wrote is read and merged again at once, this often."""

Within = Callable[[dict[str, Any]], bool]


@dataclass
class Work:
    """A run under way."""

    session: Session
    run: str
    lease: Lease
    dry: bool = False
    scanned: bool = False
    """A side was read whole: what an app refused before is tried again."""
    started: float = field(default_factory=time.monotonic)
    errors: dict[str, str] = field(default_factory=dict)


@contextmanager
def working(project: Project, sync: str, kind: str, session: Session | None = None) -> Iterator[Work]:
    """A run from its lease to its end.

    One that breaks off is closed as failed. Raises Busy, MappingError, ProjectError.
    """
    work = begin(project, sync, kind, session)
    try:
        yield work
    except BaseException:
        abandon(work)
        raise


def begin(project: Project, sync: str, kind: str, session: Session | None = None) -> Work:
    """Takes the lease and opens a run. Raises Busy, MappingError, ProjectError."""
    session = session or Session(project, sync)
    text, digest = session.fingerprint
    lease = session.lease()
    try:
        run = record.begin(project.store, sync, kind, text, digest, session.now)
    except BaseException:
        lease.give_back()
        raise
    return Work(session, run, lease, kind == "plan")


def extract(work: Work, side: str, *, full: bool = False) -> Path:
    """Reads one side into a snapshot. Raises AppError."""
    session, path = work.session, work.session.snapshots(work.run) / f"{side}.parquet"
    state = session.state(side)
    afresh = session.afresh(side)
    with session.project.store.read() as connection:
        blind = bool(_blind(work, side, connection))  # only a finished scan can tell what became of them
    scan = full or afresh or blind or state["cursor"] is None or state["untrusted"] is not None
    if scan:
        session.schema(side, live=True)
    at = session.mapping.sides[side]
    revisit = [] if state["untrusted"] else _revisit(work, side)
    source = Source(
        side, at.object, dict(at.scope), None if scan else state["cursor"], revisit, state["account"], afresh
    )
    log.info("reading %s (%s)", side, "everything" if scan else "changes")
    return read(session.connector(side), source, session.bound.wanted[side], path, work.lease.keep)


def unreadable(work: Work, side: str, error: Exception) -> Path:
    """The snapshot of a side that could not be read: it says nothing."""
    path = work.session.snapshots(work.run) / f"{side}.parquet"
    log.error("%s could not be read: %s", side, error)
    describe(path, Note(side, "none", None, "", error=str(error)))
    return path


def diff(work: Work, snapshots: Mapping[str, Path], within: Within | None = None) -> Decided:
    """Ingests the snapshots, then trusts, recovers, matches, merges, plans and brakes.

    Sends nothing but repeats in doubt.
    """
    session, store = work.session, work.session.project.store
    notes = {side: note_of(path) for side, path in snapshots.items()}
    work.errors |= {side: note.error for side, note in notes.items() if note.error}
    work.scanned = any(note.kind == "scan" for note in notes.values())
    seen = [_ingest(work, side, path) for side, path in snapshots.items() if side not in work.errors]
    verdicts = trust(store, work.lease, work.run, session.brakes, seen, session.now)
    doubtful = set(work.errors)
    for side in verdicts:
        target = session.target(side)
        trusted = verdicts[side] is None
        if not recover(store, session.bound, work.lease, target, trusted=trusted, send=not work.dry, now=session.now):
            doubtful.add(side)
    _doubts(work)
    pair(store, session.bound, work.lease, work.run, session.now, frozenset(doubtful))
    return _decide(work, verdicts, within)


def load(
    work: Work,
    side: str,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    shard: tuple[int, int] | None = None,
) -> Applied:
    """Writes what was planned for one side, or a shard of it."""
    session, store = work.session, work.session.project.store
    target = session.target(side)
    applied = send(store, session.bound, work.lease, work.run, target, session.clock, progress, shard)
    if applied.error:
        log.error("%s stopped: %s", side, applied.error)
        work.errors[side] = applied.error
    return applied


def again(work: Work, verdicts: Mapping[str, str | None]) -> Decided | None:
    """Another round for what changed while we wrote: it is read, merged and planned again; None when all is done."""
    session = work.session
    if not unsettled(work):
        return None
    work.scanned = False  # what was refused in this run is not tried once more
    for side in [side for side in verdicts if side not in work.errors]:
        stale = _stale(work, side)
        if stale:
            state, at = session.state(side), session.mapping.sides[side]
            source = Source(side, at.object, dict(at.scope), None, stale, state["account"])
            path = session.snapshots(work.run) / f"{side}-again.parquet"
            try:
                look(session.connector(side), source, session.bound.wanted[side], path)
            except AppError as error:
                work.errors[side] = str(error)
                continue
            _ingest(work, side, path)
    return _decide(work, verdicts, None)


def unsettled(work: Work) -> int:
    """Links that something happened to since they were merged."""
    where = (
        links.c.sync == work.session.sync,
        links.c.open.is_(True),
        links.c.dirty.is_(True),
        links.c.ended.is_(None),
    )
    query = select(func.count().label("n")).select_from(links).where(*where)
    return int(work.session.project.store.rows(query)[0]["n"])


def finish(work: Work, read_: Mapping[str, int], applied: list[Applied], requests: Mapping[str, int]) -> RunReport:
    """Closes the run and gives back the lease."""
    session, store = work.session, work.session.project.store
    report = RunReport(work.run, read=dict(read_), errors=dict(work.errors))
    for side in session.mapping.sides:
        counts = report.writes.setdefault(side, {op.value: 0 for op in Op})
        for one in applied:
            if one.side == side:
                for op in counts:
                    counts[op] += one.writes[op]
        report.requests[side] = requests.get(side, 0)
    where = (holds.c.sync == session.sync, holds.c.state == "open")
    report.holds = store.rows(select(func.count().label("n")).select_from(holds).where(*where))[0]["n"]
    bad = (links.c.sync == session.sync, links.c.open.is_(True), links.c.failed.is_(True), links.c.ended.is_(None))
    lost = (copies.c.sync == session.sync, copies.c.failed.is_not(None))
    report.failed = store.rows(select(func.count().label("n")).select_from(links).where(*bad))[0]["n"]
    report.failed += store.rows(select(func.count().label("n")).select_from(copies).where(*lost))[0]["n"]
    report.seconds = time.monotonic() - work.started
    report.status = "failed" if work.errors else "waiting" if report.holds or report.failed else "done"
    record.end(store, work.run, report.status, report.as_json(), session.now)
    work.lease.give_back()
    prune(session.project, session.sync, work.run, session.clock())
    return report


def abandon(work: Work) -> None:
    """A run that broke off: the next one goes on from the journal."""
    record.end(work.session.project.store, work.run, "failed", {"errors": work.errors}, work.session.now)
    work.lease.give_back()


def requests(work: Work) -> dict[str, int]:
    """HTTP requests per side, so far."""
    return {side: connector.requests for side, connector in work.session.connectors.items()}


def read_all(work: Work, full: bool) -> dict[str, Path]:
    """Extracts every side, one after the other; a side that cannot be read is passed over with its reason."""
    snapshots = {}
    for side in work.session.mapping.sides:
        try:
            snapshots[side] = extract(work, side, full=full)
        except AppError as error:
            snapshots[side] = unreadable(work, side, error)
    return snapshots


def trusts(work: Work) -> dict[str, str | None]:
    """The sides read in this run, and why one is not trusted."""
    rows = work.session.project.store.all(sides, sides.c.sync == work.session.sync)
    return {row["side"]: row["untrusted"] for row in rows if row["side"] not in work.errors}


def _ingest(work: Work, side: str, path: Path) -> Seen:
    session = work.session
    return ingest(session.project.store, session.bound, work.lease, work.run, side, path, session.now)


def _decide(work: Work, verdicts: Mapping[str, str | None], within: Within | None) -> Decided:
    session = work.session
    readable = frozenset(side for side in verdicts if side not in work.errors)
    trusted = frozenset(side for side in readable if verdicts[side] is None)
    rules = Rules(readable, trusted, f"{session.clock().year + 5}-12-31", work.scanned)
    return decide(
        session.project.store, session.bound, work.lease, work.run, rules, session.brakes, session.now, within
    )


def _revisit(work: Work, side: str) -> list[str]:
    """Missing records (a second look), writes in doubt, and what pings named."""
    store, sync = work.session.project.store, work.session.sync
    missing = store.all(copies, copies.c.sync == sync, copies.c.side == side, copies.c.present == "missing")
    with store.read() as connection:
        unsure = journal.unresolved(connection, sync, side)
    pings = store.all(inbox, inbox.c.sync == sync, inbox.c.side == side, inbox.c.record.is_not(None))
    found = [row["id"] for row in missing] + [row["record"] for row in [*unsure, *pings] if row["record"]]
    return sorted(set(found))


def _stale(work: Work, side: str) -> list[str]:
    where = (changes.c.run == work.run, changes.c.side == side, changes.c.state == "stale")
    rows = work.session.project.store.all(changes, *where)
    return sorted({row["record"] for row in rows if row["record"]})


def _blind(work: Work, side: str, connection: Connection) -> list[dict[str, Any]]:
    """Creates in doubt on an app that offers no way to repeat them."""
    if work.session.connector(side).caps.stamped is not Support.NO:
        return []
    return [row for row in journal.unresolved(connection, work.session.sync, side) if row["op"] == Op.CREATE]


def _doubts(work: Work) -> None:
    """Asks a person about creates in doubt where the app offers no way to find out."""
    session, store = work.session, work.session.project.store
    with store.write() as connection:
        work.lease.check(connection)
        blind = [row for side in session.mapping.sides for row in _blind(work, side, connection)]
        reconcile(connection, session.sync, "doubt", [doubt_hold(row) for row in blind], session.now)
