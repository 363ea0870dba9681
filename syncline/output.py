"""How results reach the terminal: JSON for scripts, tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDE = 160
"""Columns where the output is no terminal."""


def console() -> Console:
    """Prints text as it is: brackets and colons in a meeting's title are no markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, emoji=False, highlight=False, soft_wrap=False)


def emit(data: Any, as_json: bool, show: Callable[[Any], RenderableType]) -> None:
    """Prints the result, one way or the other."""
    if as_json:
        print(json.dumps(data, indent=2, ensure_ascii=False, default=str))
    else:
        console().print(show(data))


def note(sentence: str) -> None:
    """For people, beside the result: to standard error."""
    print(sentence, file=sys.stderr)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each side that is written, on standard error while that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _side, _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(side: str, done: int, total: int) -> None:
            if side not in tasks:
                tasks[side] = progress.add_task(side, total=total)
            progress.update(tasks[side], completed=done, total=total)

        yield show


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """One bar for long work, on standard error while that is a terminal."""
    with bars() as show:
        yield lambda done, total: show(what, done, total)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "", empty: str = "") -> RenderableType:
    """A plain table; `empty` is the sentence that stands in for no rows."""
    if not rows:
        return empty or "There is nothing to show."
    made = _table(columns, title)
    for row in rows:
        made.add_row(*(value if isinstance(value, str) else brief(value) for value in row))
    return made


def _table(columns: Sequence[str], title: str) -> Table:
    from rich import box
    from rich.table import Table

    made = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", justify="right" if column in NUMBERS else "left")
    return made


NUMBERS = frozenset(
    {"read", "create", "update", "delete", "requests", "held", "failed", "total", "excluded", "pending", "in sync"}
)


def brief(value: Any, width: int = 80) -> str:
    """A value on one line: a moment as date, time and zone; a list or record as short JSON; empty as a dash."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, dict) and set(value) <= {"at", "date", "dateTime", "zone", "timeZone"}:
        at = value.get("date") or str(value.get("at") or value.get("dateTime")).replace("T", " ")
        zone = value.get("zone") or value.get("timeZone")
        return f"{at} {zone}" if zone else str(at)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"
