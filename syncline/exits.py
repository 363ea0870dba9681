"""What the exit code says."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Scripts may rely on these."""

    DONE = 0
    ERROR = 1
    WAITS = 2
    """Nothing is broken, but something waits for a person, or the plan has changes."""
    USAGE = 3
