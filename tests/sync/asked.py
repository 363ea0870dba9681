"""What the tests of brakes and holds do over and over."""

from __future__ import annotations

from typing import Any

from engine import holds
from tests.sync.world import World

THEN = "2026-11-23T12:30:00+00:00"


def filled(world: World, number: int, side: str = "a", **data: Any) -> list[str]:
    """So many records on one side, and on the others after a run."""
    ids = [world.apps[side].add(**{"name": f"Thing {at}", "note": f"note {at}", **data}) for at in range(number)]
    world.run()
    return ids


def waiting(world: World, kind: str = "brake") -> list[dict[str, Any]]:
    """The open holds of a kind."""
    return [hold for hold in holds.listed(world.project.store, "it") if hold["kind"] == kind]


def release(world: World, hold: dict[str, Any]) -> None:
    holds.answer(world.project.store, hold["id"], {"value": "release"}, THEN)


def reject(world: World, hold: dict[str, Any]) -> None:
    holds.answer(world.project.store, hold["id"], {"skip": True}, THEN)


def notes(world: World, side: str) -> list[Any]:
    """The notes of a side's records, in the order of their titles."""
    rows = sorted(world.apps[side].live().values(), key=lambda row: int(row["name"].split()[1]))
    return [row["note"] for row in rows]


def at_rest(world: World) -> None:
    """Nothing waits, nothing is written, every record is in sync or excluded."""
    report = world.run()
    assert sum(sum(ops.values()) for ops in report.writes.values()) == 0
    assert holds.listed(world.project.store, "it") == []
    for counts in world.status().values():
        assert counts["in_sync"] + counts["excluded"] == counts["total"]
