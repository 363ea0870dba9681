"""Query options, and no more of OData than this API grants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from sandbox.graph.errors import Refusal, bad_request
from sandbox.graph.zones import instant, parse_bound

T = TypeVar("T")
Predicate = Callable[[T], bool]
QUOTED = r"'((?:[^']|'')*)'"
MOST = 1000
"""Items in a page."""
_ANY = re.compile(
    rf"singleValueExtendedProperties/any\((\w+):\s*\1/id eq {QUOTED} and \1/value eq {QUOTED}\s*\)$", re.I
)
_COMPARE = re.compile(rf"([\w/]+) (eq|ne|ge|gt|le|lt) (?:{QUOTED}|([\w.:+-]+))$")
_EXPAND = re.compile(r"singleValueExtendedProperties\(\s*\$filter=(.+)\)$")
_ID = re.compile(rf"id eq {QUOTED}", re.I)
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}


class Filtering(Generic[T]):
    """$filter and $orderby over one type. `values`: its comparable properties; `looks`: look-ups into its lists."""

    def __init__(self, values: Mapping[str, Callable[[T], str]], *looks: Callable[[str], Predicate[T] | None]) -> None:
        self._values = values
        self._looks = looks

    def predicate(self, text: str) -> Predicate[T]:
        """Comparisons and look-ups joined by `and`; Refusal (400) for anything else."""
        tests = [self._test(part) for part in split(text, " and ")]
        return lambda item: all(test(item) for test in tests)

    def ordered(self, items: Iterable[T], text: str) -> list[T]:
        """By one property; in the mailbox's own order without."""
        if not text:
            return list(items)
        name, _, direction = text.partition(" ")
        if name not in self._values or direction not in {"", "asc", "desc"}:
            raise bad_request(f"Invalid orderby clause: '{text}'.", "ErrorInvalidUrlQuery")
        return sorted(items, key=self._values[name], reverse=direction == "desc")

    def _test(self, text: str) -> Predicate[T]:
        for look in self._looks:
            if found := look(text):
                return found
        match = _COMPARE.match(text)
        if match is None or match[1] not in self._values:
            raise bad_request(f"Invalid filter clause: '{text}'.", "ErrorInvalidUrlQueryFilter")
        value, compare = self._values[match[1]], _COMPARISONS[match[2]]
        wanted = _comparable(match[1], unquoted(match[3]) if match[3] is not None else match[4])
        return lambda item: compare(value(item), wanted)


def by_extended(extended: Callable[[T], Mapping[str, str]]) -> Callable[[str], Predicate[T] | None]:
    """A look-up by extended property."""

    def look(text: str) -> Predicate[T] | None:
        match = _ANY.match(text)
        if match is None:
            return None
        name, wanted = unquoted(match[2]).lower(), unquoted(match[3])
        return lambda item: any(key.lower() == name and value == wanted for key, value in extended(item).items())

    return look


def expanded(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """$expand: ids of extended properties (lower case), and the names of other things; Refusal (400) for the rest."""
    ids: set[str] = set()
    names: set[str] = set()
    for part in split(text, ","):
        if (match := _EXPAND.match(part)) and (found := _ID.findall(match[1])):
            ids |= {unquoted(each).lower() for each in found}
        elif part.isalnum():
            names.add(part)
        else:
            raise unexpandable(part)
    return frozenset(ids), frozenset(names)


def unexpandable(part: str) -> Refusal:
    """There is no such thing to expand."""
    return bad_request(f"Parsing OData Select and Expand failed: '{part}'.", "BadRequest")


def whole(query: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A number among the query options."""
    text: Any = query.get(name) or default
    if not str(text).isdecimal() or int(text) < least or (most and int(text) > most):
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def split(text: str, separator: str) -> list[str]:
    """Cut at separators that are in neither parentheses nor quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for place, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if not quoted and not depth and text.startswith(separator, place):
            parts.append(text[begin:place])
            begin = place + len(separator)
    return [part.strip() for part in (*parts, text[begin:]) if part.strip()]


def unquoted(text: str) -> str:
    """The inside of an OData string."""
    return text.replace("''", "'")


def _comparable(name: str, text: str) -> str:
    """Times are compared as the server spells them, in UTC."""
    return instant(parse_bound(text, name)) if name.endswith(("DateTime", "dateTime")) else text
