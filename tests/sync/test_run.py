"""What a run does, through its steps, over apps in memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from engine import holds
from engine.contract import AuthExpired, Caps, Support, Transient
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make, only, told

__all__ = ["make"]


def test_a_new_record_reaches_every_side_and_the_next_run_is_idle(make: Make) -> None:
    world = make("a", "b", "c")
    world.apps["a"].add(name="Review", note="budget", people=[{"email": "ann@example.com"}])
    report = world.run()
    assert [report.writes[side]["create"] for side in "abc"] == [0, 1, 1]
    assert only(world.apps["b"])["note"] == only(world.apps["c"])["note"] == "budget"
    before = {name: app.requests for name, app in world.apps.items()}
    assert told(world.run()) == 0
    assert {name: app.requests - before[name] for name, app in world.apps.items()} == dict.fromkeys("abc", 1)
    assert {side: counts["in_sync"] for side, counts in world.status().items()} == dict.fromkeys("abc", 1)


def test_edits_of_different_fields_on_different_sides_merge(make: Make) -> None:
    world = make("a", "b", "c")
    first = world.apps["a"].add(name="Review", note="old", place="old")
    world.run()
    world.apps["a"].edit(first, note="new")
    world.apps["b"].edit("b1", place="Room 4")
    world.run()
    for app in world.apps.values():
        assert (only(app)["note"], only(app)["place"]) == ("new", "Room 4")
    assert told(world.run()) == 0


def test_list_fields_merge_by_key(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", people=[{"email": "ann@example.com"}, {"email": "bob@example.com"}])
    world.run()
    world.apps["a"].edit(first, people=[{"email": "bob@example.com"}])
    world.apps["b"].edit("b1", people=[*only(world.apps["b"])["people"], {"email": "cy@example.com"}])
    world.run()
    for app in world.apps.values():
        assert {one["email"] for one in only(app)["people"]} == {"bob@example.com", "cy@example.com"}


def test_the_newest_edit_wins_and_the_other_value_is_kept(make: Make) -> None:
    from engine.history import query

    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["b"].edit("b1", note="second")
    world.apps["a"].edit(first, note="first")
    world.apps["a"].rows[first].changed = 1000
    world.run()
    assert only(world.apps["a"])["note"] == only(world.apps["b"])["note"] == "first"
    lost = [row for row in query(world.project.store, "it") if row["event"] == "lost"]
    assert [(row["field"], row["before"], row["side"]) for row in lost] == [("note", "second", "b")]


def test_a_conflict_waits_for_a_person_and_only_that_field(make: Make) -> None:
    world = make("a", "b", extra="conflicts: ask")
    first = world.apps["a"].add(name="Review", note="old", place="old")
    world.run()
    world.apps["a"].edit(first, note="mine")
    world.apps["b"].edit("b1", note="yours", place="Room 4")
    report = world.run()
    assert (report.status, report.holds) == ("waiting", 1)
    assert (only(world.apps["a"])["note"], only(world.apps["b"])["note"]) == ("mine", "yours")
    assert only(world.apps["a"])["place"] == "Room 4"
    assert world.status()["a"]["conflict"] == 1
    assert told(world.run()) == 0
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"take": "b"}, "2026-11-23T12:30:00+00:00")
    world.run()
    assert only(world.apps["a"])["note"] == only(world.apps["b"])["note"] == "yours"
    assert holds.listed(world.project.store, "it") == []
    assert told(world.run()) == 0
    assert world.status()["a"]["in_sync"] == 1


def test_existing_records_are_matched_and_filled(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review", note="budget")
    world.apps["b"].add(name="Review", place="Room 4")
    world.run()
    for app in world.apps.values():
        assert (only(app)["note"], only(app)["place"]) == ("budget", "Room 4")


def test_ambiguous_records_wait(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    world.apps["b"].add(name="Review", note="one")
    world.apps["b"].add(name="Review", note="two")
    report = world.run()
    assert (told(report), report.holds) == (0, 1)
    assert [counts["ambiguous"] for counts in world.status().values()] == [1, 2]
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"value": "a:a1=b:b2"}, "2026-11-23T12:30:00+00:00")
    world.run()
    assert {row["note"] for row in world.apps["a"].live().values()} == {"one", "two"}
    assert told(world.run()) == 0


def test_a_deletion_travels(make: Make) -> None:
    world = make("a", "b", "c")
    first = world.apps["a"].add(name="Review")
    world.run()
    world.apps["a"].remove(first)
    report = world.run()
    assert [report.writes[side]["delete"] for side in "abc"] == [0, 1, 1]
    assert told(world.run()) == 0
    assert all(counts["total"] == 0 for counts in world.status().values())


def test_an_edit_wins_over_a_deletion_that_had_not_seen_it(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].remove(first)
    world.apps["b"].edit("b1", note="still needed")
    world.run()
    assert only(world.apps["a"])["note"] == only(world.apps["b"])["note"] == "still needed"
    assert told(world.run()) == 0


def test_an_outage_is_no_deletion(make: Make) -> None:
    world = make("a", "b")
    for number in range(5):
        world.apps["a"].add(name=f"Thing {number}")
    world.run()
    world.apps["a"].outage, world.apps["a"].expired = True, True
    for _ in range(3):
        report = world.run()
        assert told(report) == 0
    assert report.holds == 1
    world.apps["a"].outage = False
    assert told(world.run()) == 0
    assert holds.listed(world.project.store, "it") == []
    assert {side: counts["in_sync"] for side, counts in world.status().items()} == {"a": 5, "b": 5}


def test_absence_counts_only_at_the_second_sighting(make: Make) -> None:
    caps = Caps(guarded=Support.YES, stamped=Support.YES)
    world = make("a", "b", caps=caps)
    first = world.apps["a"].add(name="One")
    for number in range(20):
        world.apps["a"].add(name=f"Thing {number}")
    world.run()
    world.apps["a"].remove(first)
    assert told(world.run()) == 0
    assert world.run().writes["b"]["delete"] == 1


def test_the_brake_holds_many_deletions_and_a_person_releases_them(make: Make) -> None:
    world = make("a", "b")
    ids = [world.apps["a"].add(name=f"Thing {number}") for number in range(40)]
    world.run()
    for record in ids[:20]:
        world.apps["a"].remove(record)
    extra = world.apps["a"].add(name="Another")
    report = world.run()
    assert (report.writes["b"]["delete"], report.writes["b"]["create"], report.holds) == (0, 1, 1)
    assert world.status()["b"]["held"] == 20
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"value": "release"}, "2026-11-23T12:30:00+00:00")
    assert world.run().writes["b"]["delete"] == 20
    assert extra in world.apps["a"].live()
    assert told(world.run()) == 0


def test_a_rejected_brake_puts_the_records_back(make: Make) -> None:
    world = make("a", "b")
    ids = [world.apps["a"].add(name=f"Thing {number}") for number in range(40)]
    world.run()
    for record in ids[:20]:
        world.apps["a"].remove(record)
    world.run()
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"skip": True}, "2026-11-23T12:30:00+00:00")
    world.run()
    world.run()
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 40
    assert told(world.run()) == 0


def test_a_side_that_clips_does_not_shorten_the_original(make: Make, tmp_path: Path) -> None:
    apps = {"a": MemoryApp("a"), "b": MemoryApp("b", clip=5)}
    world = World(tmp_path / "clip", apps)
    first = apps["a"].add(name="Review", note="a long note")
    world.run()
    assert only(apps["b"])["note"] == "a lon"
    assert told(world.run()) == 0
    apps["b"].edit("b1", place="Room 4")
    world.run()
    assert (apps["a"].live()[first]["note"], apps["a"].live()[first]["place"]) == ("a long note", "Room 4")
    assert told(world.run()) == 0
    world.close()


def test_a_normalising_side_makes_no_echo(make: Make, tmp_path: Path) -> None:
    apps = {"a": MemoryApp("a"), "b": MemoryApp("b", normalise=str.upper)}
    world = World(tmp_path / "loud", apps)
    first = apps["a"].add(name="Review", note="quiet")
    world.run()
    assert (only(apps["b"])["note"], told(world.run())) == ("QUIET", 0)
    assert apps["a"].live()[first]["note"] == "quiet"
    world.close()


def test_filters_are_judged_on_every_run(make: Make) -> None:
    world = make("a", "b", extra="only: {a: {not: {field: kind, is: private}}}")
    first = world.apps["a"].add(name="Review", kind="private")
    world.run()
    assert (world.apps["b"].live(), world.status()["a"]["excluded"]) == ({}, 1)
    world.apps["a"].edit(first, kind=None)
    world.run()
    assert only(world.apps["b"])["name"] == "Review"
    world.apps["a"].edit(first, kind="private", note="secret")
    world.run()
    assert only(world.apps["b"])["note"] is None
    assert world.status()["b"]["excluded"] == 1


def test_a_changed_mapping_looks_at_everything_and_writes_only_what_differs(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", kind="talk")
    other = world.apps["a"].add(name="Lunch", kind="private")
    world.run()
    rows = "  kind: {a: kind, b: kind}\nonly: {a: {not: {field: kind, is: private}}}"
    world.write_mapping(rows)
    report = world.run()
    assert report.writes["b"] == {"create": 0, "update": 1, "delete": 0}
    assert {row["name"]: row["kind"] for row in world.apps["b"].live().values()} == {"Review": "talk", "Lunch": None}
    assert world.status()["a"] == world.status()["b"]
    assert (world.status()["a"]["in_sync"], world.status()["a"]["excluded"]) == (1, 1)
    assert told(world.run()) == 0
    world.apps["a"].edit(other, kind=None, note="open")
    world.run()
    assert {row["note"] for row in world.apps["b"].live().values()} == {None, "open"}
    assert first in world.apps["a"].live()


def test_a_side_that_is_down_stops_only_itself(make: Make) -> None:
    world = make("a", "b", "c")
    world.apps["a"].add(name="Review")

    def down(_moment: str, _what: str) -> None:
        raise AuthExpired("b: the sign-in has expired; connect it again")

    world.apps["b"].fault = down
    report = world.run()
    assert report.status == "failed" and "sign-in" in report.errors["b"]
    assert len(world.apps["c"].live()) == 1 and not world.apps["b"].live()
    world.apps["b"].fault = lambda _moment, _what: None
    assert world.run().writes["b"]["create"] == 1


@pytest.mark.parametrize("stamped", [Support.YES, Support.NO])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_create_that_times_out_is_one_record(make: Make, moment: str, stamped: Support) -> None:
    world = make("a", "b", caps=Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=stamped))
    world.apps["b"].add(name="Lunch")  # an app that lists nothing at all says nothing about what is there
    world.run()
    world.apps["a"].add(name="Review", note="budget")
    struck = []

    def once(when: str, what: str) -> None:
        if when == moment and what == "create" and not struck:
            struck.append(what)
            raise Transient("b: no answer", landed=None)

    world.apps["b"].fault = once
    world.run()
    for _ in range(3):
        world.run()
    for app in world.apps.values():
        assert sorted((row["name"], row["note"]) for row in app.live().values()) == [
            ("Lunch", None),
            ("Review", "budget"),
        ]
    assert told(world.run()) == 0


def test_a_run_killed_anywhere_goes_on(make: Make) -> None:
    """Killed at the nth request, for every n; the end is always the same."""
    for step in range(1, 24):
        world = make("a", "b")
        world.apps["a"].add(name="One", note="1")
        second = world.apps["a"].add(name="Two", note="2")
        world.apps["b"].add(name="Three", note="3")
        world.run() if step % 2 else None
        world.apps["a"].edit(second, note="22")
        count = 0

        def kill(_when: str, _what: str, step: int = step) -> None:
            nonlocal count
            count += 1
            if count == step:
                raise Crash

        for app in world.apps.values():
            app.fault = kill
        with suppress(Crash):
            world.run()
        for app in world.apps.values():
            app.fault = lambda _when, _what: None
        world.run()
        world.run()
        for app in world.apps.values():
            assert sorted((row["name"], row["note"]) for row in app.live().values()) == [
                ("One", "1"),
                ("Three", "3"),
                ("Two", "22"),
            ]
        assert told(world.run()) == 0


def test_apply_does_exactly_what_the_plan_showed(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].edit(first, note="new")
    plan = world.plan()
    assert [(c["side"], c["op"], c["fields"]) for c in plan.changes] == [
        ("b", "update", [{"field": "note", "before": "old", "after": "new"}])
    ]
    assert only(world.apps["b"])["note"] == "old"
    world.apps["a"].edit(first, place="Room 4")
    report = world.apply(plan.plan)
    assert report.writes["b"] == {"create": 0, "update": 1, "delete": 0}
    assert (only(world.apps["b"])["note"], only(world.apps["b"])["place"]) == ("new", None)
    world.run()
    assert only(world.apps["b"])["place"] == "Room 4"


def test_an_edit_during_the_run_is_merged_not_overwritten(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old", place="old")
    world.run()
    world.apps["a"].edit(first, note="new")
    struck = []

    def meanwhile(when: str, what: str) -> None:
        if when == "before" and what == "update" and not struck:
            struck.append(what)
            world.apps["b"].edit("b1", place="Room 4")

    world.apps["b"].fault = meanwhile
    world.run()
    for app in world.apps.values():
        assert (only(app)["note"], only(app)["place"]) == ("new", "Room 4")
    assert told(world.run()) == 0
