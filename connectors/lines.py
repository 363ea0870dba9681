"""iCalendar text as a tree of content lines that gives back, byte for byte, every line nobody changed.

Folding and quoting are icalendar's; values stay raw, so what is unknown or broken here survives an edit elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from icalendar.parser import Contentline, Contentlines, q_split

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters: not allowed in iCalendar text, and not even readable in the XML that servers send it in."""


class Unreadable(ValueError):
    """The text is not a calendar object we can show. The message says why, for people."""


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded content line. A line that cannot be taken apart has the name ""."""

    text: str
    name: str
    params: tuple[tuple[str, str], ...]
    """Upper-case name and raw value, quotes kept, in the order of the text."""
    value: str
    """Raw: still escaped."""

    @classmethod
    def parse(cls, text: str) -> Self:
        colon = Contentline(text).value_separator_index()  # type: ignore[no-untyped-call]
        if colon < 1:
            return cls(text, "", (), "")
        name, *params = q_split(text[:colon], ";")
        split = [param.partition("=") for param in params]
        return cls(text, name.strip().upper(), tuple((k.strip().upper(), v) for k, _, v in split), text[colon + 1 :])

    @classmethod
    def make(cls, name: str, value: str, params: Iterable[tuple[str, str]] = ()) -> Self:
        listed = tuple(params)
        return cls("".join((name, *(f";{k}={v}" for k, v in listed), f":{value}")), name, listed, value)

    def param(self, name: str) -> str | None:
        """The value of a parameter, without quotes."""
        return next((value.strip('"') for key, value in self.params if key == name), None)

    def with_value(self, value: str, **params: str | None) -> Line:
        """A line with another value and some parameters set, or dropped where None; `_` stands for `-` in names."""
        changes = {name.replace("_", "-"): value for name, value in params.items()}
        kept = [(key, old) for key, old in self.params if key not in changes]
        return Line.make(self.name, value, [*kept, *((k, quoted(v)) for k, v in changes.items() if v is not None)])


@dataclass(slots=True)
class Component:
    """A component and what is in it, in the order of the text."""

    name: str
    items: list[Line | Component] = field(default_factory=list)

    def lines(self, name: str | None = None) -> list[Line]:
        return [item for item in self.items if isinstance(item, Line) and name in (None, item.name)]

    def line(self, name: str) -> Line | None:
        """The first line of this name."""
        return next(iter(self.lines(name)), None)

    def children(self, name: str | None = None) -> list[Component]:
        return [item for item in self.items if isinstance(item, Component) and name in (None, item.name)]

    def put(self, name: str, *lines: Line) -> None:
        """Replace all lines of this name, in the place of the first (else after the other lines)."""
        at = next((i for i, item in enumerate(self.items) if isinstance(item, Line) and item.name == name), None)
        if at is None:
            at = next((i for i, item in enumerate(self.items) if isinstance(item, Component)), len(self.items))
        rest = [item for item in self.items[at:] if isinstance(item, Component) or item.name != name]
        self.items[at:] = [*lines, *rest]

    def copy(self) -> Component:
        return Component(self.name, [item.copy() if isinstance(item, Component) else item for item in self.items])

    def walk(self) -> Iterator[Line]:
        yield Line.make("BEGIN", self.name)
        for item in self.items:
            yield from item.walk() if isinstance(item, Component) else (item,)
        yield Line.make("END", self.name)

    def to_ical(self) -> bytes:
        """Folded, with CRLF line ends."""
        lines = Contentlines(Contentline(line.text) for line in self.walk())  # type: ignore[no-untyped-call]
        return bytes(lines.to_ical())  # type: ignore[no-untyped-call]


def parse(text: str) -> Component:
    """The one VCALENDAR of a resource, or Unreadable. Control characters are left out, as they are in XML answers."""
    root = Component("")
    stack = [root]
    for raw in Contentlines.from_ical(_plain(text.lstrip("\ufeff"))):  # type: ignore[no-untyped-call]
        line = Line.parse(str(raw)) if raw.strip() else None
        if line is None:
            continue
        if line.name == "BEGIN":
            child = Component(line.value.strip().upper())
            stack[-1].items.append(child)
            stack.append(child)
        elif line.name == "END":
            if len(stack) < 2 or stack[-1].name != line.value.strip().upper():
                raise Unreadable(f"END:{line.value} closes nothing that was begun")
            stack.pop()
        else:
            stack[-1].items.append(line)
    if len(stack) > 1:
        raise Unreadable(f"the text ends within {stack[-1].name}")
    calendars = root.children("VCALENDAR")
    if len(calendars) != 1:
        raise Unreadable("there is no VCALENDAR in it" if not calendars else "there are several VCALENDARs in it")
    return calendars[0]


def _plain(text: str) -> str:
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def unescape(value: str) -> str:
    """The text behind a raw TEXT value; a backslash before any other character means that character."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def escape(text: str) -> str:
    """A raw TEXT value. Control characters, which iCalendar cannot hold, are left out."""
    return re.sub(r"([\\;,])", r"\\\1", _plain(text)).replace("\n", "\\n")


def listed(value: str) -> list[str]:
    """The texts of a raw value that is a list: `work,a\\, b` -> ["work", "a, b"]."""
    return [text for part in re.findall(r"(?:\\.|[^,\\])+", value) if (text := unescape(part).strip())]


def quoted(value: str) -> str:
    """A parameter value; quotes and control characters cannot be in one (RFC 6868 spells a quote ^')."""
    clean = _UNSAFE.sub("", value.replace("\n", " ")).replace('"', "^'")
    return f'"{clean}"' if re.search(r"[:;,]", clean) else clean


def unquoted(value: str | None) -> str | None:
    """The text behind a parameter value: quotes off, RFC 6868 undone; None where empty."""
    marks: Mapping[str, str] = {"^'": '"', "^n": "\n", "^^": "^"}
    return re.sub(r"\^['n^]", lambda m: marks[m[0]], value.strip('"')) or None if value else None
