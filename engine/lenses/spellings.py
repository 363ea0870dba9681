"""How texts spell a day, a point in time, a number, a length of time."""

# ruff: noqa: ARG002 - the arguments are those of the protocol

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol, cast

from babel.core import Locale
from babel.numbers import NumberFormatError, get_decimal_symbol, get_group_symbol, parse_decimal

from engine.lens import Refusal
from engine.lenses import zones
from engine.lenses.dates import parsed, said
from engine.lenses.duration import lasting, spelled
from engine.lenses.number import canonical


class Spelling(Protocol):
    """Between a text and what the lens behind it reads: ISO 8601, or a decimal text."""

    @property
    def what(self) -> str:
        """For people: a day as %d.%m.%Y."""

    def read(self, text: str, zone: str) -> str:
        """Raises ValueError where the text is not spelled so."""

    def write(self, value: str, zone: str) -> str:
        """Raises Refusal where it has no spelling."""


@dataclass(frozen=True, slots=True)
class Days:
    """A day in a format of strptime; behind it an ISO day."""

    form: str

    @property
    def what(self) -> str:
        return f"a day as {self.form}"

    def read(self, text: str, zone: str) -> str:
        return datetime.strptime(text, self.form).date().isoformat()  # noqa: DTZ007 - a day has no zone

    def write(self, value: str, zone: str) -> str:
        text = date.fromisoformat(value).strftime(self.form)
        with suppress(ValueError):
            if self.read(text, zone) == value:
                return text
        raise Refusal(f"The day {value} cannot be told from others as {self.form}.")


@dataclass(frozen=True, slots=True)
class Times:
    """A point in time in a format of strptime, by the clock of `zone` or of the side; behind it an instant in UTC."""

    form: str
    zone: str | None = None

    @property
    def what(self) -> str:
        return f"a point in time as {self.form}"

    def read(self, text: str, zone: str) -> str:
        at = datetime.strptime(text, self.form)  # noqa: DTZ007 - the zone comes with the format, or next
        return said(at.astimezone(UTC) if at.tzinfo else zones.to_utc(at, self.zone or zone))

    def write(self, value: str, zone: str) -> str:
        at = cast(datetime, parsed(value, "UTC"))
        with suppress(ValueError, OverflowError):
            text = at.astimezone(zones.zone_info(self.zone or zone)).strftime(self.form)
            again = parsed(self.read(text, zone), "UTC")
            if again and timedelta(0) <= at - again < timedelta(minutes=1):
                return text
        raise Refusal(f"{value} cannot be told from other times as {self.form} in {self.zone or zone}.")


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number as people of a place write it, in groups of digits or not; behind it a decimal text."""

    locale: str

    @property
    def what(self) -> str:
        return f"a number as written in {Locale.parse(self.locale).english_name}"

    def read(self, text: str, zone: str) -> str:
        group, point = get_group_symbol(self.locale), get_decimal_symbol(self.locale)
        text = text.replace("\u2212", "-").removeprefix("+")
        if group.isspace() or group == "’":
            text = re.sub(r"(?<=\d)[\s'’](?=\d)", group, text)
        if not re.fullmatch(rf"-?[0-9][0-9{re.escape(group)}]*({re.escape(point)}[0-9]+)?", text):
            raise ValueError(text)
        try:
            return canonical(parse_decimal(text, self.locale, strict=True))
        except NumberFormatError as error:
            raise ValueError(text) from error

    def write(self, value: str, zone: str) -> str:
        return value.replace(".", get_decimal_symbol(self.locale))


@dataclass(frozen=True, slots=True)
class Lengths:
    """A length of time: minutes, hours (1.5), or by a clock such as %H:%M; behind it ISO 8601."""

    form: str

    @property
    def what(self) -> str:
        return f"a length of time as {self.form}" if "%" in self.form else f"a number of {self.form}"

    def read(self, text: str, zone: str) -> str:
        if "%" not in self.form:
            number = Decimal(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]+)?", text) else None
            if number is None:
                raise ValueError(text)
            return spelled(timedelta(seconds=round(number * _SECONDS[self.form])))
        found = _clock(self.form).fullmatch(text)
        if found is None:
            raise ValueError(text)
        size = sum(int(number) * _SECONDS[f"%{unit}"] for unit, number in found.groupdict().items() if unit != "sign")
        return spelled(timedelta(seconds=-size if found["sign"] else size))

    def write(self, value: str, zone: str) -> str:
        seconds = Decimal(round(cast(timedelta, lasting(value)).total_seconds()))
        if "%" not in self.form:
            return canonical(round(seconds / _SECONDS[self.form], 0 if self.form == "minutes" else 4))
        units = re.findall(r"%([HMS])", self.form)
        step = _SECONDS[f"%{min(units, key=lambda unit: _SECONDS[f'%{unit}'])}"]
        rest, text = int(abs(round(seconds / step))) * step, self.form
        for unit in sorted(units, key="HMS".index):
            number, rest = divmod(rest, _SECONDS[f"%{unit}"])
            text = text.replace(f"%{unit}", f"{number:02}")
        return f"-{text}" if seconds < 0 and re.search("[1-9]", text) else text


_SECONDS = {"hours": 3600, "minutes": 60, "%H": 3600, "%M": 60, "%S": 1}


def _clock(form: str) -> re.Pattern[str]:
    """The largest unit has any number of digits, those below it two."""
    text = re.escape(form)
    units = sorted(re.findall("%([HMS])", form), key="HMS".index)
    for unit in units:
        digits = "[0-9]{1,6}" if unit == units[0] else "[0-5]?[0-9]"
        text = text.replace(f"%{unit}", f"(?P<{unit}>{digits})")
    return re.compile(f"(?P<sign>-?){text}")
