"""Query options and Prefer headers, and no more of OData than this API grants on events."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.outlook_calendar.errors import Refusal, bad_request
from sandbox.outlook_calendar.events import Item
from sandbox.outlook_calendar.ids import uid_of
from sandbox.outlook_calendar.wire import Wish
from sandbox.outlook_calendar.zones import instant, parse_bound, windows_name

Predicate = Callable[[Item], bool]
_PREFERENCE = re.compile(r'([\w.-]+)\s*=\s*("[^"]*"|[^,\s]+)')
_QUOTED = r"'((?:[^']|'')*)'"
_ANY = re.compile(
    rf"singleValueExtendedProperties/any\((\w+):\s*\1/id eq {_QUOTED} and \1/value eq {_QUOTED}\s*\)$", re.I
)
_COMPARE = re.compile(rf"([\w/]+) (eq|ne|ge|gt|le|lt) (?:{_QUOTED}|([\w.:+-]+))$")
_EXPAND = re.compile(r"singleValueExtendedProperties\(\s*\$filter=(.+)\)$")
_ID = re.compile(rf"id eq {_QUOTED}", re.I)
MOST = 1000


def preferences(header: str) -> dict[str, str]:
    """Several preferences may stand in one header, joined by commas."""
    return {name.lower(): value.strip('"') for name, value in _PREFERENCE.findall(header)}


def wish_of(query: Mapping[str, str], prefer: Mapping[str, str]) -> Wish:
    """What the client wants to see; Refusal (400) for zones and expansions that do not exist."""
    zone = prefer.get("outlook.timezone", "UTC")
    select = query.get("$select", "")
    extended, exceptions = _expansions(query.get("$expand", ""))
    return Wish(
        zone=windows_name(zone),
        zone_name=zone,
        text_body=prefer.get("outlook.body-content-type", "").lower() == "text",
        immutable=prefer.get("idtype", "") == "ImmutableId",
        select=frozenset(name.strip() for name in select.split(",")) if select else None,
        extended=extended,
        exceptions=exceptions,
    )


def _expansions(text: str) -> tuple[frozenset[str], bool]:
    ids: set[str] = set()
    exceptions = False
    for part in _split(text, ","):
        if part == "exceptionOccurrences":
            exceptions = True
        elif (match := _EXPAND.match(part)) and (found := _ID.findall(match[1])):
            ids |= {_unquoted(each).lower() for each in found}
        else:
            raise bad_request(f"Parsing OData Select and Expand failed: '{part}'.", "BadRequest")
    return frozenset(ids), exceptions


def _split(text: str, separator: str) -> list[str]:
    """Cut at separators that are in neither parentheses nor quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for place, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if not quoted and not depth and text.startswith(separator, place):
            parts.append(text[begin:place])
            begin = place + len(separator)
    return [part.strip() for part in (*parts, text[begin:]) if part.strip()]


def predicate_of(text: str) -> Predicate:
    """$filter: comparisons joined by `and`, or a look-up by extended property; Refusal (400) for anything else."""
    tests = [_test(part) for part in _split(text, " and ")]
    return lambda item: all(test(item) for test in tests)


def _test(text: str) -> Predicate:
    if match := _ANY.match(text):
        name, wanted = _unquoted(match[2]).lower(), _unquoted(match[3])
        return lambda item: any(key.lower() == name and value == wanted for key, value in item.extended.items())
    match = _COMPARE.match(text)
    if match is None or match[1] not in _VALUES:
        raise bad_request(f"Invalid filter clause: '{text}'.", "ErrorInvalidUrlQueryFilter")
    name, compare = match[1], _COMPARISONS[match[2]]
    wanted = _comparable(name, _unquoted(match[3]) if match[3] is not None else match[4])
    return lambda item: compare(_VALUES[name](item), wanted)


def _comparable(name: str, text: str) -> str:
    """Times are compared as the server spells them, in UTC."""
    return instant(parse_bound(text, name)) if name.endswith(("DateTime", "dateTime")) else text


def _unquoted(text: str) -> str:
    return text.replace("''", "'")


_VALUES: Mapping[str, Callable[[Item], str]] = {
    "lastModifiedDateTime": lambda item: instant(item.event.modified),
    "createdDateTime": lambda item: instant(item.event.created),
    "start/dateTime": lambda item: instant(item.times.begins),
    "end/dateTime": lambda item: instant(item.times.ends),
    "subject": lambda item: str(item.props["subject"]),
    "iCalUId": lambda item: uid_of(item.event.uid, item.day),
    "uid": lambda item: item.event.uid,
    "type": lambda item: item.kind,
    "showAs": lambda item: str(item.props["showAs"]),
}
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}


def ordered(items: Iterable[Item], text: str) -> list[Item]:
    """$orderby by one property; in the mailbox's own order without."""
    if not text:
        return list(items)
    name, _, direction = text.partition(" ")
    if name not in _VALUES or direction not in {"", "asc", "desc"}:
        raise bad_request(f"Invalid orderby clause: '{text}'.", "ErrorInvalidUrlQuery")
    return sorted(items, key=_VALUES[name], reverse=direction == "desc")


def whole(query: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A number among the query options."""
    text: Any = query.get(name) or default
    if not str(text).isdecimal() or int(text) < least or (most and int(text) > most):
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for {name} query option found.")
    return int(text)
