"""What a task is made of, and what becomes of what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.google_calendar.errors import invalid

LONGEST = {"title": 1024, "notes": 8192}
"""Counted in UTF-16 units here; the documents say characters."""
IGNORED = frozenset(
    {
        "assignmentInfo",
        "etag",
        "hidden",
        "id",
        "kind",
        "links",
        "parent",
        "position",
        "selfLink",
        "updated",
        "webViewLink",
    }
)
WRITABLE = frozenset({"completed", "deleted", "due", "notes", "status", "title"})


def clean(body: Mapping[str, Any], before: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """What is to be set, or 400; None removes. Of a due time the day is kept, silently."""
    for name in body:
        if name not in WRITABLE | IGNORED:
            raise invalid(f"Invalid JSON payload received. Unknown name {name!r}: Cannot find field.", name)
    sent = {name: value for name, value in body.items() if name in WRITABLE}
    for name, most in LONGEST.items():
        _check_text(name, sent.get(name), most)
    if before.get("assignmentInfo") and sent.get("notes"):
        raise invalid("Assigned tasks cannot have notes.", "notes")
    if "title" in sent:
        sent["title"] = sent["title"] or ""
    if sent.get("notes") == "":
        sent["notes"] = None
    if sent.get("due"):
        sent["due"] = f"{_moment('due', sent['due'])[:10]}T00:00:00.000Z"
    return sent | (_state(sent, before, clock) if "status" in sent else {})


def _state(sent: Mapping[str, Any], before: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Completing notes the time; opening again forgets it and brings a hidden task back."""
    if sent["status"] not in ("needsAction", "completed"):
        raise invalid("Invalid value for: status.", "status")
    if sent["status"] == "needsAction":
        return {"completed": None, "hidden": None}
    now = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    given = sent.get("completed") and _moment("completed", sent["completed"])
    return {"completed": given or before.get("completed") or now}


def _check_text(name: str, value: Any, most: int) -> None:
    if not isinstance(value, str | None):
        raise invalid(f"Invalid value at '{name}' (TYPE_STRING).", name)
    if value and len(value.encode("utf-16-le")) // 2 > most:
        raise invalid(f"The {name} is too long.", name)


def _moment(name: str, text: Any) -> str:
    """An RFC 3339 time as it was sent; the offset is mandatory."""
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(f"Invalid value for: {name}.", name)
    return str(text)
