"""The real Prefect server of a project, with the locked versions: it starts, and it schedules what is deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

SYNC = """\
sync: work
mapping: google-outlook-meetings
sides:
  google: {connection: me}
  outlook: {connection: office}
"""
NAMES = ["backfill/work: backfill", "sync/work: every-2-hours", "sync/work: nightly-full", "sync/work: on-change"]


def command(folder, *words):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "COV_"))}
    environ["PREFECT_HOME"] = str(folder / "no-prefect")
    said = subprocess.run(
        [sys.executable, "-m", "syncline", *words, "--json"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def ask(page, path, **body):
    request = urllib.request.Request(
        f"{page}/api/{path}/filter", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def scheduled(page):
    """Waits until Prefect has planned runs ahead."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        runs = ask(page, "flow_runs", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}})
        if runs:
            return runs
        time.sleep(0.2)
    pytest.fail("Prefect planned no run")


def test_what_is_deployed_is_scheduled(folder):
    file = folder / "deployments" / "work.yaml"
    file.write_text(SYNC + 'schedule: {every: 2h, full: "03:30", zone: Europe/Berlin}\n')
    page = command(folder, "up")["server"]
    try:
        assert sorted(one["name"] for one in command(folder, "deploy", "work")) == NAMES
        assert command(folder, "up")["server"] == page
        found = {one["name"]: one for one in ask(page, "deployments")}
        assert found["work: every-2-hours"]["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert found["work: on-change"]["concurrency_options"]["collision_strategy"] == "ENQUEUE"
        assert found["work: nightly-full"]["schedules"][0]["schedule"]["timezone"] == "Europe/Berlin"
        assert found["work: backfill"]["paused"] is True
        assert all(set(one["tags"]) >= {"sync:work", "app:outlook_calendar"} for one in found.values())
        assert {run["parameters"]["sync"] for run in scheduled(page)} == {"work"}

        file.write_text(SYNC)
        command(folder, "deploy", "work")
        assert sorted(one["name"] for one in ask(page, "deployments")) == ["work: backfill", "work: on-change"]
    finally:
        assert command(folder, "down") == {"stopped": True}
