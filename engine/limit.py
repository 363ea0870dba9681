"""How much a brake lets through: a number, a share of all links, or the larger of the two."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from engine.problem import kind
from engine.strict import fault

_COUNT = r"(?P<count>\d+)"
_SHARE = r"(?P<share>\d+(?:\.\d+)?)\s*%"
_FORMS = [re.compile(form) for form in (_COUNT, _SHARE, rf"max\(\s*{_COUNT}\s*,\s*{_SHARE}\s*\)")]
UNLIMITED = "unlimited"


@dataclass(frozen=True, slots=True)
class Limit:
    """Neither count nor share: no limit."""

    count: int | None = None
    share: Decimal | None = None
    """Per cent, 0 to 100."""

    def of(self, total: int) -> int:
        """The most that may pass of `total`; a share is rounded down. One more than this and the brake holds."""
        if self.count is None and self.share is None:
            return sys.maxsize
        return max(self.count or 0, int(total * (self.share or 0) // 100))

    def __str__(self) -> str:
        share = None if self.share is None else f"{self.share}%"
        if self.count is not None and share:
            return f"max({self.count}, {share})"
        return share or (UNLIMITED if self.count is None else str(self.count))


def parse(value: Any) -> Limit:
    """From YAML: `10`, `"40%"`, `"max(10, 2%)"` or `unlimited`."""
    if isinstance(value, Limit):
        return value
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if text == UNLIMITED:
        return Limit()
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    parts = match.groupdict() if match else {}
    if not parts or Decimal(parts.get("share") or 0) > 100:
        raise fault(f"should be a limit such as 10, 5%, max(10, 2%) or unlimited, not {kind(value)}")
    count, share = parts.get("count"), parts.get("share")
    return Limit(int(count) if count else None, Decimal(share) if share else None)


_SCHEMA = {
    "description": 'How many may pass: 10, "5%", "max(10, 2%)" or "unlimited".',
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {
            "type": "string",
            "pattern": r"^\s*(unlimited|\d+|\d+(\.\d+)?\s*%|max\(\s*\d+\s*,\s*\d+(\.\d+)?\s*%\s*\))\s*$",
        },
    ],
}
BrakeLimit = Annotated[Limit, BeforeValidator(parse), PlainSerializer(str), WithJsonSchema(_SCHEMA)]
"""A `Limit` as a field of a strict model."""
OwnLimit = Annotated[
    Limit | None,
    BeforeValidator(parse),
    PlainSerializer(lambda own: None if own is None else str(own)),
    WithJsonSchema(_SCHEMA),
]
"""The same where leaving it out means: the limit for all."""
