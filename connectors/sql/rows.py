"""Rows as records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from connectors.rest import gone
from connectors.sql.column import UNREAD, utc
from connectors.sql.log import Log
from connectors.sql.table import Table
from engine.contract import Record

PAGE = 500
BORN = "created_at"
"""SQLite gives a deleted row's number to the next one; the time of creation then tells them apart."""


def every(connection: sa.Connection, table: Table, log: Log | None) -> Iterator[list[Record]]:
    """All rows, in pages, in the order of the key."""
    ordered = _select(table).order_by(*(table.sql.c[name] for name in table.key))
    found = connection.execute(ordered, execution_options={"yield_per": PAGE})
    for page in found.mappings().partitions():
        yield _records(connection, table, log, page)


def named(connection: sa.Connection, table: Table, log: Log | None, ids: Sequence[str]) -> Iterator[list[Record]]:
    """The rows of these ids, in their order, in pages; gone=True for what is not there."""
    for some in (ids[at : at + PAGE] for at in range(0, len(ids), PAGE)):
        keys = [key for id in some if (key := table.key_of(id)) is not None]
        rows = connection.execute(_select(table).where(matching(table, keys))).mappings().all() if keys else []
        found = {record.id: record for record in _records(connection, table, log, rows)}
        yield [found.get(id) or gone(id) for id in some]


def locked(connection: sa.Connection, table: Table, log: Log | None, id: str) -> Record:
    """One row, which nobody else changes until the transaction ends; gone=True where it is not there."""
    key = table.key_of(id)
    query = _select(table).where(matching(table, [key] if key else []))
    if connection.dialect.name != "sqlite":
        query = query.with_for_update()
    rows = connection.execute(query).mappings().all()
    return _records(connection, table, log, rows)[0] if rows else gone(id)


def matching(table: Table, keys: Sequence[Mapping[str, Any]]) -> sa.ColumnElement[bool]:
    """The condition that a row is one of these."""
    columns = [table.sql.c[name] for name in table.key]
    if len(columns) == 1:
        return columns[0].in_([key[table.key[0]] for key in keys])
    return sa.tuple_(*columns).in_([tuple(key.values()) for key in keys])


def _select(table: Table) -> sa.Select[Any]:
    return sa.select(*(column.selected(table.sql) for column in table.columns.values()))


def _records(connection: sa.Connection, table: Table, log: Log | None, rows: Sequence[sa.RowMapping]) -> list[Record]:
    ids = [table.id([row[name] for name in table.key]) for row in rows]
    stamps = log.stamps(connection, table, ids) if log and ids else {}
    found = zip(ids, rows, strict=True)
    return [_record(table, id, row, row[table.stamp] if table.stamp else stamps.get(id)) for id, row in found]


def _record(table: Table, id: str, row: sa.RowMapping, stamp: str | None) -> Record:
    values = {name: table.columns[name].native(row[name]) for name in table.fields}
    return Record(
        id=id,
        version=blake2b(json.dumps(list(row.values()), default=repr).encode(), digest_size=12).hexdigest(),
        data={name: value for name, value in values.items() if value is not UNREAD},
        changed_at=_time(table, row, table.updated),
        created_at=_time(table, row, BORN if table.columns[table.key[0]].sqlite else ""),
        stamp=stamp or None,
    )


def _time(table: Table, row: sa.RowMapping, name: str) -> datetime | None:
    """When the column says, in UTC; None where it is no time."""
    column = table.columns.get(name)
    if column is None or column.kind not in ("instant", "moment") or row[name] is None:
        return None
    try:
        return utc(column, row[name])
    except ValueError:
        return None
