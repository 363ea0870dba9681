"""Which lens a field gets by itself: by type, dialect, meaning and limits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.contract import Field
from engine.lens import Chain, Lens
from engine.lenses.address import Address, AddressFields, AddressText
from engine.lenses.choice import Choice
from engine.lenses.country import Country
from engine.lenses.dates import Day, DayOf, Instant
from engine.lenses.duration import Duration
from engine.lenses.entries import Addresses, Keyed, Reaches, Tags
from engine.lenses.html import Body
from engine.lenses.moment import Moment
from engine.lenses.money import Money, MoneyFields, Rates
from engine.lenses.names import NameFields, NameText
from engine.lenses.number import Bool, Number
from engine.lenses.occurrences import Occurrences
from engine.lenses.people import People
from engine.lenses.pick import Pick
from engine.lenses.reach import Email, Phone, Url
from engine.lenses.recurrence_graph import PatternedRecurrence
from engine.lenses.recurrence_ical import Recurrence
from engine.lenses.ref import Reference
from engine.lenses.tables import BY_MEANS
from engine.lenses.text import Limit, Plain, Text

NAME = {"prefix": "prefix", "given_name": "given", "middle_name": "middle", "family_name": "family", "suffix": "suffix"}
"""Last word of a meaning -> part of a name."""
ADDRESS = {name: name for name in ("street", "city", "region", "postcode", "country")}
SINGLE = {"emails": "email", "phones": "phone", "urls": "url", "addresses": "address"}
"""Type of a list -> type of one of its values."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a row holds that the type of one field does not tell.

    `kind`: name, address, money, day, or the type of one value where some sides have a list; empty where each field
    speaks for itself. `rates`: those by which the row converts.
    """

    kind: str = ""
    rates: Rates = field(default_factory=dict)


def shape_of(sides: Mapping[str, Mapping[str, Field]], rates: Rates | None = None) -> Shape:
    """The shape of a row with these native fields on its sides."""
    return Shape(next(filter(None, map(_joint, sides.values())), "") or _single(sides.values()), rates or {})


def _joint(fields: Mapping[str, Field]) -> str:
    if len(fields) < 2:
        return ""
    for kind, words in (("name", NAME), ("address", ADDRESS)):
        if len(parts_of(fields, words)) == len(fields):
            return kind
    return "money" if _amount_and_currency(fields) else ""


def _single(cells: Collection[Mapping[str, Field]]) -> str:
    """The type of one value, where one side has one and another side a list of them."""
    types = {one.type for fields in cells for one in fields.values()}
    if types == {"date", "instant"} and len({one.means for fields in cells for one in fields.values()} - {""}) == 1:
        return "day"
    return next((one for many, one in SINGLE.items() if types == {one, many}), "")


def _amount_and_currency(fields: Mapping[str, Field]) -> tuple[str, str] | None:
    amounts = [name for name, one in fields.items() if one.type in ("money", "number")]
    codes = [name for name, one in fields.items() if one.means.endswith(".currency")]
    return (amounts[0], codes[0]) if len(amounts) == len(codes) == 1 and len(fields) == 2 else None


def lens_for(
    item: Field, rows: Mapping[str, tuple[str, Lens]] | None = None, shape: Shape | None = None, each: str | None = None
) -> Lens:
    """The lens of a field. `rows`: native field -> (row, lens) of this side, for changed occurrences; `each`: the key
    of a list."""
    kind = shape.kind if shape else ""
    if item.type == "occurrences":
        return Occurrences(item.dialect, dict(rows or {}))
    if item.type == "text" and kind in ("name", "address"):
        return NameText(_limit(item)) if kind == "name" else AddressText(_limit(item))
    if kind and SINGLE.get(item.type) == kind and not each:
        return Pick((), inner(item.type))
    if item.type == "instant" and kind == "day":
        return Chain([Instant(item.dialect), DayOf()])
    if item.type == "list":
        return Keyed(each) if each else Plain()
    if item.type in ("money", "number") and (item.type == "money" or kind == "money" or (shape and shape.rates)):
        return Money(item.dialect, item.currency, item.digits, shape.rates if shape else {})
    return _BY_TYPE[item.type](item) if item.type in _BY_TYPE else Plain()


def inner(kind: str) -> Any:
    """The lens of one value of a list type."""
    return {"phones": Phone(), "urls": Url(), "addresses": Address()}.get(kind, Email())


def joined(fields: Mapping[str, Field], shape: Shape) -> Lens:
    """The lens that makes one value of several fields; ValueError where their meanings do not tell which."""
    if shape.kind == "name" and len(parts := parts_of(fields, NAME)) == len(fields):
        return NameFields(parts, {part: _limit(fields[name]) for part, name in parts.items()})
    if shape.kind == "address" and len(parts := parts_of(fields, ADDRESS)) == len(fields):
        return AddressFields(parts, {part: lens_for(fields[name]) for part, name in parts.items()})
    if shape.kind == "money" and (names := _amount_and_currency(fields)):
        return MoneyFields(*names, Money(fields[names[0]].dialect, "", fields[names[0]].digits, shape.rates))
    raise ValueError(f"What {', '.join(fields)} make together has to be said with 'via', such as {{join: ' '}}.")


def parts_of(fields: Mapping[str, Field], words: Mapping[str, str]) -> dict[str, str]:
    """Part -> native field, of the fields whose meaning is a part of something."""
    found = {words.get(one.means.rpartition(".")[2]): name for name, one in fields.items()}
    return {part: name for part, name in found.items() if part}


def _limit(item: Field) -> Limit:
    return Limit(item.max_length, item.counts)


def _text(item: Field) -> Lens:
    if item.means == "meeting.body":
        return Body("plain", item.max_length)
    return Text(item.max_length, item.counts)


def _choice(item: Field) -> Lens:
    if item.many:
        return Tags(item.dialect)
    return BY_MEANS.get(item.means, {}).get(item.dialect) or Choice(item.choices or {})


_BY_TYPE: Mapping[str, Callable[[Field], Lens]] = {
    "text": _text,
    "html": lambda item: Body(item.dialect, item.max_length, item.counts),
    "number": lambda item: Number(item.dialect, item.digits),
    "bool": lambda item: Bool(item.dialect),
    "date": lambda item: Day(item.dialect),
    "instant": lambda item: Instant(item.dialect),
    "duration": lambda item: Duration(item.dialect),
    "moment": lambda item: Moment(item.dialect, end=item.means.endswith(".end")),
    "recurrence": lambda item: PatternedRecurrence() if item.dialect == "graph" else Recurrence(item.dialect),
    "people": lambda item: People(item.dialect),
    "choice": _choice,
    "country": lambda item: Country(item.dialect, item.choices or {}),
    "phone": lambda item: Phone(None, _limit(item)),
    "email": lambda item: Email(_limit(item)),
    "url": lambda item: Url(_limit(item)),
    "address": lambda item: Address(Country(item.dialect)),
    "emails": lambda _: Reaches(Email()),
    "phones": lambda _: Reaches(Phone()),
    "urls": lambda _: Reaches(Url()),
    "addresses": lambda _: Addresses(),
    "tags": lambda item: Tags(item.dialect),
    "ref": lambda item: Reference(item.refers, item.many),
}
TYPES = frozenset({*_BY_TYPE, "occurrences", "list", "money"})
"""The field types that have a lens of their own; any other is taken as it is."""
