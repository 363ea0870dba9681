"""The hostile mode: failures that a test or a demo asks for, spent one by one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

STATUSES = {"403", "429", "500", "503"}
"""Refusals in the app's own dialect; 403 is Google's other way to say "too fast"."""
HOOKS = {"lose_hook", "double_hook"}
"""Of the webhooks that the stand-in sends; `path` is part of their address."""
KINDS = STATUSES | HOOKS | {"slow", "drop_after_commit", "expire_cursor", "reject_token"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request as faults and the log see it. `part`: it came inside a batch."""

    method: str
    path: str
    query: str = ""
    part: bool = False

    @property
    def target(self) -> str:
        """Path and query, percent-encoding as sent in the query only."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(slots=True)
class Fault:
    """A failure to come, `times` times, for requests whose target contains `path`."""

    kind: str
    times: int = 1
    path: str = ""
    method: str = ""
    retry_after: float | None = None
    seconds: float = 0.1
    """How long `slow` waits."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; there are {', '.join(sorted(KINDS))}")

    def hits(self, visit: Visit) -> bool:
        """Parts of a batch are hit only by faults that name a path; the batch request itself takes the others."""
        if visit.part and not self.path:
            return False
        return self.times > 0 and self.path in visit.target and self.method.upper() in {"", visit.method}


class Faults:
    """The failures still to come, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue one."""
        self._pending.append(fault)

    @property
    def pending(self) -> tuple[Fault, ...]:
        """Those not used up, oldest first."""
        return tuple(self._pending)

    def clear(self) -> None:
        """Be friendly again."""
        self._pending.clear()

    def take(self, kinds: Collection[str], visit: Visit) -> Fault | None:
        """Spend one use of the first fault of these kinds that hits this request."""
        for fault in self._pending:
            if fault.kind in kinds and fault.hits(visit):
                fault.times -= 1
                self._pending = [each for each in self._pending if each.times > 0]
                return fault
        return None
