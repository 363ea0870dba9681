"""Occurrences of a series that people move, edit and cancel, on every side and while others edit the series itself."""

from __future__ import annotations

import pytest

from tests.system.edits import cancel, id_on, move, retime, retitle, weekly
from tests.system.people import BERLIN, at, stamp, vevent
from tests.system.world import World


def days(shown: list[str]) -> list[str]:
    return [line[:10] for line in shown]


SIDES = ("google", "outlook", "caldav")


@pytest.mark.parametrize("side", SIDES)
def test_moved_then_cancelled(world: World, side: str) -> None:
    id = weekly(world, side)
    world.settle()
    move(world, side, id, "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    world.settle()
    assert [line.split("/")[0] for line in world.alike()][:2] == ["2026-11-02T08:00Z", "2026-11-10T13:00Z"]
    cancel(world, side, id, "2026-11-09")
    world.settle()
    assert days(world.alike()) == ["2026-11-02", "2026-11-16", "2026-11-23"]


@pytest.mark.parametrize(("mover", "canceller"), [("google", "outlook"), ("outlook", "caldav"), ("caldav", "google")])
def test_moved_on_one_side_then_cancelled_on_another(world: World, mover: str, canceller: str) -> None:
    weekly(world, "google")
    world.settle()
    move(world, mover, id_on(world, mover), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    world.settle()
    cancel(world, canceller, id_on(world, canceller), "2026-11-09")
    world.settle()
    assert days(world.alike()) == ["2026-11-02", "2026-11-16", "2026-11-23"]


def test_each_side_changes_another_occurrence_at_the_same_time(world: World) -> None:
    weekly(world, "caldav")
    world.settle()
    move(world, "google", id_on(world, "google"), "2026-11-02", "2026-11-03T14:00", "2026-11-03T15:00")
    cancel(world, "outlook", id_on(world, "outlook"), "2026-11-09")
    retitle(world, "caldav", id_on(world, "caldav"), "2026-11-16", "Weekly with guests")
    world.settle()
    assert [line.replace(":00Z", "") for line in world.alike()] == [
        "2026-11-03T13/2026-11-03T14 Weekly",
        "2026-11-16T08/2026-11-16T09 Weekly with guests",
        "2026-11-23T08/2026-11-23T09 Weekly",
    ]


@pytest.mark.parametrize("side", SIDES)
def test_a_new_title_of_the_series_leaves_an_occurrence_its_own(world: World, side: str) -> None:
    weekly(world, "google")
    world.settle()
    retitle(world, "google", id_on(world, "google"), "2026-11-16", "Weekly with guests")
    move(world, "google", id_on(world, "google"), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    world.settle()
    id = id_on(world, side)
    if side == "google":
        world.google.edit(id, summary="Jour fixe")
        moved = world.google.occurrence(id, "2026-11-09")
        world.google.edit(moved, summary="Jour fixe")  # Google's page offers to change all of them
    elif side == "outlook":
        world.outlook.edit(id, subject="Jour fixe")
    else:
        world.caldav.edit(id, "SUMMARY:Weekly\n", "SUMMARY:Jour fixe\n")
    world.settle()
    titles = [line.split(" ", 1)[1] for line in world.alike()]
    assert titles == ["Jour fixe", "Jour fixe", "Weekly with guests", "Jour fixe"]


@pytest.mark.parametrize("side", SIDES)
def test_another_time_of_day_of_the_series_keeps_its_changed_occurrences(world: World, side: str) -> None:
    """Apps differ in what becomes of exceptions then; what the editor's app shows is what all must show."""
    weekly(world, "outlook")
    world.settle()
    move(world, "outlook", id_on(world, "outlook"), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    cancel(world, "outlook", id_on(world, "outlook"), "2026-11-16")
    world.settle()
    id = id_on(world, side)
    if side == "caldav":  # clients rewrite the ids of what they keep
        for day in ("2026-11-09", "2026-11-16"):
            for name in ("RECURRENCE-ID", "EXDATE"):
                old = stamp(name, f"{day}T09:00")
                if old in world.caldav.read(id):
                    world.caldav.edit(id, old, stamp(name, f"{day}T11:00"))
    retime(world, side, id, "2026-11-02T11:00", "2026-11-02T12:00")
    before = world.shows(side)
    assert before[0] == "2026-11-02T10:00Z/2026-11-02T11:00Z Weekly"
    world.settle()
    assert world.alike() == before


@pytest.mark.parametrize("side", SIDES)
def test_an_occurrence_years_ahead(world: World, side: str) -> None:
    """Outside the window of which Outlook tells changes."""
    weekly(world, "google", ends="")
    world.settle()
    id = id_on(world, side)
    move(world, side, id, "2030-11-04", "2030-11-05T16:00", "2030-11-05T17:00")
    cancel(world, side, id, "2029-10-08")
    world.settle()
    shown = world.alike()
    assert "2030-11-05T15:00Z/2030-11-05T16:00Z Weekly" in shown
    assert not {"2030-11-04", "2029-10-08"} & set(days(shown))


def test_a_meeting_years_back_and_one_years_ahead_are_edited_and_deleted(world: World) -> None:
    for year in (2017, 2030):
        world.outlook.add(f"Fair {year}", f"{year}-05-02T09:00", f"{year}-05-02T10:00")
    world.settle()
    for year in (2017, 2030):
        world.outlook.edit(world.outlook.find(f"Fair {year}")["id"], subject=f"Expo {year}")
    world.settle()
    assert [line.split(" ", 1)[1] for line in world.alike()] == ["Expo 2017", "Expo 2030"]
    for year in (2017, 2030):
        world.outlook.remove(world.outlook.find(f"Expo {year}")["id"])
    world.settle()
    assert world.alike() == []


@pytest.mark.parametrize("side", ["google", "caldav"])
def test_an_occurrence_moved_past_its_neighbour_which_outlook_forbids(world: World, side: str) -> None:
    id = weekly(world, side)
    world.settle()
    move(world, side, id, "2026-11-09", "2026-11-18T14:00", "2026-11-18T15:00")
    world.settle()
    expected = ["2026-11-02", "2026-11-16", "2026-11-18", "2026-11-23"]
    assert days(world.alike()) == expected
    if side == "google":
        move(world, side, id, "2026-11-09", "2026-11-18T13:00", "2026-11-18T15:00")
    else:
        world.caldav.edit(id, stamp("DTSTART", "2026-11-18T14:00"), stamp("DTSTART", "2026-11-18T13:00"))
    world.settle()
    assert "2026-11-18T12:00Z/2026-11-18T14:00Z Weekly" in world.alike()
    cancel(world, side, id, "2026-11-09")
    world.settle()
    assert days(world.alike()) == ["2026-11-02", "2026-11-16", "2026-11-23"]


def test_an_occurrence_of_its_own_is_edited_where_outlook_keeps_it_apart(world: World) -> None:
    id = weekly(world, "google")
    move(world, "google", id, "2026-11-09", "2026-11-18T14:00", "2026-11-18T15:00")
    world.settle()
    (apart,) = [each for each in world.outlook._ask("GET", "?$top=50")["value"] if each["type"] == "singleInstance"]
    world.outlook.edit(apart["id"], subject="Weekly, late")
    world.settle()
    assert "2026-11-18T13:00Z/2026-11-18T14:00Z Weekly, late" in world.alike()


@pytest.mark.parametrize("side", ["google", "caldav"])
def test_a_cancelled_occurrence_comes_back(world: World, side: str) -> None:
    """Google and CalDAV can restore one; Outlook cannot, and says so."""
    id = weekly(world, side)
    cancel(world, side, id, "2026-11-09")
    world.settle()
    assert len(world.alike()) == 3
    if side == "google":
        world.google.edit(
            f"{id}_20261109T080000Z", status="confirmed", start=at("2026-11-09T09:00"), end=at("2026-11-09T10:00")
        )
    else:
        world.caldav.edit(id, f"{stamp('EXDATE', '2026-11-09T09:00')}\n", "")
    report = world.run()
    assert len(world.shows("google")) == len(world.shows("caldav")) == 4
    if world.shows("outlook") != world.shows("google"):
        assert report.failed or report.holds, "what could not be done is told"


def test_an_occurrence_of_a_series_in_another_zone_than_its_exception(world: World) -> None:
    id = weekly(world, "google")
    occurrence = world.google.occurrence(id, "2026-11-09")
    world.google.edit(occurrence, start=at("2026-11-09T14:00", "Asia/Tokyo"), end=at("2026-11-09T15:00", "Asia/Tokyo"))
    world.settle()
    assert "2026-11-09T05:00Z/2026-11-09T06:00Z Weekly" in world.alike()
    world.google.edit(id, start=at("2026-11-02T09:00", BERLIN), end=at("2026-11-02T09:30", BERLIN))
    world.settle()
    assert "2026-11-09T05:00Z/2026-11-09T06:00Z Weekly" in world.alike()


@pytest.mark.parametrize("side", SIDES)
def test_a_field_of_the_series_reaches_the_occurrences_that_were_only_moved(world: World, side: str) -> None:
    weekly(world, "google")
    world.settle()
    move(world, "google", id_on(world, "google"), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    world.settle()
    id = id_on(world, side)
    if side == "google":
        world.google.edit(id, location="Room 7")
        world.google.edit(world.google.occurrence(id, "2026-11-09"), location="Room 7")
    elif side == "outlook":
        world.outlook.edit(id, location={"displayName": "Room 7"})
    else:
        world.caldav.edit(id, "SUMMARY:Weekly\n", "SUMMARY:Weekly\nLOCATION:Room 7\n")
    world.settle()
    google, outlook = id_on(world, "google"), id_on(world, "outlook")
    moved = world.google.read(world.google.occurrence(google, "2026-11-09"))
    assert (moved["location"], moved["start"]["dateTime"][:16]) == ("Room 7", "2026-11-10T14:00")
    assert world.outlook.read(world.outlook.occurrence(outlook, "2026-11-09"))["location"]["displayName"] == "Room 7"
    assert world.caldav.read(id_on(world, "caldav")).count("LOCATION:Room 7") == 2


@pytest.mark.parametrize("rule", [True, False])
def test_an_override_that_names_no_occurrence_stays_on_its_server_and_is_told(world: World, rule: bool) -> None:
    """CalDAV can hold an extra meeting in a series, or a single one with an override; the others cannot."""
    times = stamp("DTSTART", "2026-11-02T09:00"), stamp("DTEND", "2026-11-02T10:00")
    extra = stamp("DTSTART", "2026-11-30T09:00"), stamp("DTEND", "2026-11-30T10:00")
    series = vevent("Weekly", *times, *["RRULE:FREQ=WEEKLY;COUNT=2"] * rule, uid="odd")
    world.caldav.put("odd", series, vevent("Extra", *extra, stamp("RECURRENCE-ID", "2026-11-30T09:00"), uid="odd"))
    report = world.run()
    assert report.failed == 1
    assert [world.shows(side) for side in ("google", "outlook")] == [[], []], "nothing is made by halves"
    world.run()
    assert world.status()["caldav"] == {"failed": 1, "total": 1} | dict.fromkeys(
        ("in_sync", "excluded", "held", "conflict", "ambiguous", "pending"), 0
    )
    world.caldav.put("odd", series)
    world.settle()
    assert len(world.alike()) == 1 + rule
