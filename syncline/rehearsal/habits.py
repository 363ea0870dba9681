"""How a simulated app behaves besides its capabilities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """All are off unless an app is given them."""

    upper: bool = False
    """Stores texts in capitals."""
    trims: int | None = None
    """Silently cuts texts to so many characters."""
    rounds: bool = False
    """Stores whole numbers only."""
    minutes: bool = False
    """Its clock shows whole minutes."""
    lags: bool = False
    """Lists show a write only some time after it."""
    reuses: bool = False
    """Gives the ids of deleted records to new ones."""
    dated: bool = True
    """Tells when a record was made."""
    versioned: bool = True
    """Shows a version of each record, whether or not it refuses stale writes."""
    pings: bool = False
    """Says by webhook when something has changed."""


NO_HABITS = Habits()
