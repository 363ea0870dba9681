"""When a sync runs next: many reasons become one run, and two runs of it never overlap."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PROLONGED = 3
"""So many times its `delay` a change waits at most, however long somebody goes on typing."""


@dataclass
class Turn:
    """The next run of one sync. Reasons that come while it runs are for the run after."""

    rest: timedelta = timedelta()
    """How long a change rests before it is run for."""
    due: datetime | None = None
    since: datetime | None = None
    why: list[str] = field(default_factory=list)
    full: bool = False
    running: bool = False

    def want(self, now: datetime, why: str, *, rest: bool = False, full: bool = False) -> None:
        """A run is wanted: now, or (`rest`) when nothing more has come for a while."""
        self.since = self.since or now
        due = min(now + self.rest, self.since + PROLONGED * self.rest) if rest else now
        self.due = due if rest or self.due is None else min(due, self.due)
        self.why += [why] * (why not in self.why)
        self.full = self.full or full

    def later(self, at: datetime, why: list[str], full: bool) -> None:
        """What a run was for is still to be done, not before `at`; what has come meanwhile may be due sooner."""
        self.due = min(self.due, at) if self.due else at
        self.why = list(dict.fromkeys([*why, *self.why]))
        self.full = self.full or full

    def earlier(self, by: timedelta) -> None:
        """The clock was set back so far."""
        self.due, self.since = self.due and self.due - by, self.since and self.since - by

    def ready(self, now: datetime) -> bool:
        """Whether it can begin."""
        return not self.running and self.due is not None and self.due <= now

    def begin(self) -> tuple[list[str], bool]:
        """It begins: what for, and whether everything is to be read."""
        begun = self.why, self.full
        self.due, self.since, self.why, self.full, self.running = None, None, [], False, True
        return begun
