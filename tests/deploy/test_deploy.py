"""What is registered with Prefect for a sync, what its form asks for, and whom its automations tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from threading import Thread
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.events.worker import EventsWorker

from flows import deploy
from flows.project import Project, ProjectError
from tests.system.prefect_world import Prefect, until
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]


def deployed(it: Prefect) -> dict[str, dict[str, Any]]:
    found = it.page.ask("deployments", deployments={"tags": {"all_": [f"sync:{it.name}"]}})
    return {one["name"].removeprefix(f"{it.name}: "): one for one in found}


def automated(it: Prefect) -> dict[str, dict[str, Any]]:
    found = it.page.ask("automations", automations={"tags": {"all_": [f"sync:{it.name}"]}})
    return {one["name"].removeprefix(f"{it.name}: "): one for one in found}


def anew(it: Prefect, automations: str = "") -> Project:
    """The project with another setting."""
    (it.root / ".env").write_text(f"SYNCLINE_AUTOMATIONS={automations}\n")
    return Project.at(it.root)


@contextmanager
def listening() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address that a notification block calls, and what it was told."""
    told: list[dict[str, Any]] = []

    class Heard(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", told
    finally:
        server.shutdown()
        server.server_close()


def test_the_form_of_a_backfill_asks_for_what_people_know(make: Make) -> None:
    it = make()
    deploy.deploy(it.project, [it.name])
    found = deployed(it)["backfill"]
    form = found["parameter_openapi_schema"]
    asked = form["properties"]
    assert sorted(asked, key=lambda name: asked[name]["position"]) == [
        "start",
        "end",
        "sides",
        "dry_run",
        "shards",
    ]
    assert form.get("required", []) == []
    assert (asked["start"]["title"], asked["start"]["format"], asked["end"]["title"]) == ("From", "date", "To")
    assert asked["sides"]["items"]["enum"] == ["google", "outlook"]
    assert all(one["description"] for one in asked.values())
    assert found["parameters"]["sync"] == it.name
    assert found["enforce_parameter_schema"] is True
    assert "Meetings." in found["description"]
    mode = deployed(it)["on-change"]["parameter_openapi_schema"]["properties"]
    assert {name: one["enum"] for name, one in mode.items()} == {"mode": ["incremental", "full"]}


def test_a_sync_without_a_file_leaves_nothing_behind(make: Make) -> None:
    it = make()
    deploy.deploy(it.project, [it.name])
    assert set(deployed(it)) == {"on-change", "backfill"}
    it.project.deployment_file(it.name).unlink()
    names = {f"{it.name}: on-change", f"{it.name}: backfill"}
    looked = deploy.deploy(it.project, [], every=True, dry_run=True)
    assert {(one["name"], one["done"]) for one in looked} == {(name, "to remove") for name in names}
    assert set(deployed(it)) == {"on-change", "backfill"}
    removed = deploy.deploy(it.project, [], every=True)
    assert {(one["name"], one["done"]) for one in removed} == {(name, "removed") for name in names}
    assert deployed(it) == {}


def test_a_sync_of_another_folder_is_not_taken_over(make: Make, tmp_path: Path) -> None:
    it = make()
    deploy.deploy(it.project, [it.name])
    copy = Project.at(copytree(it.root, tmp_path / "copy"))
    with pytest.raises(ProjectError, match="registered already, from"):
        deploy.deploy(copy, [it.name])
    copy.close()
    assert {one["parameters"]["root"] for one in deployed(it).values()} == {str(it.root)}


def test_a_block_that_is_not_there_is_said_before_anything_is_done(make: Make) -> None:
    it = make()
    with pytest.raises(ProjectError, match=r"no Prefect block 'slack-webhook/nobody'.*SYNCLINE_AUTOMATIONS"):
        deploy.deploy(anew(it, "slack-webhook/nobody"), [it.name])
    assert deployed(it) == {}


def test_automations_tell_of_failed_runs_and_of_holds_and_go_with_the_setting(make: Make) -> None:
    it = make()
    with listening() as (url, told):
        CustomWebhookNotificationBlock(
            name="ops", url=url, json_data={"subject": "{{subject}}", "body": "{{body}}"}
        ).save(f"ops-{it.name}")
        project = anew(it, f"custom-webhook/ops-{it.name}")
        made = deploy.deploy(project, [it.name])
        assert [one["name"] for one in made if one["what"] == "automation"] == [
            f"{it.name}: a run failed",
            f"{it.name}: waits for a person",
        ]
        deploy.deploy(project, [it.name])
        assert set(automated(it)) == {"a run failed", "waits for a person"}  # and no second ones

        for title in ("Twin", "Twin"):
            it.person("google").add(title, "2026-11-05T12:00", "2026-11-05T13:00")
        it.person("outlook").add("Twin", "2026-11-05T12:00", "2026-11-05T13:00")
        assert it.run().holds == 1
        it.run()  # nothing new: nobody is told again
        it.fail("outlook", kind="503", times=100, retry_after=3600)
        error = it.run().errors["outlook"]
        EventsWorker.drain_all()
        until(lambda: told, lambda found: len(found) >= 2)
    waits, failed = sorted(told, key=lambda one: one["subject"], reverse=True)
    assert waits["subject"] == f"Syncline: {it.name} waits for a person"
    assert f"{it.name}: 1 ambiguous. Look with: syncline holds {it.name}" in waits["body"]
    assert failed["subject"] == f"Syncline: a run of {it.name} failed"
    assert f"{it.name} incremental ended as Failed: outlook: {error}" in failed["body"]

    deploy.deploy(anew(it), [it.name])
    assert automated(it) == {}
    project.close()
