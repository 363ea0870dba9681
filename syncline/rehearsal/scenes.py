"""Scenes: what users do in them does not depend on what the sync does, so that the same scene can be played in several
ways that must end the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from engine.bound import Bound
from engine.mapping import Brakes
from syncline.rehearsal.habits import Habits
from syncline.rehearsal.operator import answer_all
from syncline.rehearsal.setting import Setting, things
from syncline.rehearsal.story import shown
from syncline.rehearsal.users import Users
from syncline.rehearsal.weather import Weather
from syncline.rehearsal.world import MortalStore, World

Shown = dict[str, dict[str, Any]]
"""Side -> thing -> what its record shows."""
REST = 6


@dataclass(frozen=True)
class Deed:
    """One user's write: `data` of a thing on a side; None deletes it."""

    side: str
    thing: str
    data: dict[str, Any] | None


Scene = list[list[Deed]]
"""Deeds by phase; before each phase everything is at rest."""


def plain_setting(rng: random.Random, *, sides: int | None = None) -> Setting:
    """A setting whose outcome depends on nothing but what users write: the newest wins, nothing is kept out."""
    while True:
        setting = things(rng)
        free = not setting.private and len(setting.users) > 1 and setting.mapping.brakes == Brakes()
        fits = free and setting.mapping.conflicts == "newest"
        if fits and (sides is None or len(setting.places) == sides):
            break
    quiet = {
        name: replace(at, habits=replace(at.habits, lags=False, reuses=False)) for name, at in setting.places.items()
    }
    return replace(setting, places=quiet)


def scene(rng: random.Random, setting: Setting, phases: int = 3, *, alone: bool = False) -> Scene:
    """Things are added, edited and deleted; within a phase a thing is either edited or deleted.

    A side edits a thing once in a phase, as apps tell one time of change for the whole record; with `alone` only one
    side does.
    """
    bound = Bound(setting.mapping, {name: at.schema for name, at in setting.places.items()})
    names, known, number = sorted(setting.users), list[str](), 0
    found: Scene = []
    for _ in range(phases):
        deeds: list[Deed] = []
        doomed = {thing for thing in known if rng.random() < 0.15}
        for _ in range(rng.randint(2, 5)):
            number += 1
            side = rng.choice(names)
            edited = {deed.thing for deed in deeds if alone or deed.side == side}
            staying = sorted(set(known) - doomed - edited)
            if not staying or rng.random() < 0.35:
                deeds.append(Deed(side, f"t{number}", {"name": f"t{number}", **_data(rng, bound, side, number)}))
            else:
                deeds.append(Deed(side, rng.choice(staying), _data(rng, bound, side, number)))
        deeds += [Deed(rng.choice(names), thing, None) for thing in sorted(doomed)]
        known = [*staying_after(known, doomed), *(d.thing for d in deeds if d.data and "name" in d.data)]
        found.append(deeds)
    return found


def staying_after(known: list[str], doomed: set[str]) -> list[str]:
    """The things that are left."""
    return [thing for thing in known if thing not in doomed]


def _data(rng: random.Random, bound: Bound, side: str, number: int) -> dict[str, Any]:
    """One scalar field with a value of its own."""
    row = rng.choice([row for name, row in bound.rows.items() if not row.many and name != "title"])
    native = row.cells[side].name
    item = bound.sides[side].schema.fields[native]
    value: Any = number + 0.25 if item.type == "number" else f"w{number}"
    return {native: value}


class Scenery:
    """A world in which a scene is played."""

    def __init__(self, setting: Setting, store: MortalStore, *, shuffle: bool = False) -> None:
        self.world = World(setting, store)
        self.bound = Bound(setting.mapping, {name: at.schema for name, at in setting.places.items()})
        self.users = Users(self.world, self.bound)
        self.rng = random.Random(0)
        self.shuffle = shuffle
        self.runs = 0

    def play(self, scene: Scene, after_deed: Callable[[int], bool] = lambda _number: False) -> Shown:
        """Plays it; `after_deed` says after which deeds of a phase the sync runs."""
        for phase in scene:
            for number, deed in enumerate(phase):
                self.do(deed)
                if after_deed(number):
                    self.run()
            self.rest()
        return self.shown()

    def do(self, deed: Deed) -> None:
        """A user does it, a minute after the last one."""
        self.world.now += timedelta(minutes=1)
        app = self.world.apps[deed.side]
        record = next((r for r, data in app.live().items() if self.users.thing(deed.side, data) == deed.thing), None)
        if deed.data is None and record is not None:
            app.remove(record)
        elif deed.data is not None and record is not None:
            app.edit(record, deed.data)
        elif deed.data is not None and "name" in deed.data:
            app.add(deed.data)

    def run(self, weather: Weather | None = None, **options: Any) -> Any:
        """One run."""
        self.runs += 1
        self.world.deliver(Weather(), self.rng)
        return self.world.run(weather or Weather(shuffle=self.shuffle), **options)

    def rest(self) -> int:
        """Runs until nothing is left to do; how many runs that took, or -1."""
        for number in range(REST):
            report = self.run()
            answered = answer_all(self.world, self.users, self.rng)
            if not answered and not written(report) and not self.world.pending():
                return number
        return -1

    def shown(self) -> Shown:
        """What every app shows."""
        return {
            side: {self.users.thing(side, data): shown(self.bound, side, data) for data in app.live().values()}
            for side, app in self.world.apps.items()
        }

    def doubled(self) -> Iterator[str]:
        """Things that an app holds more than once."""
        for side, app in self.world.apps.items():
            found = [self.users.thing(side, data) for data in app.live().values()]
            yield from sorted(f"{thing} on {side}" for thing in set(found) if found.count(thing) > 1)


def written(report: Any) -> int:
    """Writes of a run."""
    return sum(sum(ops.values()) for ops in report.writes.values()) if report is not None else -1


__all__ = ["Deed", "Habits", "Scene", "Scenery", "plain_setting", "scene", "written"]
