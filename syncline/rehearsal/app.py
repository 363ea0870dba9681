"""A simulated app: an account that answers like the real one, with whatever abilities and habits it is given."""

# ruff: noqa: ARG002 - the arguments are those of the contract

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.contract import (
    CursorExpired,
    Deleted,
    Done,
    Failed,
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
from syncline.rehearsal.account import Account, Row
from syncline.rehearsal.weather import Weather

PAGE = 3
POISON = "poison"
"""A value that no app accepts."""


@dataclass
class MemoryApp(Account):
    """An account, and the connector to it."""

    weather: Weather = field(default_factory=Weather)
    account: str = "ann"
    requests: int = 0
    writes: int = 0
    watch: Callable[[MemoryApp, Write], None] = lambda _app, _write: None
    """Called with every write before it takes effect."""
    horizon: datetime | None = None
    """Lists do not show what was written after it."""

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
            self.weather.voided.add(self.name)
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

    def _record(self, record: str, row: Row) -> Record:
        at = row.at.replace(second=0, microsecond=0) if self.habits.minutes else row.at
        unread = self.weather.field_gone(self.name)
        data = {} if row.gone else {name: value for name, value in row.data.items() if name != unread}
        created = row.created if self.habits.dated else None
        return Record(record, self.version(row), data, at, row.gone, created, None)
