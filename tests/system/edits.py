"""What people do to series and their occurrences, on whichever side they work."""

from __future__ import annotations

from tests.system.people import stamp, vevent
from tests.system.rules import WEEKLY, graph
from tests.system.world import World


def weekly(world: World, side: str, ends: str = ";COUNT=4") -> str:
    """Mondays from nine to ten; four of them unless told."""
    span = "2026-11-02T09:00", "2026-11-02T10:00"
    if side == "google":
        return world.google.add("Weekly", *span, recurrence=[f"RRULE:FREQ=WEEKLY{ends}"])
    if side == "outlook":
        limit = {"numberOfOccurrences": 4} if ends else {}
        return world.outlook.add("Weekly", *span, recurrence=graph(WEEKLY, "2026-11-02", **limit))
    return world.caldav.add("Weekly", *span, f"RRULE:FREQ=WEEKLY{ends}")


def move(world: World, side: str, id: str, day: str, start: str, end: str) -> None:
    """A person moves one occurrence."""
    if side == "google":
        world.google.move(world.google.occurrence(id, day), start, end)
    elif side == "outlook":
        world.outlook.move(world.outlook.occurrence(id, day), start, end)
    else:
        override(world, id, day, stamp("DTSTART", start), stamp("DTEND", end))


def cancel(world: World, side: str, id: str, day: str) -> None:
    """A person cancels one occurrence, whether or not it was moved before."""
    if side == "google":
        world.google.remove(world.google.occurrence(id, day))
    elif side == "outlook":
        world.outlook.remove(world.outlook.occurrence(id, day))
    else:
        without(world, id, day)
        world.caldav.edit(id, "RRULE:", f"{stamp('EXDATE', f'{day}T09:00')}\nRRULE:")


def retitle(world: World, side: str, id: str, day: str, title: str) -> None:
    """A person gives one occurrence a title of its own."""
    if side == "google":
        world.google.edit(world.google.occurrence(id, day), summary=title)
    elif side == "outlook":
        world.outlook.edit(world.outlook.occurrence(id, day), subject=title)
    else:
        span = stamp("DTSTART", f"{day}T09:00"), stamp("DTEND", f"{day}T10:00")
        override(world, id, day, *span, title=title)


def override(world: World, name: str, day: str, *lines: str, title: str | None = None) -> None:
    text = world.caldav.read(name)
    uid = next(line.removeprefix("UID:") for line in text.split("\n") if line.startswith("UID:"))
    own = title or next(line.removeprefix("SUMMARY:") for line in text.split("\n") if line.startswith("SUMMARY:"))
    event = vevent(own, stamp("RECURRENCE-ID", f"{day}T09:00"), *lines, uid=uid).replace("\r\n", "\n")
    world.caldav.edit(name, "END:VCALENDAR", f"{event}\nEND:VCALENDAR")


def without(world: World, name: str, day: str) -> None:
    """Takes the override of a day out of an object, if it has one."""
    mark = stamp("RECURRENCE-ID", f"{day}T09:00")
    for event in world.caldav.read(name).split("BEGIN:VEVENT\n")[1:]:
        if mark in event:
            world.caldav.edit(name, "BEGIN:VEVENT\n" + event.split("END:VEVENT\n")[0] + "END:VEVENT\n", "")


def retime(world: World, side: str, id: str, start: str, end: str) -> None:
    """A person gives the whole series another time of day."""
    if side == "google":
        world.google.move(id, start, end)
    elif side == "outlook":
        world.outlook.move(id, start, end)
    else:
        old = f"{stamp('DTSTART', '2026-11-02T09:00')}\n{stamp('DTEND', '2026-11-02T10:00')}"
        world.caldav.edit(id, old, f"{stamp('DTSTART', start)}\n{stamp('DTEND', end)}")


def id_on(world: World, side: str, title: str = "Weekly") -> str:
    """What a side calls the meeting of this title."""
    found = getattr(world, side).find(title)
    return found if side == "caldav" else str(found["id"])
