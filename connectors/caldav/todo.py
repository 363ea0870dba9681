"""One VTODO: its properties as native fields, and native fields back onto it, touching nothing else.

Days are kept with their time of day: another day is written at the time, and in the zone, that the task had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.caldav import moments, repeat
from connectors.caldav.zones import Zones
from connectors.lines import Component, Line, escape, listed, unescape
from engine.contract import Field, Invalid

OPEN, DONE, URGENCY = "NEEDS-ACTION", "COMPLETED", "0"
DAYS = {"dtstart": "DTSTART", "due": "DUE"}
WORDS = {"status": "STATUS", "completed": "COMPLETED", "percent_complete": "PERCENT-COMPLETE", "priority": "PRIORITY"}
TEXTS = {"summary": "SUMMARY", "description": "DESCRIPTION"}

FIELDS: Mapping[str, Field] = {
    "uid": Field(type="text", label="UID", writable=False, unique=True),
    "summary": Field(type="text", label="Title", means="task.title"),
    "description": Field(type="html", dialect="plain", label="Description", means="task.notes"),
    "dtstart": Field(type="date", label="Start", means="task.start"),
    "due": Field(type="date", label="Due", means="task.due"),
    "status": Field(
        type="choice",
        dialect="ical",
        label="Status",
        means="task.done",
        choices={OPEN: "Open", "IN-PROCESS": "In progress", DONE: "Done", "CANCELLED": "Cancelled"},
    ),
    "completed": Field(type="instant", dialect="ical", label="Completed at", means="task.done_at"),
    "percent_complete": Field(type="number", label="Per cent done", means="task.percent", digits=0),
    "priority": Field(
        type="choice",
        dialect="ical",
        label="Priority",
        means="task.priority",
        choices={URGENCY: "Not set", **{str(n): f"{n} of 9, where 1 is the highest" for n in range(1, 10)}},
    ),
    "categories": Field(type="tags", label="Categories", means="task.tags", many=True),
    "recurrence": Field(type="recurrence", dialect="ical", label="Repeats", means="task.repeat"),
}


def read(todo: Component, zones: Zones, zone: str) -> dict[str, Any]:
    """The fields but `uid`. `zone` (IANA) is that in which days of times in UTC are named."""
    data: dict[str, Any] = {name: _text(todo, prop) for name, prop in TEXTS.items()}
    data |= {name: None if (at := moment(todo, name, zones)) is None else _day(at, zone) for name in DAYS}
    done = todo.line("COMPLETED")
    data["completed"] = None if done is None else _instant(moments.read(done, zones))
    data["status"] = (_text(todo, "STATUS") or (DONE if done else OPEN)).strip().upper()
    data["percent_complete"] = _number(todo, "PERCENT-COMPLETE")
    data["priority"] = str(min(_number(todo, "PRIORITY") or 0, 9))
    data["categories"] = list(dict.fromkeys(text for line in todo.lines("CATEGORIES") for text in listed(line.value)))
    data["recurrence"] = repeat.read(todo, zones)
    return data


def moment(todo: Component, name: str, zones: Zones) -> dict[str, Any] | None:
    """Start or due time as it is stored; a DURATION after the start is a due time too."""
    line, start, lasts = todo.line(DAYS[name]), todo.line("DTSTART"), todo.line("DURATION")
    if line is None and name == "due" and start is not None and lasts is not None:
        return moments.lasting(moments.read(start, zones), lasts.value)
    return None if line is None else moments.read(line, zones)


def write(todo: Component, target: Mapping[str, Any], changed: set[str], zones: Zones, zone: str) -> None:
    """Set the changed ones of these (`settled`) fields."""
    for name in [name for name in TEXTS if name in changed]:
        old = todo.line(TEXTS[name]) or Line.make(TEXTS[name], "")
        todo.put(TEXTS[name], *([old.with_value(escape(target[name]), ALTREP=None)] if target[name] else []))
    if "description" in changed:
        todo.put("X-ALT-DESC")  # an HTML copy, which would now say something else
    for name in [name for name in DAYS if name in changed]:
        _write_day(todo, name, target[name], zones, zone)
    spelled = changed | ({"status"} if "completed" in changed else set())  # a status not said goes by COMPLETED
    for name in [name for name in WORDS if name in spelled]:
        value = target[name]
        todo.put(WORDS[name], *([] if value in (None, URGENCY) else [Line.make(WORDS[name], str(value))]))
    if "categories" in changed:
        text = ",".join(escape(tag) for tag in target["categories"])
        todo.put("CATEGORIES", *([Line.make("CATEGORIES", text)] if text else []))
    if "recurrence" in changed:
        repeat.write(todo, target["recurrence"], zones)
    if target["recurrence"] and changed & {"recurrence", "dtstart"}:
        _begin(todo, zones)


def settled(name: str, value: Any) -> Any:
    """A given value as `read` would show it. Else Invalid."""
    if name not in FIELDS or not FIELDS[name].writable:
        raise Invalid(f"A task has no {name} that can be written.", field=name)
    if name in ("categories", "recurrence"):
        texts = list(dict.fromkeys(text for one in value or () if (text := str(one).strip())))
        return texts if name == "categories" else texts or None
    if value is None or value == "":
        return {"status": OPEN, "priority": URGENCY}.get(name)
    if name == "percent_complete":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise Invalid(f"{value!r} is no number from 0 to 100.", field=name)
        return int(value)
    try:
        if name in DAYS:
            return date.fromisoformat(value).isoformat()
        if name == "completed":
            at = datetime.fromisoformat(value)
            return f"{at.astimezone(UTC) if at.tzinfo else at:%Y%m%dT%H%M%SZ}"
    except (TypeError, ValueError) as error:
        raise Invalid(f"{value!r} is no {FIELDS[name].label.lower()} of a task: {error}.", field=name) from error
    choices = FIELDS[name].choices
    if choices is not None and value not in choices:
        raise Invalid(f"{value!r} is no {name}; there are {', '.join(choices)}.", field=name)
    return str(value).replace("\r\n", "\n")


def _write_day(todo: Component, name: str, day: str | None, zones: Zones, zone: str) -> None:
    """Start and due time are both days or both times (RFC 5545 3.8.2.3): what is new is as the other is."""
    old = moment(todo, name, zones) or next((at for each in DAYS if (at := moment(todo, each, zones))), None)
    if todo.line("DURATION") is not None and (due := moment(todo, "due", zones)) is not None:
        todo.put("DURATION")  # else another start would be another due time
        todo.put("DUE", moments.write("DUE", due, zones))
    line = None if day is None else moments.write(DAYS[name], _on(old, day, zone), zones)
    todo.put(DAYS[name], *([line] if line else []))


def _begin(todo: Component, zones: Zones) -> None:
    """What repeats needs a start (3.8.2.4): where there is none, it is the due time."""
    if todo.line("DTSTART") is None:
        if (due := moment(todo, "due", zones)) is None:
            raise Invalid("A task that repeats needs a start or a due day.", field="recurrence")
        todo.put("DTSTART", moments.write("DTSTART", due, zones))


def _day(at: moments.Moment, zone: str) -> str:
    return moments.wall(_local(at, zone)).date().isoformat()


def _on(old: moments.Moment | None, day: str, zone: str) -> dict[str, Any]:
    """This day, at the time of day of the old moment and in its zone."""
    if old is None or "date" in old:
        return {"date": day}
    clock = moments.wall(_local(old, zone)).time()
    there = moments.timed(datetime.combine(date.fromisoformat(day), clock), _local(old, zone)["timeZone"])
    return moments.within(there, old)


def _local(at: moments.Moment, zone: str) -> moments.Moment:
    """A time in UTC says no more than an instant: seen from the account's own zone."""
    if "date" in at or at.get("timeZone") != "UTC":
        return at
    return moments.timed(moments.wall(at).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)), zone)


def _instant(at: moments.Moment) -> str:
    """`20261123T100000Z`; a time without a zone, which a completion may not be, is taken as UTC."""
    found = moments.instant(at)
    if not isinstance(found, datetime):
        found = datetime.combine(found, datetime.min.time())
    return f"{moments.compact(found.replace(tzinfo=None))}Z"


def _text(todo: Component, name: str) -> str | None:
    line = todo.line(name)
    return (unescape(line.value) or None) if line else None


def _number(todo: Component, name: str) -> int | None:
    """None also for what is no number: it stays until one is written."""
    text = (_text(todo, name) or "").strip()
    return int(text) if re.fullmatch(r"\d{1,4}", text) else None
