"""iCalendar and vCard text as a tree of content lines that gives back, byte for byte, every line nobody changed.

Quoting and the folding of new lines are icalendar's; values stay raw, so that what is unknown or broken here survives
an edit elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from icalendar.parser import Contentline, q_split

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters: not allowed in such text, and not even readable in the XML that servers send it in."""


class Unreadable(ValueError):
    """The text is not a calendar object or a card we can show. The message says why, for people."""


class Apart(ValueError):
    """The text is whole, and is no record of this kind, though it is stored among them. The message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One unfolded content line. A line that cannot be taken apart has the name ""."""

    text: str
    name: str
    params: tuple[tuple[str, str], ...]
    """Upper-case name and raw value, quotes kept, in the order of the text."""
    value: str
    """Raw: still escaped."""
    group: str = ""
    """What ties lines of a vCard together: the `item1` of `item1.TEL:...`."""
    folded: str = field(default="", compare=False)
    """As it was read, folds and all; "" for a new line."""

    @classmethod
    def parse(cls, text: str, folded: str = "") -> Self:
        colon = Contentline(text).value_separator_index()  # type: ignore[no-untyped-call]
        if colon < 1:
            return cls(text, "", (), "", folded=folded)
        name, *params = q_split(text[:colon], ";")
        split = [param.partition("=") for param in params]
        group, _, name = name.strip().rpartition(".")
        listed = tuple((k.strip().upper(), v) for k, _, v in split)
        return cls(text, name.upper(), listed, text[colon + 1 :], group, folded)

    @classmethod
    def make(cls, name: str, value: str, params: Iterable[tuple[str, str]] = (), group: str = "") -> Self:
        listed = tuple(params)
        head = f"{group}.{name}" if group else name
        return cls("".join((head, *(f";{k}={v}" for k, v in listed), f":{value}")), name, listed, value, group)

    def param(self, name: str) -> str | None:
        """The value of a parameter, without quotes."""
        return next((value.strip('"') for key, value in self.params if key == name), None)

    def with_value(self, value: str, **params: str | None) -> Line:
        """A line with another value and some parameters set, or dropped where None; `_` stands for `-` in names."""
        changes = {name.replace("_", "-"): value for name, value in params.items()}
        kept = [(key, old) for key, old in self.params if key not in changes]
        given = [(key, quoted(text)) for key, text in changes.items() if text is not None]
        return Line.make(self.name, value, [*kept, *given], self.group)


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
        return b"".join((line.folded.encode() or _fold(line.text)) + b"\r\n" for line in self.walk())


def parse(text: str, whole: str = "VCALENDAR") -> Component:
    """The one component of this name, or Unreadable. Control characters are left out, as they are in XML answers."""
    root = Component("")
    stack = [root]
    for unfolded, folded in _unfolded(_plain(text.lstrip("\ufeff"))):
        line = Line.parse(unfolded, folded)
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
    found = root.children(whole)
    if len(found) != 1:
        raise Unreadable(f"there is no {whole} in it" if not found else f"there are several {whole}s in it")
    return found[0]


def _unfolded(text: str) -> Iterator[tuple[str, str]]:
    """Each content line, whole and as it was folded. A line that begins with a blank goes on with the one before."""
    parts: list[str] = []
    for line in [*filter(None, text.split("\n")), ""]:
        if line[:1] in (" ", "\t") and parts:
            parts.append(line)
            continue
        if (whole := "".join((parts[0], *(part[1:] for part in parts[1:])) if parts else ())).strip():
            yield whole, "\r\n".join(parts)
        parts = [line]


def _fold(text: str) -> bytes:
    return bytes(Contentline(text).to_ical())  # type: ignore[no-untyped-call]


def _plain(text: str) -> str:
    return _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def unescape(value: str) -> str:
    """The text behind a raw TEXT value; a backslash before any other character means that character."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def escape(text: str) -> str:
    """A raw TEXT value. Control characters, which it cannot hold, are left out."""
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
