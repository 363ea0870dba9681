"""The fields of a member: Mailchimp's own, and the merge fields (columns) of an audience under their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.contract import Field

STAMP = "SYNCLINE"
"""A merge field of ours: the key under which a member was made."""
LONGEST = 255
STATUSES = {
    "subscribed": "Subscribed",
    "unsubscribed": "Unsubscribed",
    "pending": "Pending",
    "cleaned": "Cleaned",
    "transactional": "Non-subscribed",
}
OWN: Mapping[str, Field] = {
    "email_address": Field(type="email", means="contact.email", label="E-mail", required=True, unique=True),
    "status": Field(
        type="choice", dialect="mailchimp", means="contact.consent", label="Marketing status", choices=STATUSES
    ),
    "tags": Field(type="tags", means="contact.tags", label="Tags"),
    "language": Field(type="text", means="contact.language", label="Language"),
    "vip": Field(type="bool", label="VIP"),
}
_MEANS = {
    "FNAME": "contact.given_name",
    "LNAME": "contact.family_name",
    "ADDRESS": "contact.address",
    "PHONE": "contact.phone",
    "BIRTHDAY": "contact.birthday",
    "COMPANY": "contact.company",
    "WEBSITE": "contact.website",
}
_TYPES = {
    "number": ("number", ""),
    "phone": ("phone", ""),
    "date": ("date", ""),
    "birthday": ("date", "vcard"),
    "address": ("address", ""),
    "url": ("url", ""),
    "imageurl": ("url", ""),
    "radio": ("choice", ""),
    "dropdown": ("choice", ""),
}
_USUAL = (("FNAME", "text"), ("LNAME", "text"))
"""Those that every new audience has and that people hardly delete."""
Merges = Mapping[str, str]
"""Tag -> type, of one audience."""


def field_of(merge: Mapping[str, Any]) -> Field:
    """A merge field in our terms."""
    type_, dialect = _TYPES.get(str(merge["type"]), ("text", ""))
    choices = (merge.get("options") or {}).get("choices") if type_ == "choice" else None
    return Field(
        type=type_,
        dialect=dialect,
        label=str(merge.get("name") or merge["tag"]),
        means=_MEANS.get(str(merge["tag"]), ""),
        max_length=LONGEST if type_ == "text" else None,
        choices={str(choice): str(choice) for choice in choices} if choices else None,
    )


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "members": {**OWN, **{tag: field_of({"tag": tag, "type": type_}) for tag, type_ in _USUAL}}
}


def native(type_: str, value: Any) -> Any:
    """What a member shows, in the shape of our types; an empty text is None."""
    if value in (None, ""):
        return None
    if type_ == "birthday":  # MM/DD
        return f"--{str(value).replace('/', '')}"
    if type_ == "address":
        street = "\n".join(filter(None, (value.get("addr1"), value.get("addr2"))))
        parts = {"city": "city", "region": "state", "postcode": "zip", "country": "country"}
        return {"street": street or None, **{ours: value.get(theirs) or None for ours, theirs in parts.items()}}
    return value


def written(type_: str, value: Any) -> Any:
    """The other way; an empty text clears."""
    if value is None:
        return ""
    if type_ == "birthday":
        digits = "".join(filter(str.isdigit, str(value)))[-4:]
        return f"{digits[:2]}/{digits[2:]}"
    if type_ == "address":
        first, *rest = str(value.get("street") or "").split("\n")
        parts = {"city": "city", "state": "region", "zip": "postcode", "country": "country"}
        named = {theirs: value.get(ours) or "" for theirs, ours in parts.items()}
        return {"addr1": first, "addr2": ", ".join(rest), **named}
    return value


def joined(audiences: Iterable[Iterable[Mapping[str, Any]]]) -> dict[str, Field]:
    """The fields of an account: those of all its audiences, as the first that has them defines them."""
    found = dict(OWN)
    for merges in audiences:
        for merge in merges:
            if merge["tag"] != STAMP:
                found.setdefault(str(merge["tag"]), field_of(merge))
    return found
