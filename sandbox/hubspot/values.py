"""Property values: all are strings; what HubSpot makes of them, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.hubspot.errors import Problem, invalid
from sandbox.hubspot.properties import LIFECYCLE, Property

LONGEST = 65_536  # characters of a text
DAY = 86_400_000  # milliseconds
ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
URLS = re.compile(r"^(https?://)?(www\.)?", re.IGNORECASE)


class Wrong(ValueError):
    """A value that HubSpot does not take; `code` is its word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def stored(
    given: Mapping[str, Any], defined: Mapping[str, Property], before: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The properties as they are kept; None for what was cleared. Raises the 400 that names each wrong one."""
    problems: list[Problem] = []
    kept: dict[str, str | None] = {}
    for name, value in given.items():
        try:
            kept[name] = _one(defined.get(name), name, value, before.get(name))
        except Wrong as wrong:
            problems.append({"message": str(wrong), "error": wrong.code, "name": name})
    if problems:
        raise invalid(problems)
    return kept


def _one(defined: Property | None, name: str, value: Any, before: str | None) -> str | None:
    if defined is None:
        raise Wrong("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if defined["modificationMetadata"]["readOnlyValue"]:
        raise Wrong("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if not text.strip():
        return None
    if name == "lifecyclestage":
        return _forward(_option(defined, text), before)
    if name in _NAMED:
        return _NAMED[name](text)
    if defined["fieldType"] == "checkbox":
        return _options(defined, text, before)
    return _TYPED[defined["type"]](defined, text)


def _text(_: Property, text: str) -> str:
    if len(text) > LONGEST:
        raise Wrong("STRING_TOO_LONG", f"Property values may have {LONGEST} characters, this one has {len(text)}.")
    return text


def _number(_: Property, text: str) -> str:
    """Without trailing zeros."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise Wrong("INVALID_INTEGER", f"{text} was not a valid number.") from error
    plain = f"{number:f}"
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def _bool(_: Property, text: str) -> str:
    if text not in {"true", "false"}:
        raise Wrong("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text


def _date(_: Property, text: str) -> str:
    """Midnight UTC in milliseconds, or a calendar date."""
    if re.fullmatch(r"-?\d+", text):
        if int(text) % DAY:
            raise Wrong("INVALID_DATE", f"{text} is at {_moment(text):%H:%M:%S} UTC, not midnight!")
        return f"{_moment(text):%Y-%m-%d}"
    try:
        return f"{datetime.strptime(text, '%Y-%m-%d').replace(tzinfo=UTC):%Y-%m-%d}"
    except ValueError as error:
        raise Wrong("INVALID_DATE", f"{text} was not a valid date.") from error


def _instant(_: Property, text: str) -> str:
    try:
        moment = _moment(text) if re.fullmatch(r"-?\d+", text) else datetime.fromisoformat(text)
    except ValueError as error:
        raise Wrong("INVALID_DATE", f"{text} was not a valid long.") from error
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


def _option(defined: Property, text: str) -> str:
    if defined["externalOptions"]:
        return text
    allowed = [option["value"] for option in defined["options"]]
    if text not in allowed:
        raise Wrong("INVALID_OPTION", f"{text} was not one of the allowed options: {allowed}")
    return text


def _options(defined: Property, text: str, before: str | None) -> str:
    """Several, joined by semicolons; a leading one adds to what is there."""
    chosen = [_option(defined, each) for each in text.split(";") if each]
    had = before.split(";") if before and text.startswith(";") else []
    return ";".join(dict.fromkeys([*had, *chosen]))


def _forward(stage: str, before: str | None) -> str:
    """A stage of life only moves on; set back without being cleared, it stays silently."""
    return stage if before is None or LIFECYCLE.index(stage) >= LIFECYCLE.index(before) else before


def _email(text: str) -> str:
    address = text.strip().lower()
    if not ADDRESS.fullmatch(address):
        raise Wrong("INVALID_EMAIL", f"Email address {address} is invalid")
    return address


def _domain(text: str) -> str:
    return URLS.sub("", text.strip()).partition("/")[0].lower()


_NAMED: dict[str, Callable[[str], str]] = {"email": _email, "domain": _domain}
_TYPED: dict[str, Callable[[Property, str], str]] = {
    "string": _text,
    "number": _number,
    "bool": _bool,
    "date": _date,
    "datetime": _instant,
    "enumeration": _option,
}
