"""A field that is not in the answer is unread, whenever it comes to light."""

from __future__ import annotations

from engine import accounting
from engine.contract import Record
from engine.history import replayed
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


def test_history_knows_an_edit_that_a_write_brings_to_light(make: Make) -> None:
    world = make("a", "b")
    world.apps["b"] = Shy("b")
    first = world.apps["a"].add(name="T", note="old")
    world.run()
    world.apps["b"].edit("b1", note="new")
    world.apps["b"].silent = "note"
    world.run()
    world.apps["b"].silent = ""
    world.apps["a"].edit(first, place="Room 4")
    world.run()
    world.run()
    assert only(world.apps["a"])["note"] == "new"
    assert replayed(world.project.store, "it") == []


def test_a_value_that_is_due_in_a_field_that_is_not_shown_waits_and_says_so(make: Make) -> None:
    world = make("a", "b")
    world.apps["b"] = Shy("b")
    first = world.apps["a"].add(name="T", note="old")
    world.run()
    world.apps["b"].silent = "note"
    world.apps["b"].edit("b1", place="Room 4")
    world.apps["a"].edit(first, note="new")
    world.run()
    (waits,) = [row for row in accounting.explain(world.project.store, "it") if row["side"] == "b"]
    assert waits["state"] == "pending"
    assert waits["reason"] == "waits: b did not show note, and is to be given a new value of it"
    world.apps["b"].silent = ""
    world.apps["b"].edit("b1", place="Room 5")
    world.run()
    assert only(world.apps["b"])["note"] == "new"
    assert told(world.run()) == 0
