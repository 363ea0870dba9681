"""What an e-mail address or a telephone is for: TYPE parameters, Apple's X-ABLABEL lines; and which comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.lines import Component, Line, escape, unescape

OWN = "X-ABLABEL"
PLACES = ("home", "work")
DEVICES = {"cell": "mobile", "fax": "fax", "pager": "pager"}
GENERAL = frozenset(
    ("internet", "voice", "text", "textphone", "msg", "video", "x400", "dom", "intl", "postal", "parcel", "iphone")
)
"""Words that tell the kind of line, not what it is for (RFC 2426 3, RFC 6350 6.4.1)."""
_LAST = 101
"""After PREF=100, the least preferred (RFC 6350 5.3)."""


def read(card: Component, line: Line) -> str:
    """home, work, mobile, fax, `work fax`, pager, other, or what somebody called it."""
    if line.group and (own := next((one for one in card.lines(OWN) if _together(one, line)), None)) is not None:
        text = unescape(own.value).strip()
        marked = re.fullmatch(r"_\$!<(.*)>!\$_", text)  # how Apple writes labels that it translates
        return (marked[1].lower() if marked else text) or "other"
    return of_words(types(line))


def of_words(words: list[str]) -> str:
    """The label that TYPE words stand for."""
    place = next((word for word in PLACES if word in words), "")
    device = next((DEVICES[word] for word in DEVICES if word in words), "")
    if device:
        return f"{place} {device}".strip() if device == "fax" else device
    rest = [word for word in words if word not in GENERAL | {"pref"}]
    return place or (rest[0] if rest else "other")


def types(line: Line) -> list[str]:
    """The TYPE words, lower-case; also those given without `TYPE=`, as old programs write them."""
    values = [value if key == "TYPE" else key for key, value in line.params if key == "TYPE" or not value]
    return [word.strip().lower() for value in values for word in value.strip('"').split(",") if word.strip()]


def write(card: Component, line: Line, label: str) -> Line:
    """The line with this label. One that no TYPE word stands for gets an X-ABLABEL line of its own."""
    if read(card, line) == label:
        return line
    forget(card, line, (OWN,))
    words = [word for word in label.split() if label != "other"]
    fitting = [next((key for key, name in DEVICES.items() if name == word), word) for word in words]
    known = all(word in (*PLACES, *DEVICES) for word in fitting) and of_words(fitting) == label
    kept = [word for word in types(line) if word in GENERAL | {"pref"}]
    typed = with_types(line, [*kept, *fitting] if known else kept)
    return typed if known or label == "other" else _named(card, typed, label)


def with_types(line: Line, words: list[str]) -> Line:
    """With these TYPE words and no others, upper-case as vCard 3.0 has them (they are compared without case)."""
    params = [(key, value) for key, value in line.params if key != "TYPE" and value]
    return Line.make(line.name, line.value, [*params, *(("TYPE", word.upper()) for word in words)], line.group)


def forget(card: Component, line: Line, names: Sequence[str] = (OWN, "X-ABADR")) -> None:
    """Take away what its group says about a line."""
    if line.group:
        card.items[:] = [one for one in card.items if not (_together(one, line) and one.name in names)]


def rank(line: Line) -> int:
    """Lower is preferred: PREF of 4.0, TYPE=PREF of 3.0."""
    pref = (line.param("PREF") or "").strip()
    if pref.isdigit():
        return int(pref)
    return 1 if "pref" in types(line) else _LAST


def prefer(line: Line, *, first: bool, version: str) -> Line:
    """Marked as the preferred one, or as none of them."""
    words = [word for word in types(line) if word != "pref"]
    plain = line if rank(line) == _LAST else with_types(line.with_value(line.value, PREF=None), words)
    if not first:
        return plain
    return with_types(plain, [*words, "pref"]) if version == "3.0" else plain.with_value(plain.value, PREF="1")


def _named(card: Component, line: Line, label: str) -> Line:
    used = {one.group.lower() for one in card.lines()}
    group = line.group or next(name for n in range(1, len(used) + 2) if (name := f"item{n}") not in used)
    card.items.append(Line.make(OWN, escape(label), group=group))
    return Line.make(line.name, line.value, line.params, group)


def _together(one: Line | Component, other: Line) -> bool:
    return isinstance(one, Line) and one.group.lower() == other.group.lower()
