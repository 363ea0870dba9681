"""An instant as people write it: a date, or a date and a time, with or without an offset. Without one it is UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SHAPE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:[T ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?(?P<fraction>[.,]\d{1,6})?"
    r"(?P<offset>Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
_WRONG = (
    "{!r} is no moment. Write a date or a date and a time, such as 2026-11-23 or 2026-11-23T14:05; it is UTC unless "
    "you add an offset: 2026-11-23T14:05+01:00."
)


class InstantError(Exception):
    """Not a date or a time. The message says what one looks like."""


def instant(text: str, *, end: bool) -> str:
    """ISO 8601 in UTC, as the state writes times.

    What is left out is meant whole: with `end` the last microsecond of that second, minute or day, else the first one.
    Raises InstantError.
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise InstantError(_WRONG.format(text))
    try:
        at = datetime.fromisoformat(text.strip().upper().replace(",", "."))
    except ValueError:
        raise InstantError(_WRONG.format(text)) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return (at + _length(found) if end else at).isoformat()


def _length(found: re.Match[str]) -> timedelta:
    """From the first microsecond to the last."""
    if found["fraction"]:
        return timedelta(0)
    whole = timedelta(seconds=1) if found["second"] else timedelta(minutes=1) if found["minute"] else timedelta(days=1)
    return whole - timedelta(microseconds=1)
