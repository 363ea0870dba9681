"""One task resource to native fields and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.contract import Field, Json, Record

STATES = {"needsAction": "Open", "completed": "Completed"}

FIELDS: Mapping[str, Field] = {
    "title": Field(type="text", label="Title", means="task.title", max_length=1024, counts="utf16"),
    "notes": Field(type="html", dialect="plain", label="Notes", means="task.notes", max_length=8192, counts="utf16"),
    "due": Field(type="date", label="Due", means="task.due"),
    "status": Field(type="choice", dialect="google", label="Status", means="task.done", choices=STATES),
    "completed": Field(type="instant", label="Completed", means="task.done_at", writable=False),
    "parent": Field(type="ref", label="Parent task", refers="tasks", writable=False),
    "hidden": Field(type="bool", label="Cleared", writable=False),
}


def record(task: Json) -> Record:
    """As the engine sees it; a deleted task is still there, but for a mark."""
    if task.get("deleted"):
        changed = task.get("updated")
        return Record(str(task["id"]), None, {}, datetime.fromisoformat(changed) if changed else None, gone=True)
    data = {
        "title": task.get("title") or None,
        "notes": task.get("notes") or None,
        "due": str(task["due"])[:10] if task.get("due") else None,
        "status": task.get("status") or "needsAction",
        "completed": task.get("completed"),
        "parent": task.get("parent"),
        "hidden": bool(task.get("hidden")),
    }
    return Record(str(task["id"]), str(task["etag"]), data, changed_at=datetime.fromisoformat(task["updated"]))


def body(data: Json) -> dict[str, Any]:
    """Google's members; None removes. A task that is opened again was never completed."""
    members = {name: data[name] for name in ("title", "notes") if name in data}
    if "due" in data:
        members["due"] = f"{data['due']}T00:00:00.000Z" if data["due"] else None
    if "status" in data:
        members["status"] = data["status"] or "needsAction"
        if members["status"] == "needsAction":
            members["completed"] = None
    return members
