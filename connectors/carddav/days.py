"""Birthdays: `1985-04-12`, or `--0412` where the year is not told, in the spellings of vCard 3.0 and 4.0."""

from __future__ import annotations

import re
from datetime import date

from connectors.lines import Line
from engine.contract import Invalid

_FULL = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")
_YEARLESS = re.compile(r"--(\d\d)-?(\d\d)(?:T.*)?")
OMIT, LEAP = "X-APPLE-OMIT-YEAR", "1604"
"""vCard 3.0 has no date without a year: this year stands for none, as in Apple's programs and those that follow."""


def read(line: Line) -> str | None:
    """None where it is no whole day, such as `1985` or `circa 1800`."""
    found = parse(line.value)
    if found is not None and line.param(OMIT) == found[:4]:
        return f"--{found[5:7]}{found[8:]}"
    return found


def parse(text: str) -> str | None:
    """A day in any spelling; None where it is none."""
    text = text.strip()
    if full := _FULL.fullmatch(text):
        return "-".join(full.groups()) if _is_day(*full.groups()) else None
    if yearless := _YEARLESS.fullmatch(text):
        return "--" + "".join(yearless.groups()) if _is_day(LEAP, *yearless.groups()) else None
    return None


def write(day: str, version: str) -> Line:
    """Of a day as `parse` gives it."""
    if not day.startswith("--"):
        return Line.make("BDAY", day if version == "3.0" else day.replace("-", ""))
    if version == "3.0":
        return Line.make("BDAY", f"{LEAP}-{day[2:4]}-{day[4:]}", [(OMIT, LEAP)])
    return Line.make("BDAY", day)


def settled(value: object) -> str | None:
    day = parse(str(value)) if value else None
    if value and day is None:
        raise Invalid(f"{value!r} is not a day such as 1985-04-12 or --0412.", field="bday")
    return day


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True
