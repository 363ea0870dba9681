"""Webhooks over time: made where a sync wants to be told, renewed before they end, ended when nobody wants them.

No sync needs them to be right: what a webhook does not tell, the next look finds. So whatever fails is noted, tried
again later, and stops nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.hook import Hook
from connectors.proofs import PLAIN
from engine.contract import AppError
from engine.store import StoreError
from engine.store.lease import Busy, Fenced, Lease
from flows.hookbook import Entry, HookBook, made_under
from flows.hookstep import Step, next_at, step
from flows.hookturn import Turn
from flows.hookwish import Wishes
from flows.project import Project, ProjectError
from flows.secrets import SecretsError
from flows.session import utc_now

NAME = "*hooks"
"""Of the lease: no sync can be called so."""
LOOK = timedelta(minutes=1)
"""How often is looked what the syncs want."""
GRACE = timedelta(minutes=5)
"""A hook that nobody wants is kept so long: somebody may just be writing the sync's file."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
Due = tuple[Entry, Hook, Step]
log = logging.getLogger("flows")


@dataclass
class Hooks:
    """Those of one project. `public_url`: where apps reach the receiver; empty: no app is asked to call."""

    project: Project
    public_url: str
    clock: Callable[[], datetime] = utc_now
    next: datetime = field(init=False)
    """When to `tend` again (aware), at most a minute later."""

    def __post_init__(self) -> None:
        self.public_url = self.public_url.rstrip("/")
        self.book = HookBook(self.project)
        self.next = self.clock()
        self._failed: dict[str, tuple[int, datetime]] = {}
        """Key -> how often in a row, and when it is tried again."""
        self._unwanted: dict[str, datetime] = {}
        """Key -> since when nobody wants it."""

    def tend(self) -> None:
        """Does what is due, unless another process is at it. Raises for nothing that an app or the state may do."""
        self.next = self.clock() + LOOK
        if not self.public_url:
            return
        try:
            wishes = Wishes.of(self.project)
            if self._due(wishes):
                with self._turn(wishes) as turn:
                    for due in self._due(wishes):  # again: another process may have done some of it
                        self._do(turn, *due)
            self._plan(wishes)
        except Busy:
            log.debug("another process looks after the webhooks")
        except (Fenced, SecretsError, StoreError) as error:
            log.warning("webhooks are looked after later: %s", error)

    def lay(self) -> None:
        """Makes the addresses that a person enters at an app; asks no app. Raises Busy, StoreError."""
        wishes = Wishes.of(self.project)
        found = [due for due in self._due(wishes) if due[1].made == "by hand" and due[2] is Step.MAKE]
        if found and self.public_url:
            with self._turn(wishes) as turn:
                for due in found:
                    self._do(turn, *due)

    def end(self, connection: str | None = None) -> list[Entry]:
        """Ends all, or those of a connection. Gives what is left, with the `error` of each. Raises Busy, StoreError."""
        if self._of(connection):
            with self._turn(Wishes.of(self.project)) as turn:
                for entry in self._of(connection):
                    self._do(turn, entry, PLAIN, Step.END)
        return self._of(connection)

    def _of(self, connection: str | None) -> list[Entry]:
        return [entry for entry in self.book.all() if connection in (None, entry.place.connection)]

    def address(self, entry: Entry) -> str:
        """Where the app calls."""
        return f"{self.public_url}/hooks/{entry.key}"

    def _due(self, wishes: Wishes) -> list[Due]:
        """New ones first; those that have failed lately wait, and nothing is asked of accounts that are signed out."""
        now, entries = self.clock(), self.book.all()
        served = {entry.place for entry in entries if self._serves(entry, wishes.hook(entry.place))}
        new = [self.book.fresh(place, self.public_url, now) for place in wishes.sides if place not in served]
        found = [(entry, Step.MAKE) for entry in new]
        found += [(entry, todo) for entry in entries if (todo := self._step(entry, wishes, now))]
        return [
            (entry, wishes.connected(entry.place) or PLAIN, todo)
            for entry, todo in found
            if self._waits(entry, now) <= now and entry.place.connection not in wishes.signed_out
        ]

    def _serves(self, entry: Entry, hook: Hook | None) -> bool:
        """What a person has entered at an app goes on, whatever public address is set."""
        return hook is not None and (hook.made == "by hand" or made_under(entry, self.public_url))

    def _step(self, entry: Entry, wishes: Wishes, now: datetime) -> Step | None:
        hook = wishes.hook(entry.place)
        if hook is not None:
            self._unwanted.pop(entry.key, None)
            if self._serves(entry, hook):
                return step(entry, now) if hook.made == "by us" else None
        return Step.END if hook is not None or self._over(entry, wishes, now) else None

    def _over(self, entry: Entry, wishes: Wishes, now: datetime) -> bool:
        """Whether one that nobody wants is to be ended. What a person has entered, a person takes away."""
        hook = wishes.connected(entry.place)
        if hook is None:
            return True
        if hook.made == "by hand" or wishes.unclear:
            return False
        return now - self._unwanted.setdefault(entry.key, now) >= GRACE

    def _waits(self, entry: Entry, now: datetime) -> datetime:
        return self._failed.get(entry.key, (0, now))[1]

    def _plan(self, wishes: Wishes) -> None:
        """Looks again in time for what comes next."""
        now = self.clock()
        for entry in self.book.all():
            idle = wishes.hook(entry.place) is None or entry.place.connection in wishes.signed_out
            at = None if idle else next_at(entry)
            self.next = min(self.next, max(self._waits(entry, now), at or self.next))

    @contextmanager
    def _turn(self, wishes: Wishes) -> Iterator[Turn]:
        lease = Lease.take(self.project.store, NAME, self.clock)
        try:
            yield Turn(self.project, self.book, wishes, lease, self.clock, self.address)
        finally:
            lease.give_back()

    def _do(self, turn: Turn, entry: Entry, hook: Hook, todo: Step) -> None:
        """One hook; whatever is wrong with it is noted, and the others go on."""
        try:
            turn.do(entry, hook, todo)
            self._failed.pop(entry.key, None)
        except (Fenced, StoreError):
            raise
        except Exception as error:  # a defect of one connector must not stop the others' hooks either
            known = isinstance(error, AppError | ProjectError | SecretsError)
            reason = str(error).replace(entry.key, "***") if known else f"A defect of ours: {type(error).__name__}."
            log.debug("what is wrong with the webhook", exc_info=error)
            log.warning("the webhook of %s is tried again later: %s", entry.place.connection, reason)
            self._put_off(entry, getattr(error, "wait", None) or FIRST_WAIT)
            turn.note(entry, reason)

    def _put_off(self, entry: Entry, least: timedelta) -> None:
        count, now = self._failed.get(entry.key, (0, None))[0], self.clock()
        self._failed[entry.key] = (count + 1, now + max(min(FIRST_WAIT * 2**count, LONGEST_WAIT), least))
