"""What a contact is made of: which members may be written, and what is made of them in replies."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.google_contacts.errors import invalid

_NAME = "familyName givenName honorificPrefix honorificSuffix middleName unstructuredName"
_PHONETIC = "phoneticFamilyName phoneticFullName phoneticGivenName phoneticHonorificPrefix phoneticHonorificSuffix"
_PLACE = "city country countryCode extendedAddress formattedValue poBox postalCode region streetAddress type"
_JOB = "costCenter current department domain endDate fullTimeEquivalentMillipercent jobDescription location name"
_MEMBERS = {
    "addresses": _PLACE,
    "biographies": "contentType value",
    "birthdays": "date text",
    "calendarUrls": "type url",
    "clientData": "key value",
    "emailAddresses": "displayName type value",
    "events": "date type",
    "externalIds": "type value",
    "genders": "addressMeAs value",
    "imClients": "protocol type username",
    "interests": "value",
    "locales": "value",
    "locations": "buildingId current deskCode floor floorSection type value",
    "memberships": "contactGroupMembership",
    "miscKeywords": "type value",
    "names": f"{_NAME} {_PHONETIC} phoneticMiddleName",
    "nicknames": "type value",
    "occupations": "value",
    "organizations": f"{_JOB} phoneticName startDate symbol title type",
    "phoneNumbers": "type value",
    "relations": "person type",
    "sipAddresses": "type value",
    "urls": "type value",
    "userDefined": "key value",
}
WRITABLE: Mapping[str, frozenset[str]] = {name: frozenset(members.split()) for name, members in _MEMBERS.items()}
"""Field -> members of its entries that may be sent. Derived ones are ignored, unknown ones refused."""
DERIVED: Mapping[str, frozenset[str]] = {
    "names": frozenset({"displayName", "displayNameLastFirst"}),
    "phoneNumbers": frozenset({"canonicalForm"}),
    "memberships": frozenset({"domainMembership"}),
    "genders": frozenset({"formattedValue"}),
    "imClients": frozenset({"formattedProtocol"}),
}
READABLE = frozenset({*WRITABLE, "metadata", "ageRanges", "coverPhotos", "photos", "skills"})
SINGLETONS = frozenset({"biographies", "birthdays", "genders", "names"})
IGNORED = frozenset({"etag", "resourceName", "metadata", "photos", "coverPhotos", "ageRanges"})
DATES = frozenset({"date", "startDate", "endDate"})
LONGEST = 1024  # characters of a member, biographies excepted
LARGEST = 128 * 1024  # bytes of a contact

Entry = dict[str, Any]


def clean(person: Mapping[str, Any]) -> dict[str, list[Entry]]:
    """The fields of a sent person that can be stored, or 400."""
    for name in person:
        if name not in WRITABLE.keys() | IGNORED:
            raise invalid(f"Invalid JSON payload received. Unknown name {name!r} at 'person'.", f"person.{name}")
    sent = {name: _entries(name, person[name]) for name in person if name in WRITABLE}
    for name, entries in sent.items():
        if name in SINGLETONS and len(entries) > 1:
            raise invalid(f"Only one of {name} is allowed for contact sources.", f"person.{name}")
    if len(repr(sent).encode()) > LARGEST:
        raise invalid("The contact is too large.", "person")
    return sent


def _entries(name: str, entries: Any) -> list[Entry]:
    """Without the empty ones."""
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise invalid(f"Invalid value at 'person.{name}'.", f"person.{name}")
    cleaned = [_entry(name, entry) for entry in entries]
    return [entry for entry in cleaned if set(entry) - {"type", "contentType"}]


def _entry(name: str, entry: Mapping[str, Any]) -> Entry:
    ignored = {"metadata", "formattedType"} | DERIVED.get(name, frozenset())
    for member in entry:
        if member not in WRITABLE[name] | ignored:
            raise invalid(f"Unknown name {member!r} at 'person.{name}[0]'.", f"person.{name}.{member}")
    sent = {member: value for member, value in entry.items() if member in WRITABLE[name]}
    return {member: _value(name, member, value) for member, value in sent.items() if value not in ("", None)}


def _value(name: str, member: str, value: Any) -> Any:
    where = f"person.{name}.{member}"
    if member in DATES:
        return _date(value, where)
    if member in ("current", "fullTimeEquivalentMillipercent", "contactGroupMembership"):
        return value
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{where}' (TYPE_STRING).", where)
    if name != "biographies" and len(value) > LONGEST:
        raise invalid(f"The value of '{where}' is too long.", where)
    return value


def _date(value: Any, where: str) -> dict[str, int]:
    """A whole or partial date: zero or nothing for what is left out."""
    parts = {part: value.get(part) or 0 for part in ("year", "month", "day")} if isinstance(value, Mapping) else {}
    if not parts or not all(isinstance(part, int) for part in parts.values()):
        raise invalid(f"Invalid value at '{where}'.", where)
    year, month, day = parts["year"], parts["month"], parts["day"]
    fits = (
        0 <= year <= 9999 and 0 <= month <= 12 and (not day or (month and 1 <= day <= monthrange(year or 4, month)[1]))
    )
    if not fits or not (year or month):
        raise invalid(f"'{where}' is no date.", where)
    return {part: number for part, number in parts.items() if number}


def shown(name: str, entry: Entry) -> Entry:
    """An entry as replies show it, with what Google derives from it."""
    derive = _DERIVE.get(name)
    derived = derive(entry) if derive else {}
    if "type" in entry and name not in ("nicknames", "locations"):
        derived["formattedType"] = entry["type"].capitalize()
    return {**derived, **entry} if name == "addresses" else {**entry, **derived}


def _named(entry: Entry) -> Entry:
    if "unstructuredName" in entry and not {"givenName", "familyName"} & set(entry):
        first, _, last = entry["unstructuredName"].rpartition(" ")
        entry = {"givenName": first or last, **({"familyName": last} if first else {}), **entry}
    parts = [entry.get(part) for part in ("honorificPrefix", "givenName", "middleName", "familyName")]
    whole = " ".join(part for part in parts if part)
    whole = ", ".join(part for part in (whole, entry.get("honorificSuffix")) if part)
    last_first = ", ".join(part for part in (entry.get("familyName"), entry.get("givenName")) if part)
    return {**entry, "displayName": whole, "displayNameLastFirst": last_first, "unstructuredName": whole}


def _phoned(entry: Entry) -> Entry:
    digits = re.sub(r"\D", "", entry.get("value", ""))
    return {"canonicalForm": f"+{digits}"} if entry.get("value", "").startswith("+") and digits else {}


def _placed(entry: Entry) -> Entry:
    town = " ".join(entry[part] for part in ("postalCode", "city") if part in entry)
    lines = [entry.get("streetAddress"), entry.get("extendedAddress"), town, entry.get("region"), entry.get("country")]
    return {"formattedValue": "\n".join(line for line in lines if line)}


def _noted(entry: Entry) -> Entry:
    return {"contentType": entry.get("contentType", "TEXT_PLAIN")}


_DERIVE: Mapping[str, Callable[[Entry], Entry]] = {
    "names": _named,
    "phoneNumbers": _phoned,
    "addresses": _placed,
    "biographies": _noted,
}
