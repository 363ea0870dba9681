"""Traps of a mapping as a whole: match keys that lenses change, filters on fields that the sync writes, and fields that
an app requires and nobody fills."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bound import Bound, Row
from engine.cell import Cell
from engine.contract import Field
from engine.problem import listed
from engine.proof.traps import Trap
from engine.rules import fields as rule_fields

SHORT = 64
"""Of texts longer than this few begin alike."""
LONG = 255
"""Nothing is worth a word about longer ones."""
_FOLDED = "aB Cd"
GOES_ON = ". This is advice: the sync starts all the same"
"""Ends what harms no record: the records concerned wait, or take part no longer, with the reason."""


def whole(bound: Bound) -> Iterator[Trap]:
    """The traps, and as `note` what may be meant so."""
    yield from _match(bound)
    yield from _filters(bound)
    yield from _required(bound)


def _match(bound: Bound) -> Iterator[Trap]:
    told = set()
    for index, rule in enumerate(bound.mapping.match):
        for term in rule:
            row = bound.rows.get(term)
            if row is None or term in told or row.many:
                continue
            for side, cell in row.cells.items():
                trap = _folds(bound, index, row, side, cell) or _clips(bound, index, rule, row, side)
                if trap:
                    told.add(term)
                    yield trap
                    break


def _folds(bound: Bound, index: int, row: Row, side: str, cell: Cell) -> Trap | None:
    """A lens of the author's own that changes the case of a key. Addresses have none, and matching ignores it."""
    if not bound.mapping.fields[row.name].lenses(side) or len(cell.names) > 1:
        return None
    if any(_is_email(_field(bound, row, at)) for at in row.cells):
        return None
    shown = _probe(bound, side, cell, _FOLDED)
    if not isinstance(shown, str) or shown == _FOLDED or shown.casefold() != _FOLDED.casefold():
        return None
    text = (
        f"row '{row.name}' is a match key, and its lens on {side} folds upper and lower case: records that differ in "
        "nothing else would be one. Matching ignores case by itself: take the lens away"
    )
    return Trap("match-case", text, ("match", index))


def _clips(bound: Bound, index: int, rule: list[str], row: Row, side: str) -> Trap | None:
    """A key that one side holds shortened: it is not found again, or is the same as another one."""
    most = _most(bound, row, side)
    longest = [_most(bound, row, other) for other in row.cells if other != side]
    if (
        most is None
        or most > LONG
        or not any(other is None or other > most for other in longest)
        or side not in row.targets
    ):
        return None
    text = (
        f"row '{row.name}' is a match key, and {side} keeps {most} characters of it: two records that begin alike "
        "would be one, and a longer key is not found again"
    )
    if most >= SHORT or len(rule) > 1:
        return Trap("note", text, ("match", index))
    own = most < (_field(bound, row, side).max_length or LONG)  # else the app has no room for more: most keys fit
    text = f"{text}. Match on another field{', or do not cut it' if own else GOES_ON}"
    return Trap("match-clip", text, ("match", index), stops=own)


def _most(bound: Bound, row: Row, side: str) -> int | None:
    """Characters that a side keeps of a text, by its schema or a clip of the mapping; None: all of them."""
    cell, item = row.cells[side], _field(bound, row, side)
    if item.type not in ("text", "html", "url", "phone") and not _is_email(item):
        return None
    specs = bound.mapping.fields[row.name].lenses(side)
    cuts = [spec["clip"] for spec in specs if isinstance(spec, dict) and isinstance(spec.get("clip"), int)]
    found = [size for size in (item.max_length, *cuts) if size]
    return min(found, default=None) if len(cell.names) == 1 else None


def _filters(bound: Bound) -> Iterator[Trap]:
    """Who takes part must not hang on what the sync itself writes, unless the other sides judge the same row."""
    lost = ", and its copies would be deleted (leaving: delete-copy)" if bound.mapping.leaving == "delete-copy" else ""
    used = {side: rule_fields(rule, bound.sides[side].schema.fields) for side, rule in bound.mapping.only.items()}
    for side, names in used.items():
        for row in bound.rows.values():
            if side not in row.targets or not names & set(row.cells[side].names):
                continue
            loose = [at for at in row.sources - {side} if not used.get(at, set()) & set(row.cells[at].names)]
            if loose:
                others, name = listed(sorted(loose)), row.cells[side].name
                text = (
                    f"'only' of {side} looks at '{name}', which the sync itself writes (row '{row.name}'): a record "
                    f"could leave the sync by an edit in {others}{lost}. Write the row to {others} only (to: ...), or "
                    f"filter {others} by the same{'' if lost else GOES_ON}"
                )
                yield Trap("filter", text, ("only", side), stops=bool(lost))


def _required(bound: Bound) -> Iterator[Trap]:
    """Fields without which an app refuses a new record, where nothing of the mapping gives them a value."""
    for side in bound.names:
        others = [at for at in bound.names if at != side]
        if not bound.mapping.creates_at(side) or not any(_feeds(bound, at, side) for at in others):
            continue
        filled = {name for row in bound.rows.values() if side in row.targets for name in row.cells[side].names}
        for name, item in bound.sides[side].schema.fields.items():
            if item.required and item.writable and name not in filled:
                text = (
                    f"'{name}' of {side} is required, and no row writes it: every new record would be refused there. "
                    f"Add a row, or a constant, or let the sync create elsewhere only (creates: {{to: {others[0]}}})"
                )
                yield Trap("required", text + GOES_ON, ("fields",), stops=False)


def _feeds(bound: Bound, source: str, target: str) -> bool:
    return any(source in row.sources and target in row.targets for row in bound.rows.values())


def _probe(bound: Bound, side: str, cell: Cell, value: str) -> object:
    try:
        return cell.lens.get(value, bound.context(side, {cell.name: value}))
    except Exception:  # noqa: BLE001 - it is told where values go round
        return None


def _is_email(item: Field) -> bool:
    return item.type in ("email", "emails") or item.means.endswith(".email")


def _field(bound: Bound, row: Row, side: str) -> Field:
    return bound.sides[side].schema.fields[row.cells[side].name]
