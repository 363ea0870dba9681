"""`python -m benchmarks [NAME...]`: measures and prints. A JSON line per figure, and a table of them at the end.

Each benchmark runs in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import subprocess
import sys

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure

NAMES = ("meetings", "memory", "startup", "latency")
OTHERS = ("idle",)
"""Only where they are named: they take long."""


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all."""
    unknown = set(names) - {*NAMES, *OTHERS}
    if unknown:
        there = ", ".join((*NAMES, *OTHERS))
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {there}.", file=sys.stderr)
        return 3
    figures = [figure for name in names or NAMES for figure in _measured(name)]
    for title, some in _groups(figures).items():
        Console(width=170).print(_table(title, some))
    return 0


def _measured(name: str) -> list[Figure]:
    figures = []
    with subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True) as measuring:
        for line in measuring.stdout or ():
            print(line, end="", flush=True)
            figures.append(Figure.read(line))
    if measuring.returncode:
        raise SystemExit(measuring.returncode)
    return figures


def _groups(figures: list[Figure]) -> dict[str, list[Figure]]:
    """By what comes before the colon of a figure's name."""
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        title, colon, _ = figure.name.partition(": ")
        groups.setdefault(title if colon else "start-up", []).append(figure)
    return groups


def _table(title: str, figures: list[Figure]) -> Table:
    columns = list(dict.fromkeys(name for figure in figures for name in figure.values))
    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for figure in figures:
        values = (f"{figure.values[column]:,}" if column in figure.values else "" for column in columns)
        table.add_row(figure.name.rpartition(": ")[2], *values)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
