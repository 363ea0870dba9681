"""The fields of a contact."""

from __future__ import annotations

from collections.abc import Mapping

from engine.contract import Field

NAMES = {"family_name": 0, "given_name": 1, "middle_name": 2, "prefix": 3, "suffix": 4}
"""Field -> component of N (RFC 6350 6.2.2)."""
ORG = {"org": 0, "department": 1}
"""Field -> component of ORG (6.6.4)."""
TEXTS = {"fn": "FN", "nickname": "NICKNAME", "title": "TITLE", "note": "NOTE"}
LISTS = {"emails": "EMAIL", "phones": "TEL", "addresses": "ADR", "urls": "URL"}

FIELDS: Mapping[str, Field] = {
    "uid": Field(type="text", label="UID", writable=False, unique=True),
    "fn": Field(type="text", label="Name as shown", means="contact.full_name"),
    "prefix": Field(type="text", label="Title before the name", means="contact.prefix"),
    "given_name": Field(type="text", label="First name", means="contact.given_name"),
    "middle_name": Field(type="text", label="Middle names", means="contact.middle_name"),
    "family_name": Field(type="text", label="Last name", means="contact.family_name"),
    "suffix": Field(type="text", label="Suffix", means="contact.suffix"),
    "nickname": Field(type="text", label="Nickname", means="contact.nickname"),
    "emails": Field(type="emails", label="E-mail addresses", means="contact.emails", many=True),
    "phones": Field(type="phones", label="Telephones", means="contact.phones", many=True),
    "addresses": Field(type="addresses", label="Addresses", means="contact.addresses", many=True),
    "org": Field(type="text", label="Company", means="contact.company"),
    "department": Field(type="text", label="Department", means="contact.department"),
    "title": Field(type="text", label="Job title", means="contact.job_title"),
    "urls": Field(type="urls", label="Web pages", means="contact.websites", many=True),
    "bday": Field(type="date", dialect="vcard", label="Birthday", means="contact.birthday"),
    "note": Field(type="text", label="Notes", means="contact.notes"),
    "categories": Field(type="tags", label="Categories", means="contact.tags", many=True),
}
