"""Random histories with faults and crashes: nothing lost, nothing doubled, nothing deleted that nobody deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.history import History

SEEDS = 60


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_history_comes_to_rest(seed: int, tmp_path: Path) -> None:
    history = History(seed, tmp_path / "project")
    wrong = history.play()
    assert not wrong, "\n".join([*wrong, *history.trace])
