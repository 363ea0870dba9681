"""A run under way: from its lease to its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, select

from engine import record
from engine.store.lease import Lease
from engine.store.tables import inbox
from flows.logs import within
from flows.place import ready
from flows.project import Project
from flows.session import Session
from flows.tracing import span
from flows.versions import remember

_FIRST = select(func.min(inbox.c.at)).where(inbox.c.sync == bindparam("of"))


class TimedOut(Exception):
    """A run took longer than its sync allows; what it had begun was finished and stored, and nothing more was begun."""


@dataclass
class Work:
    """A run under way."""

    session: Session
    run: str
    lease: Lease
    dry: bool = False
    retry: bool = False
    """A side was read whole: what an app refused before is tried again."""
    started: float = field(default_factory=time.monotonic)
    errors: dict[str, str] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)
    """Side -> creates that a former run has sent without hearing of them, and that this one has sent again."""
    pinged_at: str | None = None
    """When the first of the pings came that this run answers (UTC)."""
    ends: datetime | None = None
    """When its time is over (aware). None: it takes as long as it takes."""

    def go_on(self) -> None:
        """Renews the lease where it is time to: comes before whatever takes long. Raises TimedOut, Fenced."""
        if self.ends is not None and self.session.clock() >= self.ends:
            raise TimedOut(
                "It took as long as `timeout` in the schedule of its sync allows. "
                "Nothing more was written, and nothing is lost: the next run goes on where this one was."
            )
        self.lease.keep()


@contextmanager
def working(project: Project, sync: str, kind: str, session: Session | None = None) -> Iterator[Work]:
    """A run from its lease to its end.

    One that breaks off is closed as failed. Raises Busy, MappingError, ProjectError.
    """
    work = begin(project, sync, kind, session)
    try:
        with within(sync, work.run), span(f"{kind} {sync}", sync=sync, run=work.run):
            yield work
    except BaseException as error:
        if isinstance(error, TimedOut):
            work.errors["run"] = str(error)
        abandon(work)
        raise


def begin(project: Project, sync: str, kind: str, session: Session | None = None) -> Work:
    """Takes the lease and opens a run. Raises Busy, MappingError, ProjectError, SnapshotError."""
    session = session or Session(project, sync)
    ready(session.project.settings.snapshots)
    session.lenient = session.lenient or kind == "undo"
    text, digest = session.fingerprint
    limit = session.deployment.limit if kind == "sync" else None
    ends = session.clock() + limit if limit else None
    lease = session.lease()
    try:
        run = record.begin(project.store, sync, kind, text, digest, session.now)
    except BaseException:
        with suppress(Exception):  # it runs out by itself
            lease.give_back()
        raise
    remember(session)
    with project.store.read() as connection:
        pinged_at = connection.execute(_FIRST, {"of": sync}).scalar()
    return Work(session, run, lease, kind == "plan", pinged_at=pinged_at, ends=ends)


def abandon(work: Work) -> None:
    """A run that broke off: the next one goes on from the journal. What stopped it is not hidden by a second error."""
    try:
        with suppress(Exception):
            session, counts = work.session, {(work.lease.sync, "", name): 1.0 for name in ("runs", "runs_failed")}
            record.end(session.project.store, work.run, "failed", {"errors": work.errors}, session.now, counts)
    finally:
        with suppress(Exception):
            work.lease.give_back()


def requests(work: Work) -> dict[str, int]:
    """HTTP requests per side, so far."""
    return {side: connector.requests for side, connector in work.session.connectors.items()}
