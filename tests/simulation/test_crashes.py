"""A run that is killed, at every moment there is: what the next runs come to is the same each time.

A moment is before and after every request, read or write, and before and after every commit. Each scenario has its own
apps, mapping and edits; each is played once whole, and once for every moment.
"""

from __future__ import annotations

import pytest

from syncline.rehearsal.crashes import crash_everywhere
from syncline.rehearsal.play import fresh

SCENARIOS = 100
EACH = 5
MOMENTS = 20
"""At least so many of them in a scenario: two sides are read, and something is written and stored."""


@pytest.mark.parametrize("first", range(0, SCENARIOS, EACH))
def test_a_kill_at_any_moment_changes_nothing(first: int) -> None:
    for seed in range(first, first + EACH):
        found, moments, runs = crash_everywhere(seed, fresh)
        assert not found, f"seed {seed}: " + "\n".join(map(str, found))
        assert moments >= MOMENTS, f"seed {seed} has only {moments} moments"
        assert runs > moments, f"seed {seed}: {runs} runs for {moments} moments"
