"""What users wrote into records that the filter keeps out: none of it may reach another side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.canonical import digest
from syncline.rehearsal.app import MemoryApp

FILTERED = "kind"
PRIVATE = "private"


class Sealed:
    """Values that a record of the filtered side has held only while it was private; each is unlike all others."""

    def __init__(self, app: MemoryApp) -> None:
        self.open: set[str] = set()
        self.shut: set[str] = set()
        self.former, app.changed = app.changed, self._changed

    def breaches(self, data: Mapping[str, Any]) -> list[str]:
        """Fields of a write to another side that carry such a value."""
        return [name for name, found in _values(data) if found in self.shut]

    def _changed(self, app: MemoryApp, record: str) -> None:
        found = {value for _, value in _values(app.rows[record].data)}
        if app.rows[record].data.get(FILTERED) == PRIVATE:
            self.shut |= found - self.open
        else:
            self.open |= found
            self.shut -= found
        self.former(app, record)


def _values(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None and name not in (FILTERED, "name"):
                yield name, digest([name, one])
