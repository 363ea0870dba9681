"""Not asking an app more often than it allows: within one process, or by a count that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Protocol

from pyrate_limiter import Limiter, Rate

Calls = tuple[int, timedelta]
"""So many within so long."""


class Pace(Protocol):
    """One account's calls."""

    def wait(self, patience: float) -> bool:
        """Returns when the next call may be sent; False, at once, where that is further off than `patience` seconds."""

    def close(self) -> None:
        """Gives back what it holds."""


Paced = Callable[[Calls], Pace]


class Alone:
    """For the only one that asks the account."""

    def __init__(self, calls: Calls) -> None:
        self._limiter = Limiter(Rate(calls[0], int(calls[1].total_seconds() * 1000)))

    def wait(self, patience: float) -> bool:
        """As `Pace.wait`."""
        return bool(self._limiter.try_acquire("app", timeout=patience))

    def close(self) -> None:
        """Ends the limiter's thread."""
        self._limiter.close()


class Paces:
    """One for each account that this process asks, however many of its runs and looks do that at a time."""

    def __init__(self) -> None:
        self._all: dict[str, Alone] = {}
        self._lock = Lock()

    def of(self, account: str, calls: Calls) -> Pace:
        """Lends the account's pace."""
        with self._lock:
            if account not in self._all:
                self._all[account] = Alone(calls)
            return _Lent(self._all[account])

    def close(self) -> None:
        """Nobody asks any more."""
        with self._lock:
            paces, self._all = self._all, {}
        for pace in paces.values():
            pace.close()


@dataclass(frozen=True, slots=True)
class _Lent:
    """Others go on with it."""

    pace: Alone

    def wait(self, patience: float) -> bool:
        return self.pace.wait(patience)

    def close(self) -> None:
        """Nothing is held."""
