"""Numbers, yes or no. Shared: decimal text without needless digits ("12.5"), and true, false or None."""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from engine.canonical import same
from engine.lens import Context as Around
from engine.lens import Refusal
from engine.lenses.text import tidy

_WIDE = Context(prec=60)
_LONGEST = 40
"""Digits before the point beyond which a text is no number but a text of digits."""


def decimal(value: Any) -> Decimal | None:
    """The number that a native or shared value is; None where it is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = _WIDE.create_decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and -_LONGEST < number.adjusted() < _LONGEST else None


def canonical(number: Decimal) -> str:
    """Without exponent, needless zeros and minus zero."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def rounded(number: Decimal, digits: int | None) -> Decimal:
    """To this many decimals, halves to the even digit; None leaves it."""
    return number if digits is None else number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN, _WIDE)


def plain(number: Decimal) -> int | float:
    """As a JSON number."""
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number, or (dialect text) decimal text; `digits` decimals are kept. A text that is no number is read as
    it is, and refused where it would have to be written."""

    dialect: str = ""
    digits: int | None = None
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "exact" if self.dialect == "text" and self.digits is None else "stable"

    def get(self, native: Any, context: Around) -> Any:
        number = decimal(native)
        return tidy(str(native).strip() if native is not None else None) if number is None else canonical(number)

    def put(self, shared: Any, old: Any, context: Around) -> Any:
        shown = self.get(shared, context)
        if old is not None and self.get(old, context) == shown:
            return old
        if shown is None:
            return None
        number = decimal(shown)
        if number is None:
            raise Refusal(f"{shown!r} is not a number.")
        number = rounded(number, self.digits)
        if old is not None and self.get(old, context) == canonical(number):
            return old
        if self.dialect != "text":
            return plain(number)
        return canonical(number) if self.digits is None else f"{number:f}"


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Bool:
    """true and false, or (dialect text) the texts "true" and "false". Anything else is nothing."""

    dialect: str = ""
    klass: str = "exact"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Around) -> Any:
        return native if isinstance(native, bool) else _WORDS.get(str(native).strip().lower())

    def put(self, shared: Any, old: Any, context: Around) -> Any:
        if shared is not None and not isinstance(shared, bool):
            raise Refusal(f"{shared!r} is neither true nor false.")
        if old is not None and same(self.get(old, context), shared):
            return old
        return shared if self.dialect != "text" or shared is None else str(shared).lower()
