"""Values made of parts, such as N, ORG and ADR: `family;given;...`, each part escaped for itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.lines import escape, unescape


def split(value: str) -> list[str]:
    """The raw parts."""
    parts = [""]
    for piece in re.findall(r"\\.|;|[^\\;]+|\\", value, re.DOTALL):
        if piece == ";":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def read(value: str, at: int) -> str | None:
    """One part as text; None where it is empty or missing."""
    raw = split(value)
    return _text(raw[at]) if at < len(raw) else None


def write(value: str, changes: Mapping[int, str | None], least: int) -> str:
    """The value with some parts set and the others as they were; at least this many parts."""
    raw = split(value)
    raw += [""] * (max(least, *(at + 1 for at in changes)) - len(raw))
    for at, text in changes.items():
        if (text or None) != _text(raw[at]):
            raw[at] = escape(text or "")
    return ";".join(raw)


def _text(raw: str) -> str | None:
    """A comma that is not escaped divides a list, such as several middle names; most who write one mean a comma."""
    return unescape(raw).strip() or None
