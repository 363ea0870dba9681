"""Reading what a client sends for one property; each raises Refusal (400) and names the property."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.graph.errors import Refusal, invalid

Parse = Callable[[Any, str], Any]
LONGEST = 255
_PROPERTY_ID = re.compile(r"(?:String|Integer|Boolean|Binary) (?:\{[0-9a-f-]{36}\} (?:Name|Id) .+|0x[0-9a-f]+)$", re.I)


def string(value: Any, name: str) -> str:
    """Text of any length; null is an empty one."""
    if value is not None and not isinstance(value, str):
        raise invalid(f"The property '{name}' must be a string.")
    return value or ""


def text(value: Any, name: str) -> str:
    """Text as long as a title may be."""
    if len(string(value, name)) > LONGEST:
        raise invalid(f"The property '{name}' is longer than {LONGEST} characters.")
    return value or ""


def flag(value: Any, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise invalid(f"The property '{name}' must be true or false.")
    return value


def choice(*choices: str) -> Callable[[Any, str], str]:
    """One of these."""

    def parse(value: Any, name: str) -> str:
        if value not in choices:
            raise invalid(f"The property '{name}' must be one of {', '.join(choices)}, not '{value}'.")
        return str(value)

    return parse


def names(value: Any, name: str) -> list[str]:
    """A list of strings, each once."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid(f"The property '{name}' must be a list of strings.")
    return list(dict.fromkeys(value))


def at_most(count: int) -> Callable[[Any, str], list[str]]:
    """A list of so many strings."""

    def parse(value: Any, name: str) -> list[str]:
        if len(names(value, name)) > count:
            raise invalid(f"The property '{name}' can hold at most {count} values.")
        return list(value)

    return parse


def known(body: Any, kind: str, parsers: Mapping[str, Parse], ignored: frozenset[str]) -> dict[str, Any]:
    """The properties of a request body; Refusal for those that the type does not have."""
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
    found = {}
    for name, value in body.items():
        if name in parsers:
            found[name] = parsers[name](value, name)
        elif name not in ignored and "@" not in name:
            message = f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'."
            raise Refusal(400, "RequestBodyRead", message)
    return found


def extended(value: Any, _: str = "") -> dict[str, str | None]:
    """Extended properties by id; None takes one away."""
    found: dict[str, str | None] = {}
    for each in value or []:
        name = str(each.get("id") or "") if isinstance(each, dict) else ""
        if not _PROPERTY_ID.match(name):
            raise Refusal(400, "ErrorInvalidProperty", f"The id '{name}' of an extended property is not valid.")
        found[name] = None if each.get("value") is None else str(each["value"])
    return found


def merge_extended(kept: dict[str, str], sent: Mapping[str, str | None]) -> None:
    """Set and take away; ids mind no case."""
    for name, value in sent.items():
        there = next((each for each in kept if each.lower() == name.lower()), name)
        if value is None:
            kept.pop(there, None)
        else:
            kept[there] = value
