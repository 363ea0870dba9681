"""A simulated app: one account that exists in memory only, with whatever abilities and habits it is given."""

# ruff: noqa: ARG002 - the arguments are those of the contract

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from engine.canonical import digest
from engine.contract import (
    AppError,
    Caps,
    CursorExpired,
    Deleted,
    Done,
    Failed,
    Field,
    Invalid,
    Missing,
    Op,
    Outcome,
    Page,
    Record,
    Schema,
    Stale,
    Support,
    Transient,
    Write,
)
from syncline.rehearsal.weather import Weather

PAGE = 3
POISON = "poison"
"""A value that no app accepts."""


@dataclass(frozen=True)
class Habits:
    """How an app behaves besides its capabilities."""

    upper: bool = False
    """Stores texts in capitals."""
    trims: int | None = None
    """Silently cuts texts to so many characters."""
    rounds: bool = False
    """Stores whole numbers only."""
    minutes: bool = False
    """Its clock shows whole minutes."""
    lags: bool = False
    """Lists show a write only some time after it."""
    reuses: bool = False
    """Gives the ids of deleted records to new ones."""
    dated: bool = True
    """Tells when a record was made."""
    versioned: bool = True
    """Shows a version of each record, whether or not it refuses stale writes."""
    pings: bool = False
    """Says by webhook when something has changed."""


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
class MemoryApp:
    """One account. Users call `add`, `edit` and `remove`; the sync calls the methods of the contract."""

    name: str
    shape: Schema
    caps: Caps
    habits: Habits = Habits()
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 23, tzinfo=UTC)
    weather: Weather = field(default_factory=Weather)
    account: str = "ann"
    rows: dict[str, Row] = field(default_factory=dict)
    requests: int = 0
    writes: int = 0
    held: set[str] = field(default_factory=set)
    """Digests of (field, value) that some record held or was sent at some time."""
    watch: Callable[[MemoryApp, Write], None] = lambda _app, _write: None
    """Called with every write before it takes effect."""
    changed: Callable[[MemoryApp, str], None] = lambda _app, _record: None
    """Called with every record that a user changed: where pings come from."""

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._seq = itertools.count(1)
        self.horizon: datetime | None = None
        self.backup: tuple[dict[str, Row], int] | None = None
        self.epoch = 0

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

    # the contract

    def check(self) -> str:
        self._ask("check")
        return self.account

    def schema(self, obj: str) -> Schema:
        self._ask("schema")
        gone = self.weather.field_gone(self.name)
        return replace(self.shape, fields={n: item for n, item in self.shape.fields.items() if n != gone})

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        self._ask("scan")
        shown = [] if self.weather.outage(self.name) else list(self._listed(0))
        shown = [record for record in shown if not record.gone and not self.weather.hides(self.name, record.id)]
        shown = self.weather.listed(self.name, shown)
        for at in range(0, len(shown), PAGE):
            self.weather.answered(self.name, "a page")
            yield Page(shown[at : at + PAGE])
            self.weather.turned(self.name)
        yield Page([], self._cursor() if self.caps.delta is not Support.NO else None)

    def changes(self, obj: str, scope: Mapping[str, Any], cursor: str) -> Iterator[Page]:
        self._ask("changes")
        epoch, _, seen = cursor.partition(":")
        if int(epoch) != self.epoch or self.weather.expired(self.name):
            raise CursorExpired("the cursor has expired")
        if self.weather.outage(self.name):
            yield Page([], cursor)
            return
        found = list(self._listed(int(seen)))
        self.weather.answered(self.name, "changes")
        yield Page(found, self._cursor())

    def get(self, obj: str, scope: Mapping[str, Any], ids: Sequence[str]) -> Iterator[Record]:
        self._ask("get")
        for record in ids:
            there = record in self.rows and self._seen(record)
            yield self._record(record, self.rows[record]) if there else Record(record, None, {}, gone=True)

    def write(self, obj: str, scope: Mapping[str, Any], writes: Sequence[Write]) -> Iterator[Outcome]:
        for at in range(0, len(writes), max(1, self.caps.batch)):
            self.requests += 1
            for write in self.weather.shuffled(writes[at : at + max(1, self.caps.batch)]):
                try:
                    self.watch(self, write)
                    self.weather.before(self.name, write.op)
                    outcome = self._apply(write)
                    self.weather.after(self.name, write.op)
                except Transient as error:
                    outcome = Failed(write.key, error)
                yield outcome

    # the insides

    def _ask(self, what: str) -> None:
        self.requests += 1
        self.weather.before(self.name, what)

    def _seen(self, record: str) -> bool:
        return not self.weather.outage(self.name) and not self.weather.hides(self.name, record)

    def _cursor(self) -> str:
        late = [row.changed for row in self.rows.values() if not self._shows(row)]
        seen = max((row.changed for row in self.rows.values()), default=0)
        seen = 0 if self.weather.outage(self.name) else min([seen, *(changed - 1 for changed in late)])
        return f"{self.epoch}:{seen}"

    def _shows(self, row: Row) -> bool:
        """Whether lists show this state yet."""
        return self.horizon is None or not self.horizon < row.at <= self.clock()

    def _listed(self, since: int) -> Iterator[Record]:
        """What the lists show of the records changed since: the present, or what it was a while ago."""
        for record, row in list(self.rows.items()):
            seen: Row | None = row
            if not self._shows(row):
                seen = next((old for old in reversed(row.past) if self._shows(old)), None)
            if seen is not None and seen.changed > since:
                yield self._record(record, seen)

    def _apply(self, write: Write) -> Outcome:
        bad = next((name for name, value in write.data.items() if str(value).casefold() == POISON), None)
        if bad:
            return Failed(write.key, Invalid(f"{bad} cannot be {POISON}", field=bad))
        if write.op is Op.CREATE:
            return self._create(write)
        row = self.rows.get(write.id or "")
        if row is None or row.gone or not self._seen(write.id or ""):
            return Failed(write.key, Missing(f"{write.id} is not there"))
        if self.caps.guarded is not Support.NO and write.if_version != self.version(row):
            return Failed(write.key, Stale(f"{write.id} has changed"))
        self.writes += 1
        if write.op is Op.DELETE:
            self.remove(write.id or "")
        else:
            self.edit(write.id or "", write.data)
        return Done(write.key, self._record(write.id or "", self.rows[write.id or ""]))

    def _create(self, write: Write) -> Outcome:
        known = next((record for record, row in self.rows.items() if row.key == write.key), None)
        if known is not None and self.caps.stamped is not Support.NO:
            if self.rows[known].gone:
                return Failed(write.key, Deleted(f"{known} was deleted"))
            return Done(write.key, self._record(known, self.rows[known]))
        self.writes += 1
        record = self.add(write.data, write.key)
        return Done(write.key, self._record(record, self.rows[record]))

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

    def _record(self, record: str, row: Row) -> Record:
        at = row.at.replace(second=0, microsecond=0) if self.habits.minutes else row.at
        unread = self.weather.field_gone(self.name)
        data = {} if row.gone else {name: value for name, value in row.data.items() if name != unread}
        created = row.created if self.habits.dated else None
        return Record(record, self.version(row), data, at, row.gone, created, None)

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


__all__ = ["POISON", "AppError", "Habits", "MemoryApp", "Row"]
