"""Customers: an address and a telephone number are one customer's alone; names hold no tags and no links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sandbox.shopify.errors import UserError
from sandbox.shopify.shop import Raw, Shop, meta, moment, parts, short, tidy
from sandbox.table import Row

LIMITS = {"firstName": 255, "lastName": 255, "email": 255, "note": 5000}
PLAIN = ("firstName", "lastName", "note", "email", "phone")
PLACE = (
    "firstName",
    "lastName",
    "company",
    "address1",
    "address2",
    "city",
    "provinceCode",
    "zip",
    "countryCode",
    "phone",
)
PROVINCES = {"US": {"CA": "California", "NY": "New York", "TN": "Tennessee"}, "CA": {"ON": "Ontario", "QC": "Quebec"}}
COUNTRIES = {"DE": "Germany", "US": "United States", "CA": "Canada", "GB": "United Kingdom", "FR": "France"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_TAG = re.compile(r"<[a-zA-Z/][^>]*>|https?://")


def shown(row: Row) -> Raw:
    """As the API shows it."""
    data = row.data
    names = [data["firstName"], data["lastName"]]
    email = {"emailAddress": data["email"], "marketingState": data["consent"]} if data["email"] else None
    places = [_address(place) for place in data["addresses"]]
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{row.id}",
        "legacyResourceId": row.id,
        **{name: data[name] for name in ("firstName", "lastName", "note", "tags", "locale")},
        "displayName": " ".join(filter(None, names)) or data["email"] or "",
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.changed_at),
        "defaultEmailAddress": email,
        "defaultPhoneNumber": {"phoneNumber": data["phone"]} if data["phone"] else None,
        "defaultAddress": places[0] if places else None,
        "addressesV2": lambda _, first=None, after=None: parts(places, first, after),
        **meta(row),
    }


def set_(
    shop: Shop, row: Row | None, given: Mapping[str, Any], *path: str, custom: Mapping[str, Any] | None = None
) -> Row:
    """A new one, or what is given of one that is there."""
    data: Raw = deepcopy(row.data) if row else _new()
    short(given, LIMITS, *path)
    data |= {name: _text(name, given[name], *path) for name in PLAIN if name in given}
    for name in ("email", "phone"):
        if data[name] and any(other.data[name] == data[name] for other in shop.customers.living() if other is not row):
            raise UserError(f"{name.title()} has already been taken", *path, name, code="TAKEN")
    if not any(data[name] for name in ("firstName", "lastName", "email", "phone")):
        raise UserError("A name, phone number, or email address must be present", *path[:-1], code="BLANK")
    if "tags" in given:
        data["tags"] = tidy(given["tags"])
    data["locale"] = given.get("locale") or data["locale"]
    if given.get("addresses") is not None:
        data["addresses"] = [_place(shop, None, place, *path, "addresses") for place in given["addresses"]]
    if consent := given.get("emailMarketingConsent"):
        data["consent"] = consent["marketingState"]
    fields = [*(given.get("metafields") or ()), *([{**custom, "type": "id"}] if custom else ())]
    data["metafields"] = shop.definitions.set("CUSTOMER", shop.customers, row, fields)
    return shop.customers.change(row.id, data) if row else shop.customers.add(data)


def place(shop: Shop, row: Row, id: str | None, given: Mapping[str, Any], *, first: bool) -> Raw:
    """A new address, or another in the place of one; `first` makes it the default one."""
    places = deepcopy(row.data["addresses"])
    old = next((each for each in places if _gid(each) == id), None)
    if id and old is None:
        raise UserError("Address does not exist", "addressId")
    made = _place(shop, old, given, "address")
    where = places.index(old) if old else len(places)
    places[where : where + 1] = [made]
    if first:
        places.insert(0, places.pop(where))
    shop.customers.change(row.id, {"addresses": places})
    return _address(made)


def displace(shop: Shop, row: Row, id: str) -> str:
    """Without that address."""
    left = [each for each in row.data["addresses"] if _gid(each) != id]
    if len(left) == len(row.data["addresses"]):
        raise UserError("Address does not exist", "addressId")
    shop.customers.change(row.id, {"addresses": left})
    return id


def agree(shop: Shop, row: Row, state: str) -> Row:
    """customerEmailMarketingConsentUpdate."""
    if not row.data["email"]:
        raise UserError("Customer must have an email address to update consent", "input", "customerId", code="INVALID")
    if state in ("NOT_SUBSCRIBED", "INVALID"):
        raise UserError(
            f"Cannot specify {state} as a marketing state input", "input", "emailMarketingConsent", code="INVALID"
        )
    return shop.customers.change(row.id, {"consent": state})


def _new() -> Raw:
    empty = dict.fromkeys(PLAIN)
    return {**empty, "tags": [], "locale": "en", "addresses": [], "consent": "NOT_SUBSCRIBED", "metafields": {}}


def _text(name: str, value: str | None, *path: str) -> str | None:
    """As it is stored."""
    text = value.strip() if value and name != "note" else value
    if not text:
        return None
    if name == "email" and not _EMAIL.fullmatch(text):
        raise UserError("Email is invalid", *path, "email", code="INVALID")
    if name == "phone":
        return _phone(text, *path)
    if name in ("firstName", "lastName") and _TAG.search(text):
        raise UserError(f"{name} cannot contain HTML tags or URLs", *path, name, code="INVALID")
    return text.lower() if name == "email" else text


def _phone(text: str, *path: str) -> str:
    number = re.sub(r"[\s()./-]", "", text)
    if not _PHONE.fullmatch(number):
        raise UserError("Phone is invalid", *path, "phone", code="INVALID")
    return number


def _place(shop: Shop, old: Raw | None, given: Mapping[str, Any], *path: str) -> Raw:
    """An address as it is stored: a province that the country does not have is refused."""
    made = {name: given.get(name) or None for name in PLACE}
    country, province = made["countryCode"], made["provinceCode"]
    if province and province not in PROVINCES.get(country or "", {}):
        raise UserError("Province is invalid", *path, "provinceCode", code="INVALID")
    return {"id": old["id"] if old else shop.number(), **made}


def _address(one: Mapping[str, Any]) -> Raw:
    country = one["countryCode"]
    return {
        "id": _gid(one),
        **{name: one[name] for name in PLACE if name != "countryCode"},
        "countryCodeV2": country,
        "country": COUNTRIES.get(country, country),
        "province": PROVINCES.get(country, {}).get(one["provinceCode"]),
    }


def _gid(one: Mapping[str, Any]) -> str:
    return f"gid://shopify/MailingAddress/{one['id']}?model_name=CustomerAddress"
