"""A connector at one container, with the moves tests make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors import App
from engine.contract import Done, Failed, Op, Outcome, Record, Support, Write
from tests.connectors.control import Control


@dataclass
class Desk:
    """One connector at one (empty) container."""

    connector: App
    scope: dict[str, Any]
    obj: str = "events"
    control: Control | None = None

    def write(self, *writes: Write) -> dict[str, Outcome]:
        outcomes = list(self.connector.write(self.obj, self.scope, writes))
        assert sorted(outcome.key for outcome in outcomes) == sorted(write.key for write in writes)
        return {outcome.key: outcome for outcome in outcomes}

    def one(self, write: Write) -> Outcome:
        return self.write(write)[write.key]

    def done(self, write: Write) -> Record:
        outcome = self.one(write)
        assert isinstance(outcome, Done), outcome
        return outcome.record

    def error(self, write: Write) -> Exception:
        outcome = self.one(write)
        assert isinstance(outcome, Failed), outcome
        return outcome.error

    def create(self, data: dict[str, Any], key: str = "key-1") -> Record:
        return self.done(Write(op=Op.CREATE, key=key, data=data))

    def update(self, record: Record, key: str = "update-1", **data: Any) -> Record:
        return self.done(Write(op=Op.UPDATE, key=key, id=record.id, if_version=record.version, data=data))

    def delete(self, record: Record, key: str = "delete-1") -> Record:
        return self.done(Write(op=Op.DELETE, key=key, id=record.id, if_version=record.version))

    def get(self, *ids: str) -> list[Record]:
        return list(self.connector.get(self.obj, self.scope, ids))

    def again(self, record: Record) -> Record:
        (found,) = self.get(record.id)
        return found

    def scan(self) -> tuple[dict[str, Record], str]:
        pages = list(self.connector.scan(self.obj, self.scope))
        follows = self.connector.caps.delta is not Support.NO
        assert (pages[-1].cursor is not None) == follows, "the last page of a scan carries the cursor"
        records = [record for page in pages for record in page.records]
        assert len({record.id for record in records}) == len(records), "a scan names each record once"
        return {record.id: record for record in records}, pages[-1].cursor or ""

    def changes(self, cursor: str) -> tuple[dict[str, Record], str]:
        pages = list(self.connector.changes(self.obj, self.scope, cursor))
        cursors = [page.cursor for page in pages if page.cursor]
        assert cursors, "changes end with a cursor"
        return {record.id: record for page in pages for record in page.records}, cursors[-1]
