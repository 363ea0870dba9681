"""Records by their ids, whole and as they are now: lists and searches may show less, or show it late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.http import Client
from connectors.hubspot import ties
from connectors.hubspot.schema import MERGED, STAMP
from connectors.rest import gone
from engine.contract import Field, Record

BATCH = 100
MILLISECONDS = 1000
Fields = Mapping[str, Field]


def get(http: Client, obj: str, fields: Fields, ids: Sequence[str]) -> Iterator[Record]:
    """The records; one that is deleted, or was merged into another (then HubSpot answers with that), is gone."""
    for begin in range(0, len(ids), BATCH):
        part = list(dict.fromkeys(ids[begin : begin + BATCH]))
        shown = read(http, obj, fields, part)
        heirs = {old: str(raw["id"]) for raw in shown for old in _merged(raw)}
        found = _made(http, obj, fields, part, shown)
        yield from (found[id][0] if id in found else gone(id, heirs.get(id)) for id in part)


def whole(http: Client, obj: str, fields: Fields, ids: Sequence[str]) -> dict[str, tuple[Record, list[str]]]:
    """Up to 100 records, those that are there: id -> the record, and the ids of those that became part of it."""
    return _made(http, obj, fields, ids, read(http, obj, fields, ids))


def _made(
    http: Client, obj: str, fields: Fields, ids: Sequence[str], shown: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[Record, list[str]]]:
    found = {str(raw["id"]): raw for raw in shown}
    there = [id for id in ids if id in found]
    refs = ties.read(http, obj, there)
    return {id: (record_of(fields, found[id], refs[id]), _merged(found[id])) for id in there}


def read(
    http: Client, obj: str, fields: Fields, ids: Sequence[str], by: str = "", *, archived: bool = False
) -> list[dict[str, Any]]:
    """HubSpot's own JSON of those that are there, by id or by a unique property. `archived`: those in the bin."""
    body: dict[str, Any] = {"properties": wanted(obj, fields), "inputs": [{"id": id} for id in ids]}
    body |= {"idProperty": by} if by else {}
    answer = http.json(
        "POST",
        f"crm/v3/objects/{obj}/batch/read",
        params={"archived": "true"} if archived else {},
        json={**body, "propertiesWithHistory": []},
        idempotent=True,
    )
    return list(answer["results"])


def wanted(obj: str, fields: Fields) -> list[str]:
    """The properties to ask for."""
    return [*(name for name in fields if name not in ties.TIES[obj]), STAMP, MERGED]


def record_of(fields: Fields, raw: Mapping[str, Any], refs: ties.Refs) -> Record:
    """One record from HubSpot's JSON. The time of change is the version: there is no other."""
    shown = raw["properties"]
    data = {name: _native(field, shown[name]) for name, field in fields.items() if name in shown}
    return Record(
        id=str(raw["id"]),
        version=str(raw["updatedAt"]),
        data={**data, **refs},
        changed_at=moment(raw["updatedAt"]),
        created_at=moment(raw["createdAt"]),
        stamp=shown.get(STAMP) or None,
    )


def _merged(raw: Mapping[str, Any]) -> list[str]:
    """Ids of the records that have become part of this one."""
    ids = str(raw["properties"].get(MERGED) or "").split(";")
    return [id for id in ids if id and id != str(raw["id"])]


def moment(text: str) -> datetime:
    """HubSpot's times are in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _native(field: Field, value: str | None) -> str | None:
    """Older interfaces gave times and days in milliseconds; these are always texts of ISO 8601."""
    if not value:
        return None
    if field.type in ("date", "instant") and value.lstrip("-").isdigit():
        at = datetime.fromtimestamp(int(value) / MILLISECONDS, UTC)
        return f"{at:%Y-%m-%d}" if field.type == "date" else at.isoformat().replace("+00:00", "Z")
    return value
