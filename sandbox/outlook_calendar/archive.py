"""A mailbox as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sandbox.graph.pattern import Pattern
from sandbox.graph.recurrence import Recurrence
from sandbox.graph.zones import Moment
from sandbox.outlook_calendar.events import Event, Override, Times
from sandbox.outlook_calendar.mailbox import Calendar, Mailbox


def dump(mailbox: Mailbox) -> dict[str, Any]:
    """Everything, the log of changes included: delta tokens stay good."""
    return {
        "salt": mailbox.salt,
        "version": mailbox.version,
        "next_number": mailbox.next_number,
        "calendars": [asdict(each) for each in mailbox.calendars.values()],
        "events": [_event(each) for each in mailbox.events.values()],
        "gone": [[number, *each] for number, each in mailbox.gone.items()],
        "log": mailbox.log,
        "transactions": sorted(mailbox.transactions),
    }


def restore(mailbox: Mailbox, state: Mapping[str, Any]) -> None:
    """Make the mailbox what it was; it tells nobody."""
    mailbox.salt, mailbox.version = state["salt"], state["version"]
    mailbox.next_number = state["next_number"]
    mailbox.calendars = {each["id"]: Calendar(**each) for each in state["calendars"]}
    mailbox.events = {each["number"]: _read_event(each) for each in state["events"]}
    mailbox.gone = {number: (calendar, version) for number, calendar, version in state["gone"]}
    mailbox.log = [(version, number) for version, number in state["log"]]
    mailbox.transactions = set(state["transactions"])


def _event(event: Event) -> dict[str, Any]:
    rule = event.rule
    return {
        "number": event.number,
        "calendar": event.calendar,
        "uid": event.uid,
        "times": _times(event.times),
        "created": event.created.isoformat(),
        "modified": event.modified.isoformat(),
        "version": event.version,
        "props": event.props,
        "extended": event.extended,
        "transaction": event.transaction,
        "rule": asdict(rule) | {"start": str(rule.start), "last": rule.last and str(rule.last)} if rule else None,
        "exceptions": {str(day): _override(each) for day, each in event.exceptions.items()},
        "cancelled": sorted(map(str, event.cancelled)),
    }


def _override(own: Override) -> dict[str, Any]:
    return {"times": _times(own.times) if own.times else None, "props": own.props, "extended": own.extended}


def _times(times: Times) -> list[Any]:
    ends = [[moment.wall.isoformat(), moment.zone] for moment in (times.start, times.end)]
    return [*ends, times.all_day]


def _read_event(state: Mapping[str, Any]) -> Event:
    exceptions = {date.fromisoformat(day): _read_override(each) for day, each in state["exceptions"].items()}
    read = {
        "times": _read_times(state["times"]),
        "created": datetime.fromisoformat(state["created"]),
        "modified": datetime.fromisoformat(state["modified"]),
        "rule": _read_rule(state["rule"]) if state["rule"] else None,
        "exceptions": exceptions,
        "cancelled": {date.fromisoformat(day) for day in state["cancelled"]},
    }
    return Event(**{**state, **read})


def _read_override(state: Mapping[str, Any]) -> Override:
    return Override(_read_times(state["times"]) if state["times"] else None, state["props"], state["extended"])


def _read_times(state: list[Any]) -> Times:
    start, end = (Moment(datetime.fromisoformat(wall), zone) for wall, zone in state[:2])
    return Times(start, end, state[2])


def _read_rule(state: Mapping[str, Any]) -> Recurrence:
    pattern = Pattern(**{**state["pattern"], "days": tuple(state["pattern"]["days"])})
    last = date.fromisoformat(state["last"]) if state["last"] else None
    return Recurrence(**{**state, "pattern": pattern, "start": date.fromisoformat(state["start"]), "last": last})
