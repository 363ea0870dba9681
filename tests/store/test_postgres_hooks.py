"""Webhooks over time with the state on PostgreSQL, looked after by two processes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.hooks.office import WEEK, Office
from tests.store.postgres import Postgres


def test_two_processes_look_after_one_set_of_hooks(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYNCLINE_STATE_URL", postgres.fresh())
    office = Office(tmp_path)
    other = office.another()
    for hooks in (office.hooks, other, office.hooks):
        hooks.tend()
    assert list(office.apps["a"].live) == list(office.apps["b"].live) == ["s1"]
    office.now += WEEK - timedelta(days=1)
    for hooks in (other, office.hooks):
        hooks.tend()
    assert (office.row()["subscription"], office.row()["former"]) == ("s2", "s1")
    office.apps["b"].live.clear()
    office.now += WEEK
    for hooks in (office.hooks, other):
        hooks.tend()
    assert sorted(office.pings()) == [("it", "a", None), ("it", "b", None)]
    assert other.end() == [] and office.rows() == [] and office.apps["a"].live == {}
    office.project.close()
    postgres.tidy()
