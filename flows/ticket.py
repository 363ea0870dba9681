"""What travels to the tasks of a run, and how they open the run again where they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows import steps
from flows.logs import within
from flows.page import show_logs
from flows.project import Project
from flows.session import Session


@dataclass(frozen=True)
class Ticket:
    """All that a task needs to go on with a run in its own thread, process or machine: names, and no records."""

    root: str
    """The project's folder: the same path wherever tasks run."""
    sync: str
    run: str
    fence: int
    holder: str

    @classmethod
    def of(cls, work: steps.Work) -> Ticket:
        """For the tasks of this run."""
        session, lease = work.session, work.lease
        return cls(str(session.project.root), session.sync, work.run, lease.fence, lease.holder)

    @contextmanager
    def work(self) -> Iterator[steps.Work]:
        """The run, opened anew: connectors and databases do not travel."""
        show_logs()
        project = Project.at(Path(self.root))
        try:
            session = Session(project, self.sync)
            with within(self.sync, self.run):
                yield steps.Work(session, self.run, session.lease(self.fence, self.holder))
        finally:
            project.close()
