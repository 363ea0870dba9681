"""Customers, with their default address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.shopify.api import Raw
from connectors.shopify.kind import Kind
from engine.contract import Field

PLAIN = ("firstName", "lastName", "email", "phone", "note", "locale")
PLACE = ("company", "address1", "address2", "city", "provinceCode", "zip", "countryCode")
"""Parts of the default address that are fields."""
CONSENT = "emailMarketingConsent"
STATES = {
    "SUBSCRIBED": "subscribed",
    "UNSUBSCRIBED": "unsubscribed",
    "PENDING": "pending",
    "NOT_SUBSCRIBED": "never",
    "INVALID": "cleaned",
}


def _text(means: str, most: int = 255, **more: Any) -> Field:
    return Field(type="text", means=means, max_length=most, **more)


FIELDS: Mapping[str, Field] = {
    "firstName": _text("contact.given_name"),
    "lastName": _text("contact.family_name"),
    "email": Field(type="email", means="contact.email", unique=True, max_length=255),
    "phone": Field(type="phone", means="contact.phone", unique=True),
    "note": _text("contact.notes", 5000),
    "tags": Field(type="tags", means="contact.tags"),
    "locale": _text("contact.language"),
    CONSENT: Field(type="choice", means="contact.consent", choices=STATES),
    "company": _text("contact.company"),
    "address1": _text("contact.street"),
    "address2": _text("", label="Address, second line"),
    "city": _text("contact.city"),
    "province": _text("contact.region", writable=False),
    "provinceCode": _text("", label="Code of the state or region, such as CA"),
    "zip": _text("contact.postcode"),
    "countryCode": Field(type="country", dialect="iso2", means="contact.country"),
}


def data(raw: Raw) -> dict[str, Any]:
    """Native values."""
    email, place = raw["defaultEmailAddress"] or {}, raw["defaultAddress"] or {}
    return {
        **{name: raw[name] or None for name in ("firstName", "lastName", "note", "locale")},
        "email": email.get("emailAddress"),
        "phone": (raw["defaultPhoneNumber"] or {}).get("phoneNumber"),
        "tags": list(raw["tags"]),
        CONSENT: email.get("marketingState"),
        "province": place.get("province"),
        **{name: place.get("countryCodeV2" if name == "countryCode" else name) or None for name in PLACE},
    }


CUSTOMERS = Kind(
    obj="customers",
    type="Customer",
    members="""firstName lastName note locale tags
      defaultEmailAddress { emailAddress marketingState } defaultPhoneNumber { phoneNumber }
      defaultAddress { company address1 address2 city province provinceCode zip countryCodeV2 }""",
    points=5,
    data=data,
)
