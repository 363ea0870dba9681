"""The repository's deployments/prefect.yaml, registered by Prefect's own command against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from prefect.events import emit_event
from prefect.events.worker import EventsWorker

from tests.system.prefect_world import until
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]
ROOT = Path(__file__).parents[2]


def prefect(url: str, root: Path, *words: str) -> str:
    environ = {**os.environ, "PREFECT_API_URL": url, "SYNCLINE_PROJECT": str(root), "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        cwd=ROOT / "deployments",
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


def test_prefect_deploy_all_registers_what_runs_any_sync(make: Make) -> None:
    it = make()
    prefect(it.page.url, it.root, "work-pool", "create", "syncline", "--type", "process", "--overwrite")
    prefect(it.page.url, it.root, "deploy", "--all")
    found = {one["name"]: one for one in it.page.ask("deployments", deployments={"tags": {"all_": ["syncline"]}})}
    assert set(found) == {"any-sync", "any-change", "any-backfill", "any-undo"}
    for one in found.values():
        assert one["work_pool_name"] == "syncline"
        assert one["parameters"] == {"root": str(it.root), "patience": 1800}
        assert one["pull_steps"] in (None, [])
        assert one["description"]
        asked = one["parameter_openapi_schema"]["properties"]
        assert all(doc.get("description") for doc in asked.values()), one["name"]

    emit_event("syncline.changed", {"prefect.resource.id": f"syncline.sync.{it.name}"})
    EventsWorker.drain_all()
    where = {"deployment_id": {"any_": [found["any-change"]["id"]]}}

    def started() -> list[dict[str, Any]]:
        return it.page.ask("flow_runs", flow_runs=where)

    (run,) = until(started, bool)
    assert run["parameters"] == {"root": str(it.root), "patience": 1800, "sync": it.name}
