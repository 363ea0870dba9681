"""Records as we know them, from rows of Salesforce."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from connectors.http import Client
from connectors.rest import gone
from connectors.salesforce import soql
from connectors.salesforce.schema import CHANGED, CREATED, DELETED, HEIR, Shape
from engine.contract import Field, Record

MOST, NAMED = 2000, 100
"""Ids in one reading, and in one query: there they go into an address."""
Row = Mapping[str, Any]


def get(http: Client, shape: Shape, ids: Sequence[str]) -> Iterator[Record]:
    """The records; one that is deleted, or that the user may not see, is gone."""
    for begin in range(0, len(ids), MOST):
        part = ids[begin : begin + MOST]
        rows = dict(zip(part, rows_of(http, shape, part), strict=True))
        away = _away(http, shape, [id for id, row in rows.items() if not row]) if shape.tells else {}
        yield from (record_of(shape, row) if row else away.get(id, gone(id)) for id, row in rows.items())


def rows_of(http: Client, shape: Shape, ids: Sequence[str]) -> list[Row | None]:
    """In the order of the ids; None for what is not there. The names go into the body: they may be many."""
    asked = {"ids": list(ids), "fields": shape.columns}
    rows: list[Row | None] = http.json(
        "POST", f"{soql.API}/composite/sobjects/{shape.name}", json=asked, idempotent=True
    )
    return rows


def _away(http: Client, shape: Shape, ids: Sequence[str]) -> dict[str, Record]:
    """What the bin tells of deleted records."""
    found: dict[str, Record] = {}
    for begin in range(0, len(ids), NAMED):
        where = f"WHERE Id IN {soql.listed(ids[begin : begin + NAMED])}"
        query = soql.select(["Id", CHANGED, *shape.tells], shape.name, where)
        for rows in soql.pages(http, query, binned=True):
            found |= {str(row["Id"]): record_of(shape, row) for row in rows if row.get(DELETED)}
    return found


def record_of(shape: Shape, row: Row) -> Record:
    """One record. Salesforce's times are in whole seconds, so that the version needs the values, too."""
    changed = moment(row[CHANGED])
    if row.get(DELETED):
        return Record(str(row["Id"]), None, {}, changed, gone=True, merged_into=row.get(HEIR) or None)
    data = {name: _native(field, row.get(name)) for name, field in shape.schema.fields.items()}
    text = json.dumps(data, sort_keys=True).encode()
    return Record(
        id=str(row["Id"]),
        version=f"{row[CHANGED]} {blake2b(text, digest_size=8).hexdigest()}",
        data=data,
        changed_at=changed,
        created_at=moment(row[CREATED]),
        stamp=row.get(shape.stamp) or None if shape.stampable else None,
    )


def moment(text: str) -> datetime:
    """`2026-11-23T10:00:00.000+0000`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _native(field: Field, value: Any) -> Any:
    if field.type == "instant" and value:
        return f"{moment(value):%Y-%m-%dT%H:%M:%SZ}"
    return value
