"""Graph's todoTask JSON on one hand, a record's native fields on the other; nothing here sends anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from connectors.graph_items import Kind
from connectors.microsoft_todo.schema import FIELDS
from engine.contract import Invalid, Json, Record

Task = Mapping[str, Any]
APP = "Syncline"
DEFAULTS = {"status": "notStarted", "importance": "normal"}
DAYS = ("dueDateTime", "startDateTime")
EAST = timedelta(hours=11)
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wire:
    """`zone` (IANA name): where the days of the account begin."""

    zone: str = "UTC"

    def record(self, task: Task) -> Record:
        """The record."""
        return Record(
            id=str(task["id"]),
            version=str(task["@odata.etag"]),
            data=self.fields(task),
            changed_at=_stamp(task.get("lastModifiedDateTime")),
            created_at=_stamp(task.get("createdDateTime")),
            stamp=_key_of(task),
        )

    def fields(self, task: Task) -> dict[str, Any]:
        """All native fields."""
        return {
            "title": task.get("title") or None,
            "body": _inner(task.get("body")),
            **{name: task.get(name) or default for name, default in DEFAULTS.items()},
            **{name: self._day(task.get(name)) for name in DAYS},
            "reminderDateTime": task.get("reminderDateTime") if task.get("isReminderOn") else None,
            "completedDateTime": task.get("completedDateTime"),
            "categories": list(task.get("categories") or ()),
        }

    def created(self, key: str, data: Json) -> dict[str, Any]:
        """The body of a create, with its key as a link to an item of ours."""
        if not data.get("title"):
            raise Invalid("A task in To Do needs a title.", field="title")
        return {
            **self._body(data),
            "linkedResources": [{"applicationName": APP, "displayName": APP, "externalId": key}],
        }

    def changed(self, task: Task, data: Json) -> dict[str, Any]:
        """The body of a change. Raises Invalid for a day of a repeating task: To Do would make a second task of it."""
        now = self.fields(task)
        fresh = {name: value for name, value in data.items() if not _same(name, value, now[name])}
        if "title" in fresh and not fresh["title"]:
            raise Invalid("A task in To Do needs a title.", field="title")
        for name in DAYS:
            if name in fresh and task.get("recurrence"):
                raise Invalid(
                    "To Do would make a second task if the day of a repeating one was changed from outside. Change it "
                    "in To Do.",
                    field=name,
                )
        return self._body(fresh)

    def _body(self, data: Json) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for name, value in data.items():
            if name in DAYS:
                body[name] = {"dateTime": f"{str(value)[:10]}T00:00:00", "timeZone": self.zone} if value else None
            elif name == "body":
                body[name] = {"content": value or "", "contentType": "html" if value else "text"}
            elif name == "reminderDateTime":
                body |= {"isReminderOn": bool(value), name: value or None}
            else:
                body[name] = list(value or ()) if name == "categories" else value or DEFAULTS.get(name)
        return body

    def _day(self, value: Any) -> str | None:
        """A midnight is that day. Another time in UTC is the midnight of where it was entered: here, or wherever."""
        if not value:
            return None
        wall = datetime.fromisoformat(str(value["dateTime"])[:19])
        if not (wall.hour or wall.minute) or value.get("timeZone") != "UTC":
            return wall.date().isoformat()
        here = wall.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone))
        return (here if here.hour == 0 else wall + EAST).date().isoformat()


def look(key: str) -> str:
    """The filter that finds a task by its key."""
    quoted = key.replace("'", "''")
    return f"linkedResources/any(link:link/externalId eq '{quoted}')"


def joined(answer: Task, sent: Task, before: Task) -> Task:
    """Linked resources are not in the answer to a write, and no change of ours touches them."""
    return {**answer, "linkedResources": before.get("linkedResources") or sent.get("linkedResources") or []}


def kind(wire: Wire) -> Kind:
    """Tasks, for the shared reading and writing."""
    return Kind(
        title="task",
        fields=FIELDS,
        page=100,
        query={"$expand": "linkedResources"},
        delta={},
        record=wire.record,
        look=look,
        created=wire.created,
        changed=wire.changed,
        joined=joined,
    )


def _key_of(task: Task) -> str | None:
    for link in task.get("linkedResources") or ():
        if link.get("applicationName") == APP and link.get("externalId"):
            return str(link["externalId"])
    return None


def _inner(body: Any) -> str | None:
    """The note as HTML, without the page that the server puts around it."""
    content = str((body or {}).get("content") or "").replace("\r\n", "\n")
    if (body or {}).get("contentType") == "text":
        return escape(content, quote=False).replace("  ", "&nbsp; ").replace("\n", "<br>") or None
    found = _BODY.search(content)
    return (found[1] if found else content).strip() or None


def _same(name: str, one: Any, other: Any) -> bool:
    if name == "body":
        return bool(_inner({"content": one}) == other)
    if name in DEFAULTS:
        return bool((one or DEFAULTS[name]) == other)
    return bool(one == other) or (not one and not other)


def _stamp(text: Any) -> datetime | None:
    """Times in UTC with seven decimals, as Graph writes them."""
    return datetime.fromisoformat(f"{str(text)[:19]}+00:00") if text else None
