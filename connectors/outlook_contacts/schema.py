"""The fields of an Outlook contact."""

from __future__ import annotations

from engine.contract import Field

FIELDS: dict[str, Field] = {
    "displayName": Field(type="text", label="Full name", means="contact.full_name"),
    "title": Field(type="text", label="Title", means="contact.prefix"),
    "givenName": Field(type="text", label="First name", means="contact.given_name"),
    "middleName": Field(type="text", label="Middle name", means="contact.middle_name"),
    "surname": Field(type="text", label="Last name", means="contact.family_name"),
    "generation": Field(type="text", label="Suffix", means="contact.suffix"),
    "nickName": Field(type="text", label="Nickname", means="contact.nickname"),
    "companyName": Field(type="text", label="Company", means="contact.company"),
    "department": Field(type="text", label="Department", means="contact.department"),
    "jobTitle": Field(type="text", label="Job title", means="contact.job_title"),
    "emailAddresses": Field(type="emails", label="E-mail addresses", means="contact.emails", many=True),
    "phones": Field(type="phones", label="Telephones", means="contact.phones", many=True),
    "addresses": Field(type="addresses", label="Postal addresses", means="contact.addresses", many=True),
    "businessHomePage": Field(type="url", label="Web page", means="contact.website"),
    "birthday": Field(type="date", dialect="vcard", label="Birthday", means="contact.birthday"),
    "personalNotes": Field(type="text", label="Notes", means="contact.notes"),
    "categories": Field(type="tags", label="Categories", means="contact.tags", many=True),
    "profession": Field(type="text", label="Profession"),
    "officeLocation": Field(type="text", label="Office"),
    "manager": Field(type="text", label="Manager"),
    "assistantName": Field(type="text", label="Assistant"),
    "spouseName": Field(type="text", label="Partner"),
    "children": Field(type="tags", label="Children", many=True),
    "imAddresses": Field(type="tags", label="Instant messaging addresses", many=True),
}
TEXTS = tuple(name for name, field in FIELDS.items() if field.type in ("text", "url"))
LISTS = tuple(name for name, field in FIELDS.items() if field.type == "tags")
