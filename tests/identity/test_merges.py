"""Records merged or moved on one side: identity events, not a deletion and a new record."""

from __future__ import annotations

import pytest

from engine.contract import Caps, Support
from engine.history import query
from tests.identity.people import Meet, People, meet
from tests.sync.world import told

__all__ = ["meet"]


def two(meet: Meet, *sides: str, **options: str) -> People:
    """Ann and Anne, one person with two records on each side."""
    world = meet(*(sides or "ab"), **options)
    world.apps["a"].add(name="Ann", email="ann@x.example")
    world.apps["a"].add(name="Anne", email="anne@x.example", phone="+15551234567")
    world.run()
    assert len(world.linked()) == 2
    return world


def test_what_was_merged_is_not_deleted_elsewhere_and_the_survivor_travels(meet: Meet) -> None:
    world = two(meet)
    world.apps["a"].merge("a2", into="a1")
    report = world.run()
    assert (report.writes["b"]["delete"], report.writes["b"]["update"]) == (0, 1)
    assert world.names("b") == ["Ann", "Anne"]
    (ann,) = [row for row in world.apps["b"].live().values() if row["name"] == "Ann"]
    assert ann["phone"] == "+15551234567"
    (hold,) = world.holds("merge")
    assert hold["reason"] == "a2 was merged into a1 on a; on b they are still two records"
    assert world.status()["b"]["held"] == 1
    assert told(world.run()) == 0
    rules = [row["rule"] for row in query(world.project.store, "it") if row["event"] == "gone"]
    assert rules == ["merged into a1"]


def test_a_person_has_it_merged_elsewhere_too(meet: Meet) -> None:
    world = two(meet, *"abc")
    world.apps["a"].merge("a2", into="a1")
    world.run()
    (hold,) = world.holds("merge")
    world.answer(hold, value="release")
    report = world.run()
    assert [report.writes[side]["delete"] for side in "abc"] == [0, 1, 1]
    assert [world.names(side) for side in "abc"] == [["Ann"]] * 3
    assert told(world.run()) == 0
    assert world.holds("merge") == []


def test_a_person_keeps_it_elsewhere(meet: Meet) -> None:
    world = two(meet)
    world.apps["a"].merge("a2", into="a1")
    world.run()
    (hold,) = world.holds("merge")
    world.answer(hold, skip=True)
    assert told(world.run()) == 0
    assert (world.names("a"), world.names("b"), world.holds("merge")) == (["Ann"], ["Ann", "Anne"], [])
    assert world.status()["b"]["excluded"] == 1
    (anne,) = [record for record, row in world.apps["b"].live().items() if row["name"] == "Anne"]
    world.apps["b"].edit(anne, note="on b only")
    assert told(world.run()) == 0
    world.apps["b"].remove(anne)
    assert told(world.run()) == 0


def test_a_survivor_with_a_new_id_keeps_the_link_of_the_one_it_is_most_like(meet: Meet) -> None:
    world = two(meet)
    heir = world.apps["a"].add(name="Ann", email="ann@x.example", phone="+15551234567", note="merged")
    for lost in ("a1", "a2"):
        world.apps["a"].remove(lost)
        world.apps["a"].merged[lost] = heir
    report = world.run()
    assert (report.writes["b"]["create"], report.writes["b"]["delete"], report.writes["a"]["create"]) == (0, 0, 0)
    (ann,) = [row for row in world.apps["b"].live().values() if row["name"] == "Ann"]
    assert (ann["phone"], ann["note"]) == ("+15551234567", "merged")
    assert [hold["detail"]["about"][1] for hold in world.holds("merge")] == ["a2"]
    assert told(world.run()) == 0


def test_another_id_of_the_same_record_keeps_its_link(meet: Meet) -> None:
    """Even where no rule would find it again, and what the id change left out is an edit."""
    world = meet("a", "b")
    first = world.apps["a"].add(name="Ann", note="old")
    world.run()
    moved = world.apps["a"].add(name="Ann", note="new")
    world.apps["a"].remove(first)
    world.apps["a"].merged[first] = moved
    report = world.run()
    assert (told(report), report.writes["b"]["update"]) == (1, 1)
    assert world.linked() == {frozenset({moved, "b1"})}
    assert [row["note"] for row in world.apps["b"].live().values()] == ["new"]
    assert told(world.run()) == 0


def test_merged_on_both_sides_ends_quietly(meet: Meet) -> None:
    world = two(meet)
    names = {row["name"]: record for record, row in world.apps["b"].live().items()}
    world.apps["a"].merge("a2", into="a1")
    world.apps["b"].merge(names["Anne"], into=names["Ann"])
    world.run()
    assert (world.holds("merge"), world.names("a"), world.names("b")) == ([], ["Ann"], ["Ann"])
    assert told(world.run()) == 0


def test_where_nothing_may_be_deleted_nobody_is_asked(meet: Meet) -> None:
    world = two(meet, extra="match: [[email]]\ndeletes: never")
    world.apps["a"].merge("a2", into="a1")
    world.run()
    assert (world.holds("merge"), world.names("b")) == ([], ["Ann", "Anne"])
    assert world.status()["b"]["excluded"] == 1


def test_a_scan_that_lacks_it_and_a_look_that_tells_come_to_the_same(meet: Meet) -> None:
    world = two(meet)
    world.apps["a"].caps = Caps(guarded=Support.YES, stamped=Support.YES, batch=5)
    world.apps["a"].merge("a2", into="a1")
    for _ in range(3):
        world.run(full=True)
    assert world.names("b") == ["Ann", "Anne"]
    assert len(world.holds("merge")) == 1


def test_a_plain_deletion_still_travels(meet: Meet) -> None:
    world = two(meet)
    world.apps["a"].remove("a2")
    world.run()
    assert (world.names("b"), world.holds("merge")) == (["Ann"], [])


@pytest.mark.parametrize("tombstones", [True, False])
def test_a_record_that_gets_another_id_within_one_run_keeps_its_link(meet: Meet, tombstones: bool) -> None:
    """Moved to another list of the same side: gone here, new there, with the same key."""
    world = meet("a", "b")
    if not tombstones:
        world.apps["a"].caps = Caps(guarded=Support.YES, stamped=Support.YES, batch=5)
    first = world.apps["a"].add(name="Ann", email="ann@x.example", note="here")
    world.apps["a"].add(name="Bob", email="bob@x.example")
    world.run()
    world.apps["a"].remove(first)
    moved = world.apps["a"].add(name="Ann", email="ann@x.example", note="there")
    reports = [world.run(full=not tombstones) for _ in range(3)]
    assert sum(report.writes[side][op] for report in reports for side in "ab" for op in ("create", "delete")) == 0
    assert [one for one in world.linked() if moved in one] != []
    assert {row["note"] for row in world.apps["b"].live().values()} == {"there", None}
