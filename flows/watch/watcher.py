"""The watcher: a loop in one thread that begins looks and runs in others, and takes in what comes of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from queue import Empty

from engine.store import StoreError
from engine.store.lease import Busy, Fenced, Lease
from flows.project import Project
from flows.session import Session, utc_now
from flows.watch.accounts import Accounts
from flows.watch.alive import LEASE
from flows.watch.book import Book
from flows.watch.desk import Carry, Desk
from flows.watch.looks import Looks
from flows.watch.pace import Draw
from flows.watch.runs import Runs
from flows.watch.told import Tell

TICK = timedelta(seconds=1)
"""Between two looks at the pings that other processes have stored."""
STANDBY = timedelta(seconds=5)
"""Between two looks whether the place of another watcher is free."""


class Watcher:
    """One of a project. Any number of them may be started: one watches, the others stand by."""

    def __init__(
        self,
        project: Project,
        carry: Carry,
        tell: Tell,
        *,
        runs: Executor,
        looks: Executor,
        names: Collection[str] = (),
        clock: Callable[[], datetime] = utc_now,
        draw: Draw = random.random,
        session: Callable[[str], Session] | None = None,
    ) -> None:
        self.desk = Desk(project, carry, tell, clock, draw, session or partial(Session, project), Accounts(project))
        self._book = Book(self.desk, names)
        self._looks = Looks(self.desk, looks)
        self._runs = Runs(self.desk, runs, project.settings.watch_runs)
        self._tick_at: datetime | None = None
        self._latest = clock()
        self._wrong = ""
        self._stands_by = False
        self.stopping = False

    def hear(self, syncs: Iterable[str] = ()) -> None:  # noqa: ARG002 - the pings themselves are in the state
        """Pings of these syncs were stored just now. From any thread."""
        self.desk.mail.put(self._at_once)

    def stop(self) -> None:
        """No new run; those under way end. From any thread or signal."""
        self.desk.mail.put(self._stop)

    def run(self) -> None:
        """Watches until it is stopped."""
        while not self.stopping:
            lease = self._place()
            if lease is None:
                with self._told():
                    self.read(STANDBY)
                continue
            self._stands_by = False
            try:
                self._watch(lease)
            except Fenced:
                self._stands_by = True
                self.desk.say("waiting", "Another watcher has taken over; this one stands by.")
            finally:
                with suppress(StoreError):
                    lease.give_back()
        self._finish()

    def step(self) -> timedelta:
        """Does what is due; how long nothing will be. Raises StoreError."""
        now = self.desk.clock()
        if now < self._latest:  # somebody has set the clock back: what was due in a minute still is
            self._set_back(self._latest - now)
        self._latest = now
        self._book.step(now)
        if self._tick_at is None or now >= self._tick_at:
            self._tick_at = now + TICK
            self._runs.hear(now)
        self._looks.step(now)
        self._runs.step(now)
        times = [one.turn.due for one in self.desk.syncs.values() if one.turn.due]
        times += [spot.at for one in self.desk.syncs.values() for spot in one.spots.values()]
        return min([self._tick_at, *(at for at in times if at > now)]) - now

    def read(self, most: timedelta = timedelta()) -> None:
        """Takes in what other threads have to say; waits for the first of it."""
        with suppress(Empty):
            self.desk.mail.get(timeout=max(most.total_seconds(), 0.0001))()
            while True:
                self.desk.mail.get_nowait()()

    def _watch(self, lease: Lease) -> None:
        self.desk.say("watching", "Watching.")
        while not self.stopping:
            with self._told():
                lease.keep()
                self.read(self.step())

    def _finish(self) -> None:
        if self._runs.running:
            self.desk.say("stopping", f"Stopping; {self._runs.running} runs under way end first.")
        while self._runs.running:
            with self._told():
                self.read(TICK)

    def _place(self) -> Lease | None:
        """The right to watch, unless another watcher has it."""
        with self._told():
            try:
                return Lease.take(self.desk.project.store, LEASE, self.desk.clock)
            except Busy:
                if not self._stands_by:
                    self.desk.say("waiting", "Another watcher is at work; this one takes over when it ends.")
                self._stands_by = True
        return None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tells once that the state cannot be used, and once that it can be again; meanwhile it waits."""
        try:
            yield
        except StoreError as error:
            if self._wrong != str(error):
                self.desk.say("trouble", str(error))
            self._wrong = str(error)
            with suppress(StoreError):
                self.read(TICK)
        else:
            if self._wrong:
                self.desk.say("well", "The state can be used again.")
            self._wrong = ""

    def _set_back(self, by: timedelta) -> None:
        self._tick_at = None
        self._book.look_anew()
        self._looks.note_anew()
        for one in self.desk.syncs.values():
            one.earlier(by)

    def _at_once(self) -> None:
        self._tick_at = None

    def _stop(self) -> None:
        self.stopping = True
