"""The words that a check constraint allows: `status IN ('new', 'done')`, or what PostgreSQL makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_WORD = r"'((?:[^']|'')*)'(?:::[a-z ]+)?"
_WORDS = re.compile(_WORD)
_NAME = r'\(*"?(?P<column>\w+)"?\)*(?:::[a-z ]+)?'
_LIST = re.compile(
    rf"\(*{_NAME}\s+(?:IN|=\s+ANY)\s*\(+(?:ARRAY\[)?\s*(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)"
    r"\s*\]?\)*(?:::[a-z ]+\[\])?\)*",
    re.IGNORECASE,
)


def of_checks(checks: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Column -> its words, each as its own label. Checks of any other shape say nothing here."""
    found: dict[str, dict[str, str]] = {}
    for check in checks:
        match = _LIST.fullmatch(str(check["sqltext"]).strip())
        if match:
            words = [word.replace("''", "'") for word in _WORDS.findall(match["words"])]
            found[match["column"]] = {word: word for word in words}
    return found


def about(checks: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> dict[str, str]:
    """Name (and text) of a check that is about one column only -> that column."""
    known = set(columns)
    found: dict[str, str] = {}
    for check in checks:
        text = str(check["sqltext"])
        named = known & set(re.findall(r"\w+", re.sub(r"'(?:[^']|'')*'", "", text)))
        if len(named) == 1:
            found |= dict.fromkeys((str(check["name"]), text), *named)
    return found
