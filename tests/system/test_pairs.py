"""Each pair of calendars, and all three: a first sync of two full calendars, a day of edits on both sides, and rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.system.edits import cancel, id_on, move, weekly
from tests.system.world import World, told

DATA = Path(__file__).parents[2] / "sandbox" / "data"
PAIRS = [("google", "outlook"), ("google", "caldav"), ("outlook", "caldav"), ("google", "outlook", "caldav")]


@pytest.fixture(params=PAIRS, ids=["-".join(pair) for pair in PAIRS])
def full(request: pytest.FixtureRequest, make_world) -> World:
    """The demo's calendars on the sides that take part."""
    world: World = make_world(*request.param)
    for person, name in ((world.google, "google_calendar"), (world.outlook, "outlook_calendar")):
        text = (DATA / f"{name}.ics").read_text(encoding="utf-8")
        if person is world.outlook:  # its own guests would keep the sync from writing: see test_fields.py
            text = re.sub(r"ATTENDEE.*\n( .*\n)*", "", text)
        person.control.post("seed", calendar="primary", ics=text)
    if "caldav" in world.sides:
        text = (DATA / "caldav.ics").read_text(encoding="utf-8").replace("\r\n", "\n")
        for number, event in enumerate(text.split("BEGIN:VEVENT\n")[1:]):
            if "RECURRENCE-ID" not in event:
                world.caldav.put(f"demo{number}", "BEGIN:VEVENT\n" + event.split("END:VEVENT")[0] + "END:VEVENT")
    return world


def test_a_first_sync_a_day_of_edits_and_rest(full: World) -> None:
    world, (first, *_, last) = full, full.sides
    sizes = [len(getattr(world, side).shows()) for side in world.sides]
    report = world.settle()
    assert min(sizes) > 5 and told(report) >= sum(sizes) - max(sizes)
    shown = world.alike()
    assert len(shown) > 100
    add(world, first, "New here")
    add(world, last, "New there")
    world.settle()
    world.alike()
    getattr(world, last).remove(id_on(world, last, "New here"))
    rename(world, first, "New there", "Newer there")
    world.settle()
    assert sorted([*shown, "2026-11-05T10:00Z/2026-11-05T11:00Z Newer there"]) == world.alike()


def test_both_edit_one_series_in_the_same_minute(full: World) -> None:
    world, (first, *_, last) = full, full.sides
    weekly(world, first)
    world.settle()
    move(world, first, id_on(world, first), "2026-11-09", "2026-11-10T14:00", "2026-11-10T15:00")
    cancel(world, last, id_on(world, last), "2026-11-16")
    rename(world, last, "Weekly", "Jour fixe")
    world.settle()
    mine = [line for line in world.alike() if line.endswith((" Weekly", " Jour fixe"))]
    assert [line[:10] for line in mine] == ["2026-11-02", "2026-11-10", "2026-11-23"]
    assert mine[0].endswith("Jour fixe") and mine[2].endswith("Jour fixe")


def add(world: World, side: str, title: str) -> None:
    getattr(world, side).add(title, "2026-11-05T11:00", "2026-11-05T12:00")


def rename(world: World, side: str, old: str, new: str) -> None:
    id = id_on(world, side, old)
    if side == "caldav":
        world.caldav.edit(id, f"SUMMARY:{old}\n", f"SUMMARY:{new}\n")
    else:
        getattr(world, side).edit(id, **{"google": {"summary": new}, "outlook": {"subject": new}}[side])
