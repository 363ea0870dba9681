"""The fields, and where each of them lies in QuickBooks' own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.contract import Field

ENTITIES = {"customers": "Customer", "items": "Item"}
"""Our objects -> QuickBooks' entities."""
NAMES = {"customers": "DisplayName", "items": "Name"}
"""What no two of them may have."""
LINES = tuple(f"Line{number}" for number in range(1, 6))
STREET = "Line"


def _text(means: str, most: int, **more: Any) -> Field:
    return Field(type="text", means=means, max_length=most, **more)


def _phone(means: str = "") -> Field:
    return Field(type="phone", means=means, max_length=30)


def _place(kind: str) -> dict[str, Field]:
    means = {STREET: "street", "City": "city", "CountrySubDivisionCode": "region", "PostalCode": "postcode"}
    meant = {name: f"contact.{word}" if kind == "Bill" else "" for name, word in means.items()}
    parts = {f"{kind}{name}": _text(word, 31 if name == "PostalCode" else 255) for name, word in meant.items()}
    parts[f"{kind}{STREET}"] = _text(meant[STREET], 2000)
    country = Field(type="country", means="contact.country" if kind == "Bill" else "", max_length=255)
    return {**parts, f"{kind}Country": country}


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "customers": {
        "DisplayName": _text("contact.full_name", 500, unique=True),
        "Title": _text("contact.prefix", 16),
        "GivenName": _text("contact.given_name", 100),
        "MiddleName": _text("contact.middle_name", 100),
        "FamilyName": _text("contact.family_name", 100),
        "Suffix": _text("contact.suffix", 16),
        "CompanyName": _text("contact.company", 100),
        "PrimaryEmailAddr": Field(type="email", means="contact.email", max_length=100),
        "PrimaryPhone": _phone("contact.phone"),
        "Mobile": _phone("contact.mobile"),
        "AlternatePhone": _phone(),
        "Fax": _phone(),
        "WebAddr": Field(type="url", means="contact.website", max_length=1000),
        **_place("Bill"),
        **_place("Ship"),
        "Notes": _text("contact.notes", 2000),
        "Taxable": Field(type="bool"),
        "ResaleNum": _text("", 15),
        "ParentRef": Field(type="ref", refers="customers"),
        "Balance": Field(type="money", digits=2, writable=False),
    },
    "items": {
        "Name": _text("product.name", 100, required=True, unique=True),
        "Sku": _text("product.sku", 100),
        "Description": Field(type="html", dialect="plain", means="product.description", max_length=4000),
        "UnitPrice": Field(type="money", means="product.price", digits=2),
        "PurchaseCost": Field(type="money", means="product.cost", digits=2),
        "PurchaseDesc": _text("", 1000),
        "Type": Field(
            type="choice",
            dialect="quickbooks",
            means="product.kind",
            choices={"NonInventory": "Non-inventory", "Inventory": "Inventory", "Service": "Service"},
        ),
        "Taxable": Field(type="bool"),
        "QtyOnHand": Field(type="number", means="product.stock", writable=False),
        "IncomeAccountRef": _text("", 20),
        "ExpenseAccountRef": _text("", 20),
    },
}
_INNER = {"email": "Address", "url": "URI", "phone": "FreeFormNumber"}


def path(obj: str, name: str) -> tuple[str, ...]:
    """Where a field lies, from the outside in. A street lies in five lines; see `LINES`."""
    for kind in ("Bill", "Ship"):
        if obj == "customers" and name.startswith(kind):
            return f"{kind}Addr", name.removeprefix(kind)
    if name.endswith("Ref"):
        return name, "value"
    inner = _INNER.get(FIELDS[obj][name].type)
    return (name, inner) if inner else (name,)


def about(obj: str, member: str) -> str | None:
    """The field to which a member of QuickBooks' JSON belongs, for refusals; None where there are several."""
    found = [name for name in FIELDS[obj] if member in (name, path(obj, name)[0], ".".join(path(obj, name)))]
    return found[0] if len(found) == 1 else None
