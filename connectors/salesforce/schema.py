"""The fields: those that every org has, and what `describe` tells of one org, in our terms.

Left out: the system's own fields, compound ones in favour of their parts, files, encrypted texts, and standard fields
that nobody can write (but for names). Custom ones are all there, formulas included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.contract import Field, Schema

CHANGED, CREATED, DELETED, HEIR = "SystemModstamp", "CreatedDate", "IsDeleted", "MasterRecordId"
_SYSTEM = {"Id", HEIR, "LastActivityDate", "LastViewedDate", "LastReferencedDate", "PhotoUrl"}
_TYPES: Mapping[str, tuple[str, str]] = {
    "string": ("text", ""),
    "combobox": ("text", ""),
    "textarea": ("text", ""),
    "time": ("text", ""),
    "email": ("email", ""),
    "phone": ("phone", ""),
    "url": ("url", ""),
    "picklist": ("choice", ""),
    "multipicklist": ("tags", "semicolon"),
    "boolean": ("bool", ""),
    "int": ("number", ""),
    "long": ("number", ""),
    "double": ("number", ""),
    "percent": ("number", ""),
    "currency": ("money", ""),
    "date": ("date", ""),
    "datetime": ("instant", ""),
    "reference": ("ref", ""),
}
"""Salesforce's types -> ours, with the dialect. Others are left out."""


def _text(means: str, **more: Any) -> Field:
    return Field(type="text", means=means, **more)


def _place(prefix: str, kind: str) -> dict[str, Field]:
    words = {"Street": "street", "City": "city", "State": "region", "PostalCode": "postcode"}
    parts = {f"{prefix}{name}": _text(f"{kind}.{word}") for name, word in words.items()}
    return {**parts, f"{prefix}Country": Field(type="country", means=f"{kind}.country")}


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "Contact": {
        "Name": _text("contact.full_name", writable=False),
        "Salutation": _text("contact.prefix"),
        "FirstName": _text("contact.given_name"),
        "LastName": _text("contact.family_name", required=True, max_length=80),
        "Email": Field(type="email", means="contact.email", max_length=80),
        "Phone": Field(type="phone", means="contact.phone"),
        "MobilePhone": Field(type="phone", means="contact.mobile"),
        "HomePhone": Field(type="phone", means="contact.home_phone"),
        **_place("Mailing", "contact"),
        "AccountId": Field(type="ref", means="contact.company_ref", refers="Account"),
        "Title": _text("contact.job_title"),
        "Department": _text("contact.department"),
        "Birthdate": Field(type="date", means="contact.birthday"),
        "Description": _text("contact.notes"),
    },
    "Account": {
        "Name": _text("company.name", required=True, max_length=255),
        "Website": Field(type="url", means="company.website"),
        "Phone": Field(type="phone", means="company.phone"),
        **_place("Billing", "company"),
        "Industry": Field(type="choice", means="company.industry"),
        "NumberOfEmployees": Field(type="number", means="company.employees", digits=0),
        "AnnualRevenue": Field(type="money", means="company.revenue", digits=0),
        "Description": _text("company.description"),
        "AccountNumber": _text("company.code"),
    },
    "Opportunity": {
        "Name": _text("deal.name", required=True, max_length=120),
        "Amount": Field(type="money", means="deal.amount", digits=2),
        "StageName": Field(type="choice", means="deal.stage", required=True),
        "CloseDate": Field(type="date", means="deal.closes", required=True),
        "Probability": Field(type="number", means="deal.probability", digits=0),
        "AccountId": Field(type="ref", means="deal.company", refers="Account"),
        "Description": _text("deal.description"),
    },
    "Product2": {
        "Name": _text("product.name", required=True, max_length=255),
        "ProductCode": _text("product.sku"),
        "Description": Field(type="html", dialect="plain", means="product.description", max_length=4000),
        "Family": _text("product.category"),
        "IsActive": Field(type="bool", means="product.active"),
        "QuantityUnitOfMeasure": _text("product.unit"),
    },
}
_SOME_ORGS: Mapping[str, Mapping[str, Field]] = {
    "Contact": {"MiddleName": _text("contact.middle_name"), "Suffix": _text("contact.suffix")},
    "Opportunity": {"CurrencyIsoCode": _text("deal.currency")},
}
"""Fields that an org has once they are switched on."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One object of this org. `name`: as Salesforce spells it."""

    name: str
    schema: Schema
    tells: list[str]
    """What there is of the system's fields on deleted records and on what they were merged into."""
    stamp: str
    """The external id that keeps our keys; "" where there is to be none."""
    stampable: bool
    """The object has that field, and it may be written."""

    @property
    def columns(self) -> list[str]:
        """What to ask for."""
        return ["Id", CHANGED, CREATED, *self.tells, *self.schema.fields, *([self.stamp] if self.stampable else [])]


def shape(described: Mapping[str, Any], currency: str, zone: str, stamp: str) -> Shape | None:
    """From a describe. None where Salesforce does not tell when records of the object change."""
    known = {str(each["name"]): each for each in described["fields"]}
    if CHANGED not in known or CREATED not in known:
        return None
    obj = str(described["name"])
    usual = {**FIELDS.get(obj, {}), **_SOME_ORGS.get(obj, {})}
    several = "CurrencyIsoCode" in known  # then each record has a currency of its own
    found = dict(_fields(known.values(), usual, "" if several else currency))
    found.pop(stamp, None)
    key = known.get(stamp, {})
    stampable = bool(key.get("externalId") and key.get("createable"))
    tells = [name for name in (DELETED, HEIR) if name in known]
    return Shape(obj, Schema(found, zone), tells, stamp, stampable)


def _fields(described: Any, usual: Mapping[str, Field], currency: str) -> Iterator[tuple[str, Field]]:
    for each in described:
        name = str(each["name"])
        field = usual.get(name) or (_own(each) if _shown(each) else None)
        if field is not None:
            yield name, _live(field, each, currency)


def _shown(each: Mapping[str, Any]) -> bool:
    """Custom fields, and what people fill in."""
    if each["name"] in _SYSTEM or each.get("deprecatedAndHidden"):
        return False
    return bool(each.get("custom") or each.get("createable") or each.get("updateable") or each.get("nameField"))


def _own(each: Mapping[str, Any]) -> Field | None:
    """A field in our terms, by Salesforce's type."""
    kind = str(each["type"])
    if kind not in _TYPES:
        return None
    if kind == "textarea" and each.get("htmlFormatted"):
        return Field(type="html", dialect="html")
    if kind == "picklist" and not each.get("picklistValues"):
        return Field(type="text")
    if kind == "reference" and len(each.get("referenceTo") or []) != 1:
        return Field(type="text")  # of several objects: an owner may be a person or a queue
    type_, dialect = _TYPES[kind]
    return Field(type=type_, dialect=dialect)


def _live(field: Field, each: Mapping[str, Any], currency: str) -> Field:
    """As this org has it."""
    needed = not each["nillable"] and not each.get("defaultedOnCreate") and bool(each["createable"])
    chosen = field.type in ("choice", "tags")
    return replace(
        field,
        label=str(each.get("label") or each["name"]),
        writable=bool(each["updateable"] or (needed and each["createable"])),
        required=needed,
        max_length=int(each["length"]) or None if field.type not in ("choice", "tags", "ref") else None,
        digits=int(each["scale"]) if field.type in ("number", "money") else None,
        unique=bool(each.get("unique")),
        currency=currency if field.type == "money" else "",
        refers=str(each["referenceTo"][0]) if field.type == "ref" else "",
        choices=_choices(each) if chosen else None,
    )


def _choices(each: Mapping[str, Any]) -> dict[str, str]:
    listed = each.get("picklistValues") or []
    return {str(one["value"]): str(one.get("label") or one["value"]) for one in listed if one.get("active", True)}
