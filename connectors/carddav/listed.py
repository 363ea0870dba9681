"""Properties that a card has several of: entries with a label, the preferred one first, over the lines they are in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.carddav import labels, parts
from connectors.carddav.fields import LISTS
from connectors.lines import Component, Line, escape, unescape
from engine.contract import Invalid

Entry = dict[str, Any]
_NO_URL = re.compile(r"[\x00-\x20\x7f\\]+")
"""What no web address has in it; some servers double the backslashes with which programs escape colons."""
ADDRESS = {"street": 2, "city": 3, "region": 4, "postcode": 5, "country": 6}
"""Member -> component of ADR (RFC 6350 6.3.1). The first two, a box and an extension, are kept, not shown."""


def read(card: Component, field: str) -> list[Entry]:
    return [entry for entry, _ in _shown(card, field)]


def write(card: Component, field: str, entries: Sequence[Entry], version: str) -> None:
    """Lines for these entries (as `settled` gives them): those that stay keep their line, and what else is in it."""
    left = _shown(card, field)
    lines: list[Line] = []
    same = [_take(left, entry) for entry in entries]
    taken = [old or _take_alike(left, entry, field) for old, entry in zip(same, entries, strict=True)]
    for _, line in left:
        labels.forget(card, line)
    for entry, old in zip(entries, taken, strict=True):
        line = old if old is not None and _entry(card, field, old) == entry else _line(old, field, entry)
        lines.append(labels.write(card, line, entry["label"]))
    if sorted(lines, key=labels.rank) != lines:
        lines = [labels.prefer(line, first=at == 0, version=version) for at, line in enumerate(lines)]
    empty = [line for line in card.lines(LISTS[field]) if _blank(field, line)]
    card.put(LISTS[field], *lines, *empty)


def settled(field: str, value: Any) -> list[Entry]:
    """Entries as `read` would show them: no empty ones, none twice, each with a label. Else Invalid."""
    found: list[Entry] = []
    for given in value or ():
        if not isinstance(given, Mapping):
            raise Invalid(f"{given!r} is not an entry with a value and a label.", field=field)
        names = ADDRESS if field == "addresses" else ("value",)
        entry = {name: _clean(field, given.get(name)) for name in names}
        entry["label"] = str(given.get("label") or "").strip() or "other"
        if any(entry[name] for name in names) and entry not in found:
            found.append(entry)
    return found


def _clean(field: str, value: Any) -> str | None:
    text = str(value or "").replace("\r\n", "\n").strip()
    return (_NO_URL.sub("", text) if field == "urls" else text) or None


def _shown(card: Component, field: str) -> list[tuple[Entry, Line]]:
    lines = [line for line in card.lines(LISTS[field]) if not _blank(field, line)]
    return [(_entry(card, field, line), line) for line in sorted(lines, key=labels.rank)]


def _entry(card: Component, field: str, line: Line) -> Entry:
    return {**_content(field, line), "label": labels.read(card, line)}


def _content(field: str, line: Line) -> Entry:
    if field == "addresses":
        return {name: parts.read(line.value, at) for name, at in ADDRESS.items()}
    text = unescape(line.value).strip()
    return {"value": _clean(field, text[4:] if field == "phones" and text[:4].lower() == "tel:" else text)}


def _blank(field: str, line: Line) -> bool:
    return not any(_content(field, line).values())


def _take(left: list[tuple[Entry, Line]], entry: Entry) -> Line | None:
    """The line that says just this, or this under another label."""
    bare = {name: value for name, value in entry.items() if name != "label"}
    for wanted in (entry, bare):
        for at, (shown, _) in enumerate(left):
            if wanted.items() <= shown.items():
                return left.pop(at)[1]
    return None


def _take_alike(left: list[tuple[Entry, Line]], entry: Entry, field: str) -> Line | None:
    """Of addresses, the one with this label: it moved."""
    fitting = (at for at, (shown, _) in enumerate(left) if shown["label"] == entry["label"])
    at = next(fitting, None) if field == "addresses" else None
    return None if at is None else left.pop(at)[1]


def _line(old: Line | None, field: str, entry: Entry) -> Line:
    """The line with another content. A formatted copy of an address (LABEL) would now be wrong: it goes."""
    if field == "addresses":
        line = old or Line.make("ADR", ";" * 6)
        changes = {at: entry[name] for name, at in ADDRESS.items()}
        value = parts.write(line.value, changes, 7)
        return line if value == line.value else line.with_value(value, LABEL=None)
    if old is not None and _content(field, old)["value"] == entry["value"]:
        return old
    text = str(entry["value"])
    # an address on the web is no text, but Radicale cuts it off at a comma that is not escaped
    return Line.make(LISTS[field], text.replace(",", "\\,") if field == "urls" else escape(text))
