"""A field that is not in the answer is unread, whenever it comes to light."""

from __future__ import annotations

from engine.contract import Record
from tests.sync.memory import MemoryApp
from tests.sync.world import Make, make, only, told

__all__ = ["make"]


class Shy(MemoryApp):
    """It leaves a field out of its answers for a while."""

    silent = ""

    def _record(self, record: str) -> Record:
        shown = super()._record(record)
        return Record(
            shown.id,
            shown.version,
            {name: value for name, value in shown.data.items() if name != self.silent},
            shown.changed_at,
            shown.gone,
            stamp=shown.stamp,
        )


def test_what_a_write_brings_to_light_travels_and_is_not_blanked(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"] = Shy("a")
    world.apps["a"].silent = "note"
    world.apps["a"].add(name="T", note="w3")
    world.run()
    world.apps["a"].silent = ""
    world.apps["b"].edit("b1", place="Room 4")
    world.run()
    world.run()
    for app in world.apps.values():
        assert (only(app)["note"], only(app)["place"]) == ("w3", "Room 4")
    assert told(world.run()) == 0
