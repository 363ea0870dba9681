"""What the users of a history did, write by write: the oracle judges by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound
from engine.canonical import dumps
from syncline.rehearsal.setting import CLIP

Atom = tuple[str, str | None]


def plain(value: Any) -> str | None:
    """A value as all apps can show it: without case, cut short, rounded."""
    if value in (None, "", [], {}):
        return None
    if isinstance(value, float):
        return str(round(value))
    text = value if isinstance(value, str) else dumps(value)
    return text.casefold()[:CLIP] if isinstance(value, str) else text.casefold()


def shown(bound: Bound, side: str, native: dict[str, Any]) -> dict[Atom, str | None]:
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


@dataclass
class Story:
    """All of it."""

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

    def write(self, thing: str, side: str, before: dict[Atom, Any], after: dict[Atom, Any], exposed: str = "") -> None:
        """A user changed a record from what was shown before."""
        for atom in sorted({*before, *after}, key=str):
            if before.get(atom) != after.get(atom):
                self.see(thing, atom, before.get(atom))
                self.said.append(Said(thing, atom, after.get(atom), side, exposed=exposed))

    def see(self, thing: str, atom: Atom, value: str | None) -> None:
        """Somebody saw this value before writing another one, or none."""
        for one in self.said:
            if (one.thing, one.atom, one.value) == (thing, atom, value):
                one.superseded = True

    def delete(self, thing: str, before: dict[Atom, Any]) -> None:
        """A user deleted a record that showed this."""
        self.deleted.add(thing)
        for one in self.said:
            if one.thing == thing and before.get(one.atom) == one.value:
                one.superseded = True

    def standing(self, thing: str) -> list[Said]:
        """What users wrote of it and nobody wrote over."""
        return [one for one in self.said if one.thing == thing and not one.superseded]
