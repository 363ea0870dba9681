"""Excel workbooks (.xlsx): one sheet of them, the rest of the workbook kept."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from connectors.csv.sheet import Row, Sheet, kind_of, named
from engine.contract import Invalid, Refused, Transient

LOST = ("xl/charts/", "xl/drawings/", "xl/media/", "xl/pivotTables/", "xl/vbaProject", "xl/slicers/")
"""Parts of a workbook that would not survive being written."""


@dataclass(frozen=True, slots=True)
class Source:
    """The workbook as it was read, and the sheet's name."""

    data: bytes
    title: str
    longest: int = 32_767

    def dump(self, sheet: Sheet) -> bytes:
        return dump(sheet, self)

    def fits(self, name: str, cell: str) -> None:
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        if len(cell) > self.longest:
            raise Invalid(f"{name} holds {self.longest} letters, this has {len(cell)}.", field=name)
        if ILLEGAL_CHARACTERS_RE.search(cell):
            raise Invalid(f"{name} has a control character, which Excel cannot keep.", field=name)


def load(data: bytes, name: str, title: str = "") -> Sheet:
    """Transient for a file that is being written; Refused for a sheet that is not there."""
    book = _open(data, name)
    try:
        if title and title not in book.sheetnames:
            raise Refused(f"{name} has no sheet {title!r}. It has: {', '.join(book.sheetnames)}.")
        sheet = book[title] if title else book.worksheets[0]
        lines = [list(line) for line in sheet.iter_rows()]
    finally:
        book.close()
    while lines and not any(cell.value is not None for cell in lines[-1]):
        lines.pop()
    if not lines:
        raise Transient(f"{name} is empty: perhaps it is being written.", landed=False)
    header = named(name, [spelled(cell.value).strip() for cell in lines[0]])
    rows = [Row(tuple(spelled(cell.value) for cell in line), at, at) for at, line in enumerate(lines[1:], 2)]
    kinds = {one: _kind([line[at] for line in lines[1:]]) for at, one in enumerate(header) if one}
    return Sheet(name, header, rows, kinds, Source(data, sheet.title))


def dump(sheet: Sheet, source: Source) -> bytes:
    """The workbook with the changed, new and missing rows. Refused where something in it would be lost."""
    with zipfile.ZipFile(BytesIO(source.data)) as parts:
        lost = sorted({part.split("/")[1] for part in parts.namelist() if part.startswith(LOST)})
    if lost:
        raise Refused(
            f"{sheet.name} has {', '.join(lost)}, which would be lost: it can only be read. Keep the table in a "
            "workbook of its own."
        )
    book = _open(source.data, sheet.name)
    there = book[source.title]
    _head(there, sheet)
    kept = {row.raw if isinstance(row.raw, int) else row.line for row in sheet.rows if row.line}
    for row in sheet.rows:
        if row.raw is None and row.line:
            _write(there, sheet, row, row.line)
    last = there.max_row
    for at in range(last, 1, -1):
        if at not in kept and any(cell.value is not None for cell in there[at]):
            there.delete_rows(at)
    end = max((at for at in range(1, there.max_row + 1) if any(c.value is not None for c in there[at])), default=1)
    for at, row in enumerate((row for row in sheet.rows if not row.line), end + 1):
        _write(there, sheet, row, at)
    out = BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def spelled(value: Any) -> str:
    """A cell as text. Whole numbers have no decimals, days no time."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 10**15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _open(data: bytes, name: str) -> Any:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of a workbook that openpyxl does not know
            return load_workbook(BytesIO(data))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise Transient(
            f"{name} is no whole Excel workbook: perhaps it is being written ({error}).", landed=False
        ) from error


def _kind(cells: list[Any]) -> str:
    """Cells say themselves what they are: a text of digits is a text."""
    there = [cell.value for cell in cells if cell.value is not None]
    if any(cell.data_type == "f" for cell in cells):
        return "formula"
    found = kind_of(spelled(value) for value in there)
    texts = any(isinstance(value, str) for value in there)
    return "text" if texts and found in ("number", "bool", "date") else found


def _head(there: Any, sheet: Sheet) -> None:
    for at, name in enumerate(sheet.header, 1):
        if spelled(there.cell(1, at).value).strip() != name:
            there.cell(1, at).value = name


def _write(there: Any, sheet: Sheet, row: Row, at: int) -> None:
    for column, (name, text) in enumerate(zip(sheet.header, row.cells, strict=True), 1):
        cell, kind = there.cell(at, column), sheet.kinds.get(name, "text")
        if kind == "formula" or spelled(cell.value) == text:
            continue
        cell.value = _value(kind, text)
        if isinstance(cell.value, str):
            cell.data_type = "s"  # never a formula


def _value(kind: str, text: str) -> Any:
    if not text:
        return None
    if kind == "number":
        return float(text) if "." in text else int(text)
    if kind == "bool":
        return text == "true"
    return date.fromisoformat(text) if kind == "date" else text
