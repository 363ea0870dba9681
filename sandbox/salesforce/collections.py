"""`composite/sobjects`: up to 200 records in one call, each with a result of its own, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.salesforce.errors import Wrong, refusal
from sandbox.salesforce.org import Kind, Org

MOST, MOST_READ = 200, 2000
Save = Callable[[Any], dict[str, Any]]


def create(org: Org, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """POST."""
    return _each(
        org, body.get("records") or [], lambda given: _done(org.create(_kind(org, given), _data(given)).id), body
    )


def update(org: Org, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """PATCH; each record has its `id`."""

    def save(given: Mapping[str, Any]) -> dict[str, Any]:
        kind = _kind(org, given)
        row = org.find(kind, str(given.get("id") or given.get("Id") or ""))
        return _done(org.update(kind, row, _data(given)).id)

    return _each(org, body.get("records") or [], save, body)


def upsert(org: Org, kind: Kind, name: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """PATCH by an external id."""

    def save(given: Mapping[str, Any]) -> dict[str, Any]:
        id, made = upserted(org, kind, name, given.get(name), _data(given))
        return _done(id) | {"created": made}

    return _each(org, body.get("records") or [], save, body)


def delete(org: Org, ids: Sequence[str], all_or_none: str) -> list[dict[str, Any]]:
    """DELETE; ids in the address."""

    def away(id: str) -> dict[str, Any]:
        kind = org.of(id)
        row = org.find(kind, id)
        org.delete(kind, row)
        return _done(row.id)

    return _each(org, ids, away, {"allOrNone": all_or_none == "true"})


def read(org: Org, kind: Kind, ids: Sequence[str], names: Sequence[str]) -> list[dict[str, Any] | None]:
    """In the order of the ids; null for what is not there, deleted or hidden."""
    if len(ids) > MOST_READ:
        raise refusal(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST_READ} records")
    return [shown(org, kind, id, names) for id in ids]


def shown(org: Org, kind: Kind, id: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Some fields of one record, or None."""
    try:
        values = kind.values(org.find(kind, id))
    except Wrong as wrong:
        if wrong.code == "MALFORMED_ID":
            raise wrong.reply() from wrong
        return None
    for name in names:
        if name not in values:
            raise refusal(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return attributes(kind, values["Id"]) | {name: values[name] for name in names or values}


def attributes(kind: Kind, id: str) -> dict[str, Any]:
    """What each record is told with."""
    return {"attributes": {"type": kind.name, "url": f"/services/data/v68.0/sobjects/{kind.name}/{id}"}}


def upserted(org: Org, kind: Kind, name: str, value: Any, data: Mapping[str, Any]) -> tuple[str, bool]:
    """Id of the record with that external id, and whether it was made. Wrong where there are several."""
    item = kind.fields.get(name)
    if item is None or not (item["externalId"] or item["idLookup"]):
        said = f"Provided external ID field does not exist or is not accessible: {name}"
        raise Wrong("NOT_FOUND", said, whole=True)
    rows = org.having(kind, name, value)
    if len(rows) > 1:
        raise Wrong("DUPLICATE_EXTERNAL_ID", f"{name}: more than one record found for external id field: {value}")
    if rows:
        own = {key: each for key, each in data.items() if key != name}
        return org.update(kind, org.find(kind, rows[0].id), own).id, False
    return org.create(kind, {**data, name: value}).id, True


def _each(org: Org, given: Sequence[Any], save: Save, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All or none: everything is put back where one fails."""
    if len(given) > MOST:
        raise refusal(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST} records")
    before = org.state() if body.get("allOrNone") else None
    results: list[dict[str, Any]] = []
    for one in given:
        try:
            results.append(save(one))
        except Wrong as wrong:
            if wrong.whole:
                raise wrong.reply() from wrong
            results.append({"success": False, "errors": [wrong.part()]})
    if before is not None and not all(result["success"] for result in results):
        org.load(before)
        rolled = Wrong("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid")
        return [{"success": False, "errors": [rolled.part()]} if one["success"] else one for one in results]
    return results


def _done(id: str) -> dict[str, Any]:
    return {"id": id, "success": True, "errors": []}


def _kind(org: Org, given: Mapping[str, Any]) -> Kind:
    name = (given.get("attributes") or {}).get("type") or ""
    kind = org.kind(name)
    if kind is None:
        raise refusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return kind


def _data(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("attributes", "id", "Id")}
