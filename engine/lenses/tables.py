"""Choices through tables: busy, privacy, status, and tables of the user's own.

A table may map several native values to one shared value, and several shared values to one native one. The old native
value stays wherever it already shows what is wanted.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.canonical import dumps, same
from engine.lens import Context, Refusal, Unread, shows


@dataclass(frozen=True, slots=True)
class Table:
    """`shows`: native -> shared. `takes`: further shared -> native, for values that this side cannot show."""

    name: str
    shows: Mapping[Any, Any]
    takes: Mapping[Any, str] = field(default_factory=dict)
    empty: Any = None
    """What an absent native value means."""
    default: Any = None
    """What native values that are not in the table show; they are its own, and stay where it is put back."""
    choices: frozenset[str] = frozenset()
    """What the field takes; empty: anything."""
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        several = len({dumps(value) for value in self.shows.values()}) < len(self.shows)
        return "stable" if self.takes or several or self.default is not None else "exact"

    def get(self, native: Any, context: Context) -> Any:
        """Raises Unread for a word that is not in the table, where there is no default."""
        if native is None or native == "":
            return self.empty
        found = self.shows.get(native, self.shows.get(str(native), self.default))
        if found is None and native not in self.shows and str(native) not in self.shows:
            raise Unread(f"{native!r} is not in the table {self.name!r}: add it there, or give the table a default")
        return found

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = self.empty if shared is None else shared
        if any(shows(self, old, value, context) for value in (shared, wanted)):
            return old
        if wanted is None:
            return None
        for native, shown in self.shows.items():
            if same(shown, wanted) or (isinstance(shown, str) and shown.casefold() == str(wanted).casefold()):
                return self._taken(native)
        if wanted in self.takes:
            return self._taken(self.takes[wanted])
        raise Refusal(
            f"{wanted!r} is not in the table {self.name!r}: {', '.join(map(str, dict.fromkeys(self.shows.values())))}."
        )

    def _taken(self, native: Any) -> Any:
        if self.choices and str(native) not in self.choices:
            raise Refusal(f"{native!r} of the table {self.name!r} is none of the choices of this side.")
        return native


_OPAQUE = ("tentative", "oof", "elsewhere")
BUSY = {
    "google": Table("busy", {"opaque": "busy", "transparent": "free"}, dict.fromkeys(_OPAQUE, "opaque"), "busy"),
    "graph": Table(
        "busy",
        {
            "busy": "busy",
            "free": "free",
            "tentative": "tentative",
            "oof": "oof",
            "workingElsewhere": "elsewhere",
            "unknown": "busy",
        },
        {},
        "busy",
    ),
    "ical": Table("busy", {"OPAQUE": "busy", "TRANSPARENT": "free"}, dict.fromkeys(_OPAQUE, "OPAQUE"), "busy"),
}
PRIVACY = {
    "google": Table(
        "privacy",
        {"default": "normal", "public": "public", "private": "private", "confidential": "confidential"},
        {"personal": "private"},
        "normal",
    ),
    "graph": Table(
        "privacy",
        {"normal": "normal", "personal": "personal", "private": "private", "confidential": "confidential"},
        {"public": "normal"},
        "normal",
    ),
    "ical": Table(
        "privacy",
        {"PUBLIC": "normal", "PRIVATE": "private", "CONFIDENTIAL": "confidential"},
        {"public": "PUBLIC", "personal": "PRIVATE"},
        "normal",
    ),
}
STATUS = {
    "google": Table(
        "status", {"confirmed": "confirmed", "tentative": "tentative", "cancelled": "cancelled"}, {}, "confirmed"
    ),
    "ical": Table(
        "status", {"CONFIRMED": "confirmed", "TENTATIVE": "tentative", "CANCELLED": "cancelled"}, {}, "confirmed"
    ),
}
_DEFERRED = ("in_progress", "waiting", "deferred")
TASK = {
    "google": Table(
        "task",
        {"needsAction": "open", "completed": "done"},
        {**dict.fromkeys(_DEFERRED, "needsAction"), "cancelled": "completed"},
        "open",
    ),
    "graph": Table(
        "task",
        {
            "notStarted": "open",
            "inProgress": "in_progress",
            "completed": "done",
            "waitingOnOthers": "waiting",
            "deferred": "deferred",
        },
        {"cancelled": "completed"},
        "open",
    ),
    "ical": Table(
        "task",
        {"NEEDS-ACTION": "open", "IN-PROCESS": "in_progress", "COMPLETED": "done", "CANCELLED": "cancelled"},
        dict.fromkeys(("waiting", "deferred"), "NEEDS-ACTION"),
        "open",
    ),
}
PRIORITY = {
    "graph": Table("priority", {"normal": "normal", "low": "low", "high": "high"}, {}, "normal"),
    "ical": Table(
        "priority",
        {
            "0": "normal", "5": "normal", "1": "high", "2": "high", "3": "high", "4": "high",
            "9": "low", "6": "low", "7": "low", "8": "low",
        },
        {},
        "normal",
    ),
}  # fmt: skip
KIND = {
    "hubspot": Table("kind", {"inventory": "goods", "non_inventory": "goods", "service": "service"}),
    "quickbooks": Table("kind", {"NonInventory": "goods", "Inventory": "goods", "Service": "service"}),
}
NAMED: Mapping[str, Mapping[str, Table]] = {
    "kind": KIND,
    "busy": BUSY,
    "privacy": PRIVACY,
    "status": STATUS,
    "task": TASK,
    "priority": PRIORITY,
}
BY_MEANS: Mapping[str, Mapping[str, Table]] = {
    "meeting.busy": BUSY,
    "meeting.privacy": PRIVACY,
    "meeting.status": STATUS,
    "task.done": TASK,
    "task.priority": PRIORITY,
    "product.kind": KIND,
}
"""Vocabulary entry -> dialect -> table."""
