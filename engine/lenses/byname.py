"""Lenses by the names that `via` knows. What is wrong with a name or its setting is a ValueError with a sentence."""

# ruff: noqa: ARG001 - every maker of a lens is asked in the same way

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Field
from engine.lens import Lens
from engine.lenses.html import Body
from engine.lenses.join import Join
from engine.lenses.names import PARTS as NAME_PARTS
from engine.lenses.names import NameFields, NamePart, NameText
from engine.lenses.tables import NAMED, Table
from engine.lenses.text import Constant, Folded, Plain, Text

Fields = Mapping[str, Field]

VIA: Mapping[str, str] = {
    "as_is": "the value as it is; empty texts and lists are nothing",
    "text": "text with uniform line ends and accents",
    "clip": "text cut to a number of characters: {clip: 255}",
    "lower": "text in lower case",
    "trim": "text without spaces at its ends",
    "one_line": "text with line ends turned into spaces",
    "html_subset": "HTML reduced to paragraphs, breaks, lists, links, bold, italic and underlined",
    "google_html": "a Google Calendar description, plain or HTML",
    "plain_text": "plain text on this side, HTML on the others",
    "table": "a choice, native to shared: {table: {free: free, oof: busy}}; or a built-in table: {table: busy/graph}",
    "constant": "always writes this value and reads nothing back: {constant: Imported}",
    "join": "several text fields as one text, with a separator: {join: ', '}",
    "name": "a person's name: one text, or several fields such as {name: {given: firstname, family: lastname}}",
    "part": "one part of a name that is written as one text: {part: given}",
}
"""The lens names that `via` knows, each with a line of help."""

PARTS: frozenset[str] = frozenset({"part"})
"""Lenses that own only a part of a field: several rows may write that field."""


def named(spec: str | Mapping[str, Any], fields: Fields | None = None) -> Lens:
    """The lens of a `via` entry; ValueError with a sentence where it is unknown or its setting makes no sense.

    `fields`: the native fields it stands at; none for a lens that stands behind another one.
    """
    name, setting = (spec, None) if isinstance(spec, str) else next(iter(spec.items()))
    if name not in VIA:
        raise ValueError(f"There is no lens named {name!r}.")
    if isinstance(spec, str):
        if name not in _NAMED:
            raise ValueError(f"The lens {name!r} needs a setting.")
        return _NAMED[name](fields or {})
    if name not in _SET:
        raise ValueError(f"The lens {name!r} has no setting.")
    return _SET[name](setting, fields or {})


def _clip(most: Any, fields: Fields) -> Lens:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ValueError(f"clip needs a number of characters, such as {{clip: 255}}, not {most!r}.")
    return Text(most)


def _join(separator: Any, fields: Fields) -> Lens:
    if not isinstance(separator, str) or not separator:
        raise ValueError(f"join needs the text between the fields, such as {{join: ', '}}, not {separator!r}.")
    return Join(tuple(fields), separator)


def _name(fields: Fields) -> Lens:
    from engine.lenses.bytype import joined

    return joined(fields, "name") if len(fields) > 1 else NameText()


def _name_of(setting: Any, fields: Fields) -> Lens:
    if not isinstance(setting, Mapping) or not set(setting) <= set(NAME_PARTS):
        raise ValueError(
            f"name takes fields by part ({', '.join(NAME_PARTS)}), such as {{name: {{given: firstname}}}}."
        )
    if fields and set(setting.values()) != set(fields):
        raise ValueError(f"name has to say which part each of {', '.join(fields)} is.")
    return NameFields(dict(setting))


def _part(which: Any, fields: Fields) -> Lens:
    if which in NAME_PARTS:
        return NamePart(which)
    raise ValueError(f"part needs one of {', '.join(NAME_PARTS)}, not {which!r}.")


def _table(setting: Any, fields: Fields) -> Lens:
    if isinstance(setting, Mapping) and setting:
        return Table("of the mapping", {str(native): shared for native, shared in setting.items()})
    name, _, dialect = str(setting).partition("/")
    found = NAMED.get(name, {}).get(dialect)
    if found is None and not dialect and name in NAMED:
        found = _either(name)
    if found is None:
        known = ", ".join(f"{table}/{spelling}" for table, spellings in NAMED.items() for spelling in spellings)
        raise ValueError(f"There is no table {setting!r}; there are {known}, or write one: {{table: {{free: free}}}}.")
    return found


def _either(name: str) -> Table:
    """A named table that reads every app's spelling and writes the shared word, for apps that use these words."""
    shows = {native: shared for table in NAMED[name].values() for native, shared in table.shows.items()}
    own = {shared: shared for shared in dict.fromkeys(shows.values())}
    return Table(name, {**own, **shows})


_NAMED: Mapping[str, Callable[[Fields], Lens]] = {
    "as_is": lambda _: Plain(),
    "text": lambda _: Text(),
    "lower": lambda _: Folded("lower"),
    "trim": lambda _: Folded("trim"),
    "one_line": lambda _: Folded("one_line"),
    "html_subset": lambda _: Body("graph"),
    "google_html": lambda _: Body("google"),
    "plain_text": lambda _: Body("plain"),
    "name": _name,
}
_SET: Mapping[str, Callable[[Any, Fields], Lens]] = {
    "clip": _clip,
    "table": _table,
    "constant": lambda setting, _: Constant(setting),
    "join": _join,
    "name": _name_of,
    "part": _part,
}
