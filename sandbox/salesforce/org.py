"""One org: its objects, their records, and what saving does to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce import ids
from sandbox.salesforce.describe import PREFIXES, Field, custom, field, standard
from sandbox.salesforce.errors import Wrong
from sandbox.salesforce.values import shown, stored
from sandbox.table import Row, Table

BIN = timedelta(days=15)
USER = ids.new("005", 1)
CHILDREN = {"Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"))}
"""What is deleted along."""
_STAMPS = {"CreatedById": USER, "LastModifiedById": USER}


@dataclass(slots=True)
class Kind:
    """One object."""

    name: str
    prefix: str
    fields: dict[str, Field]
    table: Table

    def values(self, row: Row) -> dict[str, Any]:
        """All fields of a record."""
        data = {
            name: row.data.get(name, False if item["type"] == "boolean" else None) for name, item in self.fields.items()
        }
        changed = shown(row.changed_at)
        system = {"Id": row.id, "IsDeleted": row.gone, "CreatedDate": shown(row.created_at)}
        named = {"Name": " ".join(filter(None, (data["FirstName"], data["LastName"])))} if "LastName" in data else {}
        return {**data, **_STAMPS, **system, "LastModifiedDate": changed, "SystemModstamp": changed, **named}


class Org:
    """All objects, and what the test asked it to refuse."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kinds: dict[str, Kind] = {}
        self.currency = "EUR"
        self.locked: dict[str, int] = {}
        """Id -> how many more times it is locked by somebody else."""
        self.duplicate_rule = False
        """Two contacts with one e-mail address are refused."""
        self.forbidden: dict[str, str] = {}
        """Field -> a value that a validation rule does not let through."""
        for name, fields in standard().items():
            self._make(name, PREFIXES[name], fields)
        self.kinds["User"].table.add({"Name": "Stand-in", "Username": "standin@example.org"}, USER)

    def define(self, obj: str, given: Mapping[str, Any]) -> None:
        """A field of one's own: `{name, type, length, values, to, ...}` as in describe; the object is made too."""
        if obj not in self.kinds:
            self._make(obj, f"a{len(self.kinds):02}", custom())
        more = {name: value for name, value in given.items() if name not in ("name", "type", "length")}
        made = field(given["name"], given["type"], int(given.get("length", 0)), **more)
        self.kinds[obj].fields[made["name"]] = made

    def kind(self, name: str) -> Kind | None:
        """By name, in any case."""
        return next((kind for kind in self.kinds.values() if kind.name.lower() == name.lower()), None)

    def named(self, name: str) -> Kind:
        """By the name that a test gives; `primary` are contacts. Raises ValueError."""
        kind = self.kind("Contact" if name == "primary" else name)
        if kind is None:
            raise ValueError(f"there is no object {name}")
        return kind

    def find(self, kind: Kind, id: str) -> Row:
        """The living record, or Wrong."""
        id = ids.whole(id)
        if len(id) != 18 or not id.startswith(kind.prefix):
            raise Wrong("MALFORMED_ID", f"malformed id {id}", "Id")
        row = kind.table.rows.get(id)
        if row is None:
            raise Wrong("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if row.gone:
            raise Wrong("ENTITY_IS_DELETED", "entity is deleted")
        if self.locked.get(id):
            self.locked[id] -= 1
            raise Wrong("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: " + id)
        return row

    def having(self, kind: Kind, name: str, value: Any) -> list[Row]:
        """The living records with that external id."""
        return [row for row in kind.table.living() if str(row.data.get(name) or "").lower() == str(value).lower()]

    def create(self, kind: Kind, given: Mapping[str, Any]) -> Row:
        """A new record, or Wrong."""
        data = self._stored(kind, given, "createable")
        missing = [name for name, item in kind.fields.items() if _needed(item) and data.get(name) is None]
        if missing:
            raise Wrong("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)
        self._check(kind, data, None)
        return kind.table.add({"OwnerId": USER, **data} if "OwnerId" in kind.fields else data)

    def update(self, kind: Kind, row: Row, given: Mapping[str, Any]) -> Row:
        """The record with these fields set."""
        data = self._stored(kind, given, "updateable")
        for name, value in data.items():
            if value is None and _needed(kind.fields[name]):
                raise Wrong("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
        self._check(kind, data, row)
        return kind.table.change(row.id, data)

    def delete(self, kind: Kind, row: Row) -> None:
        """Into the bin, with what hangs on it."""
        kind.table.remove(row.id)
        for child, name in CHILDREN.get(kind.name, ()):
            for other in list(self.kinds[child].table.living()):
                if other.data.get(name) == row.id:
                    self.delete(self.kinds[child], other)

    def merge(self, kind: Kind, into: str, away: str) -> None:
        """One record takes the place of another, which knows its heir."""
        kept, lost = self.find(kind, into), self.find(kind, away)
        lost.data["MasterRecordId"] = kept.id
        kind.table.remove(lost.id)
        kind.table.touch(kept)

    def purge(self) -> None:
        """The bin is emptied."""
        for kind in self.kinds.values():
            kind.table.forget()

    def of(self, id: str) -> Kind:
        """By the first letters of an id."""
        found = next((kind for kind in self.kinds.values() if id.startswith(kind.prefix)), None)
        if found is None:
            raise Wrong("MALFORMED_ID", f"malformed id {id}", "Id")
        return found

    def state(self) -> dict[str, Any]:
        """As JSON."""
        return {name: [kind.prefix, kind.fields, kind.table.state()] for name, kind in self.kinds.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        for name, (prefix, fields, table) in state.items():
            self._make(name, prefix, fields)
            self.kinds[name].table.load(table)

    def _make(self, name: str, prefix: str, fields: dict[str, Field]) -> None:
        self.kinds[name] = Kind(name, prefix, fields, Table(self.clock, partial(ids.new, prefix)))

    def _stored(self, kind: Kind, given: Mapping[str, Any], right: str) -> dict[str, Any]:
        data = {}
        for name, value in given.items():
            item = kind.fields.get(name)
            if item is None:
                said = f"No such column '{name}' on sobject of type {kind.name}"
                raise Wrong("INVALID_FIELD", said, whole=True)
            if not item[right]:
                said = f"Unable to create/update fields: {name}. Please check the security settings of this field."
                raise Wrong("INVALID_FIELD_FOR_INSERT_UPDATE", said, name)
            data[name] = stored(item, value)
        return data

    def _check(self, kind: Kind, data: Mapping[str, Any], row: Row | None) -> None:
        """Rules that look at more than a value."""
        for name, value in data.items():
            item = kind.fields[name]
            if value is not None and item["type"] == "reference":
                self._refers(item, value)
            if value is not None and item["unique"]:
                self._unique(kind, name, value, row)
            if name in self.forbidden and value == self.forbidden[name]:
                raise Wrong("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"{item['label']} must not be {value}.", name)
        if self.duplicate_rule and kind.name == "Contact" and data.get("Email"):
            self._duplicate(kind, data["Email"], row)

    def _refers(self, item: Field, value: str) -> None:
        target = next(
            (self.kinds[name] for name in item["referenceTo"] if value.startswith(self.kinds[name].prefix)), None
        )
        if target is None or len(value) != 18:
            raise Wrong("MALFORMED_ID", f"{item['label']}: id value of incorrect type: {value}", item["name"])
        if target.table.find(value) is None:
            raise Wrong("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", item["name"])

    def _unique(self, kind: Kind, name: str, value: Any, row: Row | None) -> None:
        for other in self.having(kind, name, value):
            if row is None or other.id != row.id:
                said = f"duplicate value found: {name} duplicates value on record with id: {other.id[:15]}"
                raise Wrong("DUPLICATE_VALUE", said)

    def _duplicate(self, kind: Kind, email: str, row: Row | None) -> None:
        same = [other for other in self.having(kind, "Email", email) if row is None or other.id != row.id]
        if not same:
            return
        found = [
            {"matchConfidence": 100.0, "record": {"attributes": {"type": kind.name}, "Id": other.id}} for other in same
        ]
        told = {
            "allowSave": True,
            "duplicateRule": "Standard_Contact_Duplicate_Rule",
            "errorMessage": "Use one of these records?",
            "matchResults": [{"entityType": kind.name, "matchEngine": "ExactMatchEngine", "matchRecords": found}],
        }
        raise Wrong("DUPLICATES_DETECTED", "Use one of these records?", duplicateResut=told)


def deleted(kind: Kind, org: Org) -> Iterator[Row]:
    """What is in the bin."""
    since = org.clock.now() - BIN
    return (row for row in kind.table.rows.values() if row.gone and row.changed_at >= since)


def _needed(item: Field) -> bool:
    return bool(item["createable"] and not item["nillable"] and not item["defaultedOnCreate"])
