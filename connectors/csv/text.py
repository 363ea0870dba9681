"""CSV files: read, and written again so that only the changed rows differ, byte for byte."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from connectors.csv.sheet import Row, Sheet, kind_of, named
from engine.contract import Invalid, Refused, Transient

LONGEST = 2**26
"""Letters of one cell."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Style:
    """How the file is spelled."""

    encoding: str
    delimiter: str
    quoting: int
    end: str
    head: str
    """The first line as it is; "" once it is changed."""
    closed: bool
    """The last line has an end too."""
    longest: None = None

    def dump(self, sheet: Sheet) -> bytes:
        """Rows that were not changed stay as they were."""
        lines = [self.head or written(self, sheet.header)]
        lines += [row.raw if row.raw is not None else written(self, row.cells) for row in sheet.rows]
        whole = "".join(line if line.endswith(("\n", "\r")) else line + self.end for line in lines)
        return (whole if self.closed else whole.removesuffix(self.end)).encode(self.encoding)

    def fits(self, name: str, cell: str) -> None:
        try:
            cell.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise Invalid(f"{name} has a letter that {self.encoding} has not: {error}.", field=name) from error


def load(data: bytes, name: str, encoding: str = "") -> Sheet:
    """Transient for a file that ends in the middle: it is being written."""
    spelled = encoding or _encoding(data)
    try:
        text = data.decode(spelled)
    except (UnicodeDecodeError, LookupError) as error:
        raise Refused(f"{name} cannot be read as {spelled}: {error}. Check the setting encoding.") from error
    lines = list(io.StringIO(text, newline=""))
    if not text.strip():
        raise Transient(f"{name} is empty: perhaps it is being written.", landed=False)
    delimiter = max(",;\t|", key=lambda one: _outside(lines[0]).count(one))
    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        found.extend((reader.line_num, cells) for cells in reader)
    except csv.Error as error:
        raise _unreadable(name, reader.line_num, len(lines), error) from error
    header = named(name, [cell.strip() for cell in found[0][1]])
    head = "".join(lines[: found[0][0]])
    rows = [
        _row(name, cells, len(header), "".join(lines[before:after]), before + 1, last=after == len(lines))
        for (before, _), (after, cells) in pairwise(found)
    ]
    end = head[len(head.rstrip("\r\n")) :] or "\r\n"
    style = Style(spelled, delimiter, _quoting(head, delimiter), end, head, lines[-1].endswith(("\n", "\r")))
    kinds = {column: kind_of(row.cells[at] for row in rows) for at, column in enumerate(header) if column}
    return Sheet(name, header, rows, kinds, style)


def written(style: Style, cells: Sequence[str]) -> str:
    """One row."""
    out = io.StringIO()
    csv.writer(out, delimiter=style.delimiter, quoting=style.quoting, lineterminator=style.end).writerow(cells)  # type: ignore[arg-type]
    return out.getvalue()


def _row(name: str, cells: list[str], width: int, raw: str, line: int, *, last: bool) -> Row:
    if last and 0 < len(cells) < width and not raw.endswith(("\n", "\r")):
        raise Transient(f"{name} ends in the middle of line {line}: it is being written.", landed=False)
    if len(cells) > width and any(cells[width:]):
        raise Refused(f"{name}, line {line} has {len(cells)} cells, but there are {width} columns.")
    return Row(tuple([*cells, *[""] * width][:width]), line, raw)


def _unreadable(name: str, line: int, lines: int, error: csv.Error) -> Transient | Refused:
    if line >= lines:
        return Transient(f"{name} ends in the middle of a cell: it is being written.", landed=False)
    return Refused(f"{name}, line {line} cannot be read: {error}.")


def _encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise Transient("The file ends in the middle of a letter: it is being written.", landed=False) from error
        return "cp1252"
    return "utf-8"


def _outside(line: str) -> str:
    """The line without what is in quotes."""
    return "".join(line.split('"')[::2])


def _quoting(head: str, delimiter: str) -> int:
    """Whether all cells of the first line are in quotes: then all cells are."""
    bare = _outside(head).strip("\r\n").replace(delimiter, "")
    return csv.QUOTE_ALL if '"' in head and not bare else csv.QUOTE_MINIMAL
