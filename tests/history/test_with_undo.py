"""History and retention together with undo: it leads through an undo, and what is kept can still be undone."""

from __future__ import annotations

from datetime import timedelta

from engine import retention
from engine.history import replayed
from engine.timetravel import then
from tests.sync.world import Make, make, only, told
from tests.undo.rig import take_back

__all__ = ["make"]


def test_a_run_within_the_time_kept_is_undone_after_pruning_and_history_leads_through_it(make: Make) -> None:
    world = make("a", "b", extra="brakes: {deletes: 100%}")
    record = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.now += timedelta(days=300)
    world.apps["a"].edit(record, note="new")
    world.run()
    early = world.now.isoformat()
    world.apps["a"].remove(record)
    removal = world.run()
    world.now += timedelta(days=5)
    store = world.project.store
    assert retention.prune(store, "it", timedelta(days=30), world.now)["runs"] == 1
    assert not take_back(world, removal.run).left
    assert only(world.apps["a"])["note"] == only(world.apps["b"])["note"] == "new"
    assert told(world.run()) == 0
    assert replayed(store, "it") == []
    (thing,) = then(store, "it", record, early)
    assert {one["value"] for one in thing["sides"]["b"]["fields"] if one["field"] == "note"} == {"new"}
