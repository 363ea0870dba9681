"""One value on its way round two sides: a shows it, b is given it, b shows it, a is given it, and once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.bound import Bound
from engine.canonical import same
from engine.lens import Refusal
from engine.proof.keep import Unfit, kept

Native = dict[str, Any]
Shown = dict[str, Any]
"""Row -> shared value."""
EXACT, STABLE = "exact", "stable"
REFUSED, UNFIT, BROKEN, BLANKS, WALKS, FLIPS, REWRITES, STUCK = (
    "refused", "unfit", "broken", "blanks", "walks", "flips", "rewrites", "stuck",
)  # fmt: skip
FAULTS = (BROKEN, BLANKS, WALKS, FLIPS, REWRITES, STUCK)
"""Outcomes that make a pair unstable by themselves."""


@dataclass(frozen=True)
class Passed:
    """What a row's fields hold on one side at one moment of the way."""

    side: str
    native: Native


@dataclass(frozen=True)
class Outcome:
    """What became of one value of a row."""

    kind: str
    """EXACT, STABLE, or what went wrong."""
    passes: tuple[Passed, ...] = ()
    says: str = ""
    """What the lens or the app says, where it refuses."""


@dataclass(frozen=True)
class Road:
    """The rows that travel together from `a` to `b`; `back`: those that also come back."""

    bound: Bound
    a: str
    b: str
    rows: tuple[str, ...]
    back: tuple[str, ...]

    def own(self, row: str, side: str, native: Mapping[str, Any]) -> Native:
        """The fields of a row."""
        return {name: native.get(name) for name in self.bound.rows[row].cells[side].names}

    def shown(self, side: str, native: Mapping[str, Any]) -> Shown:
        """What the side says; rows that have no cell there are left out."""
        found = self.bound.get(side, native)
        return {row: found[row] for row in self.rows if row in found}

    def given(self, side: str, shown: Shown, old: Native) -> Native:
        """The record once the side was given this; raises Refusal and Unfit, with the row."""
        rows = self.rows if side == self.b else self.back
        fields, _ = self.bound.put(side, shown, old, rows)
        return {**old, **{name: self._kept(side, name, value) for name, value in fields.items()}}

    def _kept(self, side: str, name: str, value: Any) -> Any:
        item = self.bound.sides[side].schema.fields[name]
        try:
            return kept(item, value)
        except Unfit as error:
            found = Unfit(f"{name} of {side} {error}")
            found.row = next(row for row in self.rows if name in self.bound.rows[row].cells[side].names)
            raise found from None


@dataclass
class Trip:
    """All that is seen on the way of one record."""

    road: Road
    start: Native
    natives: list[tuple[str, Native]] = field(default_factory=list)
    views: list[Shown] = field(default_factory=list)

    def go(self, turns: int) -> None:
        """`a` as it is, then so many times the other side is given what this one shows."""
        self._arrive(self.road.a, self.start)
        held: dict[str, Native] = {self.road.a: self.start, self.road.b: {}}
        for turn in range(turns):
            side = self.road.a if turn % 2 else self.road.b
            held[side] = self.road.given(side, self.views[-1], held[side])
            self._arrive(side, held[side])

    def _arrive(self, side: str, native: Native) -> None:
        self.natives.append((side, native))
        self.views.append(self.road.shown(side, native))

    def passes(self, row: str) -> tuple[Passed, ...]:
        """What the row's fields held, pass by pass."""
        return tuple(Passed(side, self.road.own(row, side, native)) for side, native in self.natives)


def travel(road: Road, start: Native) -> dict[str, Outcome]:
    """What becomes of each row of a record that begins its way on `a`."""
    trip = Trip(road, start)
    try:
        trip.go(4 if road.back else 1)
    except (Refusal, Unfit) as error:
        return _stopped(trip, error)
    except Exception as error:  # noqa: BLE001 - whatever a lens raises, people are told with which value
        if type(error).__name__ in ("Unread", "Waits"):  # a reference to a record that nobody knows yet
            return {}
        said = f"{type(error).__name__}: {error}"
        return {row: Outcome(BROKEN, trip.passes(row), said) for row in road.rows}
    return {row: _judged(trip, row) for row in road.rows if row in trip.views[0] or not spells(road, row, road.a)}


def spells(road: Road, row: str, side: str) -> bool:
    """Whether the side has texts that are read as something else; one that is not spelled so stays where it is."""
    lens = road.bound.rows[row].cells[side].lens
    return any(hasattr(step, "spelling") for step in getattr(lens, "lenses", (lens,)))


def _stopped(trip: Trip, error: Refusal | Unfit) -> dict[str, Outcome]:
    kind = UNFIT if isinstance(error, Unfit) else REFUSED
    rows = [error.row] if error.row in trip.road.rows else trip.road.rows
    return {row: Outcome(kind, trip.passes(row), str(error)) for row in rows}


def _judged(trip: Trip, row: str) -> Outcome:
    road, views = trip.road, [view.get(row) for view in trip.views]
    passes = trip.passes(row)
    unread = next((at for at, view in enumerate(trip.views) if row not in view), None)
    if unread is not None:
        return Outcome(BROKEN, passes[: unread + 1], f"it cannot read what {passes[unread].side} holds")
    cell = road.bound.rows[row].cells[road.a]
    if row in road.back and not cell.part and _substance(passes[0].native) and _empty(views[0]):
        return Outcome(BLANKS, passes[:2])
    if not _empty(views[0]) and _empty(views[1]):
        return Outcome(BLANKS, passes[: 3 if row in road.back else 2])
    if row not in road.back:
        return Outcome(EXACT if same(views[0], views[1]) else STABLE, passes)
    return _round(trip, row, views, passes)


def _round(trip: Trip, row: str, views: list[Any], passes: tuple[Passed, ...]) -> Outcome:
    natives = [_even(one.native) for one in passes]
    cells = trip.road.bound.rows[row].cells.values()
    steps = [step for cell in cells for step in getattr(cell.lens, "lenses", (cell.lens,))]
    meant = any(getattr(step, "converts", False) for step in steps)  # another currency is no flip
    settled = same(natives[3], natives[1]) and same(views[3], views[1])
    if not same(natives[4], natives[2]) or not (settled or meant):  # half a cent is rounded on its first way back
        return Outcome(WALKS, passes)
    part_of = isinstance(views[2], dict) and same(
        natives[2], natives[0]
    )  # nor is an amount whose currency one side knows
    if not same(views[2], views[1]) and not meant and not part_of:
        return Outcome(FLIPS, passes)
    for at in (0, 1):
        side, native = trip.natives[at]
        again = rewritten(trip.road, row, side, native)
        if again is not None:
            return Outcome(REWRITES, (passes[at], Passed(side, again)))
    return Outcome(EXACT if same(views[0], views[1]) and same(natives[0], natives[2]) else STABLE, passes)


def rewritten(road: Road, row: str, side: str, native: Native) -> Native | None:
    """What a write of the very value that the side shows would make of its fields; None where it leaves them."""
    if len(road.rows) > 1 or road.bound.rows[row].cells[side].part:
        return None
    fields, _ = road.bound.put(side, road.shown(side, native), native, [row])
    own = road.own(row, side, native)
    again = {name: value for name, value in fields.items() if name in own}
    if same(own, again) or all(
        _empty(value) for value in own.values()
    ):  # an empty field may be filled by what it means
        return None
    return None if same(_even(_bare(own)), _even(_bare(again))) else again


def edited(road: Road, row: str, former: Native, start: Native) -> Outcome | None:
    """An edit on `a`, from one value to another, must arrive on `b` as it would in a new record; None where it does."""
    try:
        settled, fresh = Trip(road, former), Trip(road, start)
        settled.go(1)
        fresh.go(1)
        after = road.given(road.b, fresh.views[0], settled.natives[1][1])
        shown = road.shown(road.b, after).get(row)
    except Exception:  # noqa: BLE001 - what one value meets alone is found with that value
        return None
    if row not in fresh.views[0] or row not in settled.views[0]:
        return None
    was, wanted = settled.views[1].get(row), fresh.views[1].get(row)
    if same(shown, wanted) or not same(shown, was):
        return None
    return Outcome(STUCK, (*settled.passes(row), *fresh.passes(row)[:1], Passed(road.b, road.own(row, road.b, after))))


def _even(value: Any) -> Any:
    """With 1.0 as 1: the same number."""
    if isinstance(value, Mapping):
        return {key: _even(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_even(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _bare(own: Native) -> Native:
    return {name: value for name, value in own.items() if not _empty(value)}


def _empty(shown: Any) -> bool:
    return shown is None or shown in ("", [], {})


def _substance(native: Mapping[str, Any]) -> bool:
    """Whether there is something in it that a person would miss."""
    return any(_holds(value) for value in native.values())


def _holds(value: Any) -> bool:
    """A list may hold what its lens does not look for: an entry under another label."""
    if isinstance(value, str):
        return any(char.isalnum() for char in value)
    return isinstance(value, bool | int | float)
