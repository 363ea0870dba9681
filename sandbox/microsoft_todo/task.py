"""The JSON of a task: what may be sent, what the service makes of it, what it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

from sandbox.graph.bodies import as_text, parse_body
from sandbox.graph.errors import bad_request, invalid
from sandbox.graph.kind import Kind, Props
from sandbox.graph.query import QUOTED, Filtering, Predicate, unquoted
from sandbox.graph.recurrence import parse_recurrence
from sandbox.graph.values import Parse, choice, flag, known, names, string, text
from sandbox.graph.zones import Moment, instant, parse_moment
from sandbox.table import Row

DATES = ("dueDateTime", "startDateTime")
READ_ONLY = frozenset(
    ["id", "createdDateTime", "lastModifiedDateTime", "bodyLastModifiedDateTime", "completedDateTime", "hasAttachments"]
)
LINK_MEMBERS = ("applicationName", "displayName", "externalId", "webUrl")
_LINKED = re.compile(rf"linkedResources/any\((\w+):\s*\1/externalId eq {QUOTED}\s*\)$")


def parse_task(body: Any, before: Mapping[str, Any] | None) -> Props:
    """All properties of a task after a create or a change."""
    sent = known(body, "todoTask", _PARSERS, READ_ONLY)
    if before is None and not sent.get("title"):
        raise invalid("The property 'title' is needed.")
    if before is not None and "linkedResources" in sent:
        raise bad_request("The property 'linkedResources' cannot be changed with its task.")
    full = {**deepcopy(dict(before or _EMPTY)), **sent}
    if sent.get("recurrence"):
        rule = parse_recurrence(full["recurrence"], "UTC")
        full["recurrence"] = rule.as_json()
        full["dueDateTime"] = full["dueDateTime"] or _midnight(f"{rule.start}T00:00:00")
    return full


def show_task(props: Mapping[str, Any], _: Mapping[str, str]) -> Props:
    """What was never set is not there at all."""
    shown = {name: value for name, value in props.items() if name != "linkedResources" and value is not None}
    return {**shown, "hasAttachments": False}


def expand_task(props: Mapping[str, Any], _: frozenset[str], names: frozenset[str]) -> Props:
    """The linked resources, where they were asked for."""
    return {"linkedResources": props["linkedResources"]} if "linkedResources" in names else {}


def follow(before: Props, wanted: Props, now: datetime) -> tuple[Props, list[Props]]:
    """When a task is done is noted, and what becomes of a repeating one.

    Completed, it repeats no more, and a task for the next day comes into being. Another due day is not taken: it
    becomes another task.
    """
    done = wanted["status"] == "completed"
    at = before["completedDateTime"] or _told(Moment(now.replace(tzinfo=None), "UTC"))
    wanted = {**wanted, "completedDateTime": at if done else None}
    if not (before["recurrence"] and wanted["recurrence"]):
        return wanted, []
    if done and before["status"] != "completed":
        following = _next(before)
        return {**wanted, "recurrence": None}, [following] if following else []
    if wanted["dueDateTime"] != before["dueDateTime"]:
        return {**wanted, "dueDateTime": before["dueDateTime"]}, [{**wanted, "recurrence": None}]
    return wanted, []


def parse_link(value: Any) -> Props:
    """A linked resource, with an id of its own."""
    if not isinstance(value, dict) or not value.get("displayName"):
        raise invalid("A linked resource in 'linkedResources' needs a displayName.")
    return {"id": str(uuid4()), **{name: string(value.get(name), name) for name in LINK_MEMBERS}}


def _next(task: Props) -> Props | None:
    """The task of the next day of the rule; None where that was the last."""
    due = datetime.fromisoformat(task["dueDateTime"]["dateTime"][:19]).date()
    day = next(parse_recurrence(_sendable(task["recurrence"]), "UTC").later(due), None)
    return {**deepcopy(task), "dueDateTime": _midnight(f"{day}T00:00:00")} if day else None


def _sendable(recurrence: Mapping[str, Any]) -> Props:
    """Without the zeros and the year 1 that the service shows in members without use."""
    unused = {0, "0001-01-01"}
    return {
        part: {
            name: value for name, value in recurrence[part].items() if isinstance(value, list) or value not in unused
        }
        for part in ("pattern", "range")
    }


def _midnight(wall: str, zone: str = "UTC") -> dict[str, str]:
    """The beginning of that day in that zone, told in UTC."""
    return _told(Moment(datetime.combine(datetime.fromisoformat(wall).date(), time()), zone))


def _told(moment: Moment) -> dict[str, str]:
    return {"dateTime": f"{moment.utc.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"}


def _date(value: Any, name: str) -> dict[str, str] | None:
    """Days have no time of day: it is dropped without a word."""
    if value is None:
        return None
    moment = parse_moment(value, name)
    return _midnight(moment.wall.isoformat(), moment.zone)


def _moment(value: Any, name: str) -> dict[str, str] | None:
    return None if value is None else _told(parse_moment(value, name))


def _body(value: Any, _: str) -> dict[str, str]:
    """Text stays text, with CRLF line ends; HTML gets a page around it."""
    html = parse_body(value)
    if not html or str(value.get("contentType", "text")).lower() == "text":
        return {"content": as_text(html), "contentType": "text"}
    return {"content": html, "contentType": "html"}


def _links(value: Any, _: str) -> list[Props]:
    return [parse_link(each) for each in value or []]


def _recurrence(value: Any, _: str) -> Any:
    return value


_PARSERS: Mapping[str, Parse] = {
    "title": text,
    "body": _body,
    "status": choice("notStarted", "inProgress", "completed", "waitingOnOthers", "deferred"),
    "importance": choice("low", "normal", "high"),
    "categories": names,
    "isReminderOn": flag,
    "reminderDateTime": _moment,
    **dict.fromkeys(DATES, _date),
    "recurrence": _recurrence,
    "linkedResources": _links,
}
_EMPTY: Props = {
    "title": "",
    "body": {"content": "", "contentType": "text"},
    "status": "notStarted",
    "importance": "normal",
    "categories": [],
    "isReminderOn": False,
    "reminderDateTime": None,
    "dueDateTime": None,
    "startDateTime": None,
    "completedDateTime": None,
    "recurrence": None,
    "linkedResources": [],
}


def _linked(text: str) -> Predicate[Row] | None:
    match = _LINKED.match(text)
    if match is None:
        return None
    wanted = unquoted(match[2])
    return lambda row: any(link["externalId"] == wanted for link in row.data["props"]["linkedResources"])


TASK = Kind(
    type="todoTask",
    parse=parse_task,
    show=show_task,
    expand=expand_task,
    filtering=Filtering(
        {
            "title": lambda row: str(row.data["props"]["title"]),
            "status": lambda row: str(row.data["props"]["status"]),
            "importance": lambda row: str(row.data["props"]["importance"]),
            "createdDateTime": lambda row: instant(row.created_at),
            "lastModifiedDateTime": lambda row: instant(row.changed_at),
        },
        _linked,
    ),
    expands=frozenset({"linkedResources"}),
    immutable=False,
    follow=follow,
)
