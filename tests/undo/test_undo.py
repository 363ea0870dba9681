"""What an undo takes back, and what it leaves alone."""

from __future__ import annotations

import pytest

from flows.project import ProjectError
from tests.sync.world import Make, World, make, only, told
from tests.undo.rig import at_rest, held, reasons, take_back

__all__ = ["make"]

ANN, BOB, CY = ({"email": f"{name}@example.com"} for name in ("ann", "bob", "cy"))


def started(make: Make, *sides: str, **options: object) -> tuple[World, str]:
    """A world in sync with one record that came from the first side, and that record's id."""
    world = make(*(sides or ("a", "b")), **options)
    first = world.apps["a"].add(name="Review", note="the old note", place="Room 1", people=[ANN, BOB])
    world.run()
    return world, first


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_an_edit_is_taken_back_on_every_side_also_where_it_was_made(make: Make, sides: str) -> None:
    world, first = started(make, *sides)
    before = held(world)
    world.apps["a"].edit(first, note="the new note", place=None)
    run = world.run()
    after = held(world)
    assert after != before
    report = take_back(world, run.run)
    assert held(world) == before
    assert [one["field"] for one in report.undone] == ["note", "place"]
    assert not report.left
    at_rest(world)
    take_back(world, report.run.run)
    assert held(world) == after
    at_rest(world)


def test_entries_of_a_list_are_taken_back_one_by_one(make: Make) -> None:
    world, first = started(make, "a", "b", "c")
    world.apps["a"].edit(first, people=[BOB])
    world.apps["b"].edit("b1", people=[ANN, BOB, CY])
    run = world.run()
    people = {one["email"] for one in only(world.apps["c"])["people"]}
    assert people == {"bob@example.com", "cy@example.com"}
    world.apps["c"].edit("c1", people=[*only(world.apps["c"])["people"], {"email": "dan@example.com"}])
    take_back(world, run.run)
    world.run()
    for app in world.apps.values():
        assert {one["email"] for one in only(app)["people"]} == {
            "ann@example.com",
            "bob@example.com",
            "dan@example.com",
        }
    at_rest(world)


def test_what_was_edited_since_is_left_with_the_reason(make: Make) -> None:
    world, first = started(make)
    world.apps["a"].edit(first, note="second", place="Room 2")
    run = world.run()
    world.apps["b"].edit("b1", note="third")
    later = world.run()
    report = take_back(world, run.run)
    assert (only(world.apps["a"])["note"], only(world.apps["b"])["note"]) == ("third", "third")
    assert only(world.apps["a"])["place"] == only(world.apps["b"])["place"] == "Room 1"
    assert reasons(report) == [("field", "note", f"it was changed in b since, in run {later.run}")]
    assert report.left[0]["now"] == "third"
    at_rest(world)


def test_an_edit_that_no_run_has_seen_yet_is_left_too(make: Make) -> None:
    world, first = started(make)
    world.apps["a"].edit(first, note="second", place="Room 2")
    run = world.run()
    world.apps["b"].edit("b1", note="third")
    report = take_back(world, run.run)
    assert reasons(report) == [("field", "note", "it was edited on b since")]
    world.run()
    for app in world.apps.values():
        assert (only(app)["note"], only(app)["place"]) == ("third", "Room 1")
    at_rest(world)


def test_a_creation_is_taken_back_and_the_original_stays_alone(make: Make) -> None:
    world = make("a", "b", "c")
    first = world.apps["a"].add(name="Review", note="n")
    run = world.run()
    report = take_back(world, run.run)
    assert {side: len(app.live()) for side, app in world.apps.items()} == {"a": 1, "b": 0, "c": 0}
    assert [(one["what"], one["side"]) for one in report.undone] == [("creation", "b"), ("creation", "c")]
    at_rest(world)
    assert world.status()["a"]["excluded"] == 1
    assert told(world.run(full=True)) == 0
    world.apps["a"].edit(first, note="changed")
    world.run()
    assert [only(app)["note"] for app in world.apps.values()] == ["changed"] * 3
    at_rest(world)


def test_a_creation_taken_back_is_made_again_when_that_is_undone(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review", note="n", people=[ANN])
    run = world.run()
    before = held(world)
    report = take_back(world, run.run)
    again = take_back(world, report.run.run)
    assert held(world) == before
    at_rest(world)
    assert world.status()["a"]["in_sync"] == 1
    take_back(world, again.run.run)
    assert len(world.apps["b"].live()) == 0
    at_rest(world)


@pytest.mark.parametrize("where", ["a", "b"])
def test_a_created_record_that_somebody_touched_is_kept(make: Make, where: str) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review", note="n")
    run = world.run()
    world.apps[where].edit(f"{where}1", place="Room 4")
    world.run()
    report = take_back(world, run.run)
    assert len(world.apps["b"].live()) == 1
    assert report.left[0]["what"] == "creation"
    at_rest(world)


@pytest.mark.parametrize("sides", ["ab", "abc"])
def test_a_deletion_is_taken_back_on_every_side(make: Make, sides: str) -> None:
    world, first = started(make, *sides)
    other = world.apps["a"].add(name="Other")
    world.run()
    before = held(world)
    world.apps["a"].remove(first)
    run = world.run()
    assert all(len(app.live()) == 1 for app in world.apps.values())
    report = take_back(world, run.run)
    assert held(world) == before
    assert [(one["what"], one["side"]) for one in report.undone] == [("deletion", side) for side in sides]
    at_rest(world)
    for side in sides:
        assert world.status()[side]["in_sync"] == 2
    take_back(world, report.run.run)
    assert all(len(app.live()) == 1 for app in world.apps.values())
    assert other in world.apps["a"].live()
    at_rest(world)


def test_a_record_that_is_there_again_is_not_made_twice(make: Make) -> None:
    world, first = started(make)
    world.apps["a"].remove(first)
    run = world.run()
    world.apps["b"].add(name="Review", note="typed once more")
    report = take_back(world, run.run)
    assert [one["what"] for one in report.left] == ["deletion"]
    assert "there again" in report.left[0]["reason"]
    world.run()
    assert [len(app.live()) for app in world.apps.values()] == [1, 1]


def test_what_was_filled_is_emptied_again_and_its_source_is_kept(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review", note="budget")
    world.apps["b"].add(name="Review", place="Room 4")
    before = held(world)
    run = world.run()
    after = held(world)
    report = take_back(world, run.run)
    assert held(world) == before
    at_rest(world)
    take_back(world, report.run.run)
    assert held(world) == after
    at_rest(world)


def test_a_value_that_gave_way_at_first_sight_comes_back(make: Make) -> None:
    world = make("a", "b", "c")
    for side, note in (("a", "mine"), ("b", "yours"), ("c", "theirs")):
        world.apps[side].add(name="Review", note=note, people=[{"email": f"{side}@example.com"}])
    before = held(world)
    run = world.run()
    take_back(world, run.run)
    assert held(world) == before
    at_rest(world)


def test_a_clipped_value_comes_back_whole(make: Make) -> None:
    world = make("a", "b")
    world.apps["b"].clip = 5
    first = world.apps["a"].add(name="Review", note="a long old note")
    world.run()
    before = held(world)
    world.apps["a"].edit(first, note="something else")
    run = world.run()
    take_back(world, run.run)
    assert held(world) == before
    at_rest(world)


def test_a_dry_run_shows_the_writes_and_changes_nothing(make: Make) -> None:
    world, first = started(make)
    world.apps["a"].edit(first, note="the new note")
    run = world.run()
    after, writes = held(world), sum(app.writes for app in world.apps.values())
    shown = take_back(world, run.run, dry_run=True)
    fields = [(one["side"], one["op"], one["fields"]) for one in shown.changes]
    swap = [{"field": "note", "before": "the new note", "after": "the old note"}]
    assert fields == [("a", "update", swap), ("b", "update", swap)]
    assert (held(world), sum(app.writes for app in world.apps.values())) == (after, writes)
    at_rest(world)
    done = take_back(world, run.run)
    assert (done.undone, done.run.writes) == (
        shown.undone,
        {side: {"create": 0, "update": 1, "delete": 0} for side in "ab"},
    )


def test_by_record_and_by_field(make: Make) -> None:
    world = make("a", "b")
    first, second = (world.apps["a"].add(name=name, note="old", place="old") for name in ("One", "Two"))
    world.run()
    for record in (first, second):
        world.apps["a"].edit(record, note="new", place="new")
    world.run()
    take_back(world, link=first)
    shown = {row["name"]: (row["note"], row["place"]) for row in world.apps["b"].live().values()}
    assert shown == {"One": ("old", "old"), "Two": ("new", "new")}
    report = take_back(world, field="place", since="2026-11-23T12:02:00+00:00")
    shown = {row["name"]: (row["note"], row["place"]) for row in world.apps["a"].live().values()}
    assert shown["Two"] == ("new", "old")
    assert report.run.status == "done"


def test_since_a_moment_takes_back_several_runs_at_once(make: Make) -> None:
    world, first = started(make)
    before = held(world)
    moment = world.now.isoformat()
    for number in range(3):
        world.apps["ab"[number % 2]].edit("ab"[number % 2] + "1", note=f"note {number}")
        world.run()
    take_back(world, since="2026-11-23T12:01:30+00:00", link=first)
    assert held(world) == before, moment
    at_rest(world)


def test_a_plan_that_was_applied_is_undone(make: Make) -> None:
    world, first = started(make)
    before = held(world)
    world.apps["a"].edit(first, note="new")
    plan = world.plan()
    applied = world.apply(plan.plan)
    take_back(world, applied.run)
    assert held(world) == before
    at_rest(world)
    with pytest.raises(ProjectError, match="only looked"):
        take_back(world, plan.plan)


def test_an_undo_is_not_braked_and_carries_nothing_else_along(make: Make) -> None:
    world = make("a", "b", extra="brakes: {updates: 3, deletes: 0}")
    records = [world.apps["a"].add(name=f"T{number}", note="old") for number in range(3)]
    for number in range(3, 9):
        world.apps["a"].add(name=f"T{number}", note="old")
    world.run()
    for record in records:
        world.apps["a"].edit(record, note="new")
    run = world.run()
    fresh = world.apps["a"].add(name="Fresh")
    world.apps["a"].edit("a8", note="somebody else")
    take_back(world, run.run)
    assert {row["note"] for row in world.apps["b"].live().values()} == {"old"}
    assert fresh in world.apps["a"].live()
    assert "Fresh" not in {row["name"] for row in world.apps["b"].live().values()}
    world.run()
    at_rest(world)


def test_unknown_things_are_refused_politely(make: Make) -> None:
    world, _ = started(make)
    for asked, words in (
        ({"run": "nope"}, "There is no run 'nope'"),
        ({"link": "nope"}, "no record 'nope'"),
        ({"field": "titel"}, "did you mean 'title'"),
    ):
        with pytest.raises(ProjectError, match=words):
            take_back(world, **asked)
