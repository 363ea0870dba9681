"""Makes proposed rows safe: each is proved, and one that fails is written one way only, or left to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.mapping import Mapping as MappingModel
from engine.mapping_check import check_against
from engine.proof import Finding, prove
from engine.propose.draft import Draft, Sides

Failed = Mapping[str, str]
"""Row -> what is wrong with it."""


def settled(sides: Sides, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Draft]]:
    """Rows that are safe, in their order, and those that are not, with the reason as their doubt."""
    rows = {row.name: _writable(sides, row) for row in drafts if not row.doubt}
    tried = list(rows)
    doubtful = {row.name: row for row in drafts if row.doubt}
    while tried and rows:
        wrong = _failures(sides, [rows[name] for name in tried])
        tried = []
        for name, text in wrong.items():
            weaker = _weaker(sides, rows[name], text)
            if weaker is None:
                doubtful[name] = replace(rows.pop(name), doubt=_told(name, text), to=None)
            else:
                rows[name] = weaker
                tried.append(name)
    return list(rows.values()), [doubtful[row.name] for row in drafts if row.name in doubtful]


def mapping_of(doc: Mapping[str, Any]) -> MappingModel:
    """The mapping that a document is; what it says of itself is right."""
    return MappingModel.model_validate(doc)


def bare(sides: Sides, rows: Sequence[Draft]) -> dict[str, Any]:
    """The least document with these rows."""
    return {
        "name": "proposal",
        "sides": {side: {"app": seen.app, "object": seen.object} for side, seen in sides.items()},
        "match": [],
        "fields": {row.name: row.yaml() for row in rows},
    }


def findings(sides: Sides, doc: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with a mapping, against the fields of its sides and by proof."""
    mapping = mapping_of(doc)
    schemas = {side: seen.schema for side, seen in sides.items()}
    wrong = check_against(mapping, schemas)
    if wrong:
        return [Finding("check", one.text, one.path) for one in wrong]
    return prove(mapping, schemas, {side: seen.samples for side, seen in sides.items()}).findings


def _failures(sides: Sides, rows: Sequence[Draft]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in findings(sides, bare(sides, rows)):
        if one.path[:1] == ("fields",) and len(one.path) > 1:
            found.setdefault(str(one.path[1]), one.text)
    return found


def _writable(sides: Sides, row: Draft) -> Draft:
    """One way, where a side only lets it be read."""
    targets = writers(sides, row)
    if row.to is not None or len(targets) == len(row.sides):
        return row
    read = ", ".join(side for side in row.sides if side not in targets)
    return replace(row, to=targets, reason=f"{row.reason}; {read} can only be read")


def writers(sides: Sides, row: Draft) -> tuple[str, ...]:
    """The sides that let it be written."""
    cells = row.sides.items()
    return tuple(side for side, names in cells if all(sides[side].fields[name].writable for name in names))


def _weaker(sides: Sides, row: Draft, text: str) -> Draft | None:
    """The next thing to try: to the last side only, then to the first one."""
    targets = writers(sides, row)
    ways = [(side,) for side in reversed(targets)] if len(row.sides) == 2 else []
    if row.to is None and ways:
        return replace(
            row, to=ways[0], reason=f"{row.reason}; one way, for both ways are not safe: {_told(row.name, text)}"
        )
    if len(targets) == len(row.sides) and row.to in ways[:-1]:
        return replace(row, to=ways[ways.index(row.to) + 1])
    return None


def _told(name: str, text: str) -> str:
    return " ".join(text.removeprefix(f"row '{name}'").lstrip(":, ").split())
