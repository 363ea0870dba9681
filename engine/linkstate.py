"""A link at work: its agreed values and its copies, as the merge and the plan handle them.

Values are held per *atom*: a scalar row, or one key of a list row. None stands for empty and for an absent key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound, Row
from engine.canonical import same

Atom = tuple[str, str | None]
UNDO = "undo"
"""Where a value is from that an undo gave back, instead of a side."""


def peek(doc: dict[str, Any], atom: Atom, default: Any = None) -> Any:
    """The value of an atom in a `{row: value}` or `{row: {key: value}}` document."""
    row, key = atom
    if key is None:
        return doc.get(row, default)
    return (doc.get(row) or {}).get(key, default)


def poke(doc: dict[str, Any], atom: Atom, value: Any) -> None:
    """Sets the value of an atom."""
    row, key = atom
    if key is None:
        doc[row] = value
    else:
        doc.setdefault(row, {})[key] = value


def drop(doc: dict[str, Any], atom: Atom) -> None:
    """Takes an atom out."""
    row, key = atom
    if key is None:
        doc.pop(row, None)
    elif row in doc:
        doc[row].pop(key, None)
        if not doc[row]:
            del doc[row]


def label(atom: Atom) -> str:
    """`title`, or `people/ann@example.com`."""
    return atom[0] if atom[1] is None else f"{atom[0]}/{atom[1]}"


@dataclass
class Copy:
    """A link's record on one side."""

    side: str
    id: str
    native: dict[str, Any] | None
    """Mapped native fields as last read; None when the record is gone or missing."""
    version: str | None = None
    synced: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    """Only atoms whose agreed value this side has not been given; the value it last settled with."""
    changed_at: str | None = None
    changed_by: str | None = None
    """Who changed it last, where the app tells."""
    present: str = "yes"
    ours: bool = False
    """Created by this sync."""
    excluded: str | None = None
    """Why it takes no part."""
    former: str | None = None
    """Versions it had before."""
    digest: str | None = None
    """Of the fields as last read."""


@dataclass
class LinkState:
    """One thing across the sides."""

    id: str
    agreed: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)
    """Label -> [side, changed_at], or what an undo left: see engine/undo/marks.py."""
    copies: dict[str, Copy] = field(default_factory=dict)
    rev: int = 0
    barred: set[str] = field(default_factory=set)
    """Sides that hold a record like it which the filter keeps out."""
    doubted: dict[str, str] = field(default_factory=dict)
    """Sides with a record that may be the same, and why nobody can tell yet."""
    untold: dict[str, dict[str, str]] = field(default_factory=dict)
    """Side -> row that it shows a new value of which nobody can tell yet -> why."""
    parted: dict[str, Copy] = field(default_factory=dict)
    """Copies on sides that the mapping does not have now: what is agreed meanwhile is due there later."""
    again: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Sides where the record is made again whatever the mapping says, and what it was there: its deletion is undone."""

    def image(self, atom: Atom, side: str) -> dict[str, Any]:
        """`{"native": value}` where an undo gives the side exactly that: a field, or one entry (None: no entry)."""
        origin = self.origin.get(label(atom)) or []
        found: dict[str, Any] = origin[2].get(side, {}) if len(origin) > 2 else {}
        return found

    def part(self, names: Collection[str]) -> None:
        """Leaves only the copies on these sides, those that the mapping has, to take part."""
        self.parted = {side: copy for side, copy in self.copies.items() if side not in names}
        self.copies = {side: copy for side, copy in self.copies.items() if side in names}

    def kept_apart(self) -> bool:
        """Whether a side that the mapping does not have now still has the record."""
        return any(copy.present != "gone" for copy in self.parted.values())

    def readable(self) -> dict[str, Copy]:
        """The copies that can be looked at."""
        return {side: copy for side, copy in self.copies.items() if copy.native is not None}

    def moved(self, bound: Bound, side: str) -> Iterator[Atom]:
        """Atoms whose agreed value the side has not been given and should be."""
        for row, value in self.copies[side].base.items():
            known = bound.rows.get(row)
            if known is not None and side in known.targets and side in known.cells:
                yield from ((row, key) for key in value) if known.many else ((row, None),)

    def agree(self, atom: Atom, value: Any) -> None:
        """Makes `value` the agreed one; sides that settled with the former value remember it."""
        before = peek(self.agreed, atom)
        if same(before, value):
            return
        for copy in (*self.copies.values(), *self.parted.values()):
            if peek(copy.base, atom, ...) is ...:
                poke(copy.base, atom, before)
        if value is None and atom[1] is not None:
            drop(self.agreed, atom)
        else:
            poke(self.agreed, atom, value)

    def settle(self, bound: Bound, side: str, atom: Atom) -> None:
        """The side's present native value of the atom is dealt with."""
        copy = self.copies[side]
        image = bound.image(side, atom[0], copy.native or {})
        if atom[1] is None:
            copy.synced[atom[0]] = image
        elif atom[1] in image:
            poke(copy.synced, atom, image[atom[1]])
        else:
            copy.synced.setdefault(atom[0], {}).pop(atom[1], None)

    def given(self, side: str, atom: Atom, value: Any) -> None:
        """The side has `value` now: nothing is due when that is the agreed one."""
        if same(value, peek(self.agreed, atom)):
            drop(self.copies[side].base, atom)
        else:
            poke(self.copies[side].base, atom, value)

    def join(self, bound: Bound, copy: Copy) -> None:
        """Adds a copy that has never settled: it has been given nothing yet."""
        self.copies[copy.side] = copy
        for row, value in self.agreed.items():
            if value is None or row not in bound.rows:
                continue
            for key in value if bound.rows[row].many else (None,):
                poke(copy.base, (row, key), None)


def atoms(row: Row, docs: list[dict[str, Any]]) -> list[Atom]:
    """The atoms of a row that occur in any of the documents, in a stable order."""
    if not row.many:
        return [(row.name, None)]
    return [(row.name, key) for key in sorted({key for doc in docs for key in doc.get(row.name) or {}})]
