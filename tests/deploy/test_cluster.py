"""Shards of a backfill on a cluster of other processes."""

from __future__ import annotations

from datetime import date

import dask
import pytest
from distributed import LocalCluster

from flows import backfill
from flows.shards import Part
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:(distributed|dask|tornado|prefect_dask).*")
def test_shards_run_on_the_cluster_that_dask_is_told_of(make: Make) -> None:
    it = make()
    it.write_sync("task_runner: dask")
    it.meet("google", 12, "2026-03")
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None) as cluster,
        dask.config.set({"scheduler-address": cluster.scheduler_address}),
    ):
        report = backfill.run(it.project, it.name, Part(date(2026, 3, 1), date(2026, 3, 31)), shards=2)
        tasks = cluster.scheduler.transition_counter
    assert (report.status, report.writes["outlook"]["create"]) == ("done", 12)
    assert sorted(it.titles("outlook")) == sorted(f"Meeting {number}" for number in range(12))
    assert tasks > 0
    (run,) = it.shown()
    ran = it.page.tasks(run["id"], 6)
    assert {"load outlook 1 of 2", "load outlook 2 of 2"} <= set(ran)
    assert it.page.artifacts(run["id"])["progress"] == 100.0
