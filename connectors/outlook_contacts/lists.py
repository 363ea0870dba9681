"""Telephones, e-mail addresses and postal addresses of a contact: what Graph has, and what a record holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.graph_property import NOTES, property_of
from connectors.outlook_contacts.slots import Entry, Note, Place, arranged, notes_for, shown

Contact = Mapping[str, Any]
Notes = dict[str, list[Note]]
"""Field -> notes, for the fields that need some."""
_PHONES = {"work": "businessPhones", "home": "homePhones", "mobile": "mobilePhone"}
_ADDRESSES = {"work": "businessAddress", "home": "homeAddress", "other": "otherAddress"}
_MEMBERS = {
    "street": "street",
    "city": "city",
    "region": "state",
    "postcode": "postalCode",
    "country": "countryOrRegion",
}


@dataclass(frozen=True, slots=True)
class Lists:
    """One of the three fields. `body`: the contact, and (slot, entry) pairs -> Graph's properties."""

    name: str
    slots: Mapping[str, int]
    places: Callable[[Contact], list[Place]]
    place: Callable[[Entry, str], Place]
    body: Callable[[Contact, Sequence[Place]], dict[str, Any]]

    def read(self, contact: Contact, notes: Notes) -> list[dict[str, Any]]:
        """As a record holds it."""
        return shown(self.places(contact), notes.get(self.name, ()))

    def write(self, contact: Contact, entries: Sequence[Entry]) -> tuple[dict[str, Any], list[Note]]:
        """Graph's properties, and the notes that belong to them. Raises Invalid for what does not fit."""
        current = {_content(place.entry): place.slot for place in self.places(contact)}
        now = [current.get(_content(self.place(entry, "").entry)) for entry in entries]
        chosen = arranged(self.name, entries, self.slots, now)
        places = [self.place(entry, slot) for entry, slot in zip(entries, chosen, strict=True)]
        return self.body(contact, places), [*notes_for(entries, places, list(self.slots))]


def notes_of(contact: Contact) -> Notes:
    """Our notes; none where somebody wrote something unreadable there."""
    try:
        found = json.loads(property_of(contact, NOTES) or "{}")
        return {str(name): [(mark, slot, label) for mark, slot, label in notes] for name, notes in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _content(entry: Entry) -> str:
    return json.dumps({name: value for name, value in entry.items() if name != "label"}, sort_keys=True)


def _value(entry: Entry, slot: str) -> Place:
    value = str(entry["value"])
    return Place(value, slot, {"value": value})


def _phones(contact: Contact) -> list[Place]:
    found = [(slot, contact.get(name)) for slot, name in _PHONES.items()]
    listed = [(slot, value if isinstance(value, list) else [value]) for slot, value in found]
    return [_value({"value": number}, slot) for slot, numbers in listed for number in numbers if number]


def _phones_body(_: Contact, places: Sequence[Place]) -> dict[str, Any]:
    numbers = {slot: [place.mark for place in places if place.slot == slot] for slot in _PHONES}
    mobile = numbers.pop("mobile")
    return {**{_PHONES[slot]: found for slot, found in numbers.items()}, "mobilePhone": mobile[0] if mobile else None}


def _emails(contact: Contact) -> list[Place]:
    found = (each.get("address") for each in contact.get("emailAddresses") or ())
    return [_value({"value": address}, "") for address in found if address]


def _emails_body(contact: Contact, places: Sequence[Place]) -> dict[str, Any]:
    """An address that stays keeps the name that Outlook shows for it."""
    names = {str(each.get("address")): each.get("name") for each in contact.get("emailAddresses") or ()}
    return {
        "emailAddresses": [{"address": place.mark, "name": names.get(place.mark) or place.mark} for place in places]
    }


def _address(entry: Entry, slot: str) -> Place:
    """A postal address is known by its slot: it stays the same one when its street is corrected."""
    return Place(slot, slot, {name: str(entry[name]) for name in _MEMBERS if entry.get(name)})


def _addresses(contact: Contact) -> list[Place]:
    found = []
    for slot, name in _ADDRESSES.items():
        given = contact.get(name) or {}
        place = _address({ours: given.get(theirs) for ours, theirs in _MEMBERS.items()}, slot)
        found += [place] if place.entry else []
    return found


def _addresses_body(_: Contact, places: Sequence[Place]) -> dict[str, Any]:
    """Every member is sent: one that is left out may stay as it was."""
    by_slot = {place.slot: place.entry for place in places}
    return {
        name: {theirs: by_slot.get(slot, {}).get(ours) for ours, theirs in _MEMBERS.items()}
        for slot, name in _ADDRESSES.items()
    }


PHONES = Lists("phones", {"work": 2, "home": 2, "mobile": 1}, _phones, _value, _phones_body)
EMAILS = Lists("emailAddresses", {"": 3}, _emails, _value, _emails_body)
ADDRESSES = Lists("addresses", {"work": 1, "home": 1, "other": 1}, _addresses, _address, _addresses_body)
ALL = {each.name: each for each in (EMAILS, PHONES, ADDRESSES)}
