"""Looks at sides, one request each: those of one account one after the other, so that a slow one holds up no other."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue

from sqlalchemy import bindparam, update

from engine import meters
from engine.contract import AppError, Transient
from engine.store import StoreError
from engine.store.tables import sides
from flows.expected import EXPECTED
from flows.routes import Route
from flows.watch.desk import Desk
from flows.watch.glance import Place, Seen, glance
from flows.watch.pace import Pace
from flows.watch.watched import SLOWEST, Spot, Watched

log = logging.getLogger("flows")
NOTE = timedelta(minutes=1)
_READ = (
    update(sides)
    .where(sides.c.sync == bindparam("of"), sides.c.side == bindparam("in"), sides.c.read_at < bindparam("now"))
    .values(read_at=bindparam("now"))
)


class Looks:
    """Those of one watcher."""

    def __init__(self, desk: Desk, pool: Executor) -> None:
        self._desk, self._pool = desk, pool
        self._busy: set[str] = set()
        """Connections that are being asked."""
        self._looked: dict[tuple[str, str], datetime] = {}
        """(sync, side) -> when a look began that has shown that nothing is new there; noted in the state every minute.
        """
        self._spent: SimpleQueue[tuple[meters.Key, int]] = SimpleQueue()
        """The requests of looks; noted, too. Filled by other threads."""
        self._note_at: datetime | None = None
        self._wrong: dict[tuple[str, str], set[tuple[str, str]]] = {}
        """(connection, reason) -> (sync, side) that cannot be looked at."""

    def step(self, now: datetime) -> None:
        """Begins the looks that are due."""
        if self._note_at is None or now >= self._note_at:
            self._note_at = now + NOTE
            looked, self._looked = self._looked, {}
            spent = Counter[meters.Key]()
            while not self._spent.empty():
                key, requests = self._spent.get()
                spent[key] += requests
            if looked or spent:
                self._desk.send(self._pool, partial(_note, self._desk, looked, spent), lambda _: None)
        due = [
            (spot.at, one, spot)
            for one in self._desk.syncs.values()
            if not one.idle and not _about_to_run(one, now)
            for spot in one.spots.values()
            if spot.at <= now and not spot.looking
        ]
        for _, one, spot in sorted(due, key=lambda each: each[0]):
            if spot.route.connection not in self._busy:
                self._begin(one, spot)

    def note_anew(self) -> None:
        """At the next step, whatever the time is."""
        self._note_at = None

    def _begin(self, one: Watched, spot: Spot) -> None:
        spot.looking = True
        self._busy.add(spot.route.connection)
        job = partial(_look, self._desk, spot.route, spot.place, self._spent)
        self._desk.send(self._pool, job, partial(self._seen, one, spot, self._desk.clock()))

    def _seen(self, one: Watched, spot: Spot, begun: datetime, found: Seen | BaseException) -> None:
        """What a look has shown."""
        now = self._desk.clock()
        spot.looking = False
        self._busy.discard(spot.route.connection)
        if isinstance(found, BaseException):
            self._failed(spot, found, now)
            return
        self._well(spot)
        spot.place, spot.down = found.place, False
        if found.moved:
            one.check_at = now
        if not found.news:
            self._looked[one.name, spot.route.side] = begun
        if found.blind:
            every = one.schedule.interval or SLOWEST
            spot.blind, spot.pace = True, Pace(every, every)
        elif found.news:
            one.quick()
        else:
            spot.pace.slow()
        spot.at = now if spot.again else spot.pace.after(now, self._desk.draw)
        spot.again = False
        if found.news:
            one.turn.want(now, f"{spot.route.side} has changed", rest=True)

    def _failed(self, spot: Spot, error: BaseException, now: datetime) -> None:
        if not isinstance(error, EXPECTED):
            log.error("a look at %s of %s broke off", spot.route.side, spot.route.sync, exc_info=error)
        spot.pace.slow()
        spot.at = spot.pace.after(now, self._desk.draw)
        if isinstance(error, Transient) and error.wait:
            spot.later(now + error.wait)
        if isinstance(error, StoreError):
            return  # the watcher itself finds out
        if spot.wrong != str(error):
            self._well(spot)
        spot.wrong = str(error)
        key = (spot.route.connection, spot.wrong)
        if key not in self._wrong:
            who = f"The account {spot.route.connection}: " if isinstance(error, AppError) else ""
            self._desk.say("trouble", f"{who}{error}", None if who else spot.route.sync)
        self._wrong.setdefault(key, set()).add((spot.route.sync, spot.route.side))

    def _well(self, spot: Spot) -> None:
        key, spot.wrong = (spot.route.connection, spot.wrong), ""
        left = self._wrong.get(key, set())
        left.discard((spot.route.sync, spot.route.side))
        if key in self._wrong and not left:
            del self._wrong[key]
            self._desk.say("well", f"The account {spot.route.connection} answers again.")


def _about_to_run(one: Watched, now: datetime) -> bool:
    """A run reads all sides anyway."""
    return one.turn.running or (one.turn.due is not None and one.turn.due <= now + one.turn.rest)


def _note(desk: Desk, looked: dict[tuple[str, str], datetime], spent: Counter[meters.Key]) -> None:
    """How long ago a side was read, and how much its app was asked, is what people and their graphs ask."""
    rows = [{"of": sync, "in": side, "now": at.isoformat()} for (sync, side), at in looked.items()]
    with desk.project.store.write() as connection:
        if rows:
            connection.execute(_READ, rows)
        meters.add(connection, spent)


def _look(desk: Desk, route: Route, place: Place | None, spent: SimpleQueue[tuple[meters.Key, int]]) -> Seen:
    session = desk.session(route.sync)
    app = session.connectors.get(route.side) or desk.accounts.get(route.connection)
    session.connectors[route.side] = app
    before = app.requests
    try:
        return glance(desk.project.store, route, app, place, lambda: session.bound.wanted[route.side])
    except AppError:
        desk.accounts.drop(route.connection)
        raise
    finally:
        spent.put(((route.sync, route.side, "requests"), app.requests - before))
