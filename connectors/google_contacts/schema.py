"""The fields of a contact, and where Google keeps each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.contract import Field

CUSTOM = "userDefined."
"""Custom fields are named `userDefined.` and the key that people gave them."""

FIELDS: Mapping[str, Field] = {
    "displayName": Field(type="text", label="Whole name", means="contact.full_name", writable=False),
    "honorificPrefix": Field(type="text", label="Prefix", means="contact.prefix"),
    "givenName": Field(type="text", label="First name", means="contact.given_name"),
    "middleName": Field(type="text", label="Middle name", means="contact.middle_name"),
    "familyName": Field(type="text", label="Last name", means="contact.family_name"),
    "honorificSuffix": Field(type="text", label="Suffix", means="contact.suffix"),
    "nickname": Field(type="text", label="Nickname", means="contact.nickname"),
    "emailAddresses": Field(type="emails", label="E-mail addresses", means="contact.emails", many=True),
    "phoneNumbers": Field(type="phones", label="Telephones", means="contact.phones", many=True),
    "addresses": Field(type="addresses", label="Addresses", means="contact.addresses", many=True),
    "urls": Field(type="urls", label="Web pages", means="contact.websites", many=True),
    "company": Field(type="text", label="Company", means="contact.company"),
    "department": Field(type="text", label="Department", means="contact.department"),
    "jobTitle": Field(type="text", label="Job title", means="contact.job_title"),
    "birthday": Field(type="date", dialect="parts", label="Birthday", means="contact.birthday"),
    "notes": Field(type="text", label="Notes", means="contact.notes"),
    "groups": Field(type="tags", label="Labels", means="contact.tags", many=True),
}
MEMBERS: Mapping[str, tuple[str, str]] = {
    "honorificPrefix": ("names", "honorificPrefix"),
    "givenName": ("names", "givenName"),
    "middleName": ("names", "middleName"),
    "familyName": ("names", "familyName"),
    "honorificSuffix": ("names", "honorificSuffix"),
    "nickname": ("nicknames", "value"),
    "emailAddresses": ("emailAddresses", ""),
    "phoneNumbers": ("phoneNumbers", ""),
    "addresses": ("addresses", ""),
    "urls": ("urls", ""),
    "company": ("organizations", "name"),
    "department": ("organizations", "department"),
    "jobTitle": ("organizations", "title"),
    "birthday": ("birthdays", "date"),
    "notes": ("biographies", "value"),
    "groups": ("memberships", ""),
}
"""Our field -> Google's, and the member of its main entry; empty where all entries count."""
READ = ",".join([*dict.fromkeys(field for field, _ in MEMBERS.values()), "userDefined", "clientData", "metadata"])
"""The field mask: the same in every read, for sync tokens ask for that."""


def with_custom(keys: Iterable[str]) -> dict[str, Field]:
    """All fields of an account with these custom ones."""
    return {**FIELDS, **{f"{CUSTOM}{key}": Field(type="text", label=key) for key in keys}}
