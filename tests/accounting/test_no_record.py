"""What a connector calls no record of its object takes part in nothing, with the reason; also where it was one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.accounting import explain
from engine.contract import Field, Schema
from flows.view import titles
from tests.sync.memory import FIELDS, MemoryApp
from tests.sync.world import World, make, told

__all__ = ["make"]
GROUP = {"excluded": "it is a group of contacts"}


def becomes(app, record, data):
    app.edit(record)
    app.rows[record].data = data


def excluded(world):
    rows = explain(world.project.store, "it", "excluded", titles(world.project, "it"))
    return {(row["side"], row["reason"]) for row in rows}


def test_it_is_accounted_for_and_copied_nowhere(make):
    world = make("a", "b")
    group, _ = world.apps["a"].add(), world.apps["a"].add(name="Ann")
    becomes(world.apps["a"], group, GROUP)
    assert told(world.run()) == 1
    assert excluded(world) == {("a", "on a, it is a group of contacts")}
    becomes(world.apps["a"], group, {"excluded": "it is another group"})
    assert told(world.run()) == 0
    assert excluded(world) == {("a", "on a, it is another group")}
    world.apps["a"].remove(group)
    assert told(world.run()) == 0
    assert excluded(world) == set()


@pytest.mark.parametrize(("leaving", "left"), [("keep-copy", 1), ("delete-copy", 0)])
def test_a_linked_record_leaves_the_sync_as_by_a_filter(make, leaving, left):
    world = make("a", "b", extra=f"leaving: {leaving}")
    ann = world.apps["a"].add(name="Ann", note="n")
    world.run()
    becomes(world.apps["a"], ann, GROUP)
    world.run()
    assert told(world.run()) == 0
    assert len(world.apps["b"].live()) == left
    assert ("a", "on a, it is a group of contacts") in excluded(world)


def test_one_that_is_a_record_again_brings_what_was_edited_meanwhile(make):
    world = make("a", "b")
    ann = world.apps["a"].add(name="Ann", note="n", place="Rome")
    world.run()
    data = dict(world.apps["a"].live()[ann])
    becomes(world.apps["a"], ann, GROUP)
    world.run()
    becomes(world.apps["a"], ann, {**data, "note": "new", "place": None})
    world.run()
    (copy,) = world.apps["b"].live().values()
    assert (copy["name"], copy["note"], copy["place"]) == ("Ann", "new", None)
    assert told(world.run()) == 0 and excluded(world) == set()


class Listing(MemoryApp):
    """It has fields with the names that connectors say such things under."""

    def schema(self, obj: str) -> Schema:
        named = {name: Field(type="text") for name in ("excluded", "unreadable")}
        return replace(super().schema(obj), fields={**FIELDS, **named})


def test_fields_of_these_names_are_fields(tmp_path):
    rows = "  excluded: {a: excluded, b: excluded}\n  unreadable: {a: unreadable, b: unreadable}"
    world = World(tmp_path, {name: Listing(name) for name in "ab"}, rows)
    world.apps["a"].add(name="Ann", excluded="from the mailing", unreadable="hand")
    world.run()
    (copy,) = world.apps["b"].live().values()
    assert (copy["excluded"], copy["unreadable"]) == ("from the mailing", "hand")
    assert all(counts["in_sync"] == 1 for counts in world.status().values())
    world.close()
