"""Records of one kind in memory, with what most apps know of them: id, version, times, and what was deleted.

A stand-in's dialect (paths, names, errors, cursors) is its own business; this only keeps the rows, in the order of
their last change. Times are strictly increasing, in whole milliseconds, so that no two changes have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.clock import Clock

MILLISECOND = timedelta(milliseconds=1)


@dataclass(slots=True)
class Row:
    """One record. `data` is the app's own JSON of it."""

    id: str
    data: dict[str, Any]
    version: int
    """1 when made, one more with each change."""
    sequence: int
    """Position in the order of changes of the whole table."""
    created: str
    """ISO 8601 in UTC, milliseconds."""
    changed: str
    gone: bool = False

    @property
    def created_at(self) -> datetime:
        return datetime.fromisoformat(self.created)

    @property
    def changed_at(self) -> datetime:
        return datetime.fromisoformat(self.changed)


@dataclass(slots=True)
class Table:
    """Rows by id. Deleted ones stay as tombstones until they are forgotten."""

    clock: Clock
    new_id: Callable[[int], str] = str
    """The id of the nth record."""
    rows: dict[str, Row] = field(default_factory=dict)
    sequence: int = 0
    made: int = 0
    last: str = ""

    def add(self, data: Mapping[str, Any], id: str | None = None) -> Row:
        """A new record."""
        self.made += 1
        now = self._now()
        row = Row(id or self.new_id(self.made), deepcopy(dict(data)), 1, self._next(), now, now)
        self.rows[row.id] = row
        return row

    def change(self, id: str, data: Mapping[str, Any]) -> Row:
        """The record with these members set; a member that is to go is the caller's to pop from `row.data`."""
        row = self.rows[id]
        row.data.update(deepcopy(dict(data)))
        return self.touch(row)

    def remove(self, id: str) -> Row:
        """A tombstone."""
        row = self.rows[id]
        row.gone = True
        return self.touch(row)

    def touch(self, row: Row) -> Row:
        """Something about it has changed."""
        row.version, row.sequence, row.changed = row.version + 1, self._next(), self._now()
        self.rows[row.id] = self.rows.pop(row.id)
        return row

    def find(self, id: str) -> Row | None:
        """The living record."""
        row = self.rows.get(id)
        return None if row is None or row.gone else row

    def living(self) -> Iterator[Row]:
        """In the order of their last change."""
        return (row for row in self.rows.values() if not row.gone)

    def since(self, sequence: int) -> Iterator[Row]:
        """What changed after that, tombstones included."""
        return (row for row in self.rows.values() if row.sequence > sequence)

    def forget(self) -> None:
        """No tombstones any more."""
        self.rows = {id: row for id, row in self.rows.items() if not row.gone}

    def state(self) -> dict[str, Any]:
        """As JSON."""
        rows = [asdict(row) for row in self.rows.values()]
        return {"rows": rows, "sequence": self.sequence, "made": self.made, "last": self.last}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former `state()`."""
        self.rows = {row["id"]: Row(**row) for row in deepcopy(state["rows"])}
        self.sequence, self.made, self.last = state["sequence"], state["made"], state["last"]

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _now(self) -> str:
        now = self.clock.now().astimezone(UTC)
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self.last and now <= datetime.fromisoformat(self.last):
            now = datetime.fromisoformat(self.last) + MILLISECOND
        self.last = now.isoformat(timespec="milliseconds")
        return self.last
