"""Random histories with faults and crashes: every invariant holds in each of them, and a seed tells one story only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncline.rehearsal.play import play
from syncline.rehearsal.rehearse import one
from syncline.rehearsal.telling import told

SEEDS, EACH = 2000, 50
TRACED = 3


@pytest.mark.parametrize("first", range(0, SEEDS, EACH))
def test_histories_hold_every_invariant(first: int) -> None:
    """On a failure: the shortest history that still fails, and the command that plays it again."""
    for seed in range(first, first + EACH):
        if one(seed).broken:
            pytest.fail(f"seed {seed}\n" + "\n".join(told(seed, None, None, None, shorten=True)["trace"]))


def test_a_seed_gives_the_same_trace_in_any_process() -> None:
    """Two processes that hash texts differently."""
    script = "import sys; from syncline.rehearsal.play import play; print(*play(int(sys.argv[1])).trace, sep='\\n')"
    for seed in range(TRACED):
        here = "\n".join(play(seed).trace)
        for hashing in ("1", "2"):
            words = [sys.executable, "-c", script, str(seed)]
            settings = {**os.environ, "PYTHONHASHSEED": hashing}
            root = Path(__file__).parents[2]
            done = subprocess.run(words, env=settings, cwd=root, capture_output=True, text=True, check=True)
            assert done.stdout.rstrip("\n") == here
