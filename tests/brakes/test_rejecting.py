"""A rejected brake leaves nothing half done."""

from __future__ import annotations

import pytest

from engine.history import query
from tests.sync.asked import at_rest, filled, notes, reject, waiting
from tests.sync.world import Make, make, told

__all__ = ["make"]


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_rejected_deletions_are_undone_where_they_were_made_in_one_run(make: Make, sides: str) -> None:
    world = make(*sides, extra="brakes: {deletes: 3, creates: 6}")
    ids = [record for _ in range(2) for record in filled(world, 5)]  # creates are braked, too
    for record in ids[:5]:
        world.apps["a"].remove(record)
    world.run()
    assert len(waiting(world)) == len(sides) - 1
    reject(world, waiting(world)[0])
    assert world.run().writes["a"]["create"] == 5
    assert [len(world.apps[side].live()) for side in sides] == [10] * len(sides)
    at_rest(world)


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_rejected_updates_travel_back(make: Make, sides: str) -> None:
    third = ", c: {updates: unlimited}" if "c" in sides else ""
    world = make(*sides, extra=f"brakes: {{sides: {{b: {{updates: 3}}, a: {{updates: 3}}{third}}}}}")
    ids = filled(world, 6)
    for record in ids:
        world.apps["a"].edit(record, note="spoiled")
    world.run()
    (hold,) = waiting(world)
    assert hold["side"] == "b"
    reject(world, hold)
    assert world.run().writes["a"]["update"] == 6  # more than its brake allows: the rejection approves them
    for side in sides:
        assert notes(world, side) == [f"note {at}" for at in range(6)]
    lost = [row for row in query(world.project.store, "it") if row["event"] == "lost"]
    assert {(row["before"], row["after"], row["rule"]) for row in lost} == {
        ("spoiled", f"note {at}", "a person rejected the change") for at in range(6)
    }
    at_rest(world)


def test_rejected_blanks_come_back_and_the_other_fields_stay(make: Make) -> None:
    world = make("a", "b", extra="brakes: {blanked: 2, updates: unlimited}")
    for record in filled(world, 6):
        world.apps["a"].edit(record, note=None, place="Room 2")
    world.run()
    reject(world, waiting(world)[0])
    world.run()
    assert notes(world, "a") == notes(world, "b") == [f"note {at}" for at in range(6)]
    assert {row["place"] for app in world.apps.values() for row in app.live().values()} == {"Room 2"}
    at_rest(world)


def test_rejected_list_entries_come_back(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 1}")
    people = [{"email": "ann@example.com"}, {"email": "bob@example.com"}]
    for record in filled(world, 3, people=people):
        world.apps["a"].edit(record, people=people[:1])
    world.run()
    reject(world, waiting(world)[0])
    world.run()
    for app in world.apps.values():
        for row in app.live().values():
            assert {one["email"] for one in row["people"]} == {"ann@example.com", "bob@example.com"}
    at_rest(world)


def test_a_rejected_fill_of_a_record_just_matched_empties_nothing(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 1}")
    for at in range(4):
        world.apps["a"].add(name=f"Thing {at}", note=f"note {at}")
        world.apps["b"].add(name=f"Thing {at}")
    world.run()
    reject(world, waiting(world)[0])
    assert told(world.run()) == 0
    assert notes(world, "a") == [f"note {at}" for at in range(4)]
    assert notes(world, "b") == [None] * 4
    at_rest(world)


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_rejected_creates_are_not_made_until_the_record_changes(make: Make, sides: str) -> None:
    world = make(*sides, extra="brakes: {sides: {b: {creates: 2}}}")
    ids = [world.apps["a"].add(name=f"Thing {at}", note="old") for at in range(4)]
    world.run()
    (hold,) = waiting(world)
    reject(world, hold)
    assert told(world.run()) == 0
    assert world.apps["b"].live() == {}
    assert told(world.run(full=True)) == 0
    assert {side: counts["excluded"] for side, counts in world.status().items()} == {
        side: 0 if side == "b" else 4 for side in sides
    }
    at_rest(world)
    world.apps["a"].edit(ids[0], note="new")
    world.run()
    assert [row["note"] for row in world.apps["b"].live().values()] == ["new"]
    if "c" in sides:  # the sides that have it go on among themselves
        assert notes(world, "c") == ["new", "old", "old", "old"]


def test_what_changed_since_it_was_rejected_is_judged_anew(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 2}")
    ids = filled(world, 5)
    for record in ids:
        world.apps["a"].edit(record, note="spoiled")
    world.run()
    reject(world, waiting(world)[0])
    world.apps["a"].edit(ids[0], note="meant")
    world.run()
    assert notes(world, "a") == notes(world, "b") == ["meant", *(f"note {at}" for at in range(1, 5))]
    at_rest(world)


def test_a_plan_shows_what_a_rejection_will_write(make: Make) -> None:
    world = make("a", "b", extra="brakes: {deletes: 3}")
    for record in filled(world, 10)[:5]:
        world.apps["a"].remove(record)
    world.run()
    reject(world, waiting(world)[0])
    plan = world.plan()
    assert [(change["side"], change["op"]) for change in plan.changes] == [("a", "create")] * 5
    assert world.apply(plan.plan).writes["a"]["create"] == 5
    at_rest(world)
