"""Postal addresses. Shared: `{"street": "1 High St", "city": "Leeds", "region": .., "postcode": .., "country": "GB"}`
with the members that are known; None for nowhere. A street may have several lines.
"""

# ruff: noqa: ARG002 - the arguments are those of the Lens protocol

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.lens import Context
from engine.lenses import country
from engine.lenses.country import Country
from engine.lenses.reach import text_of
from engine.lenses.text import Limit, tidy

MEMBERS = ("street", "city", "region", "postcode", "country")
_NUMBER_FIRST = re.compile(r"((?:[A-Z]{1,2}-)?\d[\dA-Z]*(?:[ -]\d[\dA-Z]*)?) +(.*\S)", re.IGNORECASE)
_NUMBER_LAST = re.compile(r"(.*?\S),? +((?=\S*\d)[\dA-Z-]+(?: \d[A-Z]{2})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """An object with the members of the shared value; members of the app's own are kept."""

    place: Country = field(default_factory=Country)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        held = native if isinstance(native, Mapping) else {}
        texts = {name: self._get(name, held.get(name), context) for name in MEMBERS}
        return {name: text for name, text in texts.items() if text} or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = self.get(shared, context) or {}
        if (self.get(old, context) or {}) == wanted:
            return old
        if not wanted:
            return None
        held = old if isinstance(old, Mapping) else {}
        written = {name: self._put(name, wanted.get(name), held.get(name), context) for name in MEMBERS}
        return {**held, **{name: text for name, text in written.items() if text is not None or name in held}}

    def _get(self, name: str, native: Any, context: Context) -> str | None:
        found: str | None = self.place.get(native, context) if name == "country" else text_of(native)
        return found

    def _put(self, name: str, wanted: Any, old: Any, context: Context) -> Any:
        if name == "country":
            return self.place.put(wanted, old, context)
        return old if old is not None and text_of(old) == wanted else wanted


@dataclass(frozen=True, slots=True)
class AddressFields:
    """An address in several fields: `{"street": "address", "postcode": "zip"}`. A member without a field stays on the
    other sides. `lenses`: by member, for limits and countries."""

    fields: Mapping[str, str]
    lenses: Mapping[str, Any] = field(default_factory=dict)
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    joins: bool = True

    def get(self, native: Any, context: Context) -> Any:
        held = {part: (native or {}).get(name) for part, name in self.fields.items()}
        return Address().get(held, context)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = Address().get(shared, context) or {}
        written = {}
        for part, name in self.fields.items():
            before = (old or {}).get(name)
            same = old is not None and (self.get({name: before}, context) or {}).get(part) == wanted.get(part)
            lens = self.lenses.get(part)
            written[name] = (
                before if same else lens.put(wanted.get(part), before, context) if lens else wanted.get(part)
            )
        return written


@dataclass(frozen=True, slots=True)
class AddressText:
    """An address written as one text: the street, a line with postcode, city and region, the country. What stands in
    the wrong place is read as street: it is stable, not exact."""

    limit: Limit = field(default_factory=Limit)
    klass: str = "stable"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        return taken_apart(native) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        wanted = Address().get(shared, context) or {}
        if old is not None and taken_apart(old) == wanted:
            return old
        text = self.limit.cut(written(wanted))
        return old if old is not None and taken_apart(old) == taken_apart(text) else text


def written(shared: Mapping[str, str]) -> str | None:
    """An address as a text of several lines: in the order of its country, or the first that can be read again."""
    postcode, city, region = (shared.get(name, "") for name in ("postcode", "city", "region"))
    first = ", ".join(filter(None, (f"{postcode} {city}".strip(), region)))
    last = ", ".join(filter(None, (city, f"{region} {postcode}".strip())))
    after = ", ".join(filter(None, (f"{city} {postcode}".strip(), region)))
    towns = [first, last, after]
    towns.sort(
        key=lambda town: town != {"US": last, "CA": last, "AU": last, "GB": after}.get(shared.get("country", ""))
    )
    land = Country().put(shared.get("country"), None, Context({}, {}))
    texts = ["\n".join(filter(None, (shared.get("street"), town, land))) for town in towns]
    return next((text for text in texts if taken_apart(text) == shared), texts[0]) or None


def taken_apart(text: Any) -> dict[str, str]:
    """The members of an address written as text, in lines or with commas between them."""
    lines = [line.strip() for line in (tidy(text) or "").split("\n")]
    if len(lines) == 1:
        lines = [piece.strip() for piece in lines[0].split(",")]
    lines = [line for line in lines if line]
    found: dict[str, str] = {}
    if len(lines) > 1 and (land := country.code(lines[-1])):
        found["country"] = land
        lines.pop()
    if len(lines) > 1:
        found |= _town(lines.pop())
        if "city" not in found and len(lines) > 1:
            found["city"] = lines.pop()
    return {name: value for name, value in {**found, "street": "\n".join(lines)}.items() if value}


def _town(line: str) -> dict[str, str]:
    """Postcode, city and region of a line such as "10115 Berlin", "Leeds LS1 4DY" or "Austin, TX 78701"."""
    town, _, region = (piece.strip() for piece in line.partition(","))
    if first := _NUMBER_FIRST.fullmatch(town):
        return {"postcode": first[1], "city": first[2], "region": region}
    if region and (last := _NUMBER_LAST.fullmatch(region)):
        return {"city": town, "region": last[1], "postcode": last[2]}
    if not region and (last := _NUMBER_LAST.fullmatch(town)):
        state = last[1].rpartition(" ")
        if re.fullmatch(r"[A-Z]{2}", state[2]) and not state[0]:
            return {"region": state[2], "postcode": last[2]}
        return {"city": last[1], "postcode": last[2]}
    return {"city": town, "region": region}


@dataclass(frozen=True, slots=True)
class AddressPart:
    """One member of an address; the others belong to other rows."""

    which: str
    klass: str = "stable"
    reads: tuple[str, ...] = ()
    part: bool = True

    def get(self, native: Any, context: Context) -> Any:
        return (Address().get(native, context) or {}).get(self.which)

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        held = Address().get(old, context) or {}
        wanted = (Address().get({self.which: shared}, context) or {}).get(self.which)
        if held.get(self.which) == wanted:
            return old
        return Address().put({**held, self.which: wanted}, old, context)
