"""The stand-in's clock: real time, until a test sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC times. A set clock stands still until it is set again or advanced."""

    def __init__(self) -> None:
        self._fixed: datetime | None = None

    def now(self) -> datetime:
        """The server's present, in UTC."""
        return self._fixed or datetime.now(UTC)

    def set(self, moment: datetime | None) -> None:
        """Stand still at `moment` (aware); None lets real time run again."""
        self._fixed = moment.astimezone(UTC) if moment else None

    def advance(self, step: timedelta) -> None:
        """Jump, and stand still there."""
        self._fixed = self.now() + step
