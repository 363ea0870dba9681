"""What travels to the tasks of a run, and how they open the run again where they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows import steps
from flows.logs import within
from flows.page import show_logs
from flows.session import Session
from flows.shared import shared


@dataclass(frozen=True)
class Ticket:
    """All that a task needs to go on with a run in its own thread, process or machine: names, and no records."""

    root: str
    """The project's folder: the same path wherever tasks run."""
    sync: str
    run: str
    fence: int
    holder: str
    ends: datetime | None

    @classmethod
    def of(cls, work: steps.Work) -> Ticket:
        """For the tasks of this run."""
        session, lease = work.session, work.lease
        return cls(str(session.project.root), session.sync, work.run, lease.fence, lease.holder, work.ends)

    @contextmanager
    def work(self) -> Iterator[steps.Work]:
        """The run, opened anew where it is not open in this process: connectors and databases do not travel."""
        show_logs()
        with shared(Path(self.root)) as project, within(self.sync, self.run):
            session = Session(project, self.sync)
            yield steps.Work(session, self.run, session.lease(self.fence, self.holder), ends=self.ends)
