"""New choices that a mapping cannot carry: its table has no word for them, or another side has none like it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.bound import Bound
from engine.contract import Field, Schema
from engine.lens import Refusal, Unread
from engine.mapping import Mapping as SyncMapping
from engine.proof.keep import Unfit, kept

Came = Mapping[str, Mapping[str, Collection[str]]]
"""Side -> native field -> new choices."""


@dataclass(frozen=True)
class Choice:
    """One choice of a field."""

    side: str
    field: str
    value: str


@dataclass(frozen=True)
class Gap:
    """The new choices of one field that a side is at a loss with."""

    side: str
    """Where it can be mended: the side whose word the table lacks, or the one that has no such choice."""
    field: str
    row: str
    reason: str
    choices: tuple[Choice, ...]


def gaps(mapping: SyncMapping, row: str, schemas: Mapping[str, Schema], came: Came) -> Iterator[Gap]:
    """Those of one row. A cell of several fields is not looked at, nor a row that does not fit its fields at all."""
    cells = {side: names[0] for side, names in mapping.fields[row].sides.items() if len(names) == 1}
    new = {side: came[side][name] for side, name in cells.items() if came.get(side, {}).get(name)}
    if not new:
        return
    try:
        bound = Bound(mapping.model_copy(update={"fields": {row: mapping.fields[row]}, "match": []}), schemas)
    except (KeyError, ValueError):
        return
    for side in [side for side in new if side in bound.rows[row].sources]:
        found: dict[str, list[str]] = {}
        for value in new[side]:
            for at in _losses(bound, row, side, value):
                found.setdefault(at, []).append(value)
        item = schemas[side].fields[cells[side]]
        for at, values in found.items():
            choices = tuple(Choice(side, cells[side], value) for value in values)
            yield Gap(at, cells.get(at, ""), row, _reason(row, side, cells[side], item, at, values), choices)


def _losses(bound: Bound, row: str, side: str, value: str) -> list[str]:
    """The sides that do not know what to do with the value: its own, or some of those that are given it."""
    name = bound.rows[row].cells[side].name
    shown = bound.get(side, {name: [value] if bound.sides[side].schema.fields[name].many else value})
    if row not in shown:
        return [side]
    return [at for at in sorted(bound.rows[row].targets - {side}) if not _takes(bound, row, at, shown)]


def _takes(bound: Bound, row: str, side: str, shown: Mapping[str, Any]) -> bool:
    try:
        for name, value in bound.put(side, dict(shown), {}, [row])[0].items():
            kept(bound.sides[side].schema.fields[name], value)
    except (Refusal, Unread, Unfit):
        return False
    return True


def _reason(row: str, side: str, name: str, item: Field, at: str, values: list[str]) -> str:
    said = ", ".join(f"{value!r} ({(item.choices or {}).get(value)})" for value in values)
    why = f"the table of '{row}' does not have it" if at == side else f"{at} has none like it"
    return f"'{name}' of {side} has a new choice or a new name for one, {said}, and {why}"
