"""A table in a file: its columns by name and its rows, all cells as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, Protocol

from engine.contract import Field, Invalid, Refused

NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
"""A leading zero, a plus sign or more digits than a spreadsheet keeps make a text."""
TRUTHS = (("true", "false"), ("TRUE", "FALSE"), ("True", "False"))
FIELDS = {
    "text": ("text", ""),
    "number": ("number", "text"),
    "bool": ("bool", "text"),
    "date": ("date", ""),
    "instant": ("instant", ""),
}


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` are as many as there are columns. `raw` is what the row was made from; None once it is changed or new."""

    cells: tuple[str, ...]
    line: int
    """Where people find it: the first line or row of it, counted from 1."""
    raw: Any = None

    @property
    def empty(self) -> bool:
        return not any(self.cells)

    @property
    def version(self) -> str:
        return blake2b("\x1f".join(self.cells).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Source(Protocol):
    """Whatever a format needs to write a sheet again as it was."""

    @property
    def longest(self) -> int | None:
        """Letters that a cell holds."""

    def fits(self, name: str, cell: str) -> None:
        """Invalid for a text that the file cannot hold."""

    def dump(self, sheet: Sheet) -> bytes:
        """The whole file. Refused where something in it would be lost."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table, and what it was read from."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Row]
    kinds: Mapping[str, str]
    source: Source

    def at(self, column: str) -> int:
        return self.header.index(column)

    def fields(self, key: str) -> dict[str, Field]:
        """Columns with a name; those with formulas are not shown."""
        found = {}
        for name in self.header:
            if not name or self.kinds.get(name) == "formula":
                continue
            kind, dialect = FIELDS[self.kinds.get(name, "text")]
            found[name] = Field(type=kind, dialect=dialect, unique=name == key, max_length=self.source.longest)
        return found

    def keyed(self, key: str) -> dict[str, Row]:
        """Key -> row. Refused, naming the lines, where rows cannot be told apart."""
        if key not in self.header:
            raise Refused(
                f"{self.name} has no column {key!r} that tells its rows apart. It has: {', '.join(self.header)}. "
                "Name one with the connection's setting key, or connect with keys=made to have it added."
            )
        found: dict[str, Row] = {}
        for row in self.rows:
            id = row.cells[self.at(key)]
            if row.empty:
                continue
            if not id:
                raise Refused(
                    f"{self.name}, line {row.line}: the {key} is empty. Fill it in, or connect with keys=made to have "
                    "empty ones filled in."
                )
            if id in found:
                raise Refused(f"{self.name}, lines {found[id].line} and {row.line} have the same {key} {id!r}.")
            found[id] = row
        return found

    def native(self, row: Row, names: Iterable[str]) -> dict[str, str | None]:
        """The values of a row."""
        values = {name: row.cells[self.at(name)] for name in names}
        return {
            name: (text.lower() if self.kinds.get(name) == "bool" else text) or None for name, text in values.items()
        }

    def changed(self, row: Row, data: Mapping[str, Any]) -> Row:
        """The row with these values."""
        cells = list(row.cells)
        for name, value in data.items():
            cells[self.at(name)] = self.cell(name, value)
        same = tuple(cells) == row.cells
        return row if same else replace(row, cells=tuple(cells))

    def cell(self, name: str, value: Any) -> str:
        """As a cell spells it. Invalid for what is no value of the column's kind."""
        if value is None:
            return ""
        kind = self.kinds.get(name, "text")
        if not isinstance(value, str) or "\0" in value or not _is(kind, value):
            raise Invalid(f"{name} of {self.name} holds a {kind}, not {value!r}.", field=name)
        self.source.fits(name, value)
        if kind != "bool":
            return value
        shown = {row.cells[self.at(name)] for row in self.rows}
        style = next((pair for pair in TRUTHS if shown & set(pair)), TRUTHS[0])
        return style[value == "false"]


def kind_of(values: Iterable[str]) -> str:
    """What all of these are; text where they differ or there are none."""
    texts = [value for value in values if value]
    if not texts:
        return "text"
    if any(set(texts) <= set(pair) for pair in TRUTHS):
        return "bool"
    return next((kind for kind in ("number", "date", "instant") if all(_is(kind, text) for text in texts)), "text")


def _is(kind: str, text: str) -> bool:
    if kind == "number":
        return NUMBER.fullmatch(text) is not None
    if kind == "bool":
        return text in ("true", "false")
    if kind not in ("date", "instant"):
        return True
    try:
        if kind == "date":
            return len(text) == 10 and date.fromisoformat(text).isoformat() == text
        return len(text) > 10 and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def named(name: str, header: Sequence[str]) -> tuple[str, ...]:
    """The columns' names; Refused where two have the same or none has any."""
    twice = {one for one in header if one and header.count(one) > 1}
    if twice or not any(header):
        raise Refused(
            f"{name}: the first line must name each column once; {', '.join(sorted(twice)) or 'it is empty'}."
        )
    return tuple(header)
