"""Random histories: three people edit one series on three sides, several of them between two runs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.system.edits import cancel, id_on, move, retitle, weekly
from tests.system.rules import WEEKLY, graph
from tests.system.world import World

SIDES = ("google", "outlook", "caldav")
STEPS = 5


class History:
    """One seed's edits. No two edits between two runs touch the same field: conflicts have tests of their own."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.draw, self.title, self.step = world, random.Random(seed), "Weekly", 0
        self.days = ["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]
        self.told: list[tuple[int, str, str]] = []
        weekly(world, self.draw.choice(SIDES))

    def go(self) -> None:
        """One to three edits."""
        self.step += 1
        ids = {side: id_on(self.world, side, self.title) for side in SIDES}
        acts: list[Callable[[str, str], None]] = [
            self.moved,
            self.cancelled,
            self.retitled,
            self.placed,
            self.described,
        ]
        for act in self.draw.sample([*acts, self.renamed], self.draw.randint(1, 3)):
            side = self.draw.choice(SIDES)
            self.told.append((self.step, side, act.__name__))
            act(side, ids[side])

    def moved(self, side: str, id: str) -> None:
        if day := self._day():
            later, hour = f"{day[:8]}{int(day[8:]) + self.draw.randint(0, 2):02}", self.draw.randint(9, 15)
            move(self.world, side, id, day, f"{later}T{hour:02}:00", f"{later}T{hour + 1:02}:30")

    def cancelled(self, side: str, id: str) -> None:
        if day := self._day():
            cancel(self.world, side, id, day)

    def retitled(self, side: str, id: str) -> None:
        if day := self._day():
            retitle(self.world, side, id, day, f"Special {self.step}")

    def placed(self, side: str, id: str) -> None:
        if side == "google":
            self.world.google.edit(id, location=f"Room {self.step}")
        elif side == "outlook":
            self.world.outlook.edit(id, location={"displayName": f"Room {self.step}"})

    def described(self, side: str, id: str) -> None:
        if side == "google":
            self.world.google.edit(id, description=f"<b>Point {self.step}</b> of all")
        elif side == "outlook":
            self.world.outlook.edit(id, body={"contentType": "html", "content": f"<i>Point {self.step}</i><br>of all"})

    def renamed(self, side: str, id: str) -> None:
        if side == "caldav":
            return
        self.title = f"Weekly {self.step}"
        getattr(self.world, side).edit(id, **{"summary" if side == "google" else "subject": self.title})

    def _day(self) -> str | None:
        """An occurrence that nobody has touched yet; the last one stays."""
        if len(self.days) == 1:
            return None
        return self.days.pop(self.draw.randrange(len(self.days)))


@pytest.mark.parametrize("seed", range(8))
def test_all_sides_end_alike(world: World, seed: int) -> None:
    history = History(world, seed)
    world.settle()
    for _ in range(STEPS):
        history.go()
        world.settle()
        assert world.shows("google") == world.shows("outlook") == world.shows("caldav"), history.told
    assert len(world.alike()) >= 1


@pytest.mark.parametrize("side", ["google", "outlook"])
def test_a_longer_and_a_shorter_rule_under_changed_occurrences(world: World, side: str) -> None:
    weekly(world, "caldav")
    world.settle()
    move(world, "caldav", id_on(world, "caldav"), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    world.settle()
    for count in (6, 3):
        if side == "google":
            world.google.edit(id_on(world, side), recurrence=[f"RRULE:FREQ=WEEKLY;COUNT={count}"])
        else:
            world.outlook.edit(id_on(world, side), recurrence=graph(WEEKLY, "2026-11-02", numberOfOccurrences=count))
        expected = world.shows(side)
        world.settle()
        assert world.alike() == expected and len(expected) == count
