"""Names what is wrong with a row between two sides, in a sentence that says what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.bound import Bound
from engine.canonical import dumps
from engine.contract import Field
from engine.proof.search import Found, kind_of
from engine.proof.trip import BLANKS, BROKEN, REFUSED, REWRITES, STUCK, UNFIT, Outcome, Passed

_TIMED = ("instant", "moment")


@dataclass(frozen=True)
class Trap:
    """One thing that is wrong."""

    name: str
    text: str
    path: tuple[str | int, ...] = ()
    passes: tuple[Passed, ...] = ()
    stops: bool = True
    """Whether a sync must not start with it: it can make duplicates, loops or lost values."""


def static(bound: Bound, row: str, a: str, b: str, two_way: bool) -> Trap | None:
    """What the types of the fields tell by themselves: days against times, where no lens says how."""
    model = bound.mapping.fields[row]
    if not two_way or model.lenses(a) or model.lenses(b):
        return None
    kinds = {side: _field(bound, row, side).type for side in (a, b)}
    day = next((side for side in (a, b) if kinds[side] == "date"), None)
    if len({_field(bound, row, side).means for side in (a, b)} - {""}) == 1 and "moment" not in kinds.values():
        return None  # of one meaning: the lens between them keeps the hour
    if day is None or not any(kinds[side] in _TIMED for side in (a, b)):
        return None
    timed = b if day == a else a
    date, time = _name(bound, row, day), _name(bound, row, timed)
    text = (
        f"row '{row}': '{date}' of {day} is a date without a time and '{time}' of {timed} has one; "
        "an edit of the day would take the time away, and another zone moves the day. "
        f"Write it one way (to: {day}), or say with a lens which time a date has"
    )
    return Trap("dates", text)


def told(bound: Bound, row: str, found: Found, a: str, b: str, two_way: bool) -> Trap:
    """The sentence for a value that failed."""
    outcome = found.faults[row]
    kinds = [_field(bound, row, side) for side in (a, b)]
    dumb = next((side for side in (a, b) if two_way and _reads_only(bound, row, side)), None)
    if dumb:
        other = b if dumb == a else a
        why = f"the lens of {dumb} only reads, so an edit on {other} could never arrive there"
        return Trap("one-way", f"row '{row}', {other} -> {dumb}: {why}. Write it one way (to: {other})")
    name, why, cure = _cause(outcome, kinds[0], kinds[1], a, b)
    if name in ("lost", "broken") and any(_is_table(bound, row, side) for side in (a, b)):
        name, why, cure = _GAP
    return Trap(name, f"row '{row}', {a} -> {b}: {why}{_shown(outcome)}. {cure}", passes=outcome.passes)


def _reads_only(bound: Bound, row: str, side: str) -> bool:
    """Whether the lens leaves what it finds, whatever it is given."""
    cell = bound.rows[row].cells[side]
    steps = getattr(cell.lens, "lenses", (cell.lens,))
    context = bound.context(side, {})
    with suppress(Exception):  # a lens that minds what it is given does something with it
        loose = [lens for lens in steps if getattr(lens, "klass", "") == "one-way"]
        return any(all(lens.put(given, old, context) == old for given, old in _PUT) for lens in loose)
    return False


def _is_table(bound: Bound, row: str, side: str) -> bool:
    lens = bound.rows[row].cells[side].lens
    return any(hasattr(step, "shows") for step in getattr(lens, "lenses", (lens,)))


_PUT = (("a", "b"), ("b", "a"), ("a", None))


def _cause(outcome: Outcome, source: Field, target: Field, a: str, b: str) -> tuple[str, str, str]:
    """Name of the trap, what happens, what to do."""
    one_way = f"Write it one way (to: {b}, or to: {a})"
    if outcome.kind in (REFUSED, UNFIT):
        return _misfit(outcome, source, target, a, b)
    if outcome.kind == BROKEN and "choice" in (source.type, target.type) and "cannot read" in outcome.says:
        return _GAP
    if outcome.kind == BROKEN:
        return "broken", f"the lens fails ({outcome.says})", "Mend the function that the row names with 'via'"
    if outcome.kind == BLANKS:
        if "choice" in (source.type, target.type):
            return _GAP
        return "lost", "a value arrives as nothing, which an edit would bring back as an empty field", one_way
    if outcome.kind == STUCK:
        return "lost", f"an edit on {a} does not arrive on {b}", f"Write it one way (to: {a}), or use a lens that puts"
    if outcome.kind == REWRITES and "choice" in (source.type, target.type):
        return _TABLE
    if outcome.kind == REWRITES:
        side = outcome.passes[0].side
        name, why = _texts(*_ends(outcome))
        more = f" ({why})" if why else ""
        cure = f"Let the lens of {side} keep the old value where it shows the same, or write it one way"
        return name, f"a value that nobody edited on {side} would be written again, changed{more}", cure
    if "choice" in (source.type, target.type) and source.type == target.type:
        return _TABLE
    return _walking(outcome, one_way)


_GAP = ("table", "a value is not in the table and does not arrive", "Add it to the table, or give a default")
_TABLE = (
    "table",
    "the table is not invertible: a choice comes back as another one",
    "Give each choice one word on both sides, or write it one way with 'to'",
)


def _walking(outcome: Outcome, one_way: str) -> tuple[str, str, str]:
    first, last = _ends(outcome)
    name, why = _texts(first, last)
    if name == "value" and _number(first) is not None and _number(last) is not None:
        cure = f"{one_way}, or round on both sides to the same digits"
        return "rounding", "the number is another one after each pass", cure
    cures = {
        "prefix": "Take it away again on the way back, or write the row one way with 'to'",
        "padding": "Trim on both sides (via: [trim]) or on none",
        "case": "Use the same lens for upper and lower case on both sides",
        "format": "Read and write the number in the same format on that side",
    }
    return name, why or "the value is another one after each pass", cures.get(name, one_way)


def _ends(outcome: Outcome) -> tuple[Any, Any]:
    """A value on one side, and what became of it there a pass later, where the two differ."""
    seen: dict[str, Any] = {}
    pairs = []
    for one in reversed(outcome.passes):
        value = next(iter(one.native.values()), None) if len(one.native) == 1 else dict(one.native)
        if one.side in seen and seen[one.side] != value:
            pairs.append((value, seen[one.side]))
        seen[one.side] = value
    if pairs:
        return pairs[0]
    return tuple(list(seen.values())[:2]) if len(seen) > 1 else (None, None)


def _texts(first: Any, last: Any) -> tuple[str, str]:
    """How one text became the other."""
    if not isinstance(first, str) or not isinstance(last, str):
        return "value", ""
    if first.strip() == last.strip():
        return "padding", "one side trims what the other pads"
    if first.casefold() == last.casefold():
        return "case", "one side changes upper and lower case, and the other changes it back"
    if len(last) > len(first) and (last.endswith(first) or last.startswith(first)):
        front = last.endswith(first)
        added = last[: -len(first)] if front and first else last[len(first) :]
        place = "in front" if front else "at the end"
        return "prefix", f"each pass adds {dumps(added)} {place}"
    if _number(first) is not None or _number(last) is not None:
        return "format", "a number is read in another format than it is written in"
    return "value", ""


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(str(value).replace(",", ""))
    except ValueError:
        return None


def _misfit(outcome: Outcome, source: Field, target: Field, a: str, b: str) -> tuple[str, str, str]:
    says = outcome.says.rstrip(".")
    if " at most" in says and outcome.kind == UNFIT:
        return "length", f"a value is too long ({says})", f"Add the lens {{clip: {target.max_length}}} to {b}"
    if {source.type, target.type} == {"choice"} or source.type == "choice":
        return "table", f"a choice of {a} is none on {b} ({says})", "Add it to the table, or give a default"
    if kind_of(source) != kind_of(target):
        why = f"a {source.type} does not fit into a {target.type} ({says})"
        return "types", why, "Map another field, or add a lens that makes one of the other"
    return "types", f"{b} would not take it ({says})", "Add a lens that makes what it takes"


def _shown(outcome: Outcome) -> str:
    """The value on its way: `hubspot "a" -> google "Mr a" -> ...`."""
    if not outcome.passes:
        return ""
    steps = [f"{one.side} {_brief(one.native)}" for one in outcome.passes]
    return f": {' -> '.join(steps)}"


def _brief(native: Mapping[str, Any]) -> str:
    value = next(iter(native.values())) if len(native) == 1 else dict(native)
    text = "nothing" if value is None else dumps(value)
    return (
        text
        if len(text) <= 60
        else f"{text[:50]}... ({len(value) if isinstance(value, str) else len(text)} characters)"
    )


def _field(bound: Bound, row: str, side: str) -> Field:
    return bound.sides[side].schema.fields[bound.rows[row].cells[side].name]


def _name(bound: Bound, row: str, side: str) -> str:
    return bound.rows[row].cells[side].name
