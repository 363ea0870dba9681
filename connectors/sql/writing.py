"""Creates, updates and deletes of one table, each within a transaction that the caller ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from connectors.rest import gone
from connectors.sql import rows
from connectors.sql.log import Log
from connectors.sql.table import Table, made_by_us
from connectors.sql.trouble import refused
from engine.contract import AppError, Deleted, Done, Failed, Invalid, Missing, Op, Outcome, Record, Stale, Write


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes rows of one table. `log` is where keys are remembered, if there is one."""

    connection: sa.Connection
    table: Table
    log: Log | None

    def outcome(self, write: Write) -> Outcome:
        """Does one write within a savepoint, so that it alone is taken back if it fails.

        Raises only what ends the whole transaction: SQLAlchemy's errors that are not about this row.
        """
        acts = {Op.CREATE: self._create, Op.UPDATE: self._update, Op.DELETE: self._delete}
        try:
            with self.connection.begin_nested():
                return Done(write.key, acts[write.op](write))
        except AppError as error:
            return Failed(write.key, error)
        except DBAPIError as error:
            found = refused(error, self.table.name, self.table.constraints)
            if found is None:
                raise
            return Failed(write.key, found)
        except (UnicodeError, OverflowError) as error:
            return Failed(write.key, Invalid(f"{self.table.name} cannot hold a value: {error}."))

    def _create(self, write: Write) -> Record:
        known = self._known(write.key)
        if known is not None:
            return known
        values = self._values(write.data)
        if len(self.table.key) == 1 and self.table.key[0] not in values:
            values |= self._own_key(write.key)
        if self.table.stamp:
            values[self.table.stamp] = write.key
        if self.table.counter:
            values.setdefault(self.table.counter, 1)
        insert = sa.insert(self.table.sql).values(values).returning(*(self.table.sql.c[one] for one in self.table.key))
        id = self.table.id(self.connection.execute(insert).one())
        if self.log:
            self.log.remember(self.connection, self.table, write.key, id)
        return self._now(id)

    def _known(self, key: str) -> Record | None:
        """What a create with this key made before. Deleted where that is gone since."""
        if self.table.stamp:
            stamped = self.table.sql.c[self.table.stamp] == key
            found = self.connection.execute(sa.select(*(self.table.sql.c[n] for n in self.table.key)).where(stamped))
            return next((self._now(self.table.id(row)) for row in found.all()), None)
        made = self.log.recall(self.connection, self.table, key) if self.log else None
        if made is None:
            return None
        record = gone(made.id) if made.gone else self._now(made.id)
        if record.gone:
            raise Deleted(f"The row of {self.table.name} made for this was deleted since.")
        return record

    def _own_key(self, key: str) -> dict[str, Any]:
        """A key made of the write's, where the database makes none: a repeated create then meets its first row."""
        name = self.table.key[0]
        column = self.table.columns[name]
        if not made_by_us(column) or column.has_default:
            return {}
        made = UUID(bytes=blake2b(key.encode(), digest_size=16).digest(), version=5)
        if not self._now(str(made)).gone:
            raise Invalid(f"{self.table.name} has the row {made} already.", field=name)
        return {name: column.stored(str(made))}

    def _update(self, write: Write) -> Record:
        before = self._before(write)
        for name in self.table.key:
            if name in write.data and str(write.data[name]) != str(before.data.get(name)):
                raise Invalid(f"{name} tells the rows of {self.table.name} apart: it is never changed.", field=name)
        values = self._values({name: value for name, value in write.data.items() if name not in self.table.key})
        if self.table.updated:
            values[self.table.updated] = sa.func.current_timestamp()
        if self.table.counter:
            values[self.table.counter] = sa.func.coalesce(self.table.sql.c[self.table.counter], 0) + 1
        if values:
            self.connection.execute(sa.update(self.table.sql).where(self._this(before.id)).values(values))
        return self._now(before.id)

    def _delete(self, write: Write) -> Record:
        try:
            before = self._before(write)
        except Missing:
            return gone(write.id or "")
        self.connection.execute(sa.delete(self.table.sql).where(self._this(before.id)))
        return gone(before.id)

    def _before(self, write: Write) -> Record:
        """The row as it is, locked. Missing or Stale."""
        found = rows.locked(self.connection, self.table, self.log, write.id or "")
        if found.gone:
            raise Missing(f"{self.table.name} has no row {write.id}.")
        if write.if_version is not None and write.if_version != found.version:
            raise Stale(f"Row {write.id} of {self.table.name} was changed meanwhile.")
        return found

    def _values(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What to bind; Invalid for a field that cannot be written."""
        for name in data:
            if name not in self.table.fields or not self.table.columns[name].field.writable:
                raise Invalid(f"{name} of {self.table.name} cannot be written.", field=name)
        return {name: self.table.columns[name].stored(value) for name, value in data.items()}

    def _now(self, id: str) -> Record:
        return next(record for page in rows.named(self.connection, self.table, self.log, [id]) for record in page)

    def _this(self, id: str) -> sa.ColumnElement[bool]:
        return rows.matching(self.table, [self.table.key_of(id) or {}])
