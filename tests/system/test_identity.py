"""Meetings that are there already: matched, never doubled; what could be several waits for a person."""

from __future__ import annotations

from pathlib import Path

from engine.holds import answer
from tests.system.people import stamp, vevent
from tests.system.world import World, told

SPAN = "2026-11-02T09:00", "2026-11-02T10:00"


def test_meetings_of_the_same_title_and_start_are_one(world: World) -> None:
    world.google.add("Review", *SPAN, location="Room 1")
    world.outlook.add("Review", *SPAN, body={"contentType": "html", "content": "Bring figures"})
    world.caldav.add("Review", *SPAN, zone="UTC")  # an hour later
    world.caldav.add("Stand-up", "2026-11-03T09:00", "2026-11-03T09:15")
    world.outlook.add("Stand-up", "2026-11-03T08:00", "2026-11-03T08:15", zone="UTC")
    world.settle()
    starts = ["2026-11-02T08:00Z", "2026-11-02T09:00Z", "2026-11-03T08:00Z"]
    assert [line.split("/")[0] for line in world.alike()] == starts
    merged = next(text for text in texts(world) if "LOCATION:Room 1" in text)
    assert "DESCRIPTION:Bring figures" in merged, "each gave what the other did not have"


def test_the_same_invitation_is_one_whatever_it_is_called(world: World) -> None:
    text = vevent("Kick-off", stamp("DTSTART", SPAN[0]), stamp("DTEND", SPAN[1]), uid="kickoff@example.com")
    wrapped = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//EN\r\n{text}\r\nEND:VCALENDAR\r\n"
    world.google.control.post("seed", calendar="primary", ics=wrapped.replace("Kick-off", "Kick-off (Google)"))
    world.caldav.put("kickoff", text)
    world.settle()
    assert len(world.alike()) == 1


def test_a_series_and_a_single_meeting_are_two_things(world: World) -> None:
    world.google.add("Weekly", *SPAN, recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    world.outlook.add("Weekly", *SPAN)
    world.settle()
    assert len(world.alike()) == 3


def test_series_of_the_same_title_and_start_are_one(world: World) -> None:
    world.google.add("Weekly", *SPAN, recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"])
    world.caldav.add("Weekly", *SPAN, "RRULE:FREQ=WEEKLY;COUNT=3")
    world.settle()
    assert len(world.alike()) == 3


def test_ambiguous_meetings_wait_and_a_person_pairs_them(world: World) -> None:
    first = world.google.add("Lunch", *SPAN, location="Canteen")
    world.google.add("Lunch", *SPAN, location="Park")
    outlook = world.outlook.add("Lunch", *SPAN)
    world.settle(holds=1)
    (hold,) = world.holds()
    assert hold["kind"] == "ambiguous" and "title" in hold["reason"]
    assert [len(world.shows(side)) for side in world.sides] == [2, 1, 0], "nothing is written while a person is asked"
    assert {side: status["ambiguous"] for side, status in world.status().items()} == {
        "google": 2, "outlook": 1, "caldav": 0,
    }  # fmt: skip
    answer(world.project.store, hold["id"], {"value": f"google:{first}=outlook:{outlook}"}, world.now.isoformat())
    world.settle()
    assert len(world.alike()) == 2
    assert world.outlook.read(outlook)["location"]["displayName"] == "Canteen"


def test_ambiguous_meetings_that_a_person_keeps_apart(world: World) -> None:
    world.google.add("Lunch", *SPAN)
    world.google.add("Lunch", *SPAN)
    world.outlook.add("Lunch", *SPAN)
    world.settle(holds=1)
    answer(world.project.store, world.holds()[0]["id"], {"skip": True}, world.now.isoformat())
    world.settle()
    assert len(world.alike()) == 3


def test_the_same_calendar_on_all_sides_is_matched_whole(world: World) -> None:
    """Three copies of a demo calendar, imported by each app in its own way."""
    text = (Path(__file__).parents[2] / "sandbox" / "data" / "outlook_calendar.ics").read_text(encoding="utf-8")
    for person in (world.google, world.outlook):
        person.control.post("seed", calendar="primary", ics=text)
    _, *events = text.replace("\r\n", "\n").split("BEGIN:VEVENT\n")
    by_uid: dict[str, list[str]] = {}
    for event in events:
        uid = next(line for line in event.split("\n") if line.startswith("UID:"))
        by_uid.setdefault(uid, []).append("BEGIN:VEVENT\n" + event.split("END:VEVENT")[0] + "END:VEVENT")
    for number, parts in enumerate(by_uid.values()):
        world.caldav.put(f"copy{number}", "\r\n".join("\n".join(parts).split("\n")))
    before = len(world.google.shows())
    report = world.run()
    assert sum(ops["create"] for ops in report.writes.values()) == 0, report.writes
    assert sum(ops["delete"] for ops in report.writes.values()) == 0, report.writes
    assert told(world.run()) == 0
    assert [len(getattr(world, side).shows()) for side in world.sides] == [before] * 3


def texts(world: World) -> list[str]:
    return [world.caldav.read(name) for name in world.caldav.shows()]
