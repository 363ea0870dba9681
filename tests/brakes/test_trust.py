"""What makes a side unbelievable, and what that stops."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from engine import holds
from engine.contract import Caps, Support
from tests.sync.asked import at_rest, filled, release, waiting
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make, told

__all__ = ["make"]


def keep(world: World, canaries: str) -> None:
    """Names canaries in the sync's file."""
    file = world.root / "deployments" / "it.yaml"
    file.write_text(file.read_text().partition("canaries:")[0] + f"canaries: {canaries}\n")


@pytest.mark.parametrize("name", ["Thing 0", "a1"])
@pytest.mark.parametrize("full", [True, False])
def test_a_side_without_its_canary_is_not_believed(make: Make, name: str, full: bool) -> None:
    world = make("a", "b")
    ids = filled(world, 20)
    keep(world, f"{{a: {name}}}")
    world.run(full=full)
    world.apps["a"].remove(ids[0])
    world.apps["a"].remove(ids[1])
    new = world.apps["a"].add(name="Another")
    report = world.run(full=full)
    assert told(report) == 1  # the new record still travels
    (hold,) = waiting(world, "outage")
    assert f"a does not show '{name}'" in hold["reason"]
    assert told(world.run(full=full)) == 0
    world.apps["a"].rows[ids[0]].gone = False
    world.apps["a"].edit(ids[0], place="back")
    for _ in range(3):
        world.run(full=full)
    assert {row["name"] for row in world.apps["b"].live().values()} == {"Another"} | {
        f"Thing {at}" for at in range(20) if at != 1
    }
    assert new in world.apps["a"].live()
    at_rest(world)


def test_a_canary_is_looked_at_though_nothing_changed(make: Make) -> None:
    """The app lost a record and does not tell: only a look at it shows that."""
    world = make("a", "b")
    ids = filled(world, 5)
    keep(world, "{a: Thing 0, b: [Thing 1]}")
    world.run()
    del world.apps["a"].rows[ids[0]]
    world.run()
    assert [hold["side"] for hold in waiting(world, "outage")] == ["a"]


def test_a_canary_nobody_has_seen_is_named(make: Make) -> None:
    world = make("a", "b")
    filled(world, 3)
    keep(world, "{b: [Thing 0, No such thing]}")
    world.run()
    (hold,) = waiting(world, "outage")
    assert "b does not show 'No such thing'" in hold["reason"]
    keep(world, "{b: Thing 0}")
    at_rest(world)


def test_canaries_of_a_side_that_is_not_there_are_a_mistake(make: Make) -> None:
    from engine.problem import MappingError

    world = make("a", "b")
    keep(world, "{c: Thing 0}")
    with pytest.raises(MappingError, match="has no side 'c'"):
        world.run()


def test_a_released_outage_is_believed_after_another_look_at_each(make: Make) -> None:
    world = make("a", "b", caps=Caps(guarded=Support.YES, stamped=Support.YES))
    ids = filled(world, 30)
    for record in ids[:20]:
        world.apps["a"].remove(record)
    for _ in range(2):
        assert told(world.run()) == 0
    (hold,) = waiting(world, "outage")
    assert {one["title"] for one in hold["detail"]["records"]} == {f"Thing {at}" for at in range(20)}
    release(world, hold)
    for _ in range(3):
        world.run()
    (brake,) = waiting(world, "brake")  # believed; and still more than the brake lets through
    release(world, brake)
    assert world.run().writes["b"]["delete"] == 20
    at_rest(world)


def test_a_release_counts_for_no_other_outage(make: Make) -> None:
    world = make("a", "b", caps=Caps(guarded=Support.YES, stamped=Support.YES))
    ids = filled(world, 30)
    for record in ids[:20]:
        world.apps["a"].remove(record)
    world.run()
    release(world, waiting(world, "outage")[0])
    world.apps["a"].remove(ids[25])
    world.run()
    (hold,) = [hold for hold in holds.listed(world.project.store, "it") if hold["kind"] == "outage"]
    assert len(hold["detail"]["missing"]) == 21


def test_the_limit_of_a_side_is_that_of_what_it_may_miss(make: Make) -> None:
    caps = Caps(guarded=Support.YES, stamped=Support.YES)
    world = make("a", "b", caps=caps, extra="brakes: {deletes: unlimited, sides: {a: {deletes: 2}}}")
    for record in filled(world, 10)[:3]:
        world.apps["a"].remove(record)
    for _ in range(3):
        assert told(world.run()) == 0
    assert "a misses 3 of its 10" in waiting(world, "outage")[0]["reason"]


def test_another_account_stops_its_side_before_anything_is_believed(make: Make) -> None:
    world = make("a", "b", "c")
    filled(world, 3)
    world.apps["a"].account, world.apps["a"].rows, world.apps["a"].expired = "bob", {}, True
    world.apps["a"].add(name="Of somebody else")
    world.apps["b"].edit(next(iter(world.apps["b"].live())), note="goes on")
    report = world.run()
    assert "a is now signed in as bob, before it was ann" in report.errors["a"]
    assert "Connect the former account again" in report.errors["a"]
    assert (report.writes["c"]["update"], told(report)) == (1, 1)
    assert all(len(world.apps[side].live()) == 3 for side in "bc")


def test_what_we_deleted_ourselves_before_we_were_killed_is_no_outage(tmp_path: Path) -> None:
    silent = Caps(guarded=Support.YES, stamped=Support.YES)  # b tells of no deletion: only absence shows it
    apps = {"a": MemoryApp("a"), "b": MemoryApp("b", caps=silent)}
    world = World(tmp_path / "killed", apps, "brakes: {deletes: 5}")
    ids = filled(world, 20)
    for record in ids[:12]:
        world.apps["a"].remove(record)
    world.run()
    release(world, waiting(world)[0])
    sent = []

    def die(moment: str, what: str) -> None:
        sent.append((moment, what))
        if sent.count(("after", "delete")) == 12:
            raise Crash

    world.apps["b"].fault = die
    with suppress(Crash):
        world.run()
    world.apps["b"].fault = lambda _moment, _what: None
    assert len(world.apps["b"].live()) == 8
    world.now += timedelta(hours=1)
    for _ in range(3):
        world.run()
        assert waiting(world, "outage") == []
    at_rest(world)
    world.close()
