"""The steps of a run as plain functions.

Extract, diff, load, report. `--direct` calls them; the Prefect tasks wrap them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, bindparam, func, select

from engine import record
from engine.agenda import Agenda
from engine.apply import apply as send
from engine.contract import AppError, Op
from engine.decide import Decided, decide
from engine.heard import Applied
from engine.ingest import Seen, answered, ingest
from engine.pair import pair
from engine.plan import Rules
from engine.recover import ask, recover
from engine.snapshot import note_of
from engine.store.tables import changes, copies, holds, links, sides
from engine.trust import trust
from flows.counts import of_run
from flows.pruning import prune
from flows.reading import extract, look_at, read_all, unreadable
from flows.report import RunReport
from flows.resting import rest
from flows.tracing import span
from flows.work import Work, abandon, begin, requests, working

log = logging.getLogger("flows")
ROUNDS = 3
"""A record edited while we wrote is read and merged again at once, this often."""

Within = Callable[[dict[str, Any]], bool]
_LIVE = (links.c.sync == bindparam("of"), links.c.open.is_(True), links.c.ended.is_(None))
_UNSETTLED = select(links.c.id).where(*_LIVE, links.c.dirty.is_(True)).limit(1)
_TRUST = select(sides.c.side, sides.c.untrusted).where(sides.c.sync == bindparam("of"))


def _count(table: Table, *where: Any) -> Any:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


_LEFT = select(
    _count(holds, holds.c.sync == bindparam("of"), holds.c.state == "open").label("asked"),
    _count(links, *_LIVE, links.c.failed.is_(True)).label("parked"),
    _count(copies, copies.c.sync == bindparam("of"), copies.c.failed.is_not(None)).label("unread"),
)


def diff(work: Work, snapshots: Mapping[str, Path], within: Within | None = None) -> Decided:
    """Ingests the snapshots, then trusts, recovers, matches, merges, plans and brakes.

    Sends nothing but repeats in doubt.
    """
    work.go_on()
    with span("diff"):
        verdicts, busy = observe(work, snapshots)
        return _decide(work, verdicts, within) if busy else Decided(work.run)


def observe(work: Work, snapshots: Mapping[str, Path]) -> tuple[dict[str, str | None], bool]:
    """All of that but merging and planning: why a side is not trusted, and whether there is anything to merge."""
    session, store = work.session, work.session.project.store
    notes = {side: note_of(path) for side, path in snapshots.items()}
    work.errors |= {side: note.error for side, note in notes.items() if note.error}
    work.retry = any(note.retry for note in notes.values())
    seen = [_ingest(work, side, path) for side, path in snapshots.items() if side not in work.errors]
    for one in seen:
        _ask(work, one)
    rest(work, {side for side, note in notes.items() if note.afresh and note.kind == "scan" and not note.error})
    verdicts = trust(store, work.lease, work.run, session.brakes, seen, session.now, session.canaries)
    agenda = _recover(work, verdicts, _agenda(work))
    linked = 0
    if agenda.free or "ambiguous" in agenda.holds:
        linked = pair(store, session.bound, work.lease, work.run, session.now, frozenset(work.errors))
    return verdicts, bool(linked or agenda.open or agenda.plans or agenda.holds)


def _agenda(work: Work) -> Agenda:
    with work.session.project.store.read() as connection:
        return Agenda.look(connection, work.session.sync, list(work.session.mapping.sides))


def _recover(work: Work, verdicts: Mapping[str, str | None], agenda: Agenda) -> Agenda:
    """Finds out what became of the changes of which nothing was heard, and asks a person where no app can tell; what
    is to be done then."""
    if not agenda.unheard and "doubt" not in agenda.holds:
        return agenda
    session, store = work.session, work.session.project.store
    targets = [session.target(side) for side in session.mapping.sides]
    for target in [target for target in targets if target.side in verdicts]:
        trusted = verdicts[target.side] is None
        work.repeated[target.side] += recover(
            store, session.bound, work.lease, target, agenda.unheard, trusted, not work.dry, session.now
        )
    ask(store, work.lease, targets, session.now)
    return _agenda(work)


def load(
    work: Work,
    side: str,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    shard: tuple[int, int] | None = None,
) -> Applied:
    """Writes what was planned for one side, or a shard of it."""
    session, store = work.session, work.session.project.store
    target = session.target(side)

    def moved(done: int, every: int) -> None:
        progress(done, every)
        if done < every:
            work.go_on()

    work.go_on()
    with span(f"load {side}", side=side):
        applied = send(store, session.bound, work.lease, work.run, target, session.clock, moved, shard)
    if applied.failed:
        session.doubt_schema(side)
    if applied.error:
        log.error("%s stopped: %s", side, applied.error, extra={"side": side})
        work.errors[side] = applied.error
    return applied


def again(work: Work, verdicts: Mapping[str, str | None]) -> Decided | None:
    """Another round for what changed while we wrote: it is read, merged and planned again; None when all is done."""
    if not unsettled(work):
        return None
    reread(work, verdicts)
    return _decide(work, verdicts, None)


def reread(work: Work, verdicts: Mapping[str, str | None]) -> None:
    """Looks again at the records that changed while we wrote."""
    work.retry = False  # what was refused in this run is not tried once more
    for side in [side for side in verdicts if side not in work.errors]:
        stale = _stale(work, side)
        if stale:
            try:
                _ingest(work, side, look_at(work, side, stale))
            except AppError as error:
                work.errors[side] = str(error)


def _ask(work: Work, seen: Seen) -> None:
    """Asks for what a side has shown as it is known not to be any more; where it does not answer, the next run does."""
    if not seen.doubted:
        return
    try:
        _ingest(work, seen.side, look_at(work, seen.side, seen.doubted))
    except AppError as error:
        log.warning("%s did not say more of %s: %s", seen.side, ", ".join(seen.doubted), error)
        return
    with work.session.project.store.write() as connection:
        work.lease.check(connection)
        answered(connection, work.session.sync, seen.side, seen.doubted)


def unsettled(work: Work) -> bool:
    """Whether something happened to a link since it was merged."""
    return bool(work.session.project.store.rows(_UNSETTLED, of=work.session.sync))


def finish(work: Work, read_: Mapping[str, int], applied: list[Applied], requests: Mapping[str, int]) -> RunReport:
    """Closes the run and gives back the lease."""
    session, store = work.session, work.session.project.store
    report = RunReport(work.run, read=dict(read_), errors={**_took_none(applied), **work.errors})
    for side in session.mapping.sides:
        counts = report.writes.setdefault(side, {op.value: 0 for op in Op})
        for one in applied:
            if one.side == side:
                for op in counts:
                    counts[op] += one.writes[op]
        counts[Op.CREATE] += work.repeated[side]
        report.requests[side] = requests.get(side, 0)
    (left,) = store.rows(_LEFT, of=session.sync)
    report.holds, report.failed = left["asked"], left["parked"] + left["unread"]
    report.seconds = time.monotonic() - work.started
    report.status = "failed" if report.errors else "waiting" if report.holds or report.failed else "done"
    record.end(store, work.run, report.status, report.as_json(), session.now, of_run(work, report))
    work.lease.give_back()
    prune(session.project, session.sync, work.run, session.clock())
    return report


def _took_none(applied: Sequence[Applied]) -> dict[str, str]:
    """Side -> why, of those that put off what they were given and took nothing at all."""
    took = {one.side for one in applied if any(one.writes.values())}
    return {
        one.side: f"no write went through: {one.put_off}" for one in applied if one.put_off and one.side not in took
    }


def trusts(work: Work) -> dict[str, str | None]:
    """The sides read in this run, and why one is not trusted."""
    rows = work.session.project.store.rows(_TRUST, of=work.session.sync)
    return {row["side"]: row["untrusted"] for row in rows if row["side"] not in work.errors}


def _ingest(work: Work, side: str, path: Path) -> Seen:
    session = work.session
    return ingest(session.project.store, session.bound, work.lease, work.run, side, path, session.now)


def _decide(work: Work, verdicts: Mapping[str, str | None], within: Within | None) -> Decided:
    session, may = work.session, rules(work, verdicts)
    return decide(session.project.store, session.bound, work.lease, work.run, may, session.brakes, session.now, within)


def rules(work: Work, verdicts: Mapping[str, str | None]) -> Rules:
    """What this run may do on which sides."""
    readable = frozenset(side for side in verdicts if side not in work.errors)
    trusted = frozenset(side for side in readable if verdicts[side] is None)
    return Rules(readable, trusted, f"{work.session.clock().year + 5}-12-31", work.retry)


def _stale(work: Work, side: str) -> list[str]:
    where = (changes.c.run == work.run, changes.c.side == side, changes.c.state == "stale")
    rows = work.session.project.store.all(changes, *where)
    return sorted({row["record"] for row in rows if row["record"]})


__all__ = [
    "ROUNDS",
    "Within",
    "Work",
    "abandon",
    "again",
    "begin",
    "diff",
    "extract",
    "finish",
    "load",
    "observe",
    "read_all",
    "requests",
    "reread",
    "rules",
    "trusts",
    "unreadable",
    "unsettled",
    "working",
]
