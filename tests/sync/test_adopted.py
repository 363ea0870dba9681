"""A create whose answer was lost, and what somebody has done to the record before it is heard of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.contract import Op, Record, Transient
from engine.store.outside import meters
from tests.sync.memory import MemoryApp
from tests.sync.world import Make, World, make, only, told

__all__ = ["make"]
MADE = datetime(2026, 11, 1, tzinfo=UTC)


class Dated(MemoryApp):
    """It says when a record was made."""

    def _record(self, record: str) -> Record:
        return replace(super()._record(record), created_at=MADE)


def lost(app: MemoryApp, where: str = "after") -> None:
    """The answers of creates do not arrive."""

    def fault(moment: str, what: str) -> None:
        if (moment, what) == (where, Op.CREATE):
            raise Transient("no answer")

    app.fault = fault


def made_unheard(world: World) -> MemoryApp:
    """A record of `a` that `b` has made without saying so."""
    world.apps["a"].add(name="T", note="w3", people=[{"email": "ann@example.com"}])
    made: MemoryApp = world.apps["b"]
    lost(made)
    world.run()
    made.fault = lambda _moment, _what: None
    return made


def settled(world: World) -> None:
    world.run()
    world.run()
    assert told(world.run()) == 0


def test_what_somebody_clears_before_it_is_heard_of_is_cleared_everywhere(make: Make) -> None:
    world = make("a", "b")
    made_unheard(world).edit("b1", note=None, people=[])
    settled(world)
    for app in world.apps.values():
        assert (only(app)["name"], only(app)["note"], only(app)["people"]) == ("T", None, [])


def test_what_is_missing_of_a_record_as_it_was_made_is_filled(make: Make) -> None:
    world = make("a", "b")
    world.apps["b"] = Dated("b")
    made_unheard(world).rows["b1"].data["note"] = None  # the app left it out: nobody has been at it
    settled(world)
    for app in world.apps.values():
        assert only(app)["note"] == "w3"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_create_that_is_sent_again_is_counted_once_by_the_run_that_hears_of_it(make: Make, moment: str) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    lost(world.apps["b"], moment)
    assert told(world.run()) == 0
    world.apps["b"].fault = lambda _moment, _what: None
    world.plan()
    reports = [world.run() for _ in range(3)]
    assert [report.writes["b"]["create"] for report in reports] == [1, 0, 0]
    counted = world.project.store.all(meters, meters.c.side == "b", meters.c.name == "create")
    assert [row["value"] for row in counted] == [1]
    assert len(world.apps["b"].rows) == 1
