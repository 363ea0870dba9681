"""Which lens a field gets by itself: by type, dialect, meaning and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.contract import Field
from engine.lens import Lens
from engine.lenses.html import Body
from engine.lenses.moment import Moment
from engine.lenses.names import NameFields, NameText
from engine.lenses.occurrences import Occurrences
from engine.lenses.people import People
from engine.lenses.recurrence_graph import PatternedRecurrence
from engine.lenses.recurrence_ical import Recurrence
from engine.lenses.ref import Reference
from engine.lenses.tables import BUSY, PRIVACY, STATUS
from engine.lenses.text import Limit, Plain, Text

_CHOICES = {"meeting.busy": BUSY, "meeting.privacy": PRIVACY, "meeting.status": STATUS}
_NAME = {
    "prefix": "prefix",
    "given_name": "given",
    "middle_name": "middle",
    "family_name": "family",
    "suffix": "suffix",
}
"""Last word of a meaning -> part of a name."""


def lens_for(field: Field, row_lenses: Mapping[str, tuple[str, Lens]] | None = None, shape: str = "") -> Lens:
    """The lens of a field. `row_lenses`: native field -> (row, lens) of this side, for changed occurrences.

    `shape`: what its row holds where that is not the field's own type, see `shape_of`.
    """
    if field.type == "occurrences":
        return Occurrences(field.dialect, dict(row_lenses or {}))
    if shape == "name" and field.type == "text":
        return NameText(_limit(field))
    if field.type in _BY_TYPE:
        return _BY_TYPE[field.type](field)
    return Plain()


def shape_of(sides: Mapping[str, Mapping[str, Field]]) -> str:
    """What a row holds that the type of a single field does not tell: `name`; else empty. `sides`: native fields."""
    for fields in sides.values():
        if len(fields) > 1 and len(parts_of(fields, _NAME)) == len(fields):
            return "name"
    return ""


def joined(fields: Mapping[str, Field], shape: str) -> Lens:
    """The lens that makes one value of several fields; ValueError where their meanings do not tell which."""
    if shape == "name" and len(parts := parts_of(fields, _NAME)) == len(fields):
        return NameFields(parts)
    raise ValueError(f"What {', '.join(fields)} make together has to be said with 'via', such as {{join: ' '}}.")


def parts_of(fields: Mapping[str, Field], words: Mapping[str, str]) -> dict[str, str]:
    """Part -> native field, of the fields whose meaning is a part of something."""
    found = {words.get(field.means.rpartition(".")[2]): name for name, field in fields.items()}
    return {part: name for part, name in found.items() if part}


def _limit(field: Field) -> Limit:
    return Limit(field.max_length, field.counts)


def _text(field: Field) -> Lens:
    if field.means == "meeting.body":
        return Body("plain", field.max_length)
    return Text(field.max_length, field.counts)


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
    "ref": lambda field: Reference(field.refers, field.many),
    "choice": _choice,
}
