"""Whatever a run did: undone it is as if it had not been, and undone once more as if nothing had been undone."""

from __future__ import annotations

import random

import pytest

from tests.sync.memory import MemoryApp
from tests.sync.world import Make, World, make
from tests.undo.rig import at_rest, held, take_back

__all__ = ["make"]

NAMES = ("ann", "bob", "cy", "dan")
WIDE = "brakes: {updates: unlimited, deletes: unlimited, creates: unlimited}"


def people(draw: random.Random) -> list[dict[str, str]]:
    return [{"email": f"{name}@example.com"} for name in draw.sample(NAMES, draw.randint(0, 3))]


def edit(draw: random.Random, world: World, app: MemoryApp, record: str, token: str) -> None:
    """One side edits one record; every record is edited on one side only, so that nothing gives way."""
    kind = draw.choice(["note", "place", "people", "clear", "remove", "both"])
    if kind == "remove":
        app.remove(record)
    elif kind == "people":
        app.edit(record, people=people(draw))
    elif kind == "clear":
        app.edit(record, note=None)
    else:
        app.edit(record, **{name: f"{name} {token}" for name in ("note", "place") if kind in (name, "both")})


@pytest.mark.parametrize("seed", range(12))
def test_undo_and_undo_of_the_undo(make: Make, seed: int) -> None:
    draw = random.Random(seed)
    world = make(*"abc"[: draw.choice([2, 3])], extra=WIDE)
    apps = list(world.apps.values())
    apps[-1].clip = draw.choice([None, 10])
    for number in range(5):
        app = draw.choice(apps)
        app.add(name=f"T{number}", note=f"the first note {number}"[: app.clip], people=people(draw))
    world.run()
    before = held(world)
    for number in range(5):
        app = draw.choice(apps)
        record = next(one for one, row in app.live().items() if row["name"] == f"T{number}")
        if draw.random() < 0.8:
            edit(draw, world, app, record, str(seed))
    made = draw.choice(apps)
    made.add(name="Made", place="Room 9")
    run = world.run().run
    after = held(world)
    undone = take_back(world, run)
    assert not undone.left
    alone = {
        side: before[side] + ([{"name": "Made", "place": "Room 9"}] if side == made.name else []) for side in before
    }
    assert held(world) == {side: sorted(rows, key=str) for side, rows in alone.items()}
    at_rest(world)
    take_back(world, undone.run.run)
    assert held(world) == after
    at_rest(world)
