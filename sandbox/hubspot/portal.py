"""One HubSpot account in memory: records, what the search index has of them, the bin, merges, associations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.hubspot import errors
from sandbox.hubspot.associations import KINDS, Associations
from sandbox.hubspot.properties import MODIFIED, PIPELINES, TYPES, Property, custom, usual
from sandbox.hubspot.values import stored
from sandbox.table import Row, Table
from sandbox.world import Reply

Values = dict[str, str | None]
Tell = Callable[[str, str, Mapping[str, Any]], None]
"""(type, event, what it is about)."""


@dataclass
class Kind:
    """The records of one type."""

    name: str
    table: Table
    defined: dict[str, Property]
    index: dict[str, Row] = field(default_factory=dict)
    """What the search knows: later than the table by the portal's `lag`."""
    hits: dict[str, list[Row]] = field(default_factory=dict)
    """What searches found in the index as it is, for their next pages."""
    late: list[tuple[datetime, str, Row | None]] = field(default_factory=list)
    taken: dict[tuple[str, str], str] = field(default_factory=dict)
    """(unique property, value) -> the record that was last given it."""
    merged: dict[str, str] = field(default_factory=dict)
    """Merged ids -> the record that has taken their place."""

    @property
    def modified(self) -> str:
        """The property with the time of the last change."""
        return MODIFIED.get(self.name, "hs_lastmodifieddate")

    def find(self, id: str) -> Row:
        """The living record under an id, merged ones included; raises 404."""
        while id in self.merged:
            id = self.merged[id]
        if row := self.table.find(id):
            return row
        raise errors.not_found()

    def tells_apart(self, name: str) -> bool:
        """No two records may have the same value of the property."""
        return (self.name, name) == ("contacts", "email") or bool(self.defined[name]["hasUniqueValue"])

    def having(self, name: str, value: str) -> Row | None:
        """The living record with that value of a unique property."""
        row = self.table.find(self.taken.get((name, value), ""))
        return row if row and row.data.get(name) == value else None

    def take(self, row: Row) -> None:
        """Remember its unique values."""
        self.taken.update(
            {(name, value): row.id for name, value in row.data.items() if value and self.tells_apart(name)}
        )


class Portal:
    """`lag`: how much later the search index shows what was written."""

    def __init__(self, clock: Clock, tell: Tell = lambda *_: None) -> None:
        self.clock, self._tell = clock, tell
        self.lag = timedelta()
        self.may_define = True
        """The token has the scopes that let it make properties."""
        self.associations = Associations()
        self.kinds = {
            name: Kind(name, Table(clock, _numbered(position)), usual(name)) for position, name in enumerate(TYPES, 1)
        }

    def kind(self, name: str) -> Kind:
        """Raises 400."""
        if name not in self.kinds:
            raise errors.bad_request(f"Unable to infer object type from: {name}")
        return self.kinds[name]

    def define(self, kind: Kind, given: Mapping[str, Any]) -> Property:
        """A new property."""
        if not self.may_define:
            raise errors.missing_scopes(f"crm.schemas.{kind.name}.write")
        made = custom(kind.name, given, kind.defined)
        kind.defined[made["name"]] = made
        return made

    def create(self, kind: Kind, given: Mapping[str, Any], ties: Sequence[Mapping[str, Any]] = ()) -> Row:
        """A new record, with its associations (`{to: {id}, types}`)."""
        values = self._checked(kind, given, None)
        if kind.name == "deals" and not values.get("dealstage"):
            raise errors.bad_request('Error creating DEAL. Some required properties were not set: ["dealstage"]')
        known = [(self._target(kind, tie["types"]), tie) for tie in ties]
        found = [(target, self.kinds[target].find(str(tie["to"]["id"])).id, tie) for target, tie in known]
        row = kind.table.add(values)
        for target, other, tie in found:
            self.associations.tie(kind.name, target, row.id, other, type_ids(tie))
        self._indexed(kind, row)
        self._tell(kind.name, "creation", {"objectId": int(row.id)})
        return row

    def update(self, kind: Kind, id: str, given: Mapping[str, Any]) -> Row:
        """The record with these properties set. One in which nothing changes is not touched."""
        row = kind.find(id)
        values = self._checked(kind, given, row)
        fresh = {name: value for name, value in values.items() if row.data.get(name) != value}
        if fresh:
            kind.table.change(row.id, values)
            self._indexed(kind, row)
        for name, value in fresh.items():
            about = {"objectId": int(row.id), "propertyName": name, "propertyValue": value}
            self._tell(kind.name, "propertyChange", about)
        return row

    def archive(self, kind: Kind, id: str) -> None:
        """Into the bin; what is not there is passed over."""
        try:
            row = kind.find(id)
        except Reply:
            return
        near = list(self.associations.pointing_at(kind.name, row.id))
        self.associations.forget(kind.name, row.id)
        kind.table.remove(row.id)
        self._indexed(kind, row)
        self._tell(kind.name, "deletion", {"objectId": int(row.id)})
        for name, other in near:
            self.touch(self.kinds[name], other)

    def erase(self, kind: Kind, id: str) -> None:
        """For good: a GDPR delete leaves nothing, not even in the bin."""
        self.archive(kind, id)
        kind.table.rows.pop(id, None)
        self._tell(kind.name, "privacyDeletion", {"objectId": int(id)})

    def merge(self, kind: Kind, primary: str, other: str) -> Row:
        """Both records become a new one with the values of the primary one; their ids lead to it."""
        first, second = kind.find(primary), kind.find(other)
        if first.id == second.id:
            raise errors.bad_request("A record cannot be merged with itself.")
        ids = [first.id, *(first.data.get("hs_merged_object_ids") or "").split(";"), second.id]
        ids += (second.data.get("hs_merged_object_ids") or "").split(";")
        values = {**second.data, **{name: value for name, value in first.data.items() if value}}
        values["hs_merged_object_ids"] = ";".join(sorted({id for id in ids if id}))
        for old in (first, second):
            kind.table.rows.pop(old.id)
            self._show(kind, old.id, None)
        row = kind.table.add(values)
        for old in (first, second):
            kind.merged[old.id] = row.id
            self.associations.move(kind.name, old.id, row.id)
        self._indexed(kind, row)
        about = {"primaryObjectId": int(first.id), "mergedObjectIds": [int(second.id)], "newObjectId": int(row.id)}
        self._tell(kind.name, "merge", about)
        return row

    def import_(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many new records that all have one and the same time of change."""
        made = [self.create(kind, given) for given in rows]
        for row in made:
            row.created = row.changed = made[0].created
            self._indexed(kind, row)
        kind.table.last = made[0].created if made else kind.table.last

    def touch(self, kind: Kind, id: str) -> None:
        """One of its calculated properties has changed: an association, say."""
        self._indexed(kind, kind.table.touch(kind.find(id)))

    def values(self, kind: Kind, row: Row) -> Values:
        """All properties of a record, HubSpot's own included."""
        own: Values = {"hs_object_id": row.id, "createdate": stamp(row.created), kind.modified: stamp(row.changed)}
        if kind.name == "contacts":
            held = self.associations.of("contacts", "companies", row.id)
            own["associatedcompanyid"] = next((id for id, primary in held.items() if primary), None)
        if kind.name == "deals":
            own["num_associated_contacts"] = str(len(self.associations.of("deals", "contacts", row.id)))
        return {**row.data, **own}

    def catch_up(self, kind: Kind) -> None:
        """The search index shows by now what is due."""
        now = self.clock.now()
        due = sorted((each for each in kind.late if each[0] <= now), key=lambda each: each[0])
        kind.late = [each for each in kind.late if each[0] > now]
        for _, id, row in due:
            self._show(kind, id, row)

    def state(self) -> dict[str, Any]:
        """As JSON."""
        kinds = {
            kind.name: {"table": kind.table.state(), "merged": kind.merged, "custom": _custom(kind)}
            for kind in self.kinds.values()
        }
        return {"kinds": kinds, "associations": self.associations.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`; the index is up to date then."""
        self.associations.load(state["associations"])
        for name, saved in state["kinds"].items():
            kind = self.kinds[name]
            kind.table.load(saved["table"])
            kind.merged = dict(saved["merged"])
            kind.defined = usual(name) | saved["custom"]
            for row in kind.table.living():
                self._indexed(kind, row)

    def _target(self, kind: Kind, types: Sequence[Mapping[str, Any]]) -> str:
        """The type of records that these association types lead to."""
        wanted = {int(each["associationTypeId"]) for each in types}
        for (source, target), known in KINDS.items():
            if source == kind.name and wanted <= set(known.values()):
                return target
        raise errors.bad_request(f"Association types {sorted(wanted)} do not begin at {kind.name}")

    def _checked(self, kind: Kind, given: Mapping[str, Any], row: Row | None) -> Values:
        values = stored(given, kind.defined, row.data if row else {})
        for name, value in values.items():
            other = kind.having(name, value) if value and kind.tells_apart(name) else None
            if value and other and other is not row:
                raise self._taken(kind, name, value, other)
        return values

    def _taken(self, kind: Kind, name: str, value: str, other: Row) -> Reply:
        if kind.name == "contacts" and name == "email":
            return errors.conflict(other.id)
        said = f"{other.id} already has that value."
        return errors.invalid([{"message": said, "error": "CONFLICTING_UNIQUE_VALUE", "name": name, "value": value}])

    def _indexed(self, kind: Kind, row: Row) -> None:
        kind.take(row)
        shown = None if row.gone else _copy(row)
        if self.lag:
            kind.late.append((self.clock.now() + self.lag, row.id, shown))
        else:
            self._show(kind, row.id, shown)

    def _show(self, kind: Kind, id: str, row: Row | None) -> None:
        kind.hits.clear()
        kind.index.pop(id, None)
        if row is not None:
            kind.index[id] = row


def type_ids(tie: Mapping[str, Any]) -> list[int]:
    """Of an association as it is given."""
    return [int(each["associationTypeId"]) for each in tie["types"]]


def stamp(iso: str) -> str:
    """As HubSpot writes times."""
    return iso.replace("+00:00", "Z")


def _copy(row: Row) -> Row:
    return Row(row.id, dict(row.data), row.version, row.sequence, row.created, row.changed, row.gone)


def _custom(kind: Kind) -> dict[str, Property]:
    return {name: each for name, each in kind.defined.items() if not each["hubspotDefined"]}


def _numbered(position: int) -> Callable[[int], str]:
    return lambda count: str(position * 1_000_000 + count)


def pipelines() -> list[dict[str, Any]]:
    """The pipelines of deals, as the API shows them."""
    return [{**each, "archived": False, "stages": _stages(each["stages"])} for each in PIPELINES]


def _stages(stages: Any) -> list[dict[str, Any]]:
    return [
        {"id": id, "label": label, "displayOrder": order, "archived": False, "metadata": {}}
        for order, (id, label) in enumerate(stages)
    ]
