"""Texts that spell a day, a point in time, a number or a length of time in a way of their own, as columns of files do.

A text that is not spelled so is never guessed at: the row of that record is not read, and waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.core import Locale, UnknownLocaleError

from engine.contract import Field
from engine.lens import Context, Lens, Unread
from engine.lenses import zones
from engine.lenses.dates import Day, Instant
from engine.lenses.duration import Duration
from engine.lenses.number import Number, plain
from engine.lenses.spellings import Days, Lengths, Numbers, Spelling, Times
from engine.lenses.text import tidy


@dataclass(frozen=True, slots=True)
class Spelled:
    """A lens whose native values are texts in a spelling; `numeric`: numbers instead of texts of digits."""

    spelling: Spelling
    behind: Lens
    tries: tuple[str, ...]
    """Canonical values that show how it is spelled, for the proof and for people."""
    klass: str = "stable"
    numeric: bool = False
    reads: tuple[str, ...] = ()

    @property
    def samples(self) -> tuple[str, ...]:
        """Native texts that it can read."""
        return tuple(self.spelling.write(value, "UTC") for value in self.tries)

    def get(self, native: Any, context: Context) -> Any:
        text = (tidy(native) or "").strip()
        if not text:
            return None
        try:
            return self.behind.get(self.spelling.read(text, context.zone), context)
        except (ValueError, OverflowError):
            told = f"{text!r} is not {self.spelling.what}, such as {self.samples[0]!r}. Put it right where it stands."
            raise Unread(told) from None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        try:
            before = self.get(old, context)
        except Unread:  # whoever asks for something in its place knows that; a merge does not ask
            before = ...
        if shared is None or before == shared:
            return None if shared is None and before is not None else old
        text = self.spelling.write(self.behind.put(shared, None, context), context.zone)
        native: Any = plain(Decimal(text)) if self.numeric else text
        return old if before not in (None, ...) and before == self.get(native, context) else native


_FORMATS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "date": (("Yy", "mbB", "d"), "Yymbd%B"),
    "time": (("Yy", "mbB", "d", "HI", "M"), "YymbBdHIpMSfz%"),
    "duration": (("HM", "M"), "HMS%"),
}
"""Name of a lens -> what its format has to have, one of each group, and what it may have."""
_EXAMPLES = {"date": "%d.%m.%Y", "time": "%d.%m.%Y %H:%M", "duration": "%H:%M"}


def _format(name: str, form: Any) -> str:
    used = re.findall(r"%(.?)", form) if isinstance(form, str) else []
    needed, may = _FORMATS[name]
    once = len({*used} - {"%"}) == len([one for one in used if one != "%"])
    whole = all(set(group) & set(used) for group in needed) and ("I" in used) == ("p" in used)
    if not whole or not once or set(used) - set(may):
        known = " ".join(f"%{one}" for one in may if one != "%")
        raise ValueError(f"{name} needs a format such as {_EXAMPLES[name]!r}, made of {known}, not {form!r}.")
    return str(form)


def _at_a_text(name: str, fields: Mapping[str, Field], *, numbers: bool = False) -> bool:
    """Whether the field holds numbers; ValueError where it holds neither texts nor, if they may be, numbers."""
    for native, one in fields.items():
        if one.type != "text" and not (numbers and one.type == "number"):
            hint = " Of a file, say so with --set text=..." if one.type == "number" else ""
            raise ValueError(f"{name} reads a column of texts, and {native} is {one.type}.{hint}")
    return any(one.type == "number" and one.dialect != "text" for one in fields.values())


_ROUND = ("2026-11-23", "2026-02-01", "2024-02-29", "1999-12-31")


def a_date(form: Any, fields: Mapping[str, Field]) -> Lens:
    """`{date: "%d.%m.%Y"}`"""
    _at_a_text("date", fields)
    return Spelled(Days(_format("date", form)), Day(), _ROUND, "exact")


def a_time(setting: Any, fields: Mapping[str, Field]) -> Lens:
    """`{time: {format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}}`, or the format alone: then in the zone of the side."""
    _at_a_text("time", fields)
    whole = setting if isinstance(setting, Mapping) else {"format": setting}
    zone = whole.get("zone")
    if set(whole) - {"format", "zone"} or (zone is not None and zones.canonical(zone) is None):
        raise ValueError(
            "time needs a format and an IANA zone, such as "
            f"{{time: {{format: '%d.%m.%Y %H:%M', zone: Europe/Berlin}}}}, not {setting!r}."
        )
    return Spelled(
        Times(_format("time", whole.get("format")), zone), Instant(), tuple(f"{d}T10:30:00Z" for d in _ROUND)
    )


def a_number(place: Any, fields: Mapping[str, Field]) -> Lens:
    """`{number: de}`"""
    _at_a_text("number", fields)
    try:
        locale = str(Locale.parse(place.replace("-", "_")))
    except (AttributeError, ValueError, UnknownLocaleError):
        raise ValueError(f"number needs a language or a place, such as de or en_US, not {place!r}.") from None
    return Spelled(Numbers(locale), Number("text"), ("1234.5", "0", "-2", "1000000", "0.05"), "exact")


def a_duration(form: Any, fields: Mapping[str, Field]) -> Lens:
    """`{duration: minutes}`, hours, or `"%H:%M"`"""
    numeric = _at_a_text("duration", fields, numbers=form in ("minutes", "hours"))
    known = form if form in ("minutes", "hours") else _format("duration", form)
    return Spelled(Lengths(known), Duration(), ("PT1H30M", "PT0S", "PT45M", "PT26H"), numeric=numeric)
