"""Series: every kind of rule, made on each side, expanded alike on all of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.system.people import stamp, vevent
from tests.system.rules import PATTERNS, RULES, WEEKLY, graph
from tests.system.world import World


def days(shown: list[str]) -> list[str]:
    return [line[:10] for line in shown]


@pytest.mark.parametrize("side", ["google", "caldav"])
def test_a_rule_means_the_same_days_everywhere(world: World, side: str) -> None:
    for title, (start, lines, _) in RULES.items():
        end = f"{start[:11]}{int(start[11:13]) + 1:02}:00" if "T" in start else next_day(start)
        if side == "google":
            world.google.add(title, start, end, recurrence=lines)
        else:
            world.caldav.add(title, start, end, *lines)
    world.settle()
    assert starts(world.alike()) == {title: expected for title, (_, _, expected) in RULES.items()}


def test_a_pattern_of_outlook_means_the_same_days_everywhere(world: World) -> None:
    for title, (start, pattern, ends, _) in PATTERNS.items():
        recurrence = graph(pattern, start, **ends)
        world.outlook.add(title, f"{start}T18:00", f"{start}T19:00", recurrence=recurrence)
        world.outlook.add(f"{title}, all day", start, next_day(start), recurrence=recurrence)
    world.settle()
    shown = {title: [at[:10] for at in found] for title, found in starts(world.alike()).items()}
    expected = {title: expected for title, (_, _, _, expected) in PATTERNS.items()}
    assert shown == expected | {f"{title}, all day": found for title, found in expected.items()}


def starts(shown: list[str]) -> dict[str, list[str]]:
    """Title -> the starts of its occurrences."""
    found: dict[str, list[str]] = {}
    for line in shown:
        span, title = line.split(" ", 1)
        found.setdefault(title, []).append(span.split("/")[0])
    return found


def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def test_an_endless_series_of_day_31_ends_on_the_sides_that_cannot_hold_it_and_says_so(world: World) -> None:
    world.google.add("Closing", "2026-08-31T17:00", "2026-08-31T18:00", recurrence=["RRULE:FREQ=MONTHLY;BYMONTHDAY=31"])
    world.settle()
    assert len(world.alike()) == 31
    why = [row["why"] for row in world.writes() if row["side"] == "outlook"]
    assert len(why) == 1 and "Outlook cannot hold this repeat rule" in why[0] and "ends on" in why[0], why
    world.outlook.edit(world.outlook.find("Closing")["id"], subject="Month end")
    world.settle()
    assert world.google.find("Month end")["recurrence"] == ["RRULE:FREQ=MONTHLY;BYMONTHDAY=31"], "the rule itself stays"
    assert len(world.alike()) == 31


def test_a_rule_that_outlook_cannot_hold_waits_for_a_person(world: World) -> None:
    line = "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15"
    world.caldav.add("Wages", "2026-11-01T09:00", "2026-11-01T09:30", line)
    world.settle(holds=1)
    (hold,) = world.holds()
    assert (hold["kind"], hold["side"], hold["row"]) == ("refused", "outlook", "repeat")
    assert "more than 400 days" in hold["reason"]
    assert world.shows("caldav") == world.shows("google") and len(world.shows("google")) == 100
    assert world.shows("outlook") == []
    assert world.status()["caldav"]["held"] == 1
    world.caldav.edit("wages.ics", f"{line}\n", f"{line};COUNT=3\n")
    world.settle()
    assert days(world.alike()) == ["2026-11-01", "2026-11-15", "2026-12-01"]


def test_several_starts_a_day_stay_where_they_are(world: World) -> None:
    world.caldav.add("Pills", "2026-11-02T09:00", "2026-11-02T09:05", "RRULE:FREQ=DAILY;BYHOUR=9,15;COUNT=6")
    world.settle(holds=2)
    assert {hold["side"] for hold in world.holds()} == {"google", "outlook"}
    assert all("several starts a day" in hold["reason"] for hold in world.holds())
    assert [len(world.shows(side)) for side in world.sides] == [0, 0, 6]


def test_spellings_that_only_a_caldav_server_takes(world: World) -> None:
    """An UNTIL of another kind than the start, and rules that take days away."""
    span = "2026-11-02T09:00", "2026-11-02T10:00"
    world.caldav.add("Until", *span, "RRULE:FREQ=WEEKLY;UNTIL=20261116")
    world.caldav.add("Less", *span, "RRULE:FREQ=DAILY;COUNT=9", "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU")
    world.settle()
    for side in ("google", "outlook"):
        shown = starts(world.shows(side))
        assert [at[8:10] for at in shown["Until"]] == ["02", "09", "16"], side
    assert [at[8:10] for at in starts(world.shows("outlook"))["Less"]] == ["02", "03", "04", "05", "06", "09", "10"]
    assert "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU" in world.google.find("Less")["recurrence"]


@pytest.mark.parametrize("side", ["google", "outlook", "caldav"])
def test_a_single_meeting_becomes_a_series_and_is_single_again(world: World, side: str) -> None:
    id = getattr(world, side).add("Review", "2026-11-02T09:00", "2026-11-02T10:00")
    world.settle()
    if side == "google":
        world.google.edit(id, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    elif side == "outlook":
        world.outlook.edit(id, recurrence=graph(WEEKLY, "2026-11-02", numberOfOccurrences=3))
    else:
        world.caldav.edit(id, "END:VEVENT", "RRULE:FREQ=WEEKLY;COUNT=3\nEND:VEVENT")
    world.settle()
    assert days(world.alike()) == ["2026-11-02", "2026-11-09", "2026-11-16"]
    if side == "google":
        world.google.edit(id, recurrence=None)
    elif side == "outlook":
        world.outlook.edit(id, recurrence=None)
    else:
        world.caldav.edit(id, "RRULE:FREQ=WEEKLY;COUNT=3\n", "")
    world.settle()
    assert days(world.alike()) == ["2026-11-02"]


@pytest.mark.parametrize("side", ["google", "outlook", "caldav"])
def test_this_and_following(world: World, side: str) -> None:
    """The old series ends before the day, and a new one takes over: what all apps make of it."""
    if side == "google":
        id = world.google.add("Jour fixe", "2026-11-02T09:00", "2026-11-02T10:00", recurrence=["RRULE:FREQ=WEEKLY"])
        world.google.remove(world.google.occurrence(id, "2026-11-09"))
        world.google.edit(world.google.occurrence(id, "2026-11-30"), summary="Jour fixe with guests")
    elif side == "outlook":
        id = world.outlook.add(
            "Jour fixe", "2026-11-02T09:00", "2026-11-02T10:00", recurrence=graph(WEEKLY, "2026-11-02")
        )
        world.outlook.remove(world.outlook.occurrence(id, "2026-11-09"))
    else:
        id = world.caldav.add(
            "Jour fixe",
            "2026-11-02T09:00",
            "2026-11-02T10:00",
            "RRULE:FREQ=WEEKLY",
            stamp("EXDATE", "2026-11-09T09:00"),
        )
    world.settle()
    assert len(world.alike()) > 200
    new, ends = ("2026-11-23T11:00", "2026-11-23T12:00"), "RRULE:FREQ=WEEKLY;UNTIL=20261122T225959Z"
    if side == "google":
        world.google.edit(id, recurrence=[ends])
        world.google.add("Jour fixe", *new, recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    elif side == "outlook":
        world.outlook.edit(id, recurrence=graph(WEEKLY, "2026-11-02", endDate="2026-11-22"))
        world.outlook.add("Jour fixe", *new, recurrence=graph(WEEKLY, "2026-11-23", numberOfOccurrences=2))
    else:
        world.caldav.edit(id, "RRULE:FREQ=WEEKLY\n", f"{ends}\n")
        world.caldav.put(
            "later",
            vevent("Jour fixe", stamp("DTSTART", new[0]), stamp("DTEND", new[1]), "RRULE:FREQ=WEEKLY;COUNT=2", uid="l"),
        )
    world.settle()
    begins = [line.split("/")[0] for line in world.alike()]
    back = ["2026-11-09T08:00Z"] * (side == "outlook")  # another pattern brings its cancelled days back
    assert begins == ["2026-11-02T08:00Z", *back, "2026-11-16T08:00Z", "2026-11-23T10:00Z", "2026-11-30T10:00Z"]


def test_the_days_between_two_clock_changes(world: World) -> None:
    """02:30 does not exist on 2027-03-28 and comes twice on 2026-10-25; all sides must take the same instants."""
    world.google.add("Backup", "2026-10-24T02:30", "2026-10-24T02:45", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.google.add("Report", "2027-03-27T03:30", "2027-03-27T03:45", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.settle()
    shown = world.alike()
    assert days(shown) == ["2026-10-24", "2026-10-25", "2026-10-26", "2027-03-27", "2027-03-28", "2027-03-29"]


def test_another_rule_and_a_moved_occurrence_at_once(world: World) -> None:
    """The days that Outlook's wider series had cancelled for the former rule are days of the new one."""
    id = world.google.add(
        "Closing", "2026-10-31T09:00", "2026-10-31T10:00", recurrence=["RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=31"]
    )
    world.settle()
    assert days(world.alike()) == ["2026-10-31", "2026-12-31", "2027-01-31"]
    world.google.edit(id, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    world.google.move(world.google.occurrence(id, "2026-11-14"), "2026-11-15T14:00", "2026-11-15T15:00")
    world.settle()
    assert days(world.alike()) == ["2026-10-31", "2026-11-07", "2026-11-15", "2026-11-21"]
