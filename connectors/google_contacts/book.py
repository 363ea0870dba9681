"""The account's contacts over HTTP: pages, single contacts, groups, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.google_contacts import person as persons
from connectors.google_contacts.schema import READ
from connectors.http import Client
from connectors.paging import by_cursor
from engine.contract import Invalid, Json, Missing, Record, Refused

SOURCES = "READ_SOURCE_TYPE_CONTACT"
LIST = "v1/people/me/connections"
MOST = 200
MINE = "contactGroups/myContacts"


@dataclass(frozen=True, slots=True)
class Census:
    """Of all contacts: write's key -> id, and the keys of custom fields."""

    stamps: dict[str, str]
    custom: list[str]


class Book:
    """One account. `custom`: keys of custom fields that people named; None looks for those in use."""

    def __init__(self, http: Client, custom: Sequence[str] | None) -> None:
        self.http = http
        self._wanted = custom
        self._found: Sequence[str] | None = None
        self._census: Census | None = None
        self._groups: dict[str, Json] = {}

    def pages(self, **params: str) -> Iterator[Json]:
        """All contacts, or what changed since a `syncToken`. Google may show changes minutes late in these."""
        return self._pages({"personFields": READ, "requestSyncToken": "true", **params})

    def read(self, ids: Sequence[str]) -> dict[str, Json | None]:
        """The named contacts as they are now; None is not there, perhaps since it is part of another one now."""
        found: dict[str, Json | None] = dict.fromkeys(ids)
        names = list(found)
        for begin in range(0, len(names), MOST):
            part = names[begin : begin + MOST]
            params = {"resourceNames": part, "personFields": READ, "sources": SOURCES}
            for each in self.http.json("GET", "v1/people:batchGet", params=params).get("responses", []):
                person = each.get("person", {})
                if person.get("resourceName") in found:
                    found[person["resourceName"]] = person
        return found

    def record(self, person: Json, group: str) -> Record:
        """A contact with its labels (but the synced group, which all have) and custom fields by name."""
        data = persons.native(person, self.labels(person, group), self.custom())
        return persons.record(person, data)

    def in_use(self) -> list[str]:
        """Keys of custom fields, as the account has them now."""
        return list(self._wanted) if self._wanted is not None else self.census().custom

    def custom(self) -> list[str]:
        """Keys of custom fields, as the last full read found them."""
        return list(self._found) if self._found is not None else self.in_use()

    def know(self, custom: Sequence[str]) -> None:
        """What the last full read found."""
        self._found = custom

    def census(self) -> Census:
        """Read once, and again when a create is in doubt. Without a sync token: those lists may show writes late."""
        if self._census is None:
            stamps: dict[str, str] = {}
            keys: set[str] = set()
            for page in self._pages({"personFields": "clientData,userDefined,metadata"}):
                for person in page.get("connections", []):
                    keys |= {str(each["key"]) for each in person.get("userDefined", []) if each.get("key")}
                    stamps |= dict.fromkeys(persons.stamps(person), str(person["resourceName"]))
            self._census = Census(stamps, sorted(keys))
        return self._census

    def note(self, made: Mapping[str, str]) -> None:
        """Contacts that were just made, by their keys."""
        if self._census is not None:
            self._census.stamps.update(made)

    def forget(self) -> None:
        """What is known of all contacts is not sure any more."""
        self._census = None

    def labels(self, person: Json, group: str) -> list[str]:
        """The names of a contact's own groups, sorted; Google's own are none."""
        names = set(persons.memberships(person)) - {MINE, group}
        if names - set(self._groups):
            self._look()
            self._groups = {name: {} for name in names} | self._groups  # one made just now may not be shown yet
        return sorted(str(self._groups[name]["name"]) for name in names if _own(self._groups[name]))

    def group(self, name: str) -> str:
        """The resource name of a group by its name (or by itself); Refused with those there are."""
        if name in ("myContacts", MINE):
            return MINE
        groups = self._groups or self._look()
        found = [id for id, group in groups.items() if name in (id, group.get("name"), group.get("formattedName"))]
        if not found:
            there = ", ".join(sorted(str(group["name"]) for group in groups.values() if _own(group)))
            raise Refused(f"Google Contacts has no label {name!r}. There are: {there or 'none'}.")
        return min(found, key=lambda id: not _own(groups[id]))

    def joined(self, labels: Sequence[str], before: Json, group: str) -> list[dict[str, Any]]:
        """Memberships for these labels, made where missing. Google's own groups, and the synced one, stay."""
        former = persons.memberships(before) if before else [MINE]
        if set(former) - set(self._groups):
            self._look()
        kept = [name for name in former if not _own(self._groups.get(name, {}))]
        names = dict.fromkeys([*kept, group, *map(self._label, labels)])
        return [{"contactGroupMembership": {"contactGroupResourceName": name}} for name in names]

    def _label(self, name: str) -> str:
        if not self._named(name):
            self._look()
        if known := self._named(name):
            return known
        made = self.http.json("POST", "v1/contactGroups", json={"contactGroup": {"name": name}})
        self._groups[made["resourceName"]] = made
        return str(made["resourceName"])

    def _named(self, name: str) -> str:
        """A group of the user's; Google takes names that differ in case for one."""
        own = {str(group["name"]).casefold(): id for id, group in self._groups.items() if _own(group)}
        return own.get(name.casefold(), "")

    def _look(self) -> dict[str, Json]:
        def fetch(token: str | None) -> Json:
            params = {"pageSize": "1000", **({"pageToken": token} if token else {})}
            page: Json = self.http.json("GET", "v1/contactGroups", params=params)
            return page

        pages = by_cursor(fetch, lambda page: page.get("nextPageToken"))
        self._groups = {group["resourceName"]: group for page in pages for group in page.get("contactGroups", [])}
        return self._groups

    def _pages(self, params: Json) -> Iterator[Json]:
        def fetch(token: str | None) -> Json:
            more = {"pageToken": token} if token else {}
            page: Json = self.http.json("GET", LIST, params={"pageSize": "1000", "sources": SOURCES, **params, **more})
            return page

        return by_cursor(fetch, lambda page: page.get("nextPageToken"))


def answered(reply: Json) -> Json:
    """The person in one answer of a batch. Raises Missing, Invalid."""
    if "person" in reply:
        person: Json = reply["person"]
        return person
    said = reply.get("status", {})
    text = f"Google Contacts: {said.get('message', 'the contact was refused')}"
    raise Missing(text) if said.get("code") == 5 else Invalid(text)


def _own(group: Json) -> bool:
    return group.get("groupType") == "USER_CONTACT_GROUP"
