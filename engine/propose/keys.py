"""By what records are recognised at first sight: the `match` of a proposed mapping, by the kind of thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.propose.draft import Draft, Sides

Rule = list[Any]
"""Terms: rows, or `{row: how it is compared}`."""
_NAMES = ("full_name", "given_name", "family_name")
_LIKE_KEYS = ("email", "email_address", "sku", "barcode", "code", "number", "id", "key", "name", "title")
"""Rows of things of no known kind that tell them apart, best first."""


def rules(sides: Sides, kind: str, rows: Sequence[Draft]) -> list[Rule]:
    """Best first; empty where nothing of the rows tells records apart."""
    named = {row.means.rpartition(".")[2]: row.name for row in rows if row.means}
    found = _BY_KIND.get(kind, _unknown)(sides, named, rows)
    return found or _unknown(sides, named, rows)


def _contact(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:
    """An address or a number alone is no proof: families and offices share them."""
    email = named.get("email") or named.get("emails")
    if email and any(_unique(sides, row) for row in rows if row.name == email):
        return [[email]]
    name = [{named[word]: "name"} if word == "full_name" else named[word] for word in _NAMES if word in named]
    ways = [row for word in ("email", "emails", "phone", "mobile", "phones") if (row := named.get(word))]
    return [[way, *name] for way in ways] or ([name] if name else [])


def _company(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:  # noqa: ARG001 - one shape for all kinds
    by_page = {word: {named[word]: "domain"} for word in ("domain", "website") if word in named}
    return [*([term] for term in list(by_page.values())[:1]), *([{named["name"]: "name"}] for _ in _has(named, "name"))]


def _product(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:  # noqa: ARG001
    """The name only where there is no number: variants of a product are called alike."""
    numbers: list[Rule] = [[named[word]] for word in ("sku", "barcode") if word in named]
    return numbers or [[named["name"]] for _ in _has(named, "name")]


def _deal(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:  # noqa: ARG001
    return [[named["name"]] for _ in _has(named, "name")]


def _task(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:  # noqa: ARG001
    dated: list[Rule] = [[named["title"], named["due"]] for _ in _has(named, "title", "due")]
    return [*dated, *([named["title"]] for _ in _has(named, "title"))]


def _meeting(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:  # noqa: ARG001
    """The same invitation, which is no row, for no app lets it be written."""
    holders = [s for s in sides.values() if any(item.means == "meeting.ical_uid" for item in s.fields.values())]
    by_time = [named[word] for word in ("title", "start", "repeat") if word in named]
    return [*([["ical_uid"]] if len(holders) > 1 else []), *([by_time] if len(by_time) > 1 else [])]


def _unknown(sides: Sides, named: dict[str, str], rows: Sequence[Draft]) -> list[Rule]:
    unique: list[Rule] = [[row.name] for row in rows if _unique(sides, row)]
    likely: list[Rule] = [[row.name] for word in _LIKE_KEYS for row in rows if word in (row.name, named.get(word))]
    return unique or likely[:1]


def _unique(sides: Sides, row: Draft) -> bool:
    """Whether all sides have one value, and one of them has each value once."""
    cells = [sides[side].fields[name] for side, names in row.sides.items() for name in names]
    return len(cells) == len(row.sides) and any(one.unique for one in cells) and not any(one.many for one in cells)


def _has(named: dict[str, str], *words: str) -> tuple[None, ...]:
    return (None,) if all(word in named for word in words) else ()


_BY_KIND = {
    "contact": _contact,
    "company": _company,
    "product": _product,
    "task": _task,
    "meeting": _meeting,
    "deal": _deal,
}
