"""Not asking an app more often than it allows: within one process, or by a count that all processes share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
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
    """For the only process that asks the account."""

    def __init__(self, calls: Calls) -> None:
        self._limiter = Limiter(Rate(calls[0], int(calls[1].total_seconds() * 1000)))

    def wait(self, patience: float) -> bool:
        """As `Pace.wait`."""
        return bool(self._limiter.try_acquire("app", timeout=patience))

    def close(self) -> None:
        """Ends the limiter's thread."""
        self._limiter.close()
