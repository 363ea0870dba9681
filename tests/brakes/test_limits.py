"""What each brake counts, and that it stops just that."""

from __future__ import annotations

from tests.sync.asked import at_rest, filled, notes, release, waiting
from tests.sync.world import Make, make, told

__all__ = ["make"]


def test_a_limit_of_one_side_leaves_the_other_alone(make: Make) -> None:
    world = make("a", "b", "c", extra="brakes: {sides: {b: {deletes: 2}}}")
    ids = filled(world, 8)
    for record in ids[:4]:
        world.apps["a"].remove(record)
    report = world.run()
    assert [report.writes[side]["delete"] for side in "abc"] == [0, 0, 4]
    (hold,) = waiting(world)
    assert (hold["side"], hold["detail"]["kind"], hold["detail"]["count"]) == ("b", "deletes", 4)


def test_a_limit_of_a_field_holds_that_field_and_lets_the_rest_of_the_record_go(make: Make) -> None:
    world = make("a", "b", extra="brakes: {fields: {title: {updates: 1}}}")
    ids = filled(world, 3)
    for at, record in enumerate(ids):
        world.apps["a"].edit(record, name=f"Renamed {at}", note=f"new {at}")
    report = world.run()
    assert report.writes["b"]["update"] == 3
    assert notes(world, "b") == ["new 0", "new 1", "new 2"]
    assert {row["name"] for row in world.apps["b"].live().values()} == {"Thing 0", "Thing 1", "Thing 2"}
    (hold,) = waiting(world)
    assert (hold["row"], hold["side"]) == ("title", "b")
    assert world.status()["b"]["held"] == 3
    assert told(world.run()) == 0
    release(world, hold)
    assert world.run().writes["b"]["update"] == 3
    at_rest(world)


def test_a_field_blanked_everywhere_is_held_and_nothing_else(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: unlimited, blanked: 2}")
    ids = filled(world, 6, place="Room 1")
    for record in ids:
        world.apps["a"].edit(record, note=None, place="Room 2")
    extra = world.apps["a"].add(name="Thing 99", note="kept")
    world.run()
    assert {row["place"] for row in world.apps["b"].live().values()} == {"Room 2", None}
    assert None not in notes(world, "b")
    assert extra in world.apps["a"].live()
    (hold,) = waiting(world)
    assert (hold["row"], hold["detail"]["count"]) == ("note", 6)
    change = min(hold["detail"]["changes"], key=lambda change: str(change["title"]))
    assert change["fields"] == [{"field": "note", "before": "note 0", "after": None}]
    assert (change["title"], change["op"]) == ("Thing 0", "update")


def test_a_row_may_not_be_blanked_at_all(make: Make) -> None:
    world = make("a", "b", extra="brakes: {fields: {note: {blanked: 0}}}")
    (record,) = filled(world, 1)
    world.apps["a"].edit(record, note="", place="Room 2")
    world.run()
    assert world.apps["b"].live()["b1"]["note"] == "note 0"
    assert world.apps["b"].live()["b1"]["place"] == "Room 2"
    assert [hold["row"] for hold in waiting(world)] == ["note"]


def test_a_field_that_an_app_no_longer_sends_is_not_blank(make: Make) -> None:
    world = make("a", "b")
    ids = filled(world, 30)
    whole = {record: world.apps["a"].rows[record].data for record in ids}
    for record in ids:
        world.apps["a"].edit(record, place="Room 2")
        world.apps["a"].rows[record].data.pop("note")
    world.run()
    assert [hold["row"] for hold in waiting(world)] == [None]  # 30 updates are more than 20: none of them is a blanking
    release(world, waiting(world)[0])
    world.run()
    assert notes(world, "b") == [f"note {at}" for at in range(30)]
    for record in ids:
        world.apps["a"].edit(record, note=whole[record]["note"])
    world.run()
    at_rest(world)


def test_creates_over_the_limit_wait(make: Make) -> None:
    world = make("a", "b", extra="brakes: {creates: 3}")
    for at in range(5):
        world.apps["a"].add(name=f"Thing {at}")
    assert told(world.run()) == 0
    (hold,) = waiting(world)
    assert (hold["detail"]["kind"], len(hold["detail"]["changes"])) == ("creates", 5)
    release(world, hold)
    assert world.run().writes["b"]["create"] == 5
    at_rest(world)


def test_one_more_change_than_was_approved_asks_again(make: Make) -> None:
    world = make("a", "b", extra="brakes: {deletes: 3}")
    ids = filled(world, 20)
    for record in ids[:5]:
        world.apps["a"].remove(record)
    world.run()
    release(world, waiting(world)[0])
    world.apps["a"].remove(ids[7])
    assert world.run().writes["b"]["delete"] == 5
    (hold,) = waiting(world)
    assert [change["title"] for change in hold["detail"]["changes"]] == ["Thing 7"]
    assert told(world.run()) == 0  # it waits, though one alone would have passed
    assert [other["id"] for other in waiting(world)] == [hold["id"]]
    release(world, hold)
    assert world.run().writes["b"]["delete"] == 1
    at_rest(world)


def test_a_change_that_became_another_asks_again(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 1}")
    ids = filled(world, 2)
    for record in ids:
        world.apps["a"].edit(record, note="new")
    world.run()
    release(world, waiting(world)[0])
    world.apps["a"].edit(ids[0], note="newer")
    assert world.run().writes["b"]["update"] == 1
    assert notes(world, "b") == ["note 0", "new"]
    (hold,) = waiting(world)
    assert [field["after"] for change in hold["detail"]["changes"] for field in change["fields"]] == ["newer"]


def test_what_was_stopped_waits_until_it_is_answered_not_wanted_or_the_limit_raised(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 2}")
    ids = filled(world, 3)
    for record in ids:
        world.apps["a"].edit(record, note="new")
    world.run()
    world.apps["a"].edit(ids[0], note="note 0")
    assert told(world.run()) == 0
    (hold,) = waiting(world)
    assert len(hold["detail"]["changes"]) == 2
    world.write_mapping("brakes: {updates: 3}")
    assert world.run().writes["b"]["update"] == 2
    at_rest(world)


def test_many_proved_deletions_are_braked_though_the_side_is_trusted(make: Make) -> None:
    world = make("a", "b")
    for record in filled(world, 40):
        world.apps["a"].remove(record)
    assert told(world.run()) == 0
    assert [(hold["kind"], hold["side"]) for hold in waiting(world)] == [("brake", "b")]
    assert waiting(world, "outage") == []


def test_the_rounds_of_one_run_pass_no_brake_together(make: Make) -> None:
    world = make("a", "b", extra="brakes: {sides: {a: {updates: 3}}}")
    a, b = world.apps.values()
    ids = filled(world, 10)
    mine = {row["name"]: record for record, row in b.live().items()}
    for at in range(3):
        b.edit(mine[f"Thing {at}"], note="first")
    for at in (5, 6):
        a.edit(ids[at], place="Room 2")
    late = [mine["Thing 5"], mine["Thing 6"]]

    def meddle(moment: str, what: str) -> None:
        """Somebody edits these just before we write them: they are read and planned again in the same run."""
        while late and (moment, what) == ("before", "update"):
            b.edit(late.pop(), note="meanwhile")

    b.fault = meddle
    report = world.run()
    assert late == []
    assert (report.writes["a"]["update"], report.writes["b"]["update"]) == (3, 2)
    (hold,) = waiting(world)
    assert (hold["side"], hold["detail"]["count"], len(hold["detail"]["changes"])) == ("a", 5, 2)
    release(world, hold)
    assert world.run().writes["a"]["update"] == 2
    at_rest(world)
