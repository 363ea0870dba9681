"""The `query` argument of lists, as far as it is used here: terms such as `updated_at:>='2026-11-02T12:00:00Z'`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sandbox.table import Row

_TERM = re.compile(r"(?P<name>\w+):(?P<sign>>=|<=|>|<|)(?:'(?P<quoted>[^']*)'|(?P<bare>\S+))")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def matches(query: str | None) -> Callable[[Row], bool]:
    """Whether a row is found. Unknown terms are ignored, as the real search does."""
    terms = list(_terms(query or ""))
    return lambda row: all(_SIGNS[sign](_shown(row, name), wanted) for name, sign, wanted in terms)


def _terms(query: str) -> Iterator[tuple[str, str, Any]]:
    for found in _TERM.finditer(query):
        name, text = found["name"], found["quoted"] if found["quoted"] is not None else found["bare"]
        if name == "updated_at":
            yield name, found["sign"], datetime.fromisoformat(text)
        elif name == "id":
            yield name, found["sign"], int(text)
        elif name in ("email", "handle", "title"):
            yield name, found["sign"], text


def _shown(row: Row, name: str) -> Any:
    if name == "updated_at":
        return row.changed_at.replace(microsecond=0)
    return int(row.id) if name == "id" else row.data.get(name)
