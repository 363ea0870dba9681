"""An undo through Prefect, on a real server."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow

from engine.store.tables import links
from engine.undo.traces import Asked
from flows import undo
from flows.undo_flow import undo_flow
from tests.deploy.asking import comes_to, tell
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "shown"]


def test_the_page_shows_an_undo_from_its_tasks_to_its_end(make: Make) -> None:
    it = make()
    it.meet("google", 2)
    first = it.run()
    assert len(it.titles("outlook")) == 2
    report = undo.run(it.project, it.name, Asked(run=first.run))
    assert it.titles("outlook") == []
    assert len(it.titles("google")) == 2
    assert [(one["what"], one["side"]) for one in report.undone] == [("creation", "outlook")] * 2
    run = next(one for one in it.shown() if one["name"] == f"{it.name} undo")
    assert run["state"]["message"] == "2 deleted."
    assert set(it.page.tasks(run["id"], 4)) == {"extract google", "extract outlook", "take back", "load outlook"}


def test_an_undo_that_ended_unheard_and_is_tried_again_takes_nothing_more_back(make: Make) -> None:
    it = make()
    it.meet("google", 1)
    it.run()
    (link,) = [row["id"] for row in it.project.store.all(links) if row["sync"] == it.name]
    undo.run(it.project, it.name, Asked(link=link))
    assert it.titles("outlook") == []
    (run,) = [one["id"] for one in it.shown() if one["name"] == f"{it.name} undo"]
    tell(it, run, "CRASHED", "Crashed", force=True)
    tell(it, run, "SCHEDULED", "AwaitingRetry", force=True)
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(UUID(run))
    run_flow(undo_flow, flow_run=found, parameters=found.parameters, return_type="state")
    assert comes_to(it, run, "COMPLETED")["run_count"] == 2
    assert it.titles("outlook") == []
