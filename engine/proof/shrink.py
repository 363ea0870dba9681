"""Smaller values than one that fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def smaller(native: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Records that differ from this one in one field, which is smaller; the smallest first."""
    for name, value in native.items():
        yield from ({**native, name: less} for less in _less(value))


def _less(value: Any) -> Iterator[Any]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, str):
        yield from _texts(value)
    elif isinstance(value, int | float):
        yield from (one for one in (0, 1, 2, int(value), int(value / 10), round(value, 1)) if abs(one) < abs(value))
    elif isinstance(value, list):
        yield from ([one] for one in value if len(value) > 1)
        yield from ([*value[:at], less, *value[at + 1 :]] for at, one in enumerate(value) for less in _less(one))
    elif isinstance(value, dict):
        yield from ({key: one for key, one in value.items() if key != name} for name in value if len(value) > 1)


def _texts(text: str) -> Iterator[str]:
    size = len(text)
    for part in (size // 2, size // 4, 8, 1):
        if 0 < part < size:
            yield from (text[:at] + text[at + part :] for at in range(0, size, part)) if size // part < 20 else ()
            yield text[:-part]
            yield text[part:]
    if size > 1 and any(char != "a" for char in text):
        yield from (text[:at] + "a" + text[at + 1 :] for at in range(min(size, 12)) if text[at] > "~")
