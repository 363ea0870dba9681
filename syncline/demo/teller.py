"""How the story is told: tables in a terminal, or one line of JSON for each step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syncline.output import console, table

if TYPE_CHECKING:
    from rich.console import RenderableType


class UnexpectedError(Exception):
    """A step that did not show what it should."""


class Teller:
    """One step at a time; what it shows is also the step's document."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._console = console()
        self._doc: dict[str, Any] = {}

    def begin(self, number: int, title: str) -> None:
        """A heading."""
        self._doc = {"step": number, "title": title}
        self._print(f"\n{number}. {title}", style="bold cyan")

    def tell(self, sentence: str) -> None:
        """What somebody does, or what Syncline did; for people only."""
        self._print(sentence)

    def show(self, name: str, data: Any, view: Callable[[Any], RenderableType]) -> None:
        """Part of the step's document, and its table."""
        self._doc[name] = data
        self._print(view(data))

    def expect(self, what: str, found: Any, wanted: Any) -> None:
        """Raises UnexpectedError unless both are equal."""
        if found != wanted:
            self._doc |= {"ok": False, "what": what, "expected": wanted, "found": found}
            raise UnexpectedError(f"{what}: expected {wanted}, found {found}")
        self._print(f"✓ {what}", style="green")

    def end(self, *, ok: bool) -> None:
        """The step is over."""
        self._doc.setdefault("ok", ok)
        if self._as_json:
            print(json.dumps(self._doc, ensure_ascii=False, default=str), flush=True)

    def _print(self, what: RenderableType, style: str | None = None) -> None:
        if not self._as_json:
            self._console.print(what, style=style)


def sides(rows: Mapping[str, Mapping[str, Any]]) -> RenderableType:
    """Side -> what it shows, one row each."""
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    lines = [[side, *(_cell(row.get(key)) for key in columns)] for side, row in rows.items()]
    return table(["side", *columns], lines)


def _cell(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "–" if value in (None, "") else str(value)
