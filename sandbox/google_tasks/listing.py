"""Query parameters, filters and pages of `tasks.list`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.google_calendar.errors import bad_parameter
from sandbox.google_tasks.account import TaskList, etag
from sandbox.table import Row

GLOBAL = {"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser"}
_SHOW = {"showAssigned", "showCompleted", "showDeleted", "showHidden"}
_TIMES = {"completedMax", "completedMin", "dueMax", "dueMin", "updatedMin"}
ACCEPTED: Mapping[str, set[str]] = {
    "tasklists.list": {"maxResults", "pageToken"},
    "tasklists.get": set(),
    "tasklists.insert": set(),
    "tasklists.patch": set(),
    "tasklists.delete": set(),
    "tasks.list": {"maxResults", "pageToken"} | _SHOW | _TIMES,
    "tasks.get": set(),
    "tasks.insert": {"parent", "previous"},
    "tasks.patch": set(),
    "tasks.update": set(),
    "tasks.delete": set(),
    "tasks.move": {"parent", "previous", "destinationTasklist"},
    "tasks.clear": set(),
}
"""By method of the discovery document."""


def check(method: str, query: QueryParams) -> None:
    """400 for a parameter the method does not have."""
    for name in query:
        if name not in ACCEPTED[method] | GLOBAL:
            raise bad_parameter(name, f"Unknown parameter: {name}", "unknownParameter")


def page(items: list[Any], query: QueryParams, default: int, most: int) -> dict[str, Any]:
    """Some of the items, and the token of the next page."""
    size, start = query.get("maxResults", str(default)), query.get("pageToken", "p0")[1:]
    if not size.isdigit() or not 1 <= int(size) <= most:
        raise bad_parameter("maxResults")
    if not start.isdigit():
        raise bad_parameter("pageToken")
    end = int(start) + int(size)
    more = {"nextPageToken": f"p{end}"} if end < len(items) else {}
    return {**({"items": items[int(start) : end]} if items else {}), **more}


def wanted(tasks: TaskList, query: QueryParams) -> list[Row]:
    """The tasks that a query asks for, in the order of their positions."""
    shows = {name: _flag(query, name, name == "showCompleted") for name in _SHOW}
    bounds = {name: _moment(query, name) for name in _TIMES if name in query}
    rows = [row for row in tasks.table.rows.values() if _shown(row, shows) and _within(row, bounds)]
    return sorted(rows, key=lambda row: (row.data.get("parent", ""), row.data["position"]))


def shown(row: Row, tasks: TaskList) -> dict[str, Any]:
    """The resource."""
    link = f"https://www.googleapis.com/tasks/v1/lists/{tasks.id}/tasks/{row.id}"
    web = f"https://tasks.google.com/task/{row.id}"
    about = {"kind": "tasks#task", "id": row.id, "etag": etag(row), "updated": row.changed.replace("+00:00", "Z")}
    return about | {"selfLink": link, "webViewLink": web, "links": []} | row.data


def _shown(row: Row, shows: Mapping[str, bool]) -> bool:
    data = row.data
    hidden_by = {
        "showDeleted": data.get("deleted"),
        "showHidden": data.get("hidden"),
        "showCompleted": data["status"] == "completed",
        "showAssigned": data.get("assignmentInfo"),
    }
    return all(shows[name] or not hides for name, hides in hidden_by.items())


def _within(row: Row, bounds: Mapping[str, datetime]) -> bool:
    """Lower bounds are inclusive, upper ones exclusive; a task without the time is not within."""
    for name, bound in bounds.items():
        text = row.changed if name == "updatedMin" else row.data.get(name.removesuffix("Min").removesuffix("Max"))
        if not text:
            return False
        at = datetime.fromisoformat(text)
        if at < bound if name.endswith("Min") else at >= bound:
            return False
    return True


def _flag(query: QueryParams, name: str, default: bool) -> bool:
    value = query.get(name, str(default).lower())
    if value not in ("true", "false"):
        raise bad_parameter(name)
    return value == "true"


def _moment(query: QueryParams, name: str) -> datetime:
    try:
        found: datetime | None = datetime.fromisoformat(query[name])
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad_parameter(name)
    return found
