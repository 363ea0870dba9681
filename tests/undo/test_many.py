"""Undoing a thousand writes: all of it, also when it is killed half-way."""

from __future__ import annotations

from contextlib import suppress

from engine.contract import Caps, Support
from tests.sync.memory import Crash
from tests.sync.world import Make, make, told
from tests.undo.rig import at_rest, held, take_back

__all__ = ["make"]

CAPS = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=Support.YES, batch=50)
WIDE = "brakes: {updates: unlimited, deletes: unlimited}"


def test_a_thousand_writes_killed_half_way_are_all_taken_back(make: Make) -> None:
    world = make("a", "b", "c", "d", "e", extra=WIDE, caps=CAPS)
    records = [world.apps["a"].add(name=f"T{number}", note="old", place="there") for number in range(250)]
    world.run()
    before = held(world)
    for record in records:
        world.apps["a"].edit(record, note=f"new {record}", place="elsewhere")
    run = world.run()
    assert told(run) == 1000
    world.write_mapping("")  # an undo was asked for: its rest needs no approval of the brakes
    sent: list[str] = []

    def dies(moment: str, what: str) -> None:
        sent.extend([what] if moment == "after" else [])
        if len(sent) == 125:
            raise Crash

    world.apps["c"].fault = dies
    with suppress(Crash):
        take_back(world, run.run)
    assert len(sent) == 125
    world.apps["c"].fault = lambda moment, what: None
    world.run(full=True)
    assert held(world) == before
    at_rest(world)
