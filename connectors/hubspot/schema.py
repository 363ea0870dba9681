"""The fields: those that every account has, and what an account's own properties are in our terms.

All values are texts at HubSpot. What HubSpot works out by itself, and its hundreds of `hs_` figures, are left out;
custom properties are all there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.hubspot.ties import TIES
from engine.contract import Field

LONGEST = 65_536
STAMP = "syncline_key"
"""A unique property of ours: the key under which a record was made."""
MERGED = "hs_merged_object_ids"
GROUPS = {
    "contacts": "contactinformation",
    "companies": "companyinformation",
    "deals": "dealinformation",
    "products": "productinformation",
}


def _text(means: str = "", **more: Any) -> Field:
    return Field(type="text", means=means, max_length=LONGEST, **more)


def _place(kind: str) -> dict[str, Field]:
    return {
        "address": _text(f"{kind}.street"),
        "city": _text(f"{kind}.city"),
        "state": _text(f"{kind}.region"),
        "zip": _text(f"{kind}.postcode"),
        "country": Field(type="country", means=f"{kind}.country"),
    }


def _ties(obj: str) -> dict[str, Field]:
    return {name: tie.field for name, tie in TIES[obj].items()}


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "contacts": {
        "email": Field(type="email", means="contact.email", unique=True),
        "firstname": _text("contact.given_name"),
        "lastname": _text("contact.family_name"),
        "phone": Field(type="phone", means="contact.phone"),
        "mobilephone": Field(type="phone", means="contact.mobile"),
        "company": _text("contact.company"),
        "jobtitle": _text("contact.job_title"),
        "website": Field(type="url", means="contact.website"),
        **_place("contact"),
        "hs_language": _text("contact.language"),
        "lifecyclestage": Field(type="choice", means="contact.stage"),
        "hs_lead_status": Field(type="choice"),
        **_ties("contacts"),
    },
    "companies": {
        "name": _text("company.name"),
        "domain": _text("company.domain"),
        "website": Field(type="url", means="company.website"),
        "phone": Field(type="phone", means="company.phone"),
        **_place("company"),
        "industry": Field(type="choice", means="company.industry"),
        "numberofemployees": Field(type="number", dialect="text", means="company.employees"),
        "annualrevenue": Field(type="money", dialect="text", means="company.revenue"),
        "description": _text("company.description"),
    },
    "deals": {
        "dealname": _text("deal.name"),
        "amount": Field(type="money", dialect="text", means="deal.amount"),
        "deal_currency_code": _text("deal.currency"),
        "dealstage": Field(type="choice", means="deal.stage", required=True),
        "pipeline": Field(type="choice", means="deal.pipeline"),
        "closedate": Field(type="instant", means="deal.closes"),
        "description": _text("deal.description"),
        **_ties("deals"),
    },
    "products": {
        "name": _text("product.name"),
        "hs_sku": _text("product.sku"),
        "description": Field(type="html", dialect="plain", means="product.description", max_length=LONGEST),
        "price": Field(type="money", dialect="text", means="product.price"),
        "hs_cost_of_goods_sold": Field(type="money", dialect="text", means="product.cost"),
        "hs_url": Field(type="url", means="product.url"),
        "hs_product_type": Field(type="choice", dialect="hubspot", means="product.kind"),
    },
}
_IN_COMPANY_CURRENCY = {"annualrevenue", "price", "hs_cost_of_goods_sold"}


def live(
    obj: str, properties: Sequence[Mapping[str, Any]], stages: Mapping[str, Mapping[str, str]], currency: str
) -> dict[str, Field]:
    """The fields of this account. `stages`: choices of `pipeline` and `dealstage`; `currency`: the account's own."""
    found: dict[str, Field] = {}
    for each in properties:
        name = str(each["name"])
        field = FIELDS[obj].get(name) or (_own(each) if _shown(each) else None)
        if field is None:
            continue
        choices = stages.get(name) or _choices(each)
        found[name] = replace(
            field,
            label=str(each.get("label") or name),
            writable=not _fixed(each),
            unique=field.unique or bool(each.get("hasUniqueValue")),
            choices=choices if field.type in ("choice", "tags") and choices else None,
            currency=currency if name in _IN_COMPANY_CURRENCY or (field.type == "money" and not field.means) else "",
        )
    return {**found, **_ties(obj)}


def choices_of(pipelines: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Of deals: native value -> label. Where a label comes again, it gets the name of its pipeline."""
    stages: dict[str, str] = {}
    for pipeline in pipelines:
        for stage in pipeline["stages"]:
            label = str(stage["label"])
            stages[str(stage["id"])] = f"{label} ({pipeline['label']})" if label in stages.values() else label
    return {"pipeline": {str(each["id"]): str(each["label"]) for each in pipelines}, "dealstage": stages}


def _shown(each: Mapping[str, Any]) -> bool:
    """Custom ones, and what people fill in themselves."""
    name = str(each["name"])
    if each.get("archived") or each.get("hidden") or name == STAMP:
        return False
    return not each.get("hubspotDefined") or not (name.startswith("hs_") or _fixed(each))


def _fixed(each: Mapping[str, Any]) -> bool:
    return bool(each.get("calculated") or (each.get("modificationMetadata") or {}).get("readOnlyValue"))


def _own(each: Mapping[str, Any]) -> Field:
    """A property in our terms, by HubSpot's type and field type."""
    type_, shape = str(each.get("type")), str(each.get("fieldType"))
    if type_ == "bool" or shape == "booleancheckbox":
        return Field(type="bool", dialect="text")
    if type_ == "enumeration":
        return _chosen(each, several=shape == "checkbox")
    if type_ == "number":
        return Field(type="money" if each.get("showCurrencySymbol") else "number", dialect="text")
    if type_ in ("date", "datetime"):
        return Field(type="date" if type_ == "date" else "instant")
    if type_ == "phone_number" or shape == "phonenumber":
        return Field(type="phone")
    if shape == "html":
        return Field(type="html", dialect="html", max_length=LONGEST)
    return _text()


def _chosen(each: Mapping[str, Any], *, several: bool) -> Field:
    if several:
        return Field(type="tags", dialect="semicolon")
    return Field(type="choice") if _choices(each) else _text()  # owners and the like: ids


def _choices(each: Mapping[str, Any]) -> dict[str, str]:
    return {str(one["value"]): str(one["label"]) for one in each.get("options") or []}
