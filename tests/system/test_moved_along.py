"""What an app changes along with a write is told or mended, not forgotten."""

from __future__ import annotations

from tests.system.edits import retitle, weekly
from tests.system.world import World


def test_an_override_past_the_new_end_of_a_series(world: World) -> None:
    weekly(world, "caldav")
    retitle(world, "caldav", "weekly.ics", "2026-11-23", "Special")
    world.settle()
    world.caldav.edit("weekly.ics", "RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=WEEKLY;COUNT=3")
    report = world.run()
    alike = world.shows("google") == world.shows("outlook") == world.shows("caldav")
    assert alike or report.failed or report.holds, "a difference must be told"
