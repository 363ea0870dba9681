"""Lengths of time. Shared: ISO 8601 in days, hours, minutes and seconds, "P1DT1H30M".

A text that is none is read as it is, and refused where it would have to be written.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses.text import tidy

_LENGTH = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in the dialects: "" (ISO 8601), minutes, seconds (whole numbers). A day has 24 hours."""

    dialect: str = ""
    reads: tuple[str, ...] = ()

    @property
    def klass(self) -> str:
        return "stable" if self.dialect else "exact"

    def get(self, native: Any, context: Context) -> Any:
        length = self._read(native)
        return spelled(length) if length is not None else (tidy(native) if isinstance(native, str) else None)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None:
            return None if self.get(old, context) is not None else old
        if old is not None and self.get(old, context) == shared:
            return old
        length = lasting(shared)
        if length is None:
            raise Refusal(f"{shared!r} is not a length of time in days, hours, minutes and seconds.")
        unit = {"minutes": 60, "seconds": 1}.get(self.dialect)
        native: Any = spelled(length) if unit is None else round(length / timedelta(seconds=unit))
        if isinstance(old, str) and unit is not None:
            native = str(native)
        return (
            old
            if old is not None and self.get(old, context) in (spelled(length), self.get(native, context))
            else native
        )

    def _read(self, native: Any) -> timedelta | None:
        if native is None or native == "" or isinstance(native, bool):
            return None
        if not self.dialect:
            return lasting(native)
        try:
            return timedelta(**{self.dialect: float(native)})
        except (ValueError, TypeError, OverflowError):
            return None


def lasting(text: Any) -> timedelta | None:
    """The length that an ISO 8601 text says; None where it says none."""
    found = _LENGTH.fullmatch(str(text).strip())
    if found is None or not any(found[part] for part in ("weeks", "days", "hours", "minutes", "seconds")):
        return None
    parts = {name: float(value) for name, value in found.groupdict().items() if value and name != "sign"}
    try:
        return timedelta(**parts) * (-1 if found["sign"] == "-" else 1)
    except OverflowError:
        return None


def spelled(length: timedelta) -> str:
    """A duration as shared value."""
    size = abs(length)
    hours, rest = divmod(size.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    part = f"{seconds}" + (f".{size.microseconds:06}".rstrip("0") if size.microseconds else "")
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (part, "S")) if n not in (0, "0"))
    text = (f"{size.days}D" if size.days else "") + (f"T{clock}" if clock else "")
    return f"{'-' if length < timedelta() else ''}P{text or 'T0S'}"
