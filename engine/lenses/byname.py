"""Lenses by the names that `via` knows. What is wrong with a name or its setting is a ValueError with a sentence."""

# ruff: noqa: ARG001 - every maker of a lens is asked in the same way

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from babel.core import Locale

from engine.contract import Field
from engine.lens import Lens
from engine.lenses import ways
from engine.lenses.address import MEMBERS, AddressFields, AddressPart, AddressText
from engine.lenses.bytype import Shape, inner, joined, lens_for
from engine.lenses.choices import table
from engine.lenses.country import Country
from engine.lenses.dates import DayOf
from engine.lenses.html import Body
from engine.lenses.join import Join
from engine.lenses.names import PARTS as NAME_PARTS
from engine.lenses.names import NameFields, NamePart, NameText
from engine.lenses.number import Number
from engine.lenses.pick import Pick
from engine.lenses.rates import money
from engine.lenses.reach import Email, Phone, Url
from engine.lenses.spelled import a_date, a_duration, a_number, a_time
from engine.lenses.text import Constant, Folded, Limit, Plain, Text

Fields = Mapping[str, Field]

VIA: Mapping[str, str] = {
    "as_is": "the value as it is; empty texts and lists are nothing",
    "text": "text with uniform line ends and accents",
    "clip": "text cut to a length: {clip: 255}, or {clip: {most: 255, counts: bytes}} (chars, utf16 or bytes)",
    "lower": "text in lower case",
    "trim": "text without spaces at its ends",
    "one_line": "text with line ends turned into spaces",
    "html_subset": "HTML reduced to paragraphs, breaks, lists, links, bold, italic and underlined",
    "google_html": "a Google Calendar description, plain or HTML",
    "plain_text": "plain text on this side, HTML on the others",
    "markdown": "Markdown on this side, HTML on the others",
    "round": "a number with so many decimals, halves to the even digit: {round: 2}",
    "money": "an amount in a currency: {money: EUR}; with rates it converts: {money: {currency: USD, rates: {...}}}",
    "day": "the day of a point in time, in a zone: {day: Europe/Berlin}",
    "date": "a text that spells a day: {date: '%d.%m.%Y'}",
    "time": "a text that spells a point in time: {time: {format: '%d.%m.%Y %H:%M', zone: Europe/Berlin}}",
    "number": "a text that spells a number as people of a place do: {number: de}",
    "duration": "a length of time as a number or a text: {duration: minutes}, {duration: hours}, {duration: '%H:%M'}",
    "table": "a choice, native to shared: {table: {free: free, oof: busy}}; or a built-in table: {table: busy/graph}",
    "constant": "always writes this value and reads nothing back: {constant: Imported}",
    "phone": "a telephone number; numbers without a country are read in this one: {phone: DE}",
    "email": "an e-mail address, whatever the case of its letters",
    "url": "the address of a web page",
    "country": "a country by name, or by code: {country: iso2}, {country: iso3}",
    "address": "a postal address: several fields, or one text",
    "name": "a person's name: one text, or several fields such as {name: {given: firstname, family: lastname}}",
    "join": "several text fields as one text, with a separator: {join: ', '}",
    "part": "one part of a name in one text, or of an address: {part: given}, {part: city}",
    "primary": "the first entry of a list as one value; the others stay",
    "pick": "the entry of a list with a label as one value; the others stay: {pick: mobile}, {pick: [work, null]}",
    "computed": "a value computed from the side's fields, one way: {computed: \"first + ' ' + last\"}",
    "python": "a function (one way) or a lens of your own: {python: 'our_lenses:tidy_sku'}",
}
"""The lens names that `via` knows, each with a line of help."""

PARTS: frozenset[str] = frozenset({"part", "primary", "pick"})
"""Lenses that own only a part of a field: several rows may write that field."""


def named(spec: str | Mapping[str, Any], fields: Fields | None = None, shape: Shape | None = None) -> Lens:
    """The lens of a `via` entry; ValueError with a sentence where it is unknown or its setting makes no sense.

    `fields`: the native fields it stands at; none for a lens that stands behind another one.
    """
    whole: Mapping[str, Any] = {spec: None} if isinstance(spec, str) else spec
    name = "table" if "table" in whole else next(iter(whole))
    if name not in VIA:
        raise ValueError(f"There is no lens named {name!r}.")
    if isinstance(spec, str):
        if name not in _NAMED:
            raise ValueError(f"The lens {name!r} needs a setting.")
        return _NAMED[name](fields or {})
    if name == "money":
        return money(whole[name], fields or {}, shape)
    if name not in _SET:
        raise ValueError(f"The lens {name!r} has no setting.")
    return _SET[name](whole if name == "table" else whole[name], fields or {})


def _limit(fields: Fields) -> Limit:
    """How much the one field holds that the lens stands at."""
    one = next(iter(fields.values()), None)
    return Limit(one.max_length, one.counts) if one is not None and len(fields) == 1 else Limit()


def _clip(setting: Any, fields: Fields) -> Lens:
    whole = setting if isinstance(setting, Mapping) else {"most": setting}
    most, counts = whole.get("most"), whole.get("counts", "chars")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1 or set(whole) - {"most", "counts"}:
        raise ValueError(f"clip needs a number of characters, such as {{clip: 255}}, not {setting!r}.")
    if counts not in ("chars", "utf16", "bytes"):
        raise ValueError(f"clip counts chars, utf16 or bytes, not {counts!r}.")
    return Text(most, counts)


def _round(digits: Any, fields: Fields) -> Lens:
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 20:
        raise ValueError(f"round needs a number of decimals from 0 to 20, such as {{round: 2}}, not {digits!r}.")
    return Number(next((one.dialect for one in fields.values()), ""), digits)


def _day(zone: Any, fields: Fields) -> Lens:
    if zone not in available_timezones():
        raise ValueError(f"day needs an IANA time zone, such as {{day: Europe/Berlin}}, not {zone!r}.")
    return DayOf(str(zone))


def _phone(region: Any, fields: Fields) -> Lens:
    if not isinstance(region, str) or len(region) != 2 or region not in Locale("en").territories:
        raise ValueError(f"phone needs a country code of two capital letters, such as {{phone: DE}}, not {region!r}.")
    return Phone(region, _limit(fields))


def _country(dialect: Any, fields: Fields) -> Lens:
    if dialect not in ("iso2", "iso3", "name"):
        raise ValueError(f"country is spelled iso2, iso3 or name, not {dialect!r}.")
    return Country("" if dialect == "name" else dialect)


def _own_country(fields: Fields) -> Lens:
    one = next(iter(fields.values()), None)
    return lens_for(one) if one is not None and one.type == "country" else Country()


def _join(separator: Any, fields: Fields) -> Lens:
    if not isinstance(separator, str) or not separator:
        raise ValueError(f"join needs the text between the fields, such as {{join: ', '}}, not {separator!r}.")
    return Join(tuple(fields), separator)


def _name(fields: Fields) -> Lens:
    return joined(fields, Shape("name")) if len(fields) > 1 else NameText(_limit(fields))


def _address(fields: Fields) -> Lens:
    if len(fields) > 1:
        return joined(fields, Shape("address"))
    one = next(iter(fields.values()), None)
    return lens_for(one) if one is not None and one.type == "address" else AddressText(_limit(fields))


def _parts(
    name: str, parts: tuple[str, ...], make: Callable[[Mapping[str, str]], Lens]
) -> Callable[[Any, Fields], Lens]:
    def maker(setting: Any, fields: Fields) -> Lens:
        example = f"{{{name}: {{{parts[0]}: field}}}}"
        if not isinstance(setting, Mapping) or not setting or not set(setting) <= set(parts):
            raise ValueError(f"{name} takes fields by part ({', '.join(parts)}), such as {example}, not {setting!r}.")
        if fields and set(setting.values()) != set(fields):
            raise ValueError(f"{name} has to say which part each of {', '.join(fields)} is, such as {example}.")
        return make(dict(setting))

    return maker


def _part(which: Any, fields: Fields) -> Lens:
    if which in NAME_PARTS:
        return NamePart(which, _limit(fields))
    if which in MEMBERS:
        return AddressPart(which)
    raise ValueError(f"part needs one of {', '.join((*NAME_PARTS, *MEMBERS))}, not {which!r}.")


def _pick(labels: Any, fields: Fields) -> Lens:
    names = [labels] if isinstance(labels, str) else labels
    if not isinstance(names, list) or not names or not all(n is None or (isinstance(n, str) and n) for n in names):
        raise ValueError(f"pick needs a label or a list of them, such as {{pick: mobile}}, not {labels!r}.")
    return Pick(tuple(name and name.lower() for name in names), _entry(fields))


def _entry(fields: Fields) -> Any:
    one = next(iter(fields.values()), None)
    if one is not None and one.type not in ("emails", "phones", "urls", "addresses"):
        raise ValueError(f"primary and pick take an entry of a list, and {next(iter(fields))} is {one.type}.")
    return inner(one.type if one is not None else "emails")


def _computed(expression: Any, fields: Fields) -> Lens:
    if not isinstance(expression, str) or not expression:
        raise ValueError(
            f"computed needs a CEL expression, such as {{computed: \"first + ' ' + last\"}}, not {expression!r}."
        )
    names = set(ways.program(expression).variables())
    if fields and (strange := sorted(names - set(fields))):
        raise ValueError(f"The expression {expression!r} names {', '.join(strange)}, which the row does not list here.")
    texts = frozenset(name for name, one in fields.items() if one.type in ("text", "email", "phone", "url", "html"))
    return ways.Computed(expression, tuple(fields) or tuple(sorted(names)), texts)


_NAMED: Mapping[str, Callable[[Fields], Lens]] = {
    "as_is": lambda _: Plain(),
    "text": lambda _: Text(),
    "lower": lambda _: Folded("lower"),
    "trim": lambda _: Folded("trim"),
    "one_line": lambda _: Folded("one_line"),
    "html_subset": lambda _: Body("graph"),
    "google_html": lambda _: Body("google"),
    "plain_text": lambda _: Body("plain"),
    "markdown": lambda fields: Body("markdown", _limit(fields).most, _limit(fields).counts),
    "phone": lambda fields: Phone(None, _limit(fields)),
    "email": lambda fields: Email(_limit(fields)),
    "url": lambda fields: Url(_limit(fields)),
    "country": _own_country,
    "address": _address,
    "name": _name,
    "primary": lambda fields: Pick((), _entry(fields)),
}
_SET: Mapping[str, Callable[[Any, Fields], Lens]] = {
    "clip": _clip,
    "round": _round,
    "day": _day,
    "date": a_date,
    "time": a_time,
    "number": a_number,
    "duration": a_duration,
    "table": table,
    "constant": lambda setting, _: Constant(setting),
    "phone": _phone,
    "country": _country,
    "address": _parts("address", MEMBERS, AddressFields),
    "name": _parts("name", NAME_PARTS, NameFields),
    "join": _join,
    "part": _part,
    "pick": _pick,
    "computed": _computed,
    "python": lambda path, _: ways.load(path),
}
