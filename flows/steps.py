"""The steps of a run as plain functions: extract, diff, load, report. `--direct` calls them; the Prefect tasks wrap them."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine import journal, record
from engine.apply import Applied, apply as send
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
from engine.store.tables import changes, copies, holds, inbox, links, runs, sides
from engine.trust import trust
from flows.project import Project, ProjectError
from flows.report import PlanReport, RunReport
from flows.session import Session

log = logging.getLogger("flows")
ROUNDS = 3
"""A record edited while we wrote is read and merged again at once, this often."""
KEEP = timedelta(days=7)
"""Snapshots are kept this long."""

Within = Callable[[dict[str, Any]], bool]


@dataclass
class Work:
    """A run under way."""

    session: Session
    run: str
    lease: Lease
    dry: bool = False
    started: float = field(default_factory=time.monotonic)
    errors: dict[str, str] = field(default_factory=dict)


def begin(project: Project, sync: str, kind: str, session: Session | None = None) -> Work:
    """Takes the lease and opens a run. Raises Busy, MappingError, ProjectError."""
    session = session or Session(project, sync)
    text, digest = session.fingerprint
    lease = session.lease()
    return Work(session, record.begin(project.store, sync, kind, text, digest, session.now), lease, kind == "plan")


def extract(work: Work, side: str, *, full: bool = False) -> Path:
    """Reads one side into a snapshot. Raises AppError."""
    session, path = work.session, work.session.snapshots(work.run) / f"{side}.parquet"
    state = session.state(side)
    scan = full or state["cursor"] is None or state["untrusted"] is not None
    if scan:
        session.schema(side, live=True)
    at = session.mapping.sides[side]
    revisit = [] if state["untrusted"] else _revisit(work, side)
    source = Source(side, at.object, dict(at.scope), None if scan else state["cursor"], revisit, state["account"])
    log.info("reading %s (%s)", side, "everything" if scan else "changes")
    return read(session.connector(side), source, session.bound.wanted[side], path)


def unreadable(work: Work, side: str, error: Exception) -> Path:
    """The snapshot of a side that could not be read: it says nothing."""
    path = work.session.snapshots(work.run) / f"{side}.parquet"
    log.error("%s could not be read: %s", side, error)
    describe(path, Note(side, "none", None, "", error=str(error)))
    return path


def diff(work: Work, snapshots: Mapping[str, Path], within: Within | None = None) -> Decided:
    """Ingests the snapshots, then trusts, recovers, matches, merges, plans and brakes. Sends nothing but repeats in doubt."""
    session, store = work.session, work.session.project.store
    notes = {side: note_of(path) for side, path in snapshots.items()}
    work.errors |= {side: note.error for side, note in notes.items() if note.error}
    seen = [_ingest(work, side, path) for side, path in snapshots.items() if side not in work.errors]
    verdicts = trust(store, work.lease, session.brakes, seen, session.now)
    doubtful = set(work.errors)
    for side in verdicts:
        target = session.target(side)
        trusted = verdicts[side] is None
        if not recover(store, session.bound, work.lease, target, trusted=trusted, send=not work.dry, now=session.now):
            doubtful.add(side)
    _doubts(work)
    pair(store, session.bound, work.lease, work.run, session.now, frozenset(doubtful - set(work.errors)))
    return _decide(work, verdicts, within)


def load(
    work: Work, side: str, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Applied:
    """Writes what was planned for one side."""
    session = work.session
    applied = send(
        session.project.store, session.bound, work.lease, work.run, session.target(side), session.clock, progress
    )
    if applied.error:
        log.error("%s stopped: %s", side, applied.error)
        work.errors[side] = applied.error
    return applied


def again(work: Work, verdicts: Mapping[str, str | None]) -> Decided | None:
    """Another round for what changed while we wrote: those records are read, merged and planned again; None when all is done."""
    session, store = work.session, work.session.project.store
    if not unsettled(work):
        return None
    seen = []
    for side in [side for side in verdicts if side not in work.errors]:
        stale = _stale(work, side)
        if stale:
            state, at = session.state(side), session.mapping.sides[side]
            source = Source(side, at.object, dict(at.scope), None, stale, state["account"])
            path = session.snapshots(work.run) / f"{side}-again.parquet"
            seen.append(_ingest(work, side, look(session.connector(side), source, session.bound.wanted[side], path)))
    return _decide(work, verdicts, None)


def unsettled(work: Work) -> int:
    """Links that something happened to since they were merged."""
    where = (links.c.sync == work.session.sync, links.c.dirty.is_(True), links.c.ended.is_(None))
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
    bad = (links.c.sync == session.sync, links.c.failed.is_(True), links.c.ended.is_(None))
    lost = (copies.c.sync == session.sync, copies.c.failed.is_not(None))
    report.failed = store.rows(select(func.count().label("n")).select_from(links).where(*bad))[0]["n"]
    report.failed += store.rows(select(func.count().label("n")).select_from(copies).where(*lost))[0]["n"]
    report.seconds = time.monotonic() - work.started
    report.status = "failed" if work.errors else "waiting" if report.holds or report.failed else "done"
    record.end(store, work.run, report.status, report.as_json(), session.now)
    work.lease.give_back()
    _prune(session)
    return report


def run(
    project: Project,
    sync: str,
    *,
    direct: bool = True,
    full: bool = False,
    within: Within | None = None,
    session: Session | None = None,
) -> RunReport:
    """One whole run in this process, without Prefect."""
    assert direct
    work = begin(project, sync, "sync", session)
    try:
        decided, verdicts, read_ = _prepare(work, full, within)
        applied = [load(work, side) for side in decided.planned]
        for _ in range(ROUNDS if within is None else 0):
            more = again(work, verdicts)
            if more is None or not more.planned:
                break
            applied += [load(work, side) for side in more.planned if side not in work.errors]
        return finish(work, read_, applied, requests(work))
    except BaseException:
        abandon(work)
        raise


def plan(project: Project, sync: str, session: Session | None = None) -> PlanReport:
    """What a run would write; nothing is sent. `apply` carries out exactly this."""
    work = begin(project, sync, "plan", session)
    try:
        decided, _, read_ = _prepare(work, False, None)
        report = PlanReport(decided.run, planned_changes(work), _open_holds(work), dict(work.errors))
        finish(work, read_, [], requests(work))
        return report
    except BaseException:
        abandon(work)
        raise


def apply(project: Project, plan_id: str, session: Session | None = None) -> RunReport:
    """Carries out a plan, and nothing else: what has changed since is left for the next plan. Raises ProjectError."""
    rows = project.store.all(runs, runs.c.id == plan_id)
    if not rows or rows[0]["kind"] != "plan":
        raise ProjectError(f"There is no plan {plan_id!r}. Make one with: syncline plan SYNC")
    waiting = project.store.all(changes, changes.c.run == plan_id, changes.c.state == "planned")
    work = begin(project, rows[0]["sync"], "apply", session)
    try:
        store = project.store
        with store.write() as connection:
            work.lease.check(connection)
            journal.adopt(connection, plan_id, work.run)
        if not waiting and project.store.all(changes, changes.c.run == plan_id, changes.c.state == "dropped"):
            raise ProjectError(
                f"Plan {plan_id} is out of date: another plan or run came after it. Make a new one with: "
                f"syncline plan {rows[0]['sync']}"
            )
        applied = [load(work, side) for side in dict.fromkeys(row["side"] for row in waiting)]
        return finish(work, {}, applied, requests(work))
    except BaseException:
        abandon(work)
        raise


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


def _prepare(
    work: Work, full: bool, within: Within | None
) -> tuple[Decided, dict[str, str | None], dict[str, int]]:
    snapshots = read_all(work, full)
    decided = diff(work, snapshots, within)
    read_ = {side: note_of(path).records for side, path in snapshots.items()}
    return decided, trusts(work), read_


def trusts(work: Work) -> dict[str, str | None]:
    """The sides read in this run, and why one is not trusted."""
    rows = work.session.project.store.all(sides, sides.c.sync == work.session.sync)
    return {row["side"]: row["untrusted"] for row in rows if row["side"] not in work.errors}


def planned_changes(work: Work) -> list[dict[str, Any]]:
    """The plan as the command line and the page show it."""
    from flows.view import change_view

    store = work.session.project.store
    query = select(changes).where(changes.c.run == work.run, changes.c.state.in_(("planned",))).order_by(changes.c.seq)
    return [change_view(work.session.bound, row) for row in store.rows(query)]


def _open_holds(work: Work) -> list[dict[str, Any]]:
    from engine.holds import listed
    from flows.view import hold_view

    return [hold_view(row) for row in listed(work.session.project.store, work.session.sync)]


def _ingest(work: Work, side: str, path: Path) -> Seen:
    session = work.session
    return ingest(session.project.store, session.bound, work.lease, side, path, session.now)


def _decide(work: Work, verdicts: Mapping[str, str | None], within: Within | None) -> Decided:
    session = work.session
    readable = frozenset(side for side in verdicts if side not in work.errors)
    trusted = frozenset(side for side in readable if verdicts[side] is None)
    rules = Rules(readable, trusted, f"{session.clock().year + 5}-12-31")
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


def _doubts(work: Work) -> None:
    """Asks a person about creates in doubt where the app offers no way to find out."""
    session, store = work.session, work.session.project.store
    with store.write() as connection:
        work.lease.check(connection)
        rows = [row for row in journal.unresolved(connection, session.sync) if row["op"] == Op.CREATE]
        blind = [row for row in rows if session.connector(row["side"]).caps.stamped is Support.NO]
        reconcile(connection, session.sync, "doubt", [doubt_hold(row) for row in blind], session.now)


def _prune(session: Session) -> None:
    """Old snapshots go; the newest of each sync stays."""
    folder = Path(session.project.settings.snapshots) / session.sync
    kept = sorted((one for one in folder.glob("*") if one.is_dir()), key=lambda one: one.stat().st_mtime)[:-1]
    for one in kept:
        if session.clock().timestamp() - one.stat().st_mtime > KEEP.total_seconds():
            shutil.rmtree(one, ignore_errors=True)
