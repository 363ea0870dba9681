"""Tables of exchange rates in files of their own: CSV with the columns date, currency and rate, beside a mapping.

A rate holds until the next one of its currency. The file is no part of the mapping's version: new rates write nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.problem import MappingError, Problem, did_you_mean, listed

COLUMNS = ("date", "currency", "rate")
Table = dict[str, dict[str, str]]
"""Day (ISO) -> currency -> rate, all that hold on that day."""


def named(spec: Any) -> str | None:
    """The file that a lens of a mapping takes its rates from."""
    setting = spec.get("money") if isinstance(spec, Mapping) else None
    rates = setting.get("rates") if isinstance(setting, Mapping) else None
    return rates if isinstance(rates, str) else None


def filled(spec: Any, folder: Path | None) -> Any:
    """The lens with the table in place of its file's name. Raises MappingError, with the file and the line."""
    file = named(spec)
    if file is None or folder is None:
        return spec
    return {"money": {**spec["money"], "rates": table(folder / file)}}


def faults(mapping: Any, folder: Path) -> list[Problem]:
    """Tells a mapping its folder, and what is wrong with the files that it names: at their lines, or, where one is not
    there, at the row."""
    found: list[Problem] = []
    for name, row in mapping.fields.items():
        row.beside(folder)
        for side in row.via:
            try:
                row.lenses(side)
            except MappingError as error:
                found += [
                    one if one.line else Problem(f"row '{name}': {one}", ("fields", name, "via", side))
                    for one in error.problems
                ]
    return list(dict.fromkeys(found))


def table(path: Path) -> Table:
    """The rates of a file as it is now. Raises MappingError."""
    try:
        stat = path.stat()
        return _table(path, (stat.st_mtime_ns, stat.st_size))
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise MappingError([Problem("the file is not UTF-8 text; save it as UTF-8", file=str(path))]) from None
        near = did_you_mean(path.name, [one.name for one in path.parent.glob("*.csv")] if path.parent.is_dir() else [])
        text = f"there is no file with rates here; it is looked for beside the mapping{near}"
        raise MappingError([Problem(text, file=str(path))]) from None


@lru_cache(maxsize=16)
def _table(path: Path, _stamp: tuple[int, int]) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        head = [name.strip().lower() for name in next(lines, [])]
        if not set(COLUMNS) <= set(head):
            text = f"the first line should name the columns {listed(COLUMNS)}, as in: date,currency,rate"
            raise MappingError([Problem(text, file=str(path), line=1)])
        places = [head.index(name) for name in COLUMNS]
        rows = [(lines.line_num, [cells[at].strip() for at in places if at < len(cells)]) for cells in lines if cells]
    faults = [Problem(text, file=str(path), line=line) for line, text in _faults(rows)]
    if faults or not rows:
        raise MappingError(faults or [Problem("there are no rates in the file", file=str(path), line=1)])
    return _held(rows)


def _faults(rows: list[tuple[int, list[str]]]) -> Iterator[tuple[int, str]]:
    from engine.lenses.dates import day
    from engine.lenses.money import known
    from engine.lenses.number import decimal

    seen: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        if len(cells) < len(COLUMNS):
            yield line, f"a line has a {listed(COLUMNS)}"
            continue
        on, currency, rate = cells
        found, number = day(on), decimal(rate)
        if found != on or on.startswith("-"):
            yield line, f"'{on}' is no day; write it as 2026-11-01"
        if not known(currency):
            yield line, f"'{currency}' is no currency of ISO 4217, such as EUR"
        if number is None or number <= 0:
            yield line, f"'{rate}' is no number above 0; write it with a point, as 1.08"
        if (on, currency) in seen:
            yield line, f"{currency} has a rate for {on} already, in line {seen[on, currency]}"
        seen.setdefault((on, currency), line)


def _held(rows: list[tuple[int, list[str]]]) -> Table:
    holding: dict[str, str] = {}
    found: Table = {}
    for on, currency, rate in sorted(cells for _, cells in rows):
        holding[currency] = rate
        found[on] = dict(holding)
    return found
