"""Snapshots at a location that is no folder of this machine, through the tasks of Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.place import files, place
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]


def test_tasks_hand_on_where_the_snapshots_are(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = f"file://{tmp_path}/shared"
    monkeypatch.setenv("SYNCLINE_SNAPSHOTS", location)
    it = make()
    it.meet("google", 3)
    report = it.run()
    assert (report.status, report.writes["outlook"]["create"]) == ("done", 3)
    assert {one.path.name for one in files(place(location))} >= {"google.parquet", "google.json", "outlook.json"}
    assert not list(it.project.root.rglob("*.parquet"))


def test_a_location_that_cannot_be_used_fails_the_flow_run_in_words(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCLINE_SNAPSHOTS", "nowhere://bucket/x")
    it = make()
    it.meet("google", 1)
    with pytest.raises(Exception, match="SYNCLINE_SNAPSHOTS=nowhere://bucket/x is no location"):
        it.run()
    assert it.titles("outlook") == []
    (run,) = it.shown()
    assert "SYNCLINE_SNAPSHOTS" in run["state"]["message"]
    assert "Traceback" not in run["state"]["message"]
