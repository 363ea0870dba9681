"""What an account of a simulated app holds: users change it, and servers are restored from backups."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from engine.canonical import digest
from engine.contract import Caps, Field, Schema, Support
from syncline.rehearsal.habits import NO_HABITS, Habits


@dataclass
class Row:
    """A record: its versions over time, the last one being the present."""

    data: dict[str, Any]
    version: int
    changed: int
    created: datetime
    at: datetime
    gone: bool = False
    key: str | None = None
    past: list[Row] = field(default_factory=list)


@dataclass
class Account:
    """Records in memory. Users call `add`, `edit` and `remove`."""

    name: str
    shape: Schema
    caps: Caps
    habits: Habits = NO_HABITS
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 23, tzinfo=UTC)
    rows: dict[str, Row] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """Digests of (field, value) that some record held or was sent at some time."""
    changed: Callable[[Self, str], None] = lambda _account, _record: None
    """Called with every record that changed: where pings come from."""

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._seq = itertools.count(1)
        self.backup: tuple[dict[str, Row], int] | None = None
        self.epoch = 0
        """How many times the server was restored: cursors given out before are void."""

    # what users do

    def add(self, data: Mapping[str, Any], key: str | None = None) -> str:
        """A new record; its id, which may have been that of a deleted one."""
        free = sorted(record for record, row in self.rows.items() if row.gone) if self.habits.reuses else []
        record = free[0] if free and key is None else f"{self.name}{next(self._ids)}"
        whole: dict[str, Any] = {name: [] if item.many else None for name, item in self.shape.fields.items()}
        stored = {**whole, **self._stored(data)}
        now = self.clock()
        self.rows[record] = Row(stored, next(self._seq), 0, now, now, key=key)
        self._moved(record)
        return record

    def edit(self, record: str, data: Mapping[str, Any]) -> None:
        """Changes some fields."""
        row = self._turn(record)
        row.data = {**row.data, **self._stored(data)}
        self._moved(record)

    def remove(self, record: str) -> None:
        """Deletes a record."""
        self._turn(record).gone = True
        self._moved(record)

    def live(self) -> dict[str, dict[str, Any]]:
        """What the account holds."""
        return {record: row.data for record, row in self.rows.items() if not row.gone}

    def _stored(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The values as this app keeps them."""
        stored = {}
        for name, value in data.items():
            self.held.add(digest([name, value]))
            stored[name] = self._kept(self.shape.fields[name], value)
            self.held.add(digest([name, stored[name]]))
            if isinstance(value, list):
                self.held |= {digest([name, entry]) for entry in value}
        return stored

    def _kept(self, item: Field, value: Any) -> Any:
        if isinstance(value, str) and item.type == "text":
            value = value.upper() if self.habits.upper else value
            return value[: min(self.habits.trims or 10**6, item.max_length or 10**6)]
        if isinstance(value, float) and self.habits.rounds:
            return float(round(value))
        return value

    def _turn(self, record: str) -> Row:
        """The record, its present state put with its past."""
        row = self.rows[record]
        row.past = [*row.past, replace(row, past=[])][-4:]
        return row

    def _moved(self, record: str) -> None:
        row = self.rows[record]
        row.version, row.changed, row.at = row.version + 1, next(self._seq), self.clock()
        self.changed(self, record)

    def version(self, row: Row) -> str | None:
        return f"v{row.version}" if self.habits.versioned or self.caps.guarded is not Support.NO else None

    # what happens to servers

    def freeze(self) -> tuple[object, ...]:
        """All that the account holds, to be put back by `thaw`."""
        return deepcopy((self.rows, self._ids, self._seq, self.epoch, self.held))

    def thaw(self, frozen: tuple[object, ...]) -> None:
        """As it was."""
        rows, ids, seq, epoch, held = deepcopy(frozen)
        self.rows, self._ids, self._seq, self.epoch, self.held = rows, ids, seq, epoch, held  # type: ignore[assignment]

    def save(self) -> None:
        """Makes a backup."""
        self.backup = ({record: replace(row, past=[]) for record, row in self.rows.items()}, self.epoch)

    def restore(self) -> list[str]:
        """Puts the backup back: cursors given out since are void. The ids of records that are lost by it."""
        if self.backup is None:
            return []
        kept = self.backup[0]
        lost = [record for record, row in self.rows.items() if not row.gone and record not in kept]
        for record, row in kept.items():
            self.rows[record] = replace(row, data=dict(row.data), past=[], version=self.rows[record].version + 1)
            self.rows[record].changed = next(self._seq)
        for record in lost:
            del self.rows[record]
        self.epoch += 1
        return lost
