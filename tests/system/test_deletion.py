"""Deletions on each side, and what is no deletion."""

from __future__ import annotations

import pytest

from tests.system.edits import id_on
from tests.system.people import Control
from tests.system.world import World, told

SIDES = ("google", "outlook", "caldav")
SPAN = "2026-11-02T09:00", "2026-11-02T10:00"


@pytest.mark.parametrize("made", SIDES)
@pytest.mark.parametrize("deleted", SIDES)
def test_a_meeting_made_here_and_deleted_there_is_gone_everywhere(world: World, made: str, deleted: str) -> None:
    getattr(world, made).add("Old", *SPAN)
    getattr(world, made).add("Kept", "2026-11-03T09:00", "2026-11-03T10:00")
    world.settle()
    getattr(world, deleted).remove(id_on(world, deleted, "Old"))
    report = world.settle()
    assert sum(ops["delete"] for ops in report.writes.values()) == 2
    assert [line.split(" ", 1)[1] for line in world.alike()] == ["Kept"]


@pytest.mark.parametrize("side", SIDES)
def test_a_series_is_deleted_whole(world: World, side: str) -> None:
    id = world.google.add("Weekly", *SPAN, recurrence=["RRULE:FREQ=WEEKLY"])
    world.google.edit(world.google.occurrence(id, "2026-11-16"), summary="Special")
    world.settle()
    getattr(world, side).remove(id_on(world, side, "Weekly"))
    world.settle()
    assert world.alike() == []


def test_a_meeting_deleted_on_all_sides_at_once(world: World) -> None:
    world.google.add("Old", *SPAN)
    world.settle()
    for side in SIDES:
        getattr(world, side).remove(id_on(world, side, "Old"))
    report = world.settle()
    assert told(report) == 0
    assert world.alike() == []


@pytest.mark.parametrize(("deleter", "editor"), [("google", "outlook"), ("outlook", "caldav"), ("caldav", "google")])
def test_an_edit_that_the_deleter_had_not_seen_wins(world: World, deleter: str, editor: str) -> None:
    world.google.add("Plan", *SPAN)
    world.settle()
    getattr(world, deleter).remove(id_on(world, deleter, "Plan"))
    id = id_on(world, editor, "Plan")
    if editor == "google":
        world.google.edit(id, location="New room")
    elif editor == "outlook":
        world.outlook.edit(id, location={"displayName": "New room"})
    else:
        world.caldav.edit(id, "SUMMARY:Plan\n", "SUMMARY:Plan\nLOCATION:New room\n")
    world.settle()
    assert len(world.alike()) == 1
    assert "LOCATION:New room" in world.caldav.read(id_on(world, "caldav", "Plan"))
    assert world.google.find("Plan")["location"] == "New room"


def test_many_deletions_at_once_wait_for_a_person(world: World) -> None:
    for number in range(20):
        world.google.add(f"Meeting {number}", *SPAN)
    world.settle()
    for number in range(12):
        world.google.remove(id_on(world, "google", f"Meeting {number}"))
    world.settle(holds=2)
    assert [len(world.shows(side)) for side in SIDES] == [8, 20, 20]
    assert {side: records["held"] for side, records in world.status().items()} == {
        "google": 0,
        "outlook": 12,
        "caldav": 12,
    }


@pytest.mark.parametrize("side", ["google", "outlook"])
def test_an_app_that_is_down_changes_nothing_elsewhere_and_a_deletion_is_taken_up_later(
    world: World, side: str
) -> None:
    world.caldav.add("Old", *SPAN)
    world.caldav.add("Kept", "2026-11-03T09:00", "2026-11-03T10:00")
    world.settle()
    world.caldav.remove("old.ics")
    control: Control = getattr(world, side).control
    control.post("faults", kind="403", times=1000)
    report = world.run(broken=[side])
    assert list(report.errors) == [side] and report.status == "failed"
    assert len(world.shows_behind_faults(side)) == 2, "nothing was deleted there"
    world.settle()
    assert [line.split(" ", 1)[1] for line in world.alike()] == ["Kept"]


def test_a_forgotten_cursor_is_no_deletion_and_no_news(world: World) -> None:
    world.google.add("Kept", *SPAN)
    world.settle()
    for person in (world.google, world.outlook):
        person.control.post("faults", kind="expire_cursor", times=1)
    assert told(world.run()) == 0
    world.google.edit(id_on(world, "google", "Kept"), summary="Kept too")
    world.settle()
    assert [line.split(" ", 1)[1] for line in world.alike()] == ["Kept too"]
