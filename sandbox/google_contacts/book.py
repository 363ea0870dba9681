"""One person's contacts: rows, their former versions (for feeds that lag), and names that are no longer in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.google_contacts import fields
from sandbox.google_contacts.errors import invalid, not_found, stale
from sandbox.google_contacts.groups import MY, Groups
from sandbox.table import Row, Table

Person = dict[str, Any]


class Book:
    """Contacts by resource name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.groups = Groups(clock)
        self.table = Table(clock, lambda number: f"people/c{7_000_000_000 + number}")
        self.aliases: dict[str, str] = {}
        """Former resource name -> the present one."""
        self.lag = timedelta()
        """How late changes are seen in requests that sync."""
        self._past: dict[str, list[Row]] = {}

    def create(self, person: Mapping[str, Any]) -> Row:
        """A contact."""
        return self.add(self.new(person))

    def new(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """What a sent person would be stored as, or 400; without memberships it is in myContacts."""
        data: dict[str, Any] = {name: entries for name, entries in fields.clean(person).items() if entries}
        data["memberships"] = self.groups.members(data.get("memberships") or [MY], [])
        return data

    def add(self, data: Mapping[str, Any]) -> Row:
        """Store what `new` gave."""
        return self._kept(self.table.add(data))

    def checked(self, name: str, person: Mapping[str, Any], mask: Sequence[str]) -> dict[str, Any]:
        """The fields to be set, or why not: 404, 400 for a wrong body or a stale etag."""
        row = self.table.find(name)
        if row is None:
            raise not_found()
        sources = (person.get("metadata") or {}).get("sources") or []
        own = next((source for source in sources if source.get("type") == "CONTACT"), None)
        if own is None or not own.get("etag"):
            raise invalid("Request must set person.metadata.sources with the etag of the contact.", "person.metadata")
        if own["etag"] != source_etag(row):
            raise stale()
        sent = fields.clean(person)
        data: dict[str, Any] = {field: sent.get(field, []) for field in mask}
        if "memberships" in mask:
            data["memberships"] = self.groups.members(data["memberships"], row.data["memberships"])
            if not data["memberships"]:
                raise invalid("A contact must have at least one contact group membership.", "person.memberships")
        return data

    def set(self, name: str, data: Mapping[str, Any]) -> Row:
        """Replace these fields; an empty one is cleared."""
        row = self.table.change(name, data)
        row.data = {field: entries for field, entries in row.data.items() if entries}
        return self._kept(row)

    def remove(self, name: str) -> None:
        """404 where it is not there."""
        if self.table.find(name) is None:
            raise not_found()
        self._kept(self.table.remove(name))

    def merge(self, name: str, into: str | None) -> str:
        """One contact becomes part of another, or gets another name (`into` None). The present name."""
        row = self.table.rows.pop(name)
        if into is None:
            into = self.table.add(row.data).id
        target = self.table.rows[into]
        for field, entries in row.data.items():
            known = target.data.setdefault(field, [])
            if field not in fields.SINGLETONS:
                known += [deepcopy(entry) for entry in entries if entry not in known]
        target.data["previous"] = [*target.data.get("previous", []), name]
        self.aliases = {former: into if now == name else now for former, now in self.aliases.items()} | {name: into}
        self._kept(self.table.touch(target))
        return into

    def found(self, name: str) -> Row | None:
        """By its present name or a former one."""
        return self.table.find(self.aliases.get(name, name))

    def horizon(self) -> int:
        """The last change that requests that sync can see."""
        if not self.lag:
            return self.table.sequence  # times run ahead of the clock where much happens at once
        until = self.clock.now() - self.lag
        versions = (version for past in self._past.values() for version in past)
        return max((version.sequence for version in versions if version.changed_at <= until), default=0)

    def between(self, after: int, until: int) -> Iterator[Row]:
        """Contacts changed in that span of changes, as they were at its end, in the order of their changes."""
        seen = [[each for each in past if each.sequence <= until] for past in self._past.values()]
        last = [versions[-1] for versions in seen if versions]
        return iter(sorted((row for row in last if row.sequence > after), key=lambda row: row.sequence))

    def _kept(self, row: Row) -> Row:
        self._past.setdefault(row.id, []).append(deepcopy(row))
        return row

    def state(self) -> dict[str, Any]:
        """As JSON."""
        past = {name: [asdict(row) for row in rows] for name, rows in self._past.items()}
        return {"table": self.table.state(), "aliases": self.aliases, "past": past, "groups": self.groups.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self.table.load(state["table"])
        self.aliases = dict(state["aliases"])
        self._past = {name: [Row(**row) for row in deepcopy(rows)] for name, rows in state["past"].items()}
        self.groups.load(state["groups"])


def source_etag(row: Row) -> str:
    """Of the contact as a source; that of the person is another one."""
    return f"#{row.id[-6:]}.{row.version}"


def shown(row: Row, mask: Sequence[str], *, feed: bool = False) -> Person:
    """The person as replies show it. `feed`: of a list since a sync token, where deletions and merges are told."""
    person: Person = {"resourceName": row.id, "etag": f"%{row.id[-6:]}.{row.version}"}
    source = {"type": "CONTACT", "id": f"{int(row.id.partition('/c')[2]):x}"}
    if feed and row.gone:
        return person | {"metadata": {"deleted": True, "objectType": "PERSON"}}
    if "metadata" in mask:
        told = source | {"etag": source_etag(row), "updateTime": row.changed.replace("+00:00", "000Z")}
        person["metadata"] = {"sources": [told], "objectType": "PERSON"}
        if feed and row.data.get("previous"):
            person["metadata"]["previousResourceNames"] = row.data["previous"]
    for name in mask:
        marks = [{"primary": True, "sourcePrimary": True}] + [{}] * len(row.data.get(name, []))
        entries = zip(row.data.get(name, []), marks, strict=False)
        shown = [{"metadata": mark | {"source": source}} | fields.shown(name, entry) for entry, mark in entries]
        if shown:
            person[name] = shown
    return person
