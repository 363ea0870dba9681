"""Single meetings of every shape, made on each side and shown on the others."""

from __future__ import annotations

import pytest

from tests.system.people import stamp, vevent
from tests.system.world import World

SIDES = ("google", "outlook", "caldav")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-11-02T09:00", "2026-11-02T10:30", "2026-11-02T08:00Z/2026-11-02T09:30Z"),
        ("2026-12-24", "2026-12-25", "2026-12-24/2026-12-25"),
        ("2026-12-24", "2026-12-28", "2026-12-24/2026-12-28"),
        ("2026-10-24T22:00", "2026-10-26T06:30", "2026-10-24T20:00Z/2026-10-26T05:30Z"),
    ],
    ids=["hour", "day", "days", "over-the-clock-change"],
)
def test_a_meeting_is_shown_alike_everywhere(world: World, side: str, start: str, end: str, shown: str) -> None:
    getattr(world, side).add("Meeting", start, end)
    report = world.settle()
    assert sum(ops["create"] for ops in report.writes.values()) == 2
    assert world.alike() == [f"{shown} Meeting"]


@pytest.mark.parametrize("side", SIDES)
def test_a_timed_meeting_becomes_a_whole_day_and_back(world: World, side: str) -> None:
    person = getattr(world, side)
    id = person.add("Trip", "2026-11-02T09:00", "2026-11-02T10:30")
    world.settle()
    if side == "caldav":
        text = person.read(id)
        begin, end = stamp("DTSTART", "2026-11-02T09:00"), stamp("DTEND", "2026-11-02T10:30")
        person.edit(id, f"{begin}\n{end}", f"{stamp('DTSTART', '2026-11-02')}\n{stamp('DTEND', '2026-11-04')}")
    else:
        person.move(id, "2026-11-02", "2026-11-04")
    world.settle()
    assert world.alike() == ["2026-11-02/2026-11-04 Trip"]
    if side == "caldav":
        person._put(id, text)
    else:
        person.move(id, "2026-11-02T09:00", "2026-11-02T10:30")
    world.settle()
    assert world.alike() == ["2026-11-02T08:00Z/2026-11-02T09:30Z Trip"]


def test_a_meeting_without_length_stays_without_length_where_it_can(world: World) -> None:
    name = world.caldav.put("ping", vevent("Ping", stamp("DTSTART", "2026-11-02T09:00"), uid="ping"))
    world.settle()
    world.google.edit(world.google.find("Ping")["id"], summary="Ping!")
    world.settle()
    assert world.shows("caldav") == ["2026-11-02T08:00Z/2026-11-02T08:00Z Ping!"]
    assert "DTEND" not in world.caldav.read(name)
    assert world.shows("google") == ["2026-11-02T08:00Z/2026-11-02T08:01Z Ping!"], "Google holds no empty meeting"


def test_a_meeting_without_length_in_outlook(world: World) -> None:
    world.outlook.add("Deadline", "2026-11-02T17:00", "2026-11-02T17:00")
    world.settle()
    assert world.shows("outlook") == ["2026-11-02T16:00Z/2026-11-02T16:00Z Deadline"]
    assert world.shows("caldav") == world.shows("outlook")
    world.google.edit(world.google.find("Deadline")["id"], location="Desk")
    world.settle()
    assert world.shows("outlook") == ["2026-11-02T16:00Z/2026-11-02T16:00Z Deadline"]


def test_a_floating_meeting_is_shown_in_the_users_zone_and_keeps_floating(make_world) -> None:
    world = make_world(zone="America/New_York")
    name = world.caldav.add("Breakfast", "2026-11-02T08:00", "2026-11-02T08:30", zone=None)
    world.settle()
    assert world.alike() == ["2026-11-02T13:00Z/2026-11-02T13:30Z Breakfast"]
    world.outlook.edit(world.outlook.find("Breakfast")["id"], location={"displayName": "Kitchen"})
    world.settle()
    text = world.caldav.read(name)
    assert "LOCATION:Kitchen" in text and "DTSTART:20261102T080000\n" in text, "still floating"
    meeting = world.google.find("Breakfast")
    world.google.move(meeting["id"], "2026-11-02T09:00", "2026-11-02T09:30", "America/New_York")
    world.settle()
    assert world.alike() == ["2026-11-02T14:00Z/2026-11-02T14:30Z Breakfast"]


def test_a_floating_series_keeps_its_time_of_day_over_the_clock_change(make_world) -> None:
    world = make_world(zone="America/New_York")
    world.caldav.add("Run", "2026-10-29T07:00", "2026-10-29T07:30", "RRULE:FREQ=WEEKLY;COUNT=2", zone=None)
    world.settle()
    assert world.alike() == ["2026-10-29T11:00Z/2026-10-29T11:30Z Run", "2026-11-05T12:00Z/2026-11-05T12:30Z Run"]


def test_a_time_with_an_offset_and_no_zone(world: World) -> None:
    world.google.add("Call", "2026-11-02T09:00:00-05:00", "2026-11-02T09:30:00-05:00", zone=None)
    world.settle()
    assert world.alike() == ["2026-11-02T14:00Z/2026-11-02T14:30Z Call"]


def test_a_time_in_utc(world: World) -> None:
    world.caldav.add("Release", "2026-11-02T09:00", "2026-11-02T09:30", zone="UTC")
    world.settle()
    assert world.alike() == ["2026-11-02T09:00Z/2026-11-02T09:30Z Release"]


def test_windows_and_home_made_zone_names(world: World) -> None:
    zone = "\r\n".join(
        ["BEGIN:VTIMEZONE", "TZID:Head office", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0530",
         "TZOFFSETTO:+0530", "END:STANDARD", "END:VTIMEZONE"]
    )  # fmt: skip
    begin, end = "2026-11-02T09:00", "2026-11-02T10:00"
    lines = [stamp(name, text, "Head office") for name, text in (("DTSTART", begin), ("DTEND", end))]
    world.caldav.put("office", zone, vevent("Office", *lines, uid="office"))
    world.caldav.add("Windows", begin, end, zone="W. Europe Standard Time")
    world.outlook.add("Iana", begin, end, zone="Asia/Tokyo")
    world.settle()
    expected = {
        "2026-11-02T00:00Z/2026-11-02T01:00Z Iana",
        "2026-11-02T03:30Z/2026-11-02T04:30Z Office",
        "2026-11-02T08:00Z/2026-11-02T09:00Z Windows",
    }
    assert set(world.shows("google")) == set(world.shows("outlook")) == expected
