"""One link in an undo: what it was asked for, what is known of it, and what comes of it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from engine.bound import Bound
from engine.linkstate import Atom, LinkState, label, peek
from engine.merge import Merged, merge
from engine.undo.traces import Asked, Traces


@dataclass
class Undoing:
    """What an undo took back, and what it left alone."""

    links: list[str] = field(default_factory=list)
    """Those that something is to be written for."""
    undone: list[dict[str, Any]] = field(default_factory=list)
    """`{link, title, what, field, side, before, after}`; `what` is field, creation or deletion, values are shared."""
    left: list[dict[str, Any]] = field(default_factory=list)
    """`{link, title, what, field, side, reason, now}`: `what` may also be record, all of it."""


@dataclass
class Case:
    """A link at hand. `row` is its row as loaded, `meant` the runs to undo, `run` the undo's own."""

    connection: Connection
    bound: Bound
    link: LinkState
    row: dict[str, Any]
    traces: Traces
    asked: Asked
    meant: frozenset[str]
    run: str
    now: str
    undoing: Undoing
    told: list[dict[str, Any]] = field(default_factory=list)
    """Rows for the history."""
    touched: bool = False
    """Something is to be written, or stored."""

    def __post_init__(self) -> None:
        self.frozen, self.ended = self.row["frozen"], self.row["ended"]
        title = self.link.agreed.get(next(iter(self.bound.mapping.fields)))
        self.title = title if isinstance(title, str) else None
        self.later = deepcopy(self.link)
        """As it would be once everything that people edited is merged."""
        self.merged: Merged = merge(self.bound, self.later, {})

    def columns(self) -> dict[str, Any]:
        """The link's columns after this; whatever was planned for it no longer fits."""
        rev = self.row["rev"] + 1
        live = self.ended is None
        return {"dirty": live, "open": live, "ended": self.ended, "frozen": self.frozen, "rev": rev}

    def edited(self) -> str | None:
        """Where people have changed something that is not merged yet."""
        sides = self.merged.edited or {side for conflict in self.merged.conflicts for side in conflict.values}
        return " and ".join(sorted(sides)) or None

    def pending(self, atom: Atom) -> bool:
        """Whether there is such a change of this field."""
        asked = any(conflict.atom == atom for conflict in self.merged.conflicts)
        return asked or any(one.atom == atom for one in self.merged.decisions)

    def say(self, what: str, *, atom: Atom | None = None, side: str | None = None, **values: Any) -> None:
        """Something is taken back, from `before` to `after`."""
        place = {"field": label(atom) if atom else None, "side": side, "before": None, "after": None}
        self.undoing.undone.append({"link": self.link.id, "title": self.title, "what": what, **place, **values})
        self.touched = True

    def leave(self, what: str, reason: str, *, atom: Atom | None = None, side: str | None = None) -> None:
        """Something is left as it is."""
        now = peek(self.link.agreed, atom) if atom else self.title
        place = {"field": label(atom) if atom else None, "side": side, "reason": reason, "now": now}
        self.undoing.left.append({"link": self.link.id, "title": self.title, "what": what, **place})
