"""A whole mapping proposed from what the sides are: its rows with a reason each, and what is left out with why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.propose import keys, likeness, meanings
from engine.propose.draft import Draft, Left, Sides
from engine.propose.meant import Meant, kind_of, meant
from engine.propose.settle import bare, findings, settled, writers
from engine.propose.vocabulary import Vocabulary
from engine.row import OPTIONS
from engine.similar import suggested

__all__ = ["Proposal", "propose"]


@dataclass(frozen=True)
class Proposal:
    """What is written into the file of a mapping."""

    kind: str
    """Of the vocabulary; empty where no entry is common."""
    sides: Sides
    rows: Sequence[Draft]
    doubtful: Sequence[Draft] = ()
    left: Sequence[Left] = ()
    match: Sequence[keys.Rule] = ()
    similar: Mapping[str, float] | None = None
    creates: Sequence[str] | None = None
    """The only sides where records may be created; None: all."""
    warnings: Sequence[str] = ()

    def doc(self, name: str) -> dict[str, Any]:
        """The mapping as a document."""
        found: dict[str, Any] = {**bare(self.sides, self.rows), "name": name, "about": self.about}
        found["match"] = [list(rule) for rule in self.match]
        if self.similar:
            found["similar"] = dict(self.similar)
        if self.creates is not None:
            found["creates"] = {"to": list(self.creates)} if self.creates else "never"
        if self.conflicts != "newest":
            found["conflicts"] = self.conflicts
        return found

    @property
    def conflicts(self) -> str:
        """Which of two edits can stay: the newest where every side tells when; else that of the one side that does."""
        dated = [side for side, seen in self.sides.items() if seen.dated]
        if len(dated) == len(self.sides):
            return "newest"
        return dated[0] if len(dated) == 1 else "ask"

    @property
    def about(self) -> str:
        """In a sentence."""
        places = " and ".join(f"{seen.app} {seen.object}" for seen in self.sides.values())
        return f"Keeps {places} the same."


def propose(sides: Sides, vocabulary: Vocabulary) -> Proposal:
    """The mapping of two sides or more; it passes the proof. One without rows has nothing in common."""
    kind = kind_of(sides, vocabulary)
    said = meant(sides, vocabulary, kind) if kind else Meant({side: {} for side in sides})
    drafts, left = meanings.rows(sides, said, vocabulary, kind)
    taken = {place for row in drafts for place in row.uses()} | {(one.side, one.native) for one in left}
    drafts += likeness.by_name(sides, taken)
    taken |= {place for row in drafts for place in row.uses()}
    rows, doubtful = settled(sides, _named_apart([*drafts, *likeness.doubtful(sides, taken)]))
    required = list(_required(sides, rows))
    doubtful += [_constant(sides, side, native) for side, native in required]
    found = Proposal(kind, sides, rows, _named_apart(doubtful, {row.name for row in rows}))
    found = replace(found, left=[*left, *_rest(found, left)], creates=_creates(sides, required))
    return _keyed(replace(found, warnings=list(_warnings(found, required))))


def _named_apart(rows: Sequence[Draft], taken: set[str] | None = None) -> list[Draft]:
    """With a name of its own for each; the words of the file format are no names."""
    used = {*OPTIONS, *(taken or ())}
    found = []
    for row in rows:
        name, number = row.name, 2
        while name in used:
            name, number = f"{row.name}_{number}", number + 1
        used.add(name)
        found.append(replace(row, name=name))
    return found


def _keyed(found: Proposal) -> Proposal:
    """With the match rules that pass the proof."""
    match = keys.rules(found.sides, found.kind, found.rows)
    named = {row.name: row.means for row in found.rows}
    found = replace(found, match=match, similar=suggested(found.kind, named) if found.kind else None)
    if not found.rows:
        return found
    wrong = {one.path[1] for one in findings(found.sides, found.doc("proposal")) if one.path[:1] == ("match",)}
    match = [rule for number, rule in enumerate(match) if number not in wrong]
    if match:
        return replace(found, match=match)
    told = (
        "No row tells records apart, so nothing is matched: what both sides have already would be doubled. Add 'match'."
    )
    return replace(found, match=[], warnings=[*found.warnings, told])


def _required(sides: Sides, rows: Sequence[Draft]) -> Iterator[tuple[str, str]]:
    """(side, native field) that an app wants and no row gives."""
    filled = {
        (side, name)
        for row in rows
        for side in (writers(sides, row) if row.to is None else row.to)
        for name in row.sides[side]
    }
    for side, seen in sides.items():
        for native, item in seen.fields.items():
            if item.required and item.writable and (side, native) not in filled:
                yield side, native


def _creates(sides: Sides, required: Sequence[tuple[str, str]]) -> list[str] | None:
    barred = {side for side, _ in required}
    return [side for side in sides if side not in barred] if barred else None


def _constant(sides: Sides, side: str, native: str) -> Draft:
    """The row that would fill a required field, with a value to be put in."""
    item, other = sides[side].fields[native], next(one for one in sides if one != side)
    value = next(iter(item.choices), "VALUE") if item.choices else "VALUE"
    cells = {other: (next(iter(sides[other].fields)),), side: (native,)}
    why = f"{side} wants it for new records: put the right value in, and take 'creates' away"
    return Draft(native, cells, "", via={side: [{"constant": value}]}, to=(side,), doubt=why)


def _warnings(found: Proposal, required: Sequence[tuple[str, str]]) -> Iterator[str]:
    for side, native in required:
        yield (
            f"{side} wants '{native}' for new records and no row fills it, so nothing is created there (creates). "
            f"Write a row for it, or take the line with the constant, and take 'creates' away."
        )
    for row in found.rows:
        for side, names in row.sides.items():
            if found.sides[side].fields[names[0]].type == "ref" and (row.to is None or side in row.to):
                refers = found.sides[side].fields[names[0]].refers or "the other records"
                yield f"Row '{row.name}' refers to {refers} of {side}: it waits until a sync keeps those, too."


def _rest(found: Proposal, left: Sequence[Left]) -> Iterator[Left]:
    """Fields that are nowhere, each with why."""
    used = {place for row in (*found.rows, *found.doubtful) for place in row.uses()}
    used |= {(one.side, one.native) for one in left}
    for side, seen in found.sides.items():
        for native, item in seen.fields.items():
            if (side, native) in used:
                continue
            if not item.writable:
                yield Left(side, native, "can only be read, and the others have nothing like it")
            else:
                what = f" ({item.means})" if item.means else ""
                yield Left(side, native, f"the others have nothing like it{what}")
