"""What a stand-in was asked: the counters that prove an idle run is idle and that nobody got mail."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from sandbox.faults import Visit

KEPT = 1000


class Journal:
    """Counts since the last reset. `requests`: HTTP requests; `writes`: changes that took effect, each part of a
    batch for itself; `written`: how many of these by `METHOD path`; `mail`: messages the real app would have sent to
    people."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start counting from zero."""
        self.requests = self.writes = self.mail = 0
        self._written: Counter[str] = Counter()
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def note(self, visit: Visit, status: int, *, write: bool) -> None:
        """One request was answered (or would have been, before a dropped connection)."""
        self.requests += not visit.part
        if write and status < 400:
            self.writes += 1
            self._written[f"{visit.method} {visit.path}"] += 1
        entry = {"method": visit.method, "path": visit.path, "query": visit.query, "status": status}
        self._entries.append(entry | {"part": visit.part})

    def as_json(self) -> dict[str, Any]:
        """The answer of `GET /_control/log`."""
        counts = {"requests": self.requests, "writes": self.writes, "mail": self.mail}
        return counts | {"written": dict(self._written), "entries": list(self._entries)}
