"""Records as HubSpot shows them: only the properties that were asked for, and a few that always come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.hubspot import associations
from sandbox.hubspot.errors import bad_request
from sandbox.hubspot.portal import Kind, Portal, stamp
from sandbox.table import Row

ALWAYS = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "closedate", "dealstage", "pipeline"),
    "products": ("name", "description", "price"),
}


def shown(portal: Portal, kind: Kind, row: Row, names: Sequence[str], targets: Iterable[str] = ()) -> dict[str, Any]:
    """One record. Unknown names are passed over; what is empty is null. `targets`: associations to show."""
    values = portal.values(kind, row)
    wanted = names or ALWAYS[kind.name]
    asked = dict.fromkeys(["hs_object_id", "createdate", kind.modified, *wanted])
    body: dict[str, Any] = {
        "id": row.id,
        "properties": {name: values.get(name) for name in asked if name in kind.defined},
        "createdAt": stamp(row.created),
        "updatedAt": stamp(row.changed),
        "archived": row.gone,
    }
    if row.gone:
        body["archivedAt"] = stamp(row.changed)
    found = {target: _held(portal, kind, row, target) for target in targets}
    together = {target: {"results": lines} for target, lines in found.items() if lines}
    return body | ({"associations": together} if together else {})


def named(kind: Kind, given: Mapping[str, Any]) -> list[str]:
    """What the answer to a write shows: what was set, and what always comes."""
    return [*ALWAYS[kind.name], *(given.get("properties") or {})]


def _held(portal: Portal, kind: Kind, row: Row, target: str) -> list[dict[str, str]]:
    if (kind.name, target) not in associations.KINDS:
        raise bad_request(f"There are no associations between {kind.name} and {target}")
    return associations.shown(kind.name, target, portal.associations.of(kind.name, target, row.id))
