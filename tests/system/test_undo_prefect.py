"""An undo through Prefect, on a real server."""

from __future__ import annotations

from engine.undo.traces import Asked
from flows import undo
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
