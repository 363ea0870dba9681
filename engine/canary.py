"""Canary records: named by an operator because they are always there. A side that does not show one is not believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Text, or_, select, type_coerce

from engine.bound import Bound
from engine.canonical import dumps
from engine.store.tables import copies


@dataclass(frozen=True)
class Canaries:
    """Those of a sync. A record is named by its id, or by its title: the value of the mapping's first row."""

    bound: Bound
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def ids(self, connection: Connection, sync: str, side: str) -> set[str]:
        """Records to look at by id in a run that reads only changes; a name that is no known title may be an id."""
        found = self._found(connection, sync, side)
        return {row["id"] for rows in found.values() for row in rows} | {name for name in found if not found[name]}

    def lost(self, connection: Connection, sync: str, side: str) -> list[str]:
        """The names of which no record is there and can be read, as last seen."""
        found = self._found(connection, sync, side)
        return [
            name
            for name, rows in found.items()
            if not any(row["present"] == "yes" and not row["failed"] for row in rows)
        ]

    def _found(self, connection: Connection, sync: str, side: str) -> dict[str, list[Any]]:
        names = self.names.get(side, ())
        if not names:
            return {}
        cell = next(iter(self.bound.mapping.fields), "")
        title = self.bound.rows[cell].cells[side].name if side in self.bound.rows[cell].cells else ""
        text = type_coerce(copies.c.observed, Text)  # one look through the side: titles are no keys
        alike = [text.contains(dumps({title: name})[1:-1], autoescape=True) for name in names]
        query = select(copies.c.id, copies.c.observed, copies.c.present, copies.c.failed)
        query = query.where(copies.c.sync == sync, copies.c.side == side, or_(copies.c.id.in_(names), *alike))
        rows = connection.execute(query).mappings().all()
        return {name: [row for row in rows if name in (row["id"], row["observed"].get(title))] for name in names}
