"""Parties: people and companies, with how to reach them and their first address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from connectors.tryton.kind import STAMP, Names, Raw, times
from connectors.tryton.rpc import Rpc
from engine.contract import Field, Invalid

REACHED = {"emails": ("email",), "phones": ("phone", "mobile", "fax"), "websites": ("website",)}
"""Field -> types of contact mechanisms; the first is the usual one."""
ADDRESS = {"street": "street", "city": "city", "postcode": "postal_code"}
FIELDS: Mapping[str, Field] = {
    "name": Field(type="text", label="Name", means="contact.full_name", required=True),
    "code": Field(type="text", label="Code", writable=False, unique=True),
    "lang": Field(type="text", label="Language", means="contact.language"),
    "emails": Field(type="emails", label="E-mail", means="contact.emails"),
    "phones": Field(type="phones", label="Telephone", means="contact.phones"),
    "websites": Field(type="urls", label="Websites", means="contact.websites"),
    "address": Field(type="address", dialect="iso2", label="Address", means="contact.address"),
    "active": Field(type="bool", label="Active", means="contact.active"),
}
_OF = {name: tuple(f"{name}.{one}" for one in ones) for name, ones in {
    "contact_mechanisms": ("type", "value", "name", "active", "sequence", "_timestamp", "write_date"),
    "addresses": ("street", "city", "postal_code", "country.code", "active", "sequence", "_timestamp", "write_date"),
    "identifiers": ("code",),
}.items()}  # fmt: skip


class Party:
    model: ClassVar[str] = "party.party"
    fields: ClassVar[Mapping[str, Field]] = FIELDS
    names: ClassVar[Sequence[str]] = (
        "name",
        "code",
        "lang.code",
        "active",
        *(one for ones in _OF.values() for one in ones),
    )
    dated: ClassVar[Sequence[str]] = ("contact_mechanisms", "addresses")

    def native(self, raw: Raw) -> dict[str, Any]:
        found: dict[str, Any] = {name: raw[name] or None for name in ("name", "code")}
        found |= {"lang": raw["lang."]["code"] if raw["lang."] else None, "active": bool(raw["active"])}
        for field, types in REACHED.items():
            found[field] = [
                {"value": one["value"], "label": _label(one)} for one in _ordered(raw) if one["type"] in types
            ]
        return {**found, "address": _address(raw)}

    def stamps(self, raw: Raw) -> dict[str, str]:
        related = {"contact_mechanisms": "party.contact_mechanism", "addresses": "party.address"}
        return times(raw, self.model, related)

    def create(self, rpc: Rpc, names: Names, data: Mapping[str, Any], stamp: str) -> int:
        values = self._values(names, {}, data)
        values["identifiers"] = [["create", [{"code": STAMP + stamp}]]]
        return int(rpc.write("model.party.party.create", [values])[0])

    def update(self, rpc: Rpc, names: Names, raw: Raw, data: Mapping[str, Any]) -> None:
        values = self._values(names, raw, data)
        if values:
            rpc.write("model.party.party.write", [raw["id"]], values, context={"_timestamp": self.stamps(raw)})

    def delete(self, rpc: Rpc, raw: Raw) -> None:
        rpc.write("model.party.party.delete", [raw["id"]], context={"_timestamp": self.stamps(raw)})

    def _values(self, names: Names, raw: Raw, data: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {name: data[name] for name in ("name", "active") if name in data}
        if "lang" in data:
            values["lang"] = names.find("lang", names.languages, data["lang"])
        reached = [one for field in REACHED if field in data for one in _reached(field, raw, data[field] or [])]
        if reached:
            values["contact_mechanisms"] = reached
        if "address" in data:
            values["addresses"] = list(_addressed(names, raw, data["address"]))
        return values


def _ordered(raw: Raw, relation: str = "contact_mechanisms.") -> list[Any]:
    """As Tryton shows them: those without a place first, those that are not active not at all."""
    shown = [one for one in raw.get(relation) or [] if one["active"]]
    return sorted(shown, key=lambda one: (one["sequence"] is not None, one["sequence"] or 0, one["id"]))


def _label(one: Mapping[str, Any]) -> str:
    return one["type"] if one["type"] in ("mobile", "fax") else one["name"] or "other"


def _reached(field: str, raw: Raw, wanted: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """What to do to the contact mechanisms of a field, so that they are these, in this order."""
    there = {(one["type"], one["value"]): one for one in _ordered(raw) if one["type"] in REACHED[field]}
    for place, entry in enumerate(wanted, 1):
        label = str(entry.get("label") or "other")
        own = label in ("mobile", "fax") and field == "phones"
        kind = label if own else REACHED[field][0]
        values = {"name": None if own or label == "other" else label, "sequence": place * 10}
        known = there.pop((kind, entry.get("value")), None)
        if known is None:
            if not entry.get("value"):
                raise Invalid(f"An entry of {field} is empty.", field=field)
            yield ["create", [{"type": kind, "value": entry["value"], **values}]]
        elif any(known[name] != value for name, value in values.items()):
            yield ["write", [known["id"]], values]
    if there:
        yield ["delete", [one["id"] for one in there.values()]]


def _address(raw: Raw) -> dict[str, Any] | None:
    first = next(iter(_ordered(raw, "addresses.")), None)
    if first is None:
        return None
    found = {name: first[own] or None for name, own in ADDRESS.items()}
    found["country"] = first["country."]["code"] if first["country."] else None
    return found if any(found.values()) else None


def _addressed(names: Names, raw: Raw, wanted: Mapping[str, Any] | None) -> Iterator[list[Any]]:
    """Only the first address is ours; the others stay."""
    first = next(iter(_ordered(raw, "addresses.")), None)
    if wanted is None:
        if first is not None:
            yield ["delete", [first["id"]]]
        return
    values: dict[str, Any] = {own: wanted[name] for name, own in ADDRESS.items() if name in wanted}
    if "country" in wanted:
        country = wanted["country"]
        values["country"] = names.find("address", names.countries, country) if country else None
    yield ["create", [values]] if first is None else ["write", [first["id"]], values]
