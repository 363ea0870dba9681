"""Writing what products and customers have in common: creates that can be repeated, metafields, reading again.

A create carries its key as a metafield of type `id`, of which Shopify lets no two records have the same value. So a
create whose answer got lost is found by its key, and two at the same time are one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors import rest
from connectors.shopify import feed
from connectors.shopify.api import Api, Raw
from connectors.shopify.custom import KEY, NAMESPACE, written
from connectors.shopify.kind import Kind, number_of
from engine.contract import AppError, Invalid, Missing, Op, Outcome, Record, Refused, Transient, Write

METAFIELDS = 25
"""So many are set at once."""
_SET = "mutation($given: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $given) { userErrors { field message } } }"
_CLEAR = """mutation($given: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $given) { userErrors { field message } } }"""
_DEFINE = """mutation($given: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $given) { userErrors { field message code } } }"""
_FIND = """query($owner: MetafieldOwnerType!) {
  metafieldDefinitions(ownerType: $owner, namespace: "syncline", key: "key", first: 1) { nodes { type { name } } } }"""


Create = Callable[[Api, Mapping[str, Any], Sequence[Raw], Sequence[str]], str]
"""Sends a new record with its metafields (and our names of these), all or nothing, and gives its gid."""
Update = Callable[[Api, str, Mapping[str, Any]], None]
"""Sends what is to change of the record of that gid."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one by one. `delete` is the mutation; `stamped`: the kinds whose key is defined, or None: no keys."""

    api: Api
    kind: Kind
    create: Create
    update: Update
    delete: str
    stamped: set[str] | None = field(default_factory=set)

    def write(self, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write."""
        if self.stamped is not None and any(write.op is Op.CREATE for write in writes):
            self._define(self.stamped)
        acts = {Op.CREATE: self._create, Op.UPDATE: self._update, Op.DELETE: self._delete}
        return rest.one_by_one(writes, acts)

    def _create(self, write: Write) -> Record:
        key = {"namespace": NAMESPACE, "key": KEY, "value": write.key}
        if self.stamped is not None and (found := self._made(key)):
            return found
        values, customs = self._parted({name: value for name, value in write.data.items() if value not in (None, [])})
        metafields = [self._metafield(name, value) for name, value in customs.items()]
        names = list(customs)
        if self.stamped is not None:
            metafields, names = [*metafields, {**key, "type": "id"}], [*names, f"{NAMESPACE}.{KEY}"]
        return self._again(number_of(self.create(self.api, values, metafields, names)))

    def _update(self, write: Write) -> Record:
        gid = self.kind.gid(str(write.id))
        values, customs = self._parted(write.data)
        try:
            self.update(self.api, gid, values)
            self._customs(gid, customs)
        except Transient as error:  # of several mutations, the former ones may have landed
            raise Transient(str(error), wait=error.wait) from error
        return self._again(str(write.id))

    def _delete(self, write: Write) -> Record:
        self.api.do(self.delete, id=self.kind.gid(str(write.id)))
        return rest.gone(str(write.id))

    def _made(self, identifier: Raw) -> Record | None:
        """The record that was made under this key before."""
        one = f"{self.kind.type.lower()}ByIdentifier"
        text = f"""query($id: {self.kind.type}IdentifierInput!) {{ {one}(identifier: $id) {{ ...Whole }} }}
          {self.kind.fragment}"""
        raw = self.api.query(text, id={"customId": identifier})[one]
        return self.kind.record(self.api, raw) if raw else None

    def _again(self, id: str) -> Record:
        """As it is stored now; in doubt where it cannot be read."""
        try:
            (record,) = feed.get(self.api, self.kind, [id])
        except AppError as error:  # whatever it is: the writes themselves have landed
            raise Transient(f"The record was written, but could not be read again. {error}") from error
        if record.gone:
            raise Missing(f"Shopify has no {self.kind.type.lower()} {id} any more.")
        return record

    def _parted(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Own fields, and metafields."""
        customs = {name: value for name, value in data.items() if "." in name}
        if lost := next((name for name in customs if name not in self.kind.customs), None):
            raise Invalid(
                f"This shop has no metafield {lost}. Define it in Shopify: Settings, Custom data.", field=lost
            )
        return {name: value for name, value in data.items() if name not in customs}, customs

    def _customs(self, gid: str, values: Mapping[str, Any]) -> None:
        """Sets metafields; an empty one is taken away, for Shopify has no empty ones."""
        filled = [name for name, value in values.items() if value not in (None, "", [])]
        for begin in range(0, len(filled), METAFIELDS):
            names = filled[begin : begin + METAFIELDS]
            given = [{"ownerId": gid, **self._metafield(name, values[name])} for name in names]
            self.api.do(_SET, names=names, given=given)
        if empty := [name for name in values if name not in filled]:
            self.api.do(_CLEAR, names=empty, given=[{"ownerId": gid, **_path(name)} for name in empty])

    def _metafield(self, name: str, value: Any) -> dict[str, str]:
        type_ = self.kind.customs[name]
        return {**_path(name), "type": type_, "value": written(type_, value)}

    def _define(self, stamped: set[str]) -> None:
        """Makes the metafield that holds the keys, where it is not there yet."""
        if self.kind.type in stamped:
            return
        owner = self.kind.type.upper()
        if not self.api.query(_FIND, owner=owner)["metafieldDefinitions"]["nodes"]:
            given = {"namespace": NAMESPACE, "key": KEY, "name": "Syncline key", "ownerType": owner, "type": "id"}
            try:
                self.api.do(_DEFINE, given=given)
            except Refused as error:
                raise Refused(
                    f"Shopify does not let this token define the metafield {NAMESPACE}.{KEY}, by which a new record is "
                    f"found again. Give it write_{self.kind.obj}, or set stamp=no for this connection. ({error})"
                ) from error
            except Invalid:
                if not self.api.query(_FIND, owner=owner)["metafieldDefinitions"]["nodes"]:
                    raise  # nobody else was quicker
        stamped.add(self.kind.type)


def _path(name: str) -> dict[str, str]:
    namespace, _, key = name.partition(".")
    return {"namespace": namespace, "key": key}
