"""An app in memory for the engine's tests.

Capabilities are arguments, faults are switched on, users edit it directly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.contract import (
    Caps,
    CursorExpired,
    Deleted,
    Done,
    Failed,
    Field,
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

FIELDS = {
    "uid": Field(type="text", means="thing.uid", writable=False),
    "name": Field(type="text", means="thing.title"),
    "note": Field(type="text", means="thing.note"),
    "place": Field(type="text", means="thing.place"),
    "kind": Field(type="text", means="thing.kind"),
    "people": Field(type="people", dialect="google", means="thing.people", many=True),
}


class Crash(BaseException):
    """The process is killed here."""


@dataclass
class Row:
    data: dict[str, Any]
    version: int
    changed: int
    gone: bool = False
    key: str | None = None


@dataclass
class MemoryApp:
    """One account."""

    name: str
    caps: Caps = field(
        default_factory=lambda: Caps(
            delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=Support.YES, batch=5
        )
    )
    clip: int | None = None
    normalise: Callable[[str], str] = lambda text: text
    clock: Callable[[], datetime] = lambda: datetime(2026, 11, 23, tzinfo=UTC)
    rows: dict[str, Row] = field(default_factory=dict)
    requests: int = 0
    writes: int = 0
    fault: Callable[[str, str], None] = lambda _moment, _what: None
    """Called with before/after and what; may raise Transient, Crash or any AppError."""
    outage: bool = False
    account: str = "ann"

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._seq = itertools.count(1)
        self.expired = False

    # what users do

    def add(self, **data: Any) -> str:
        record = f"{self.name}{next(self._ids)}"
        self.rows[record] = Row(dict.fromkeys(FIELDS) | {"people": []} | data, 1, next(self._seq))
        return record

    def edit(self, record: str, **data: Any) -> None:
        row = self.rows[record]
        row.data = {**row.data, **data}
        row.version, row.changed = row.version + 1, next(self._seq)

    def remove(self, record: str) -> None:
        row = self.rows[record]
        row.gone, row.changed, row.version = True, next(self._seq), row.version + 1

    def live(self) -> dict[str, dict[str, Any]]:
        return {record: row.data for record, row in self.rows.items() if not row.gone}

    # the contract

    def check(self) -> str:
        self._ask("check")
        return self.account

    def schema(self, obj: str) -> Schema:
        fields = dict(FIELDS)
        if self.clip:
            fields["note"] = replace(fields["note"], max_length=self.clip)
        return Schema(fields)

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        self._ask("scan")
        seen = max((row.changed for row in self.rows.values()), default=0)
        records = [] if self.outage else [self._record(record) for record, row in self.rows.items() if not row.gone]
        for at in range(0, len(records), 3):
            yield Page(records[at : at + 3])
        yield Page([], str(seen) if self.caps.delta is not Support.NO else None)

    def changes(self, obj: str, scope: Mapping[str, Any], cursor: str) -> Iterator[Page]:
        self._ask("changes")
        if self.expired:
            self.expired = False
            raise CursorExpired("the cursor has expired")
        rows = {record: row for record, row in self.rows.items() if row.changed > int(cursor)}
        seen = max((row.changed for row in rows.values()), default=int(cursor))
        records = [self._record(record) for record, row in rows.items()]
        yield Page([] if self.outage else records, cursor if self.outage else str(seen))

    def get(self, obj: str, scope: Mapping[str, Any], ids: Sequence[str]) -> Iterator[Record]:
        self._ask("get")
        for record in ids:
            there = record in self.rows and not self.outage
            yield self._record(record) if there else Record(record, None, {}, gone=True)

    def write(self, obj: str, scope: Mapping[str, Any], writes: Sequence[Write]) -> Iterator[Outcome]:
        for write in writes:
            self.requests += 1
            try:
                self.fault("before", write.op)
                outcome = self._apply(write)
                self.fault("after", write.op)
            except Transient as error:
                outcome = Failed(write.key, error)
            yield outcome

    # the insides

    def _ask(self, what: str) -> None:
        self.requests += 1
        self.fault("before", what)

    def _apply(self, write: Write) -> Outcome:
        if write.op is Op.CREATE:
            known = next((r for r, row in self.rows.items() if row.key == write.key), None)
            if known is not None and self.caps.stamped is Support.YES:
                if self.rows[known].gone:
                    return Failed(write.key, Deleted(f"{known} was deleted"))
                return Done(write.key, self._record(known))
            record = self.add(**self._stored(write.data))
            self.rows[record].key = write.key
            self.writes += 1
            return Done(write.key, self._record(record))
        row = self.rows.get(write.id or "")
        if row is None or row.gone:
            return Failed(write.key, Missing(f"{write.id} is not there"))
        if self.caps.guarded is Support.YES and write.if_version != str(row.version):
            return Failed(write.key, Stale(f"{write.id} has changed"))
        self.writes += 1
        if write.op is Op.DELETE:
            self.remove(write.id or "")
        else:
            self.edit(write.id or "", **self._stored(write.data))
        return Done(write.key, self._record(write.id or ""))

    def _stored(self, data: Mapping[str, Any]) -> dict[str, Any]:
        stored = {name: self.normalise(value) if isinstance(value, str) else value for name, value in data.items()}
        if self.clip and stored.get("note"):
            stored["note"] = stored["note"][: self.clip]
        return stored

    def _record(self, record: str) -> Record:
        row = self.rows[record]
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=row.changed)
        stamp = row.key if self.caps.stamped is Support.YES else None
        return Record(record, str(row.version), {} if row.gone else dict(row.data), at, row.gone, stamp=stamp)
