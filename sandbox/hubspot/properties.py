"""Property definitions: the usual ones of each type, and those that are made over the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.hubspot import errors

Property = dict[str, Any]
TYPES = {"contacts": "contact", "companies": "company", "deals": "deal", "products": "product"}
MODIFIED = {"contacts": "lastmodifieddate"}
"""The property with the time of the last change; `hs_lastmodifieddate` elsewhere."""
KINDS = {
    "string": {"text", "textarea", "html", "file", "phonenumber", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "bool": {"booleancheckbox", "calculation_equation"},
}
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")

PIPELINES: list[dict[str, Any]] = [
    {
        "id": "default",
        "label": "Sales Pipeline",
        "displayOrder": 0,
        "stages": [
            ("appointmentscheduled", "Appointment Scheduled"),
            ("qualifiedtobuy", "Qualified To Buy"),
            ("contractsent", "Contract Sent"),
            ("closedwon", "Closed Won"),
            ("closedlost", "Closed Lost"),
        ],
    },
    {"id": "7001", "label": "Renewals", "displayOrder": 1, "stages": [("7002", "Due"), ("7003", "Closed Won")]},
]
_STAGES = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "evangelist": "Evangelist",
    "other": "Other",
}
LIFECYCLE = list(_STAGES)
_LEADS = {"NEW": "New", "OPEN": "Open", "IN_PROGRESS": "In Progress", "UNQUALIFIED": "Unqualified"}
_INDUSTRIES = {"COMPUTER_SOFTWARE": "Computer Software", "RETAIL": "Retail", "FINANCIAL_SERVICES": "Financial Services"}
_KINDS_OF_PRODUCT = {"inventory": "Inventory", "non_inventory": "Non-Inventory", "service": "Service"}
_TEXTS: dict[str, str] = {
    "contacts": "firstname lastname jobtitle company address city state zip country website hs_language twitterhandle",
    "companies": "name domain website address address2 city state zip country",
    "deals": "dealname",
    "products": "name hs_sku hs_url hs_images",
}
_OTHERS: dict[str, dict[str, tuple[str, str]]] = {
    "contacts": {
        "email": ("string", "text"),
        "phone": ("string", "phonenumber"),
        "mobilephone": ("string", "phonenumber"),
        "hubspot_owner_id": ("enumeration", "select"),
        "message": ("string", "textarea"),
        "hs_email_optout": ("bool", "booleancheckbox"),
    },
    "companies": {
        "phone": ("string", "phonenumber"),
        "description": ("string", "textarea"),
        "numberofemployees": ("number", "number"),
        "annualrevenue": ("number", "number"),
        "hubspot_owner_id": ("enumeration", "select"),
    },
    "deals": {
        "amount": ("number", "number"),
        "closedate": ("datetime", "date"),
        "description": ("string", "textarea"),
        "hubspot_owner_id": ("enumeration", "select"),
    },
    "products": {
        "description": ("string", "textarea"),
        "price": ("number", "number"),
        "hs_cost_of_goods_sold": ("number", "number"),
    },
}
_CHOICES: dict[str, dict[str, Mapping[str, str]]] = {
    "contacts": {"lifecyclestage": _STAGES, "hs_lead_status": _LEADS},
    "companies": {"lifecyclestage": _STAGES, "industry": _INDUSTRIES},
    "deals": {
        "deal_currency_code": {"EUR": "EUR", "USD": "USD"},
        "pipeline": {each["id"]: each["label"] for each in PIPELINES},
        "dealstage": {id: label for each in PIPELINES for id, label in each["stages"]},
    },
    "products": {"hs_product_type": _KINDS_OF_PRODUCT},
}
_OWN: dict[str, tuple[str, ...]] = {
    "contacts": ("associatedcompanyid",),
    "companies": (),
    "deals": ("num_associated_contacts",),
    "products": (),
}
"""Numbers that HubSpot works out itself."""


def usual(kind: str) -> dict[str, Property]:
    """The properties that every account has, by name (those that matter here)."""
    made = [_defined(name, "string", "text", kind) for name in _TEXTS[kind].split()]
    made += [_defined(name, *types, kind) for name, types in _OTHERS[kind].items()]
    made += [_defined(name, "enumeration", "select", kind, options) for name, options in _CHOICES[kind].items()]
    made += [_defined(name, "number", "number", kind, read_only=True) for name in ("hs_object_id", *_OWN[kind])]
    made.append(_defined("hs_merged_object_ids", "enumeration", "checkbox", kind, read_only=True))
    for name in ("createdate", MODIFIED.get(kind, "hs_lastmodifieddate")):
        made.append(_defined(name, "datetime", "date", kind, read_only=True))
    return {each["name"]: each for each in made}


def custom(kind: str, given: Mapping[str, Any], known: Mapping[str, Property]) -> Property:
    """A property as the API makes it, or the refusal."""
    name, type_, field = (str(given.get(key, "")) for key in ("name", "type", "fieldType"))
    if not NAME.fullmatch(name):
        raise errors.bad_request(f"Property name {name!r} must begin with a letter and have only a-z, 0-9 and _")
    if name in known:
        raise errors.refusal(409, "CONFLICT", f"Property named {name!r} already exists.")
    if field not in KINDS.get(type_, set()):
        raise errors.bad_request(f"fieldType {field!r} does not fit type {type_!r}")
    if given.get("groupName") != f"{TYPES[kind]}information":
        raise errors.bad_request(f"Property group {given.get('groupName')!r} does not exist")
    options = [_option(str(each["value"]), str(each["label"])) for each in given.get("options") or []]
    made = _defined(name, type_, field, kind) | {"hubspotDefined": False, "options": options}
    made |= {"label": str(given.get("label") or name), "description": str(given.get("description") or "")}
    made |= {"hasUniqueValue": bool(given.get("hasUniqueValue")), "hidden": bool(given.get("hidden"))}
    return made


def _option(value: str, label: str) -> dict[str, Any]:
    return {"value": value, "label": label, "description": "", "displayOrder": -1, "hidden": False}


def _defined(
    name: str,
    type_: str,
    field: str,
    kind: str,
    options: Mapping[str, str] | None = None,
    *,
    read_only: bool = False,
) -> Property:
    return {
        "name": name,
        "label": name.removeprefix("hs_").replace("_", " ").capitalize(),
        "type": type_,
        "fieldType": field,
        "description": "",
        "groupName": f"{TYPES[kind]}information",
        "options": [_option(value, label) for value, label in (options or {}).items()],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": name == "hubspot_owner_id",
        "hasUniqueValue": name == "hs_object_id",
        "hidden": False,
        "hubspotDefined": True,
        "formField": not read_only,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": True, "readOnlyValue": read_only},
        "archived": False,
    }
