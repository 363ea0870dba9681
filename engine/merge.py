"""The merge of one link, field by field, over any number of sides. Pure.

Per side, observed against synced tells what changed there. No side: keep; one: take; several alike: take; several
that differ: policy.
A value agreed but not yet delivered to a side conflicts with a new edit there (the *moved* rule): without it, updates
are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound, Row
from engine.canonical import digest, same
from engine.events import Event
from engine.lens import Refusal, Unread
from engine.linkstate import Atom, LinkState, atoms, label, peek
from engine.untold import untold


@dataclass(frozen=True)
class Decision:
    """A value that became the agreed one, or (event LOST) that gave way."""

    event: Event
    atom: Atom
    before: Any
    after: Any
    side: str | None
    rule: str


@dataclass(frozen=True)
class Conflict:
    """The same atom, changed to different values, waiting for a person."""

    atom: Atom
    values: dict[str, Any]
    times: dict[str, str | None]
    authors: dict[str, str | None]
    """Who changed the record last on each side, where the app tells."""
    agreed: Any

    @property
    def digest(self) -> str:
        return digest([label(self.atom), self.values, self.agreed])


@dataclass
class Merged:
    """What a merge decided; the link state itself is updated in place."""

    decisions: list[Decision] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    edited: set[str] = field(default_factory=set)
    """Sides where something had changed."""

    def blocked(self) -> set[Atom]:
        return {conflict.atom for conflict in self.conflicts}


@dataclass(frozen=True)
class _Candidate:
    side: str | None
    """None: the present agreed value, not yet delivered to a side that changed."""
    value: Any
    at: str | None


def merge(bound: Bound, link: LinkState, answers: dict[Atom, tuple[str, dict[str, Any]]]) -> Merged:
    """Merges all atoms of the link. `answers` maps an atom to (conflict digest, what a person said of it)."""
    merged = Merged()
    copies = link.readable()
    for copy in copies.values():
        if not copy.synced and not copy.base:  # it has never settled: it has been given nothing yet
            link.join(bound, copy)
    now = {side: bound.get(side, copy.native or {}) for side, copy in copies.items()}
    was = {side: _was(bound, link, side, now[side]) for side in copies}
    link.untold = {side: untold(bound, copy, now[side]) for side, copy in copies.items()}
    for row in bound.rows.values():
        for atom in atoms(row, [link.agreed, *now.values(), *was.values()]):
            _merge_atom(bound, link, row, atom, now, was, answers, merged)
    moved = {label(atom) for side in link.copies for atom in link.moved(bound, side)}
    link.origin = {name: value for name, value in link.origin.items() if name in moved}
    return merged


def _was(bound: Bound, link: LinkState, side: str, now: dict[str, Any]) -> dict[str, Any]:
    copy = link.copies[side]
    was = {}
    for row, value in now.items():
        image = copy.synced.get(row)
        if image is not None:
            current = bound.image(side, row, copy.native or {})
            was[row] = value if same(image, current) else _shown(bound, side, row, image)
    return was


def _shown(bound: Bound, side: str, row: str, image: Any) -> Any:
    try:
        return bound.shown(side, row, image)
    except Unread:  # it referred to what is not linked any more: whatever is there now is something else
        return {"unread": image}


def _merge_atom(
    bound: Bound, link: LinkState, row: Row, atom: Atom, now: Any, was: Any, answers: Any, merged: Merged
) -> None:
    changed = {}
    for side, doc in now.items():
        if row.name not in doc or same(peek(doc, atom), peek(was[side], atom)):
            continue
        if side not in row.sources:
            link.settle(bound, side, atom)
        elif same(peek(doc, atom), peek(link.agreed, atom)) or _shows(bound, link, side, atom, peek(doc, atom)):
            link.settle(bound, side, atom)
            link.given(side, atom, peek(link.agreed, atom))
        else:
            changed[side] = peek(doc, atom)
    if not changed:
        return
    merged.edited |= set(changed)
    candidates = _candidates(bound, link, atom, changed, was)
    if len({digest(candidate.value) for candidate in candidates}) == 1:
        winner, rule = candidates[0], "edited" if peek(was.get(candidates[0].side or "", {}), atom) else "filled"
    else:
        times = {side: link.copies[side].changed_at for side in changed}
        authors = {side: link.copies[side].changed_by for side in changed}
        conflict = Conflict(atom, changed, times, authors, peek(link.agreed, atom))
        answer = answers.get(atom)
        if answer is not None and answer[0] == conflict.digest and answer[1].get("skip"):
            for side in changed:  # a person leaves the sides as they are, until the next edit
                link.settle(bound, side, atom)
                link.given(side, atom, peek(link.agreed, atom))
            return
        picked = _pick(row, candidates, conflict, answer, link, tuple(bound.names))
        if picked is None:
            merged.conflicts.append(conflict)
            return
        winner, rule = picked
    _take(bound, link, atom, winner, rule, changed, candidates, merged)


def _candidates(bound: Bound, link: LinkState, atom: Atom, changed: dict[str, Any], was: Any) -> list[_Candidate]:
    """The values in question, without those that are only a poorer spelling of another one.

    What is agreed is one of them where a side that changed was not given it: somebody's edit, or what was there before
    that side joined. What is due for another mapping only (nobody edited it, and the side had it) gives way: see
    `remap`, which leaves no former value. Where an edit is from may be forgotten, while its row rests, say.
    """
    found = [_Candidate(side, value, link.copies[side].changed_at) for side, value in changed.items()]
    owed = {side: base for side in changed if (base := peek(link.copies[side].base, atom, ...)) is not ...}
    edited = label(atom) in link.origin or any(base is not None for base in owed.values())
    if owed and (edited or any(peek(was[side], atom) is None for side in owed)):
        held = [copy.changed_at for side, copy in link.copies.items() if side not in changed and copy.changed_at]
        origin = link.origin.get(label(atom)) or [None, max(held, default=None)]
        agreed = peek(link.agreed, atom)
        if agreed is not None or origin[0] is not None:
            found.append(_Candidate(None, agreed, origin[1]))
    poorer = set()
    for mine in found:
        for other in found:
            if mine.side is None or other is mine or other.side in poorer or same(mine.value, other.value):
                continue
            if other.value is not None and _shows(bound, link, mine.side, atom, mine.value, other.value):
                poorer.add(mine.side)
    return [candidate for candidate in found if candidate.side is None or candidate.side not in poorer]


def _shows(bound: Bound, link: LinkState, side: str, atom: Atom, value: Any, given: Any = ...) -> bool:
    """Whether `value` is all that the side can show of `given` (default: the agreed value)."""
    row, key = atom
    given = peek(link.agreed, atom) if given is ... else given
    if given is None or side not in bound.rows[row].targets:
        return False
    native = link.copies[side].native or {}
    try:
        shown = bound.view(side, row, given if key is None else {key: given}, link.agreed, native)
    except Refusal:
        return False
    return same(shown if key is None else shown.get(key), value)


def _pick(
    row: Row,
    candidates: list[_Candidate],
    conflict: Conflict,
    answer: Any,
    link: LinkState,
    order: tuple[str, ...],
) -> tuple[_Candidate, str] | None:
    if answer is not None and answer[0] == conflict.digest:
        if "value" in answer[1]:
            return _Candidate(None, answer[1]["value"], None), "a person's answer"
        side = answer[1].get("take")
        chosen = next((c for c in candidates if c.side == side), None)
        value = conflict.values.get(str(side), conflict.agreed)
        return chosen or _Candidate(None, value, None), f"a person took {side}"
    if row.conflicts == "ask":
        return None
    for candidate in candidates:
        settled = candidate.side is None and row.conflicts in link.copies and row.conflicts not in conflict.values
        if candidate.side == row.conflicts or settled:
            return candidate, f"conflict: {row.conflicts} wins"
    rank = {side: -place for place, side in enumerate(order)}
    newest = max(candidates, key=lambda c: (c.at or "", rank.get(c.side or "", -len(order))))
    return newest, f"conflict: the newest wins ({newest.side or 'agreed before'} at {newest.at or 'an unknown time'})"


def _take(
    bound: Bound,
    link: LinkState,
    atom: Atom,
    winner: _Candidate,
    rule: str,
    changed: dict[str, Any],
    candidates: list[_Candidate],
    merged: Merged,
) -> None:
    before, origin = peek(link.agreed, atom), link.origin.get(label(atom))
    link.agree(atom, winner.value)
    if not same(before, winner.value):
        merged.decisions.append(Decision(Event.AGREED, atom, before, winner.value, winner.side, rule))
        link.origin[label(atom)] = [winner.side, winner.at]
    for side, value in changed.items():
        link.settle(bound, side, atom)
        if same(value, winner.value) or _shows(bound, link, side, atom, value, winner.value):
            link.given(side, atom, winner.value)
        else:
            link.given(side, atom, value)
            merged.decisions.append(Decision(Event.LOST, atom, value, winner.value, side, rule))
    for other in candidates:
        if other.side is None and not same(other.value, winner.value):
            side = (origin or [None])[0]
            merged.decisions.append(Decision(Event.LOST, atom, other.value, winner.value, side, rule))
    for side in link.copies:
        if side not in changed and (base := peek(link.copies[side].base, atom, ...)) is not ...:
            link.given(side, atom, base)
