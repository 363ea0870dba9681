"""Associations as reference fields: which records belong together, read and written through v4 in batches.

A contact or a deal may belong to several companies, one of which is its primary one: that is the field. A company that
was the primary one before stays associated as an ordinary one, as in HubSpot's own pages; emptying the field takes the
association away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.http import Client
from engine.contract import Field, Invalid, Missing

Refs = dict[str, Any]
"""Field -> id or None, or a list of ids."""


@dataclass(frozen=True, slots=True)
class Tie:
    """One kind of association. `type` is HubSpot's id of it, the one that makes a company the primary one."""

    to: str
    type: int
    means: str
    label: str
    many: bool = False

    @property
    def field(self) -> Field:
        return Field(type="ref", refers=self.to, many=self.many, means=self.means, label=self.label)

    def shown(self, tied: Iterable[Mapping[str, Any]]) -> Any:
        """The value of the field for what v4 lists."""
        ids = [str(each["toObjectId"]) for each in tied if self.type in _types(each)]
        return sorted(ids, key=int) if self.many else next(iter(ids), None)


TIES: Mapping[str, Mapping[str, Tie]] = {
    "contacts": {"associatedcompany": Tie("companies", 1, "contact.company_ref", "Primary company")},
    "companies": {},
    "deals": {
        "associatedcompany": Tie("companies", 5, "deal.company", "Primary company"),
        "associatedcontacts": Tie("contacts", 3, "deal.contacts", "Contacts", many=True),
    },
    "products": {},
}


def read(http: Client, obj: str, ids: Sequence[str]) -> dict[str, Refs]:
    """The references of some records, by id."""
    found: dict[str, Refs] = {id: {} for id in ids}
    for name, tie in TIES[obj].items() if ids else ():
        tied = _tied(http, obj, tie, ids)
        for id in ids:
            found[id][name] = tie.shown(tied.get(id, ()))
    return found


def specs(obj: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The associations that a new record is made with."""
    return [{"to": {"id": id}, "types": [_spec(tie)]} for name, tie in TIES[obj].items() for id in _ids(data.get(name))]


def write(http: Client, obj: str, id: str, data: Mapping[str, Any], before: Refs) -> None:
    """Sets the reference fields in `data` of one record; `before`: as they are. Raises Invalid with the field."""
    for name, tie in TIES[obj].items():
        if name not in data:
            continue
        had, wanted = _ids(before.get(name)), _ids(data[name])
        lost = [other for other in had if other not in wanted and (tie.many or not wanted)]
        new = [other for other in wanted if other not in had]
        try:
            _send(
                http, f"{_path(obj, tie)}/archive", [{"from": {"id": id}, "to": [{"id": each} for each in lost]}], lost
            )
            pairs = [{"from": {"id": id}, "to": {"id": each}, "types": [_spec(tie)]} for each in new]
            _send(http, f"{_path(obj, tie)}/create", pairs, new)
        except (Invalid, Missing) as error:
            raise Invalid(str(error), field=name) from error


def _send(http: Client, path: str, inputs: Sequence[Mapping[str, Any]], about: Sequence[str]) -> None:
    if about:
        http.request("POST", path, json={"inputs": list(inputs)}, idempotent=True)


def _tied(http: Client, obj: str, tie: Tie, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """What v4 lists for each id; a record with very many comes in several pages."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    inputs: list[dict[str, str]] = [{"id": id} for id in ids]
    while inputs:
        answer = http.json("POST", f"{_path(obj, tie)}/read", json={"inputs": inputs}, idempotent=True)
        inputs = []
        for each in answer["results"]:
            id = str(each["from"]["id"])
            found.setdefault(id, []).extend(each["to"])
            after = ((each.get("paging") or {}).get("next") or {}).get("after")
            inputs += [{"id": id, "after": after}] if after else []
    return found


def _path(obj: str, tie: Tie) -> str:
    return f"crm/v4/associations/{obj}/{tie.to}/batch"


def _spec(tie: Tie) -> dict[str, Any]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": tie.type}


def _types(each: Mapping[str, Any]) -> set[int]:
    return {int(kind["typeId"]) for kind in each["associationTypes"]}


def _ids(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(id) for id in value] if isinstance(value, list) else [str(value)]
