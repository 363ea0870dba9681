"""What an app keeps of a value that is written to it, as far as its schema tells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from engine.contract import Field

_WORDS = ("text", "html", "email", "phone", "url", "country")


class Unfit(Exception):
    """The app would not take the value. The message is the end of a sentence: "which takes ..."."""

    row: str = ""
    """The row of the mapping, set by whoever knows it."""


def kept(field: Field, value: Any) -> Any:
    """The value as the app would show it from now on; raises Unfit."""
    if value is None or value == "" or (field.many and not value):
        return value
    check = _KEPT.get(field.type)
    return check(field, value) if check else value


def length(text: str, counts: str) -> int:
    """As the app counts it: chars, utf16 or bytes."""
    if counts == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text) if counts == "utf16" else len(text)


def _words(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        raise Unfit(f"takes a text, not {value!r}")
    if field.max_length and length(value, field.counts) > field.max_length:
        raise Unfit(f"takes {field.max_length} {'characters' if field.counts == 'chars' else field.counts} at most")
    return value


def _number(field: Field, value: Any) -> Any:
    wanted = str if field.dialect == "text" else int | float
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise Unfit(f"takes a number, not {value!r}")
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        raise Unfit(f"takes a number such as 12.50, not {value!r}") from None
    if field.digits is None or not exact.is_finite():
        return value
    rounded = exact.quantize(Decimal(1).scaleb(-field.digits), ROUND_HALF_EVEN)
    if rounded == exact:
        return value
    return str(rounded) if isinstance(value, str) else int(rounded) if field.digits == 0 else float(rounded)


def _choice(field: Field, value: Any) -> Any:
    if field.choices:
        for one in value if field.many and isinstance(value, list) else [value]:
            if str(one) not in field.choices:
                raise Unfit(f"takes {', '.join(list(field.choices)[:8])}, not {one!r}")
    return value


def _bool(field: Field, value: Any) -> Any:
    if value not in (("true", "false") if field.dialect == "text" else (True, False)) or isinstance(value, int) != (
        field.dialect != "text"
    ):
        raise Unfit(f"takes yes or no, not {value!r}")
    return value


def _date(field: Field, value: Any) -> Any:
    if not field.dialect and not (isinstance(value, str) and (_is(date, value) or re.match(r"--\d\d-\d\d$", value))):
        raise Unfit(f"takes a date such as 2026-11-23, not {value!r}")
    return _epoch(field, value, "a date")


def _instant(field: Field, value: Any) -> Any:
    if not field.dialect and not (isinstance(value, str) and "T" in value and _is(datetime, value)):
        raise Unfit(f"takes a date with a time such as 2026-11-23T10:00:00Z, not {value!r}")
    return _epoch(field, value, "a time")


def _epoch(field: Field, value: Any, what: str) -> Any:
    if field.dialect.startswith("epoch") and not str(value).lstrip("-").isdigit():
        raise Unfit(f"takes {what} as a number, not {value!r}")
    if field.dialect in ("graph", "parts") and not isinstance(value, Mapping):
        raise Unfit(f"takes {what} in parts, not {value!r}")
    return value


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


_KEPT = {
    **dict.fromkeys(_WORDS, _words),
    "number": _number,
    "choice": _choice,
    "bool": _bool,
    "date": _date,
    "instant": _instant,
}


def clipped(field: Field, value: Any) -> Any:
    """A value to start with, cut to what the app can hold at all; raises Unfit where nothing like it can be there."""
    most = field.max_length
    if isinstance(value, str) and most and field.type in _WORDS and length(value, field.counts) > most:
        while (over := length(value, field.counts) - most) > 0:
            value = value[: -max(1, over // 4)]
    return kept(field, value)
