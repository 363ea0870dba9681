"""Brakes: what a run may do at once. Each limits one kind of change on one side, or in one row of it. Pure.

A tripped brake freezes only its kind and side; one of a row, or of blanked values, only that row of the records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.canonical import digest
from engine.contract import Op
from engine.limit import Limit
from engine.mapping import Brakes
from engine.plan import Change

RowsOf = Callable[[str, str], list[str]]
"""Of a side and a native field: the rows that live there."""
KINDS = {Op.CREATE: "creates", Op.UPDATE: "updates", Op.DELETE: "deletes"}


class Key(NamedTuple):
    """What one brake counts."""

    kind: str
    """deletes | updates | creates | blanked."""
    side: str
    row: str | None
    """None: whole records."""


@dataclass(frozen=True)
class Piece:
    """A change, or the part of it that writes some native fields."""

    change: Change
    fields: frozenset[str] | None = None

    @property
    def items(self) -> frozenset[str]:
        """What a person approves or rejects: these values in this record."""
        change = self.change
        if change.op is not Op.UPDATE:
            return frozenset([digest([change.link, change.side, change.op, change.data])])
        names = change.data if self.fields is None else self.fields
        return frozenset(digest([change.link, change.side, change.op, name, change.data[name]]) for name in names)


@dataclass(frozen=True)
class Former:
    """A list that was stopped before: it waits for a person, even where it has become shorter since."""

    key: Key
    count: int
    items: frozenset[str]


@dataclass(frozen=True)
class Tripped:
    """More of a kind than the brake allows."""

    key: Key
    count: int
    """Records, with those that were released and those written earlier in the run."""
    allowed: int
    total: int
    pieces: tuple[Piece, ...]
    """What is stopped."""

    @property
    def items(self) -> list[str]:
        return sorted(frozenset().union(*(piece.items for piece in self.pieces)))

    @property
    def reason(self) -> str:
        kind, side, row = self.key
        what = f"{self.count} {kind} on {side}" if row is None else f"{self.count} updates of {row} on {side}"
        if kind == "blanked":
            what = f"{self.count} records on {side} losing their {row},"
        earlier = self.count - len({piece.change.link for piece in self.pieces})
        more = f" ({earlier} of them released or done before)" if earlier else ""
        return f"{what} of {self.total} linked records{more}; the brake allows {self.allowed}"


def judge(
    brakes: Brakes,
    rows_of: RowsOf,
    changes: Iterable[Change],
    written: Iterable[Change],
    totals: Mapping[str, int],
    approved: frozenset[str],
    former: Sequence[Former],
) -> list[Tripped]:
    """The brakes that a plan trips, over what the run has already `written`. `totals` are the linked records per side.

    What a person has approved is counted, and never stopped.
    """
    groups: dict[Key, list[Piece]] = defaultdict(list)
    for change in changes:
        for key, piece in classes(brakes, rows_of, change):
            groups[key].append(piece)
    before: dict[Key, set[str]] = defaultdict(set)
    for change in written:
        for key, _ in classes(brakes, rows_of, change):
            before[key].add(change.link)
    tripped = []
    for key, pieces in groups.items():
        new = tuple(piece for piece in pieces if not approved.issuperset(piece.items))
        total, links = totals.get(key.side, 0), {piece.change.link for piece in pieces} | before[key]
        items = frozenset().union(*(piece.items for piece in new))
        count = max([len(links), *(one.count for one in former if one.key == key and items & one.items)])
        allowed = _limit(brakes, key).of(total)
        if new and count > allowed:
            tripped.append(Tripped(key, count, allowed, total, new))
    return tripped


def classes(brakes: Brakes, rows_of: RowsOf, change: Change) -> Iterator[tuple[Key, Piece]]:
    """The brakes that count a change, each with the part of it that it counts."""
    yield Key(KINDS[change.op], change.side, None), Piece(change)
    if change.op is not Op.UPDATE:
        return
    parts: dict[Key, set[str]] = defaultdict(set)
    for name, value in change.data.items():
        for row in rows_of(change.side, name):
            if brakes.limit_of_row("updates", row) is not None:
                parts[Key("updates", change.side, row)].add(name)
            if _empty(value) and not _empty(change.before.get(name)):
                parts[Key("blanked", change.side, row)].add(name)
    for key, names in parts.items():
        yield key, Piece(change, frozenset(names))


def _limit(brakes: Brakes, key: Key) -> Limit:
    own = None if key.row is None else brakes.limit_of_row(key.kind, key.row)
    return brakes.limit(key.kind, key.side) if own is None else own


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
