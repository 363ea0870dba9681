"""One person resource to native fields and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.google_contacts import entries
from connectors.google_contacts.schema import CUSTOM, MEMBERS
from engine.contract import Json, Record

STAMP = "syncline"
STALE = {"names": ("displayName", "unstructuredName"), "birthdays": ("text",)}
"""What else tells a value, in words: Google makes it anew from the parts."""
LISTS: Mapping[str, Callable[[Sequence[Json]], list[dict[str, Any]]]] = {
    "emailAddresses": entries.values,
    "phoneNumbers": entries.values,
    "urls": entries.values,
    "addresses": entries.places,
}


def native(person: Json, groups: Sequence[str], custom: Iterable[str]) -> dict[str, Any]:
    """Its fields. `groups`: the names of its labels; `custom`: the keys of the account's custom fields."""
    data: dict[str, Any] = {"displayName": entries.main(person.get("names", [])).get("displayName") or None}
    for name, (field, member) in MEMBERS.items():
        if name in LISTS:
            data[name] = LISTS[name](person.get(field, []))
        elif name != "groups":
            data[name] = entries.main(person.get(field, [])).get(member) or None
    data["birthday"] = _day(data["birthday"])
    data["groups"] = list(groups)
    own = {each.get("key"): each.get("value") or None for each in reversed(person.get("userDefined", []))}
    return data | {f"{CUSTOM}{key}": own.get(key) for key in custom}


def body(data: Json, before: Json) -> dict[str, list[dict[str, Any]]]:
    """Google's fields, whole, for these native ones (but the groups) of the person as it is."""
    sent: dict[str, list[dict[str, Any]]] = {}
    singles: dict[str, dict[str, Any]] = {}
    for name, value in data.items():
        field, member = MEMBERS.get(name, ("", ""))
        if name in LISTS:
            merge = entries.placed if name == "addresses" else entries.valued
            sent[field] = merge(value or [], entries.ordered(before.get(field, [])))
        elif member:
            singles.setdefault(field, {})[member] = value
        elif name.startswith(CUSTOM):
            former = (sent if "userDefined" in sent else before).get("userDefined", [])
            sent["userDefined"] = _own(name.removeprefix(CUSTOM), value, former)
    return sent | {field: _single(field, parts, before.get(field, [])) for field, parts in singles.items()}


def record(person: Json, data: Json) -> Record:
    """As the engine sees it."""
    source = source_of(person)
    changed = source.get("updateTime")
    return Record(
        id=str(person["resourceName"]),
        version=version(person),
        data=data,
        changed_at=datetime.fromisoformat(changed) if changed else None,
        stamp=next(iter(stamps(person)), None),
    )


def source_of(person: Json) -> Json:
    """The contact itself, for a person may have a profile besides."""
    sources = person.get("metadata", {}).get("sources", [])
    return next((source for source in sources if source.get("type") == "CONTACT"), {})


def version(person: Json) -> str | None:
    """The etag of the contact: that of the person changes with other sources too."""
    return source_of(person).get("etag") or person.get("etag")


def stamps(person: Json) -> list[str]:
    """The keys of the writes that made it: several, where people merged contacts of ours. The first one counts."""
    return [str(each.get("value")) for each in person.get("clientData", []) if each.get("key") == STAMP]


def memberships(person: Json) -> list[str]:
    """The resource names of its groups."""
    found = (each.get("contactGroupMembership", {}) for each in person.get("memberships", []))
    return [each["contactGroupResourceName"] for each in found if "contactGroupResourceName" in each]


def _single(field: str, parts: Json, former: Sequence[Json]) -> list[dict[str, Any]]:
    """The main entry with these members; an entry of which nothing is left goes."""
    main = entries.main(former)
    others = [entries.sent(each) for each in former if each is not main]
    stale = STALE.get(field, ())
    fresh = {name: part for name, part in {**entries.sent(main), **parts}.items() if name not in stale}
    filled = {name: part for name, part in fresh.items() if part not in (None, "")}
    return [filled, *others] if set(filled) - {"type", "contentType", "current"} else others


def _own(key: str, value: str | None, former: Sequence[Json]) -> list[dict[str, Any]]:
    """People may have given a key twice: the first is replaced; all go when it is emptied."""
    fields = [entries.sent(each) for each in former]
    if value is None:
        return [each for each in fields if each.get("key") != key]
    first = next((number for number, each in enumerate(fields) if each.get("key") == key), len(fields))
    return [*fields[:first], {"key": key, "value": value}, *fields[first + 1 :]]


def _day(date: Any) -> dict[str, int] | None:
    """A day with or without its year; a month alone is no birthday."""
    parts = {part: int(number) for part, number in (date or {}).items() if number}
    return parts if {"month", "day"} <= set(parts) else None
