"""The lenses that exist, and which one a field gets: by type, dialect, meaning and length, or by name (`via`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Field
from engine.lens import Lens
from engine.lenses.html import Body
from engine.lenses.moment import Moment
from engine.lenses.occurrences import Occurrences
from engine.lenses.people import People
from engine.lenses.recurrence_graph import PatternedRecurrence
from engine.lenses.recurrence_ical import Recurrence
from engine.lenses.tables import BUSY, NAMED, PRIVACY, STATUS, Table
from engine.lenses.text import Constant, Folded, Plain, Text
from engine.lenses.translate import Verdict, verdict

__all__ = ["VIA", "Verdict", "lens_for", "named", "verdict"]

_CHOICES = {"meeting.busy": BUSY, "meeting.privacy": PRIVACY, "meeting.status": STATUS}


def lens_for(field: Field, row_lenses: Mapping[str, tuple[str, Lens]] | None = None) -> Lens:
    """The lens of a field. `row_lenses`: native field -> (row, lens) of this side, for changed occurrences."""
    if field.type == "occurrences":
        return Occurrences(field.dialect, dict(row_lenses or {}))
    if field.type in _BY_TYPE:
        return _BY_TYPE[field.type](field)
    return Plain()


def _text(field: Field) -> Lens:
    if field.means == "meeting.body":
        return Body("plain", field.max_length)
    return Text(field.max_length)


def _recurrence(field: Field) -> Lens:
    return PatternedRecurrence() if field.dialect == "graph" else Recurrence(field.dialect)


def _choice(field: Field) -> Lens:
    return _CHOICES.get(field.means, {}).get(field.dialect) or Plain()


_BY_TYPE: Mapping[str, Callable[[Field], Lens]] = {
    "text": _text,
    "html": lambda field: Body(field.dialect, field.max_length),
    "moment": lambda field: Moment(field.dialect, end=field.means.endswith(".end")),
    "recurrence": _recurrence,
    "people": lambda field: People(field.dialect),
    "choice": _choice,
}

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
}
"""The lens names that `via` knows, each with a line of help."""

_NAMED: Mapping[str, Callable[[], Lens]] = {
    "as_is": Plain,
    "text": Text,
    "lower": lambda: Folded("lower"),
    "trim": lambda: Folded("trim"),
    "one_line": lambda: Folded("one_line"),
    "html_subset": lambda: Body("graph"),
    "google_html": lambda: Body("google"),
    "plain_text": lambda: Body("plain"),
}


def named(spec: str | Mapping[str, Any]) -> Lens:
    """The lens of a `via` entry; ValueError with a sentence where it is unknown or its setting makes no sense."""
    if isinstance(spec, str):
        if spec in _NAMED:
            return _NAMED[spec]()
        raise ValueError(f"The lens {spec!r} needs a setting." if spec in VIA else f"There is no lens named {spec!r}.")
    name, setting = next(iter(spec.items()))
    if name == "clip":
        return _clip(setting)
    if name == "table":
        return _table(setting)
    if name == "constant":
        return Constant(setting)
    raise ValueError(f"The lens {name!r} has no setting." if name in VIA else f"There is no lens named {name!r}.")


def _clip(most: Any) -> Lens:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ValueError(f"clip needs a number of characters, such as {{clip: 255}}, not {most!r}.")
    return Text(most)


def _table(setting: Any) -> Lens:
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
