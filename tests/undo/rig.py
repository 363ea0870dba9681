"""Undoing in worlds of apps in memory, and comparing what the apps hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.undo.traces import Asked
from flows import undo
from flows.undo import UndoReport
from tests.sync.world import World, told


def take_back(world: World, run: str | None = None, *, dry_run: bool = False, **asked: Any) -> UndoReport:
    """An undo as the command does it, without Prefect."""
    world.now += timedelta(minutes=1)
    sync, meant = undo.meant(world.project, "it" if asked or run is None else None, Asked(run=run, **asked))
    return undo.run(world.project, sync, meant, dry_run=dry_run, direct=True, session=world.session())


def held(world: World) -> dict[str, list[dict[str, Any]]]:
    """Side -> its records, in the order of their titles and without ids; lists in the order of their addresses."""
    return {side: sorted((_plain(row) for row in app.live().values()), key=str) for side, app in world.apps.items()}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    people = sorted((dict(one) for one in row["people"] or []), key=str)
    return {name: value for name, value in {**row, "people": people}.items() if value not in (None, [])}


def at_rest(world: World) -> None:
    """The next run writes nothing, nothing waits, and every record is accounted for."""
    assert told(world.run()) == 0
    for side, counts in world.status().items():
        assert counts["pending"] == counts["failed"] == 0, (side, counts)


def reasons(report: UndoReport) -> list[tuple[str, str | None, str]]:
    """What was left, and why."""
    return [(one["what"], one["field"], one["reason"]) for one in report.left]
