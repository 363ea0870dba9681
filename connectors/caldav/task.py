"""A task: a resource with one VTODO, perhaps with occurrences of its own that are left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self

from connectors.caldav import guests, ics, todo
from connectors.caldav.series import STAMP
from connectors.caldav.zones import Zones
from connectors.lines import Component, Line, Unreadable, parse
from engine.contract import Invalid, Json, Record


class Task:
    """One task over the text it is stored in. `zone` is that in which days of times in UTC are named."""

    def __init__(self, calendar: Component, main: Component, zone: str) -> None:
        self._calendar, self._main, self._zone = calendar, main, zone
        self._zones = Zones(calendar)

    @classmethod
    def load(cls, text: str, zone: str) -> Self | None:
        """None where the resource holds no task (an event, a journal). Unreadable says why it cannot be shown."""
        calendar = parse(text)
        found = calendar.children("VTODO")
        if not found:
            return None
        if len({line.value if (line := one.line("UID")) else None for one in found}) > 1:
            raise Unreadable("there are tasks with different UIDs in it")
        mains = [one for one in found if one.line("RECURRENCE-ID") is None]
        if not mains and len(found) > 1:
            raise Unreadable("there are several occurrences in it, but not the task they belong to")
        return cls(calendar, max(mains or found, key=ics.sequence), zone)

    @classmethod
    def fresh(cls, uid: str, data: Json, now: datetime, stamp: str, zone: str) -> Self:
        """A new task with this data, made under this key."""
        made = f"CREATED:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Syncline//CalDAV//EN", "BEGIN:VTODO", f"UID:{uid}", made]
        calendar = parse("\n".join([*head, "END:VTODO", "END:VCALENDAR"]))
        task = cls(calendar, calendar.children("VTODO")[0], zone)
        task._main.put(STAMP, *([Line.make(STAMP, stamp)] if stamp else []))
        task.edit(data, now)
        if task._main.line("DTSTAMP") is None:
            ics.stamp(task._main, now)
        return task

    def record(self, ident: str, version: str | None) -> Record:
        line = self._main.line(STAMP)
        stamp, at = (line.value.strip() or None) if line else None, ics.changed_at(self._main)
        return Record(id=ident, version=version, data=self.read(), changed_at=at, stamp=stamp)

    def read(self) -> dict[str, Any]:
        """All fields of the schema."""
        uid = self._main.line("UID")
        own = {"uid": (uid.value.strip() or None) if uid else None}
        return own | todo.read(self._main, self._zones, self._zone)

    def edit(self, data: Json, now: datetime) -> bool:
        """Set these fields; False where all of them are so already. What goes with being done is set along."""
        before = self.read()
        given = {name: todo.settled(name, value) for name, value in data.items()}
        target = before | given
        target |= {name: value for name, value in _along(before, target, given, now).items() if name not in given}
        changed = {name for name in target if target[name] != before[name]}
        if not changed:
            return False
        if "recurrence" in changed and len(self._calendar.children("VTODO")) > 1:
            raise Invalid("Occurrences of this task were changed: change its rule in your program.", field="recurrence")
        todo.write(self._main, target, changed, self._zones, self._zone)
        ics.stamp(self._main, now)
        return True

    def text(self) -> bytes:
        return self._calendar.to_ical()

    def invites(self) -> bool:
        return any(guests.invites(one) for one in self._calendar.children("VTODO"))


def _along(before: Json, target: Json, given: Json, now: datetime) -> dict[str, Any]:
    """Status, time of completion and per cent, as far as a change of one of them decides the others."""
    if "status" in given:
        status = target["status"]
    elif "completed" in given and given["completed"] != before["completed"]:
        status = todo.DONE if given["completed"] else todo.OPEN
    else:
        return {}
    if status == before["status"]:
        return {}
    if status == todo.DONE:
        return {"status": status, "completed": f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", "percent_complete": 100}
    undone = {"completed": None, "percent_complete": None} if before["status"] == todo.DONE else {}
    return {"status": status, **undone}
