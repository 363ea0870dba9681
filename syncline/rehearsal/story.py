"""What the users of a history did, write by write: the oracle judges by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound
from engine.canonical import dumps
from syncline.rehearsal.setting import CLIP

Atom = tuple[str, str | None]


_DECIMAL = re.compile(r"-?\d+\.\d+")
"""Shared numbers are texts."""


def plain(value: Any) -> str | None:
    """A value as all apps can show it: without case, cut short, rounded."""
    if value in (None, "", [], {}):
        return None
    if isinstance(value, float) or (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        return str(round(float(value)))
    text = value if isinstance(value, str) else dumps(value)
    return text.casefold()[:CLIP] if isinstance(value, str) else text.casefold()


def shown(
    bound: Bound, side: str, native: dict[str, Any], plain: Callable[[Any], str | None] = plain
) -> dict[Atom, str | None]:
    """A record atom by atom, plain; empty ones are left out."""
    found: dict[Atom, str | None] = {}
    for row, value in bound.get(side, native).items():
        if bound.rows[row].many:
            found |= {(row, key): plain(entry) for key, entry in value.items()}
        elif plain(value) is not None:
            found[row, None] = plain(value)
    return found


@dataclass
class Said:
    """A user's write of one atom."""

    thing: str
    atom: Atom
    value: str | None
    side: str
    superseded: bool = False
    """A later user saw it and wrote something else, or deleted the record."""
    exposed: str = ""
    """Why no client could have kept it."""


Saw = Callable[[Said, str | None, str, dict[str, Any]], bool]
"""Whether who saw this value of the atom, on that side in that record, saw what was said."""


def _equal(said: Said, seen: str | None, _side: str, _native: dict[str, Any]) -> bool:
    return said.value == seen


@dataclass
class Story:
    """All of it."""

    saw: Saw = _equal
    tokens: bool = True
    """No value is ever written twice. Where that may be, only the first writer of one is followed."""

    said: list[Said] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    """Thing -> the side it was made on."""
    deleted: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    """Things that were private at some time."""
    hidden: set[str] = field(default_factory=set)
    """Things that were always private."""
    poisoned: set[str] = field(default_factory=set)
    exposed: dict[str, str] = field(default_factory=dict)
    """Thing -> what happened to it that no client can mend."""
    unsure: set[str] = field(default_factory=set)
    """Things deleted by somebody who saw values that may or may not have been those that were written elsewhere, or
    before the sync had seen them there."""
    lawless: list[tuple[str, str]] = field(default_factory=list)
    """Things with a value for which a lens breaks its laws, and how."""
    values: dict[tuple[str, Atom], set[str | None]] = field(default_factory=dict)
    """What was ever seen or written of an atom; kept where `tokens` is False."""

    def write(
        self,
        thing: str,
        side: str,
        before: dict[Atom, Any],
        after: dict[Atom, Any],
        exposed: str = "",
        native: dict[str, Any] | None = None,
        read: dict[Atom, Any] | None = None,
    ) -> None:
        """A user changed a record from what was shown before; `native` is the record before, `read` what the sync has
        last seen of it: coming back to that before it looks again is no edit."""
        for atom in sorted({*before, *after}, key=str):
            if before.get(atom) != after.get(atom):
                self._see(thing, atom, before.get(atom), side, native or {})
                old = not self.tokens and self._known(thing, atom, before, after)
                old |= read is not None and read.get(atom) == after.get(atom)
                self.said.append(Said(thing, atom, after.get(atom), side, superseded=old, exposed=exposed))

    def _see(self, thing: str, atom: Atom, value: str | None, side: str, native: dict[str, Any]) -> None:
        """Somebody saw this value before writing another one, or none."""
        for one in self.said:
            if one.thing == thing and one.atom == atom and not one.superseded:
                one.superseded = self.saw(one, value, side, native)

    def _known(self, thing: str, atom: Atom, before: dict[Atom, Any], after: dict[Atom, Any]) -> bool:
        """Whether a value was there before, so that finding it says nothing of who wrote it."""
        was = self.values.setdefault((thing, atom), set())
        was |= {before.get(atom)} if before else set()
        known = after.get(atom) in was
        was.add(after.get(atom))
        return known

    def delete(self, thing: str, before: dict[Atom, Any], side: str = "", native: dict[str, Any] | None = None) -> None:
        """A user deleted a record that showed this."""
        self.deleted.add(thing)
        for one in self.said:
            if one.thing == thing and not one.superseded:
                seen = before.get(one.atom)
                one.superseded = self.saw(one, seen, side, native or {})
                sure = self.tokens or (one.value == seen and any(map(str.isdigit, one.value or "")))
                if one.superseded and not sure:
                    self.unsure.add(thing)

    def standing(self, thing: str) -> list[Said]:
        """What users wrote of it and nobody wrote over."""
        return [one for one in self.said if one.thing == thing and not one.superseded]
