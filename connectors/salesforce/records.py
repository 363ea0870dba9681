"""Records as we know them, from rows of Salesforce."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from connectors.http import Client
from connectors.rest import gone
from connectors.salesforce.schema import CHANGED, CREATED, DELETED, Shape
from engine.contract import Field, Record

API = "services/data/v64.0"
MOST = 2000
"""Ids in one reading."""
Row = Mapping[str, Any]


def get(http: Client, shape: Shape, ids: Sequence[str]) -> Iterator[Record]:
    """The records; one that is deleted, or that the user may not see, is gone."""
    for begin in range(0, len(ids), MOST):
        part = ids[begin : begin + MOST]
        rows = zip(part, rows_of(http, shape, part), strict=True)
        yield from (record_of(shape, row) if row else gone(id) for id, row in rows)


def rows_of(http: Client, shape: Shape, ids: Sequence[str]) -> list[Row | None]:
    """In the order of the ids; None for what is not there. The names go into the body: they may be many."""
    asked = {"ids": list(ids), "fields": shape.columns}
    rows: list[Row | None] = http.json("POST", f"{API}/composite/sobjects/{shape.name}", json=asked, idempotent=True)
    return rows


def record_of(shape: Shape, row: Row) -> Record:
    """One record. Salesforce's times are in whole seconds, so that the version needs the values, too."""
    changed = moment(row[CHANGED])
    if row.get(DELETED):
        return Record(str(row["Id"]), None, {}, changed, gone=True)
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
