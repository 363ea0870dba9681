"""The JSON of a contact: what may be sent, what Exchange makes of it, what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.graph.errors import invalid
from sandbox.graph.kind import Kind
from sandbox.graph.query import Filtering, by_extended
from sandbox.graph.values import Parse, at_most, extended, known, merge_extended, names, string, text
from sandbox.graph.zones import instant
from sandbox.table import Row

_TEXTS = """
assistantName businessHomePage companyName department displayName fileAs generation givenName initials jobTitle manager
middleName mobilePhone nickName officeLocation profession spouseName surname title yomiCompanyName yomiGivenName
yomiSurname
"""
TEXTS = tuple(_TEXTS.split())
ADDRESSES = ("businessAddress", "homeAddress", "otherAddress")
MEMBERS = ("street", "city", "state", "countryOrRegion", "postalCode")
NAME_PARTS = ("givenName", "middleName", "surname", "generation")
EMAILS = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
READ_ONLY = frozenset(
    ["id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId", "photo", "extensions", *EMAILS]
)


def parse_contact(body: Any, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """All properties of a contact after a create or a change.

    A changed part of the name gives a new display name, unless one is sent along. An address is merged member by
    member.
    """
    sent = known(body, "contact", _PARSERS, READ_ONLY)
    kept = dict(before) if before is not None else _empty()
    for name in ADDRESSES:
        if sent.get(name) is not None:
            sent[name] = {**kept[name], **sent[name]}
    properties = dict(kept["extended"])
    merge_extended(properties, sent.pop("singleValueExtendedProperties", {}))
    full = {**kept, **sent, "extended": properties}
    if "displayName" not in sent and any(name in sent for name in NAME_PARTS):
        full["displayName"] = " ".join(full[name] for name in NAME_PARTS if full[name])
    if "fileAs" not in sent and any(name in sent for name in NAME_PARTS):
        given = " ".join(full[name] for name in ("givenName", "middleName") if full[name])
        full["fileAs"] = ", ".join(part for part in (full["surname"], given) if part)
    return full


def show_contact(props: Mapping[str, Any], _: Mapping[str, str]) -> dict[str, Any]:
    """Texts that were never set are null, those that were cleared are empty."""
    shown = {name: value for name, value in props.items() if name != "extended"}
    for name in ADDRESSES:
        shown[name] = {member: value for member, value in props[name].items() if value}
    slots = [*props["emailAddresses"], None, None, None]
    return shown | dict(zip(EMAILS, slots, strict=False))


def expand_contact(props: Mapping[str, Any], ids: frozenset[str], _: frozenset[str]) -> dict[str, Any]:
    """The extended properties that were asked for."""
    found = [{"id": name, "value": value} for name, value in props["extended"].items() if name.lower() in ids]
    return {"singleValueExtendedProperties": found} if found else {}


def _empty() -> dict[str, Any]:
    lists = dict.fromkeys(("businessPhones", "homePhones", "imAddresses", "children", "categories", "emailAddresses"))
    return {
        **dict.fromkeys(TEXTS),
        **{name: [] for name in lists},
        **{name: {} for name in ADDRESSES},
        "birthday": None,
        "personalNotes": "",
        "extended": {},
    }


def _emails(value: Any, name: str) -> list[dict[str, str]]:
    """Three slots; an address that comes without a name gets itself for one."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise invalid(f"The property '{name}' must be a list of addresses.")
    if len(value) > len(EMAILS):
        raise invalid(f"The property '{name}' can hold at most {len(EMAILS)} values.")
    addresses = [text(each.get("address"), name) for each in value]
    return [{"name": each.get("name") or at, "address": at} for each, at in zip(value, addresses, strict=True)]


def _address(value: Any, name: str) -> dict[str, str]:
    if value is None:
        return dict.fromkeys(MEMBERS, "")
    if not isinstance(value, dict) or not set(value) <= set(MEMBERS):
        raise invalid(f"The property '{name}' can hold {', '.join(MEMBERS)}.")
    return {member: text(each, name) for member, each in value.items()}


def _birthday(value: Any, name: str) -> str | None:
    """A time with its offset, of which the day in UTC is kept: shown a minute before noon."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise invalid(f"The property '{name}' must be a date and time.") from error
    if moment.tzinfo is None:
        raise invalid(f"The property '{name}' must be a date and time with an offset.")
    return f"{moment.astimezone(UTC):%Y-%m-%d}T11:59:00Z"


_PARSERS: Mapping[str, Parse] = {
    **dict.fromkeys(TEXTS, text),
    "personalNotes": string,
    "businessPhones": at_most(2),
    "homePhones": at_most(2),
    "imAddresses": at_most(3),
    "children": names,
    "categories": names,
    "emailAddresses": _emails,
    **dict.fromkeys(ADDRESSES, _address),
    "birthday": _birthday,
    "singleValueExtendedProperties": extended,
}
_PLAIN = ("displayName", "givenName", "surname", "companyName", "fileAs", "mobilePhone")


def _text_of(name: str) -> Any:
    return lambda row: str(row.data["props"][name] or "")


def _extended_of(row: Row) -> Mapping[str, str]:
    found: Mapping[str, str] = row.data["props"]["extended"]
    return found


CONTACT = Kind(
    type="contact",
    parse=parse_contact,
    show=show_contact,
    expand=expand_contact,
    filtering=Filtering(
        {
            **{name: _text_of(name) for name in _PLAIN},
            "createdDateTime": lambda row: instant(row.created_at),
            "lastModifiedDateTime": lambda row: instant(row.changed_at),
        },
        by_extended(_extended_of),
    ),
    refused=frozenset({"$filter", "$orderby", "$search", "$expand", "$top"}),
)
