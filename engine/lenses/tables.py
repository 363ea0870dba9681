"""Choices through tables: busy, privacy, status, and tables of the user's own.

A table may map several native values to one shared value, and several shared values to one native one. The old native
value stays wherever it already shows what is wanted.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lens import Context, Refusal


@dataclass(frozen=True, slots=True)
class Table:
    """`shows`: native -> shared. `takes`: further shared -> native, for values that this side cannot show."""

    name: str
    shows: Mapping[str, Any]
    takes: Mapping[Any, str] = field(default_factory=dict)
    empty: Any = None
    """What an absent native value means."""
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "stable" if self.takes or len(set(self.shows.values())) < len(self.shows) else "exact"

    def get(self, native: Any, context: Context) -> Any:
        if native is None or native == "":
            return self.empty
        return self.shows.get(native)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = self.empty if shared is None else shared
        if old is not None and self.get(old, context) in (shared, wanted):
            return old
        if wanted is None:
            return None
        for native, shown in self.shows.items():
            if shown == wanted:
                return native
        if wanted in self.takes:
            return self.takes[wanted]
        raise Refusal(
            f"{wanted!r} is not in the table {self.name!r}: {', '.join(map(str, dict.fromkeys(self.shows.values())))}."
        )


_OPAQUE = ("tentative", "oof", "elsewhere")
BUSY = {
    "google": Table("busy", {"opaque": "busy", "transparent": "free"}, dict.fromkeys(_OPAQUE, "opaque"), "busy"),
    "graph": Table(
        "busy",
        {"busy": "busy", "free": "free", "tentative": "tentative", "oof": "oof", "workingElsewhere": "elsewhere"},
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
NAMED: Mapping[str, Mapping[str, Table]] = {"busy": BUSY, "privacy": PRIVACY, "status": STATUS}
