"""How often something is looked at: quick while things happen, slower while nothing does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SLOWER = 1.5
Draw = Callable[[], float]
"""Chance, from 0 to 1."""


@dataclass
class Pace:
    """Waits from `base` to `most`, each a tenth longer or shorter by chance, so that many do not come at once."""

    base: timedelta
    most: timedelta
    wait: timedelta = field(init=False)

    def __post_init__(self) -> None:
        self.most = max(self.base, self.most)
        self.wait = self.base

    def quick(self) -> None:
        """Something happened."""
        self.wait = self.base

    def slow(self) -> None:
        """Nothing did."""
        self.wait = min(self.wait * SLOWER, self.most)

    def after(self, now: datetime, draw: Draw) -> datetime:
        """When to look next."""
        return now + self.wait * (0.9 + 0.2 * draw())
