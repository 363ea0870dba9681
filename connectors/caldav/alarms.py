"""The reminder of an event: the DISPLAY alarm nearest to its start. Sounds and mails are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.caldav.moments import Moment, elapsed, instant
from connectors.lines import Component, Line
from engine.contract import Invalid


def read(event: Component, start: Moment) -> int | None:
    """Whole minutes before the start; None where no alarm shows anything before it."""
    return min((minutes for alarm in _shown(event) if (minutes := _minutes(alarm, start)) is not None), default=None)


def write(event: Component, minutes: float | None, start: Moment) -> None:
    """Set the alarm nearest to the start; those that would be nearer still go. None takes away all that `read` sees."""
    if minutes is not None and not 0 <= minutes < 1_000_000:
        raise Invalid(f"{minutes} is not a number of minutes before the start.", field="reminder")
    before = {id(alarm): found for alarm in _shown(event) if (found := _minutes(alarm, start)) is not None}
    nearest = min(before, key=lambda one: before[one], default=None) if minutes is not None else None
    gone = {one for one, found in before.items() if one != nearest and (minutes is None or found < minutes)}
    event.items[:] = [item for item in event.items if id(item) not in gone]
    if minutes is None:
        return
    alarm = next((alarm for alarm in event.children("VALARM") if id(alarm) == nearest), None) or _new(event)
    alarm.put("TRIGGER", Line.make("TRIGGER", f"-PT{int(minutes)}M" if minutes else "PT0S"))


def _new(event: Component) -> Component:
    action, words = Line.make("ACTION", "DISPLAY"), Line.make("DESCRIPTION", "Reminder")
    alarm = Component("VALARM", [action, words])
    event.items.append(alarm)
    return alarm


def _shown(event: Component) -> list[Component]:
    return [
        alarm
        for alarm in event.children("VALARM")
        if (action := alarm.line("ACTION")) and action.value.strip().upper() == "DISPLAY"
    ]


def _minutes(alarm: Component, start: Moment) -> int | None:
    trigger = alarm.line("TRIGGER")
    if trigger is None or (trigger.param("RELATED") or "START").upper() != "START":
        return None
    try:
        absolute = _absolute(trigger.value, start)
        before = -elapsed(trigger.value) if absolute is None else absolute
    except ValueError:
        return None
    return int(before.total_seconds() // 60) if before >= timedelta() else None


def _absolute(value: str, start: Moment) -> timedelta | None:
    """The distance of a trigger that is a UTC time, where the start is a point in time too."""
    try:
        at = datetime.strptime(value.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    begin = instant(start)
    if not isinstance(begin, datetime) or begin.tzinfo is None:
        raise ValueError(value)
    return begin - at
