"""A first sync that is killed in the middle, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import survive


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_URL", "KEY", "SNAPSHOTS", "LOG_LEVEL", "PROJECT", "DEBUG"):
        monkeypatch.delenv(f"SYNCLINE_{name}", raising=False)


def test_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    done = survive(meetings=80, kills=8, seed=2, folder=tmp_path / "project")
    assert done.faults() == []
    assert {side: titles.total() for side, titles in done.titles.items()} == {"google": 80, "outlook": 80}
    assert done.kills >= 4, "the sync was over too soon to mean much"
