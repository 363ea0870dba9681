"""Every moment at which a run can be killed: each is tried, and each must end as if nothing had happened."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from typing import Any

from engine.ids import drawn_from
from syncline.rehearsal.invariants import Violation
from syncline.rehearsal.scenes import Scenery, plain_setting, scene
from syncline.rehearsal.weather import Crash, Weather
from syncline.rehearsal.world import MortalStore


class Moments(Weather):
    """Counts the moments of a run, and kills it at one of them."""

    def __init__(self, fatal: int = -1) -> None:
        super().__init__()
        self.fatal, self.count, self.where = fatal, 0, ""

    def before(self, side: str, what: str) -> None:
        self._pass(f"before {what} on {side}")

    def answered(self, side: str, what: str) -> None:
        self._pass(f"after {what} on {side}")

    def after(self, side: str, what: str) -> None:
        self._pass(f"after {what} on {side}")

    def commit(self, moment: str) -> None:
        self._pass(f"{moment} a commit")

    def _pass(self, where: str) -> None:
        if self.count == self.fatal:
            self.died, self.where = True, where
            raise Crash(where)
        self.count += 1


def crash_everywhere(seed: int, fresh: Callable[[], MortalStore]) -> tuple[list[Violation], int, int]:
    """Violations, the moments tried, and the runs made."""
    rng = random.Random(f"crashes {seed}")
    setting = plain_setting(rng, sides=2 if seed % 4 else None)  # more sides, more moments, and each costs three runs
    first, *last = scene(rng, setting, phases=2)
    store = fresh()
    scenery = Scenery(setting, store)
    try:
        with drawn_from(random.Random(f"ids {seed}")):
            scenery.play([first])
            for deed in last[0]:
                scenery.do(deed)
            kept = _freeze(scenery)
            moments = Moments()
            scenery.run(moments)
            scenery.rest()
            wanted = scenery.shown()
            found = []
            for fatal in range(moments.count):
                _thaw(scenery, kept)
                again = Moments(rng.randrange(moments.count)) if fatal % 3 == 0 else None
                found += _killed(scenery, Moments(fatal), again, wanted)
        return found, moments.count, scenery.runs
    finally:
        scenery.world.close()
        store.close()


def _killed(scenery: Scenery, moments: Moments, again: Moments | None, wanted: Any) -> list[Violation]:
    """Violations after a kill, and with `again` one more in the run that goes on from there."""
    scenery.run(moments)
    if again is not None:
        scenery.run(again)
        moments.where += f", then {again.where}" if again.died else ""
    if scenery.rest() < 0:
        return [Violation(17, f"not at rest after a kill {moments.where}")]
    if doubled := list(scenery.doubled()):
        return [Violation(17, f"killed {moments.where}: {doubled}")]
    if scenery.shown() != wanted:
        return [Violation(17, f"killed {moments.where}: {scenery.shown()} instead of {wanted}")]
    return []


def _raw(scenery: Scenery) -> sqlite3.Connection:
    with scenery.world.store.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _freeze(scenery: Scenery) -> tuple[Any, ...]:
    apps = {name: app.freeze() for name, app in scenery.world.apps.items()}
    return apps, _raw(scenery).serialize(), scenery.world.now, list(scenery.world.pings)


def _thaw(scenery: Scenery, kept: tuple[Any, ...]) -> None:
    apps, state, now, pings = kept
    for name, app in scenery.world.apps.items():
        app.thaw(apps[name])
    _raw(scenery).deserialize(state)
    scenery.world.now, scenery.world.pings = now, list(pings)
