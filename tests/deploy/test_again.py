"""A run that is killed in the midst of a write, copied on Prefect's page while it is at it, and tried again there."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow

from engine.store.lease import holder
from flows import deploy, flowrun
from flows.backfill_flow import backfill_flow
from tests.deploy.asking import comes_to, start, tell
from tests.system.prefect_world import Prefect, until
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]
COUNT = 70
BATCHES = 6
"""Requests in which the first 50 meetings of a shard are written to Outlook."""


def execute(run: str) -> None:
    """As a worker does it, in this process."""
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(UUID(run))
    run_flow(backfill_flow, flow_run=found, parameters=found.parameters, return_type="state")


def at_work(it: Prefect) -> int:
    """The process that runs the sync, once it is in the midst of the second batch of writes."""
    outlook = it.person("outlook").control
    until(lambda: outlook.log()["writes"], lambda writes: writes >= 50)
    found = holder(it.project.store, it.name, datetime.now(UTC))
    assert found is not None
    return int(found.split(":")[1])


def test_a_killed_run_is_copied_and_tried_again_and_nothing_is_doubled_or_lost(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = make()
    monkeypatch.setattr(deploy, "POOL", f"pool-of-{it.name}")  # which no worker of another test looks into
    it.meet("google", COUNT, "2026-03")
    deploy.deploy(it.project, [it.name])
    it.fail("outlook", kind="slow", times=BATCHES, seconds=0, method="POST")
    it.fail("outlook", kind="slow", times=1, seconds=12, method="POST")
    first = start(it, {"start": "2026-03-01", "end": "2026-03-31", "shards": 1})
    worker = it.command("prefect", "flow-run", "execute", first)
    victim = at_work(it)
    copy = start(it, comes_to(it, first, "RUNNING")["parameters"])
    waited: list[float] = []

    def kill(seconds: float) -> None:
        """The copy waits for the first one to end: now."""
        waited.append(seconds)
        if len(waited) == 1:
            os.kill(victim, signal.SIGKILL)
            worker.wait(60)

    monkeypatch.setattr(flowrun, "time", SimpleNamespace(monotonic=time.monotonic, sleep=kill))
    execute(copy)
    assert waited
    assert comes_to(it, copy, "COMPLETED")["state"]["message"].endswith(" created.")
    comes_to(it, first, "CRASHED")
    tell(it, first, "SCHEDULED", "AwaitingRetry")
    execute(first)
    again = comes_to(it, first, "COMPLETED")
    assert (again["run_count"], again["state"]["message"]) == (2, "Nothing to do.")
    for side in ("google", "outlook"):
        assert Counter(it.titles(side)) == {f"Meeting {number}": 1 for number in range(COUNT)}
    assert worker.stdout is not None
    worker.stdout.close()
