"""Runs through Prefect, on a real server: what its page shows of them, and how they fail, wait and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from prefect.deployments import run_deployment
from prefect.logging.handlers import APILogHandler
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from engine.store.lease import Busy
from flows import backfill, deploy, flowrun, page, steps, sync, tasks
from flows.backfill_flow import runner
from flows.project import ProjectError
from flows.server import ServerError
from flows.shards import Part
from tests.system.prefect_world import Page, Prefect, shared, stand_ins, until

YEAR = Part(date(2026, 1, 1), date(2026, 12, 31))
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_numbers = count(1)
Make = Callable[..., Prefect]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a Prefect server that this process reports to, and the others that run these tests."""
    base = tmp_path_factory.getbasetemp()
    home = (base if WORKER == "main" else base.parent) / "prefect"
    with shared(home) as url, temporary_settings({PREFECT_API_URL: url, PREFECT_HOME: home}):
        yield Page(url)
        APILogHandler().flush()  # what is still on its way would complain of a server that has gone


@pytest.fixture
def make(shown: Page, tmp_path: Path) -> Iterator[Make]:
    """Makes a sync of these sides."""
    with ExitStack() as stack:

        def made(*sides: str) -> Prefect:
            servers = stand_ins(stack, sides or ("google", "outlook"))
            world = Prefect(shown, tmp_path / "project", f"{WORKER}-{next(_numbers)}", servers)
            stack.callback(world.project.close)
            return world

        yield made


def test_the_page_shows_a_run_from_its_tasks_to_its_report(make: Make) -> None:
    it = make()
    it.meet("google", 3)
    for title in ("Twin", "Twin"):
        it.person("google").add(title, "2026-11-05T12:00", "2026-11-05T13:00")
    it.person("outlook").add("Twin", "2026-11-05T12:00", "2026-11-05T13:00")
    report = it.run()
    assert (report.status, report.writes["outlook"]["create"], report.holds) == ("waiting", 3, 1)

    (run,) = it.shown()
    assert run["name"] == f"{it.name} incremental"
    assert set(run["tags"]) == {f"sync:{it.name}", "app:google_calendar", "app:outlook_calendar"}
    assert run["state_type"] == "COMPLETED"
    assert run["state"]["message"] == "3 created, 1 waiting for a person."
    ran = it.page.tasks(run["id"], 5)
    assert set(ran) == {"schemas", "extract google", "extract outlook", "diff", "load outlook"}
    artifacts = it.page.artifacts(run["id"])
    assert artifacts["progress"] == 100.0
    assert f"# {it.name}: waiting" in artifacts["markdown"]
    assert f"| outlook | 1 | 3 | 0 | 0 | {report.requests['outlook']} |" in artifacts["markdown"]
    assert f"`syncline holds {it.name}`" in artifacts["markdown"]
    assert "ambiguous" in artifacts["markdown"]
    lines = it.page.logs(run["id"], "Finished in state Completed('3 created")
    assert "reading google (everything)" in lines
    assert "Finished in state Completed('outlook: 3 to create')" in lines


def test_what_a_worker_prints_is_json_where_that_is_asked_for(make: Make) -> None:
    it = make()
    it.meet("google", 1)
    (it.root / ".env").write_text("SYNCLINE_LOG_FORMAT=json\nSYNCLINE_LOG_LEVEL=DEBUG\n")
    code = f"from flows.sync import sync_flow; sync_flow({str(it.root)!r}, {it.name!r})"
    extra = {"PREFECT_API_URL": it.page.url, "PREFECT_LOGGING_EXTRA_LOGGERS": "engine,connectors,flows"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={**os.environ, **extra}, capture_output=True, text=True, check=True)
    said = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    (write,) = [line for line in said if line.get("op")]
    assert (write["sync"], write["side"], write["op"]) == (it.name, "outlook", "create") and write["link"]
    assert {line["run"] for line in said if line["logger"] == "flows"} == {write["run"]}
    assert any("Finished in state Completed('1 created" in line["message"] for line in said)


def test_an_idle_run_has_nothing_to_load(make: Make) -> None:
    it = make()
    it.meet("google", 1)
    it.run()
    it.run()
    report = it.run()
    assert report.requests == {"google": 1, "outlook": 1}
    run = it.shown()[-1]
    assert run["state"]["message"] == "Nothing to do."
    assert set(it.page.tasks(run["id"], 3)) == {"extract google", "extract outlook", "diff"}
    assert set(it.page.artifacts(run["id"])) == {"markdown"}


def test_progress_moves_while_a_side_is_being_loaded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = make()
    it.meet("google", 120)
    seen: list[float] = []
    really = page.update_progress_artifact

    def update(id: object, progress: float) -> None:
        really(id, progress=progress)
        seen.append(it.page.artifacts(it.shown()[0]["id"])["progress"])

    monkeypatch.setattr(page, "update_progress_artifact", update)
    watched: list[tuple[str, int, int]] = []
    sync.run(it.project, it.name, progress=lambda *seen: watched.append(seen))
    assert seen == [41.7, 83.3, 100.0]
    assert watched == [("outlook", 50, 120), ("outlook", 100, 120), ("outlook", 120, 120)]


def test_a_side_that_is_down_fails_the_run_with_a_sentence_and_the_others_are_written(make: Make) -> None:
    it = make("google", "outlook", "home")
    it.run()
    it.meet("google", 1)
    it.fail("home", kind="503", times=100, retry_after=3600)
    report = it.run()
    assert (report.status, list(report.errors)) == ("failed", ["home"])
    assert it.titles("outlook") == ["Meeting 0"]

    run = it.shown()[-1]
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"] == f"home: {report.errors['home']}"
    ran = it.page.tasks(run["id"], 5)
    assert ran["extract home"]["state"]["message"] == report.errors["home"]
    assert ran["extract home"]["run_count"] == 1  # it asked for an hour: the next run is soon enough
    assert ran["load outlook"]["state_type"] == "COMPLETED"
    lines = it.page.logs(run["id"], "Finished in state Failed('home: ")
    assert not [line for line in lines if "Traceback" in line or "NoneType" in line]

    it.person("home").control.calm()
    it.run()
    assert it.titles("home") == ["Meeting 0"]


def test_a_side_that_stumbles_is_read_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = make()
    it.meet("google", 1)
    for stage, ended in (("schemas", 5), ("extract google", 3)):
        monkeypatch.setattr(getattr(tasks, stage.split()[0]), "retry_delay_seconds", 0)
        it.fail("google", kind="503", times=4, retry_after=0)
        assert it.run().status == "done"
        assert it.page.tasks(it.shown()[-1]["id"], ended)[stage]["run_count"] == 2
    assert it.titles("outlook") == ["Meeting 0"]


def test_a_create_whose_answer_was_lost_is_counted_by_the_run_that_hears_of_it(make: Make) -> None:
    it = make()
    it.run()
    it.meet("google", 1)
    it.fail("outlook", kind="drop_after_commit", times=100, method="POST")
    assert it.run().writes["outlook"]["create"] == 0
    it.person("outlook").control.calm()
    assert it.run().writes["outlook"]["create"] == 1
    assert it.shown()[-1]["state"]["message"] == "1 created."
    assert it.titles("outlook") == ["Meeting 0"]


def test_a_run_waits_for_its_turn_or_says_who_is_at_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = make()
    lease = steps.begin(it.project, it.name, "sync").lease
    with pytest.raises(Busy, match=f"{it.name} is being run by"):
        it.run()
    assert it.shown()[0]["state"]["message"].startswith(f"{it.name} is being run by")
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "every-5-minutes")
    assert sync.sync_flow(str(it.root), it.name, return_state=True).is_cancelled()
    monkeypatch.setattr(flowrun.time, "sleep", lambda _: lease.give_back())
    state = sync.sync_flow(str(it.root), it.name, patience=60, return_state=True)
    assert state.is_completed()


def test_without_a_server_one_sentence_says_what_to_do(make: Make) -> None:
    it = make()
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(ServerError, match=r"does not answer at http://127\.0\.0\.1:9/api\..*--direct"),
    ):
        it.run()


def test_a_backfill_loads_a_range_in_shards(make: Make) -> None:
    it = make()
    it.meet("google", 7, "2026-03")
    it.meet("google", 2, "2025-03", title="Older")
    report = backfill.run(it.project, it.name, YEAR, shards=3)
    assert (report.status, report.writes["outlook"]["create"]) == ("done", 7)
    assert it.titles("outlook") == [f"Meeting {number}" for number in range(7)]
    (run,) = it.shown()
    assert run["name"] == f"{it.name} 2026-01-01 to 2026-12-31"
    loads = {f"load outlook {number} of 3" for number in (1, 2, 3)}
    assert set(it.page.tasks(run["id"], 7)) == {"schemas", "extract google", "extract outlook", "diff", *loads}
    artifacts = it.page.artifacts(run["id"])
    assert artifacts["progress"] == 100.0
    assert "| outlook | 0 | 7 | 0 | 0 |" in artifacts["markdown"]
    assert backfill.run(it.project, it.name, YEAR, shards=3).writes["outlook"]["create"] == 0


def test_a_backfill_that_was_killed_goes_on_where_it_was(make: Make) -> None:
    it = make()
    it.meet("google", 120, "2026-03")
    outlook = it.person("outlook").control
    killed = it.command("syncline", "backfill", it.name, "--from", "2026-01-01", "--to", "2026-12-31", "--shards", "2")
    until(lambda: outlook.log()["writes"], lambda writes: writes >= 10 or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    said = killed.communicate()[0]
    assert killed.returncode == -signal.SIGKILL, said

    report = backfill.run(it.project, it.name, YEAR, shards=2)
    assert report.status == "done"
    assert len(it.titles("outlook")) == len(set(it.titles("outlook"))) == 120
    first, second = it.shown()
    assert (first["state_type"], second["state_type"]) == ("CRASHED", "COMPLETED")
    assert "went on from the journal" in first["state"]["message"]


def test_shards_run_on_a_cluster_only_where_its_package_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(ProjectError, match="task_runner: dask needs the package prefect-dask"):
        runner("dask")


def test_a_deployment_runs_as_a_worker_would_run_it(make: Make) -> None:
    it = make()
    it.meet("google", 1)
    made = [one["name"] for one in deploy.deploy(it.project, [it.name])]
    assert made == [f"sync/{it.name}: on-change", f"backfill/{it.name}: backfill"]
    asked = run_deployment(made[0], timeout=0)
    worker = it.command("prefect", "flow-run", "execute", str(asked.id))
    said = worker.communicate()[0]
    (run,) = it.shown()
    assert run["state_type"] == "COMPLETED", said
    assert it.titles("outlook") == ["Meeting 0"]
    assert set(run["tags"]) >= {f"sync:{it.name}"} and "diff" in it.page.tasks(run["id"], 5)
    assert "reading google (everything)" in it.page.logs(run["id"], "Finished in state Completed('1 created")
