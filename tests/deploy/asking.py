"""What Prefect's page sends for what a person does there."""

from __future__ import annotations

from typing import Any

import httpx

from tests.system.prefect_world import Prefect, until


def start(it: Prefect, parameters: dict[str, Any]) -> str:
    """**Custom run**, and **Copy to new run** with the parameters of another one: the new run of the backfill."""
    (found,) = it.page.ask("deployments", deployments={"name": {"any_": [f"{it.name}: backfill"]}})
    asked = httpx.post(f"{it.page.url}/deployments/{found['id']}/create_flow_run", json={"parameters": parameters})
    run: str = asked.raise_for_status().json()["id"]
    return run


def tell(it: Prefect, run: str, kind: str, name: str, *, force: bool = False) -> None:
    """**Cancel** and **Retry**; of the two pages that come with Prefect, the newer one forces a retry."""
    doc = {"state": {"type": kind, "name": name}, "force": force}
    said = httpx.post(f"{it.page.url}/flow_runs/{run}/set_state", json=doc).raise_for_status().json()
    assert said["status"] == "ACCEPT", said


def comes_to(it: Prefect, run: str, kind: str) -> dict[str, Any]:
    """The run, once its state is of this kind."""
    where = {"id": {"any_": [run]}}
    found: list[dict[str, Any]] = until(
        lambda: it.page.ask("flow_runs", flow_runs=where), lambda found: found[0]["state_type"] == kind
    )
    return found[0]
