"""Runs of syncs: which begin, and what comes of how they ended."""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial

from engine.store.lease import Busy, holder
from flows.expected import EXPECTED
from flows.report import RunReport
from flows.watch.book import LEFT
from flows.watch.desk import Desk
from flows.watch.left import Mark, missing, pings
from flows.watch.told import of_run
from flows.watch.turn import Turn
from flows.watch.watched import Watched

log = logging.getLogger("flows")
TURN = timedelta(seconds=5)
"""Between two tries of a sync that somebody else runs."""
ECHO = timedelta(seconds=15)
"""For so long after a run has written to a side, a ping from there is looked at before it becomes a run: most likely
it is about what the run has written."""

SOON = timedelta(seconds=3)
"""What was not there when it was asked for, after a ping say, is asked for again after so long."""


class Runs:
    """Those of one watcher, at most so many at once."""

    def __init__(self, desk: Desk, pool: Executor, most: int) -> None:
        self._desk, self._pool, self._most = desk, pool, most
        self.running = 0
        self._marks: dict[tuple[str, str], Mark] = {}

    def step(self, now: datetime) -> None:
        """Begins the runs that are due, the one that waits longest first."""
        ready = [one for one in self._desk.syncs.values() if one.turn.ready(now)]
        for one in sorted(ready, key=lambda each: each.turn.due or now)[: self._most - self.running]:
            if holder(self._desk.project.store, one.name, now):  # a flow run would be shown as failed
                one.turn.due = now + TURN
            else:
                self._begin(one)

    def hear(self, now: datetime) -> None:
        """Looks whether pings have come. Raises StoreError."""
        found = pings(self._desk.project.store)
        fresh = [key for key, mark in found.items() if mark > self._marks.get(key, ("", 0))]
        self._marks = found
        for name, side in fresh:
            one = self._desk.syncs.get(name)
            if one is not None and not one.turn.running:  # else: when it has ended
                self._pinged(one, side, now)

    def _pinged(self, one: Watched, side: str, now: datetime) -> None:
        spot = one.spots.get(side)
        if one.idle or spot is None or spot.down:
            return
        if spot.echo and now < spot.echo and not spot.blind:
            spot.at, spot.again = now, spot.looking
        else:
            one.turn.want(now, f"{side} said so", rest=True)

    def _begin(self, one: Watched) -> None:
        why, full = one.turn.begin()
        self.running += 1
        then = partial(self._ended, one.name, one.turn, why, full)
        self._desk.send(self._pool, partial(self._desk.carry, one.name, full), then)

    def _ended(self, name: str, turn: Turn, why: list[str], full: bool, found: RunReport | BaseException) -> None:
        now = self._desk.clock()
        self.running -= 1
        turn.running = False
        one = self._desk.syncs.get(name)
        if isinstance(found, RunReport):
            self._desk.tell(of_run(now, name, why, found))
        if one is None:
            return
        if isinstance(found, Busy):
            turn.later(now + TURN, why, full)
        elif isinstance(found, RunReport):
            self._ran(one, found, why, full, now)
        else:
            self._broke_off(one, found, why, full, now)

    def _ran(self, one: Watched, report: RunReport, why: list[str], full: bool, now: datetime) -> None:
        self._desk.wrong(one, "")
        written = {side for side, ops in report.writes.items() if any(ops.values())}
        if written:
            one.quick()
            one.chores.quick()
            one.check_at = one.chores.after(now, self._desk.draw)
        for side, spot in one.spots.items():
            spot.at = spot.pace.after(now, self._desk.draw)
            spot.echo, spot.down = now + ECHO if side in written else None, side in report.errors
        if report.status == "failed":
            self._again(one, why, full, now)
        else:
            one.retry.quick()
            if LEFT not in why and missing(self._desk.project.store, one.name):
                one.check_at = min(one.check_at, now + SOON)
        unanswered = {key: mark for key, mark in pings(self._desk.project.store).items() if key[0] == one.name}
        self._marks = {key: mark for key, mark in self._marks.items() if key[0] != one.name} | unanswered
        for _, side in unanswered:
            self._pinged(one, side, now)

    def _broke_off(self, one: Watched, error: BaseException, why: list[str], full: bool, now: datetime) -> None:
        if not isinstance(error, EXPECTED):
            log.error("a run of %s broke off", one.name, exc_info=error)
        self._desk.wrong(one, str(error) or type(error).__name__)
        self._again(one, why, full, now)

    def _again(self, one: Watched, why: list[str], full: bool, now: datetime) -> None:
        one.turn.later(one.retry.after(now, self._desk.draw), why, full)
        one.retry.slow()
