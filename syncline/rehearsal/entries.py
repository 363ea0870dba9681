"""Where people are reached, as they and other programs write it: e-mail addresses, telephones, pages, places, tags."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Field

NOTHING = object()
"""No value can be made for this field."""
Entry = dict[str, Any]
LABELS = ("home", "work", "mobile", "other", "Work", "Garden", None)
PHONES = (
    "+49 30 {:06}",
    "+4930{:06}",
    "0049 (30) {:06}",
    "+1 (212) 555-{:04}",
    "+44 20 7946 {:04}",
    "{:06}",
    "+49 30 {:06} ext. 12",
    "ask at the desk, {}",
)
URLS = (
    "https://example{}.com/team",
    "http://Www.Example{}.com/A?b=1&c=2#d",
    "example{}.com",
    "https://example{}.com/",
    "HTTPS://EXAMPLE{}.COM/a",
)
COUNTRIES: Mapping[str, tuple[str, ...]] = {
    "": ("Germany", "Deutschland", "France", "DE", "United States", "USA", "Atlantis"),
    "iso2": ("DE", "FR", "US"),
    "iso3": ("DEU", "FRA", "USA"),
}
TAGS = ("{}", "Customer {}", "vip-{}", "r\u00e9union {}")


def email(rng: random.Random, _field: Field, number: int) -> str:
    return rng.choice(("p{}@example.com", "P{}@Example.com", "ann+{}@example.co.uk", " p{}@example.org ")).format(
        number
    )


def phone(rng: random.Random, _field: Field, number: int) -> str:
    return rng.choice(PHONES).format(number)


def url(rng: random.Random, _field: Field, number: int) -> str:
    return rng.choice(URLS).format(number)


def country(rng: random.Random, field: Field, _number: int) -> str:
    known = sorted(field.choices or ())
    return rng.choice(known or COUNTRIES.get(field.dialect, COUNTRIES[""]))


def address(rng: random.Random, _field: Field, number: int) -> Entry:
    """Some parts are missing, and some are told to be empty."""
    found: Entry = {
        "street": rng.choice(("Main St {}", "{} High Street\nFlat 2", "  {}, Rue de l\u2019\u00c9glise")).format(number)
    }
    found |= {
        "city": rng.choice(("Berlin", "S\u00e3o Paulo", None)),
        "postcode": rng.choice(("10115", "LS1 1AA", None)),
    }
    if rng.random() < 0.5:
        found["region"] = rng.choice(("IL", None))
    if rng.random() < 0.7:
        found["country"] = rng.choice((*COUNTRIES[""], None))
    return found


def entry(field: Field, rng: random.Random, number: int) -> Any:
    """One entry of a list of this type."""
    if field.type == "tags":
        return rng.choice(TAGS).format(number)
    label = {"label": rng.choice(LABELS)} if rng.random() < 0.9 else {}
    if field.type == "addresses":
        return {**address(rng, field, number), **label}
    return {"value": ONE[field.type](rng, field, number), **label}


def item(key: str, rng: random.Random, number: int) -> Entry:
    """An object of a list whose members this key tells apart; now and then it has none, and is shown to nobody."""
    told = {key: rng.choice((f"k{number}", f" K {number}"))} if rng.random() < 0.95 else {}
    return {**told, "text": f"w{number}", "count": rng.choice((0, 1, 2.5, None)), "parts": rng.choice(([], ["a", "b"]))}


def several(rng: random.Random, field: Field, number: int) -> Any:
    """A whole list; as one text where the app has it so."""
    found = [entry(field, rng, number * 10 + n) for n in range(rng.choice((1, 1, 2, 3)))]
    return joined(field, found)


def joined(field: Field, entries: list[Any]) -> Any:
    """As the app has it: a list, or texts with a sign between them."""
    sign = {"semicolon": ";", "comma": ", "}.get(field.dialect) if field.type == "tags" else None
    return entries if sign is None else sign.join(entries) or None


def parted(field: Field, native: Any) -> list[Any]:
    """The entries of a native value."""
    if isinstance(native, str):
        return native.split(";" if field.dialect == "semicolon" else ", ")
    return list(native or [])


def edited(field: Field, had: list[Any], new: Any, key: str | None, rng: random.Random) -> Any:
    """A native list with one entry more, one less, or one that has changed but for its key."""
    at = rng.randrange(len(had)) if had else 0
    chance = rng.random()
    if had and chance < 0.3:
        return joined(field, had[:at] + had[at + 1 :])
    if had and chance < 0.5 and isinstance(new, dict) and isinstance(had[at], dict):
        kept = {key: had[at][key]} if key in had[at] else {}
        return [*had[:at], {**new, **kept}, *had[at + 1 :]]
    return had if new is NOTHING else joined(field, [*had, new])


ONE: Mapping[str, Callable[[random.Random, Field, int], Any]] = {"emails": email, "phones": phone, "urls": url}
LISTS = (*ONE, "addresses", "tags")
"""Types of lists, and of what is written as lists."""
