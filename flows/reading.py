"""The reading of a run: every side into a snapshot."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from engine.contract import AppError
from engine.outset import Outset, unlisted
from engine.read import Source, look, read
from engine.recover import blind
from engine.snapshot import Note, describe
from flows.tracing import span
from flows.work import Work

log = logging.getLogger("flows")


def read_all(work: Work, full: bool) -> dict[str, Path]:
    """Extracts every side, one after the other; a side that cannot be read is passed over with its reason."""
    known = work.session.outset()
    snapshots = {}
    for side in work.session.mapping.sides:
        try:
            snapshots[side] = extract(work, side, full=full, known=known)
        except AppError as error:
            snapshots[side] = unreadable(work, side, error)
    return snapshots


def extract(work: Work, side: str, *, full: bool = False, known: Outset | None = None) -> Path:
    """Reads one side into a snapshot. `known` is the state before any side was read. Raises AppError."""
    session, path = work.session, _path(work, side)
    known = known or session.outset()
    state, trusted = known.sides[side], known.sides[side]["untrusted"] is None
    afresh = known.afresh(side) or awaited(work, side)
    scan = full or afresh or state["cursor"] is None or not trusted or _lost(work, side, known)
    revisit = known.revisit(side) if trusted else known.loose(side)
    if scan:
        session.renew_schema(side, state["schema"])
        with session.project.store.read() as connection:
            revisit |= unlisted(connection, session.sync, side) if trusted else set()
    elif session.deployment.canaries:  # a scan shows whether they are there
        with session.project.store.read() as connection:
            revisit |= session.canaries.ids(connection, session.sync, side)
    cursor = None if scan else state["cursor"]
    source = _source(work, side, cursor, revisit, state["account"], afresh, known.pinged(side), full or afresh)
    log.info("reading %s (%s)", side, "everything" if scan else "changes", extra={"side": side})
    with span(f"extract {side}", side=side):
        return read(session.connector(side), source, session.bound.wanted[side], path, work.go_on)


def awaited(work: Work, side: str) -> bool:
    """Whether a row waits only for this side to be read anew."""
    _ = work.session.bound  # which looks at the schemas
    return any(side not in hold["detail"].get("seen", ()) for hold in work.session.returning if hold["row"])


def _lost(work: Work, side: str, known: Outset) -> bool:
    """Whether there are creates of which only a finished scan can tell what became of them."""
    if not any(row["side"] == side for row in known.unheard):
        return False
    with work.session.project.store.read() as connection:
        return bool(blind(connection, work.session.target(side), known.unheard))


def unreadable(work: Work, side: str, error: Exception) -> Path:
    """The snapshot of a side that could not be read: it says nothing."""
    path = _path(work, side)
    log.error("%s could not be read: %s", side, error, extra={"side": side})
    describe(path, Note(side, "none", None, "", error=str(error)))
    return path


def look_at(work: Work, side: str, ids: Collection[str]) -> Path:
    """Reads some records by their ids. Raises AppError."""
    session, path = work.session, _path(work, f"{side}-again")
    return look(session.connector(side), _source(work, side, None, ids), session.bound.wanted[side], path)


def _source(work: Work, side: str, cursor: str | None, revisit: Collection[str], *rest: Any) -> Source:
    at = work.session.mapping.sides[side]
    return Source(side, at.object, dict(at.scope), cursor, sorted(revisit), *(rest or (None,)))


def _path(work: Work, name: str) -> Path:
    return work.session.snapshots(work.run) / f"{name}.parquet"
