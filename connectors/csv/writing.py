"""Creates, updates and deletes, as they change a sheet; the file is written once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from connectors.csv.sheet import Row, Sheet
from connectors.rest import gone
from engine.contract import Invalid, Missing, Record, Stale, Write


class Editor:
    """The rows of one sheet by key, in their order."""

    def __init__(self, sheet: Sheet, key: str) -> None:
        self.sheet, self._key = sheet, key
        self._fields = sheet.fields(key)
        self._rows = sheet.keyed(key)
        self.touched = False

    def edited(self) -> Sheet:
        """The sheet as it is to be written."""
        at = self.sheet.at(self._key)
        kept = [
            self._rows.get(row.cells[at], row) for row in self.sheet.rows if row.empty or row.cells[at] in self._rows
        ]
        known = {row.cells[at] for row in self.sheet.rows}
        return replace(self.sheet, rows=[*kept, *(row for id, row in self._rows.items() if id not in known)])

    def create(self, write: Write) -> Record:
        """The row's key is the one given, else made of the write's: a create repeated finds its row."""
        given = write.data.get(self._key)
        if self._key in write.data and not given:
            raise Invalid(f"{self._key} tells the rows of {self.sheet.name} apart: it needs a value.", field=self._key)
        id = str(given) if given else made(write.key)
        there = self._rows.get(id)
        if there is not None:
            record = self.record(id, there)
            if given and any(record.data.get(name) != value for name, value in write.data.items()):
                raise Invalid(f"{self.sheet.name} has a row with the {self._key} {id!r} already.", field=self._key)
            return record
        blank = Row(("",) * len(self.sheet.header), 0)
        return self._store(id, self._changed(blank, {**write.data, self._key: id}))

    def update(self, write: Write) -> Record:
        row = self._before(write)
        id = str(write.id)
        if write.data.get(self._key, id) != id:
            raise Invalid(f"The {self._key} tells the rows apart: it is never changed.", field=self._key)
        changed = self._changed(row, write.data)
        return self.record(id, row) if changed is row else self._store(id, changed)

    def delete(self, write: Write) -> Record:
        self._before(write)
        self.touched = True
        del self._rows[str(write.id)]
        return gone(str(write.id))

    def record(self, id: str, row: Row) -> Record:
        return Record(id=id, version=row.version, data=self.sheet.native(row, self._fields))

    def _before(self, write: Write) -> Row:
        row = self._rows.get(write.id or "")
        if row is None:
            raise Missing(f"{self.sheet.name} has no row with the {self._key} {write.id!r}.")
        if write.if_version is not None and write.if_version != row.version:
            raise Stale(f"The row {write.id} of {self.sheet.name} was changed meanwhile.")
        return row

    def _changed(self, row: Row, data: Mapping[str, Any]) -> Row:
        for name in data:
            if name not in self._fields or not self._fields[name].writable:
                raise Invalid(f"{self.sheet.name} has no column {name} to write to.", field=name)
        return self.sheet.changed(row, data)

    def _store(self, id: str, row: Row) -> Record:
        self.touched = True
        self._rows[id] = replace(row, raw=None)
        return self.record(id, self._rows[id])


def made(key: str) -> str:
    """A row's key, made of a write's; it begins with a letter, so that no program takes it for a number."""
    return "s" + blake2b(key.encode(), digest_size=8).hexdigest()
