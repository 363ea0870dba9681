"""The fields of a task in To Do."""

from __future__ import annotations

from engine.contract import Field

STATUS = {
    "notStarted": "Not started",
    "inProgress": "In progress",
    "completed": "Completed",
    "waitingOnOthers": "Waiting on others",
    "deferred": "Deferred",
}
IMPORTANCE = {"low": "Low", "normal": "Normal", "high": "High"}

FIELDS: dict[str, Field] = {
    "title": Field(type="text", label="Title", means="task.title", required=True),
    "body": Field(type="html", dialect="html", label="Note", means="task.notes"),
    "status": Field(type="choice", dialect="graph", label="Status", means="task.done", choices=STATUS),
    "importance": Field(type="choice", dialect="graph", label="Importance", means="task.priority", choices=IMPORTANCE),
    "dueDateTime": Field(type="date", label="Due", means="task.due"),
    "startDateTime": Field(type="date", label="Start", means="task.start"),
    "reminderDateTime": Field(type="instant", dialect="graph", label="Reminder", means="task.reminder"),
    "completedDateTime": Field(
        type="instant", dialect="graph", label="Completed at", means="task.done_at", writable=False
    ),
    "categories": Field(type="tags", label="Categories", means="task.tags", many=True),
}
