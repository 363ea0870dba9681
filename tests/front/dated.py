"""An app that tells when each record was made, and may leave some out of its lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.contract import Page, Record
from tests.sync.memory import MemoryApp


@dataclass
class Dated(MemoryApp):
    """`made` is when each record was made, in seconds after noon; `unlisted` are known only to those who ask."""

    made: dict[str, int] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)

    def reuse(self, record: str, at: int, **data: Any) -> None:
        """The id of a deleted record is given to a new one."""
        self.edit(record, **(dict.fromkeys(self.rows[record].data) | {"people": []} | data))
        self.rows[record].gone, self.made[record] = False, at

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        for page in super().scan(obj, scope):
            yield Page([record for record in page.records if record.id not in self.unlisted], page.cursor)

    def _record(self, record: str) -> Record:
        at = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=self.made.get(record, 0))
        return replace(super()._record(record), created_at=at)
