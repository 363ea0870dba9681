"""Seams between undo, brakes, rejection, rebuild and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from engine import holds
from engine.contract import AuthExpired, Transient
from flows.project import ProjectError
from tests.rebuild.test_rebuild import lose, mended, shows
from tests.sync.asked import THEN, at_rest, filled, reject, waiting
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make, only
from tests.undo.rig import take_back

__all__ = ["make"]


def healthy(_moment: str, _what: str) -> None:
    """No fault."""


def timeout(app: MemoryApp, moment: str, what: str) -> None:
    """The next request of this kind has no answer; those after it have."""
    struck: list[str] = []

    def fault(when: str, asked: str) -> None:
        if (when, asked) == (moment, what) and not struck:
            struck.append(asked)
            raise Transient("timeout", landed=None)

    app.fault = fault


def down(_moment: str, _what: str) -> None:
    raise AuthExpired("sign in again")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_original_stays_when_the_delete_of_an_undone_creation_has_no_answer(make: Make, moment: str) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T", note="n")
    run = world.run().run
    timeout(world.apps["b"], moment, "delete")
    take_back(world, run)
    for _ in range(4):
        world.run()
    assert [row["name"] for row in world.apps["a"].live().values()] == ["T"]
    assert world.apps["b"].live() == {}


def test_a_rejected_create_stays_rejected_while_its_side_is_down(make: Make) -> None:
    world = make("a", "b", extra="brakes: {creates: 2}")
    filled(world, 3)
    (hold,) = waiting(world)
    reject(world, hold)
    world.run()
    assert world.apps["b"].live() == {}
    world.apps["b"].fault = down
    world.run()
    world.apps["b"].fault = healthy
    world.write_mapping("brakes: {creates: 20}")
    world.run()
    world.run()
    assert world.apps["b"].live() == {}


def test_a_rejected_create_stays_rejected_while_another_field_waits_for_a_person(make: Make) -> None:
    world = make("a", "b", "c", extra="conflicts: ask\nbrakes: {sides: {c: {creates: 0}}}")
    filled(world, 1)
    (hold,) = waiting(world)
    reject(world, hold)
    world.run()
    assert world.apps["c"].live() == {}
    a, b = next(iter(world.apps["a"].rows)), next(iter(world.apps["b"].rows))
    world.apps["a"].edit(a, note="x")
    world.apps["b"].edit(b, note="y")
    world.run()
    world.apps["a"].edit(a, note="note 0")
    world.apps["b"].edit(b, note="note 0")
    world.write_mapping("conflicts: ask\nbrakes: {creates: 20}")
    world.run()
    world.run()
    assert world.apps["c"].live() == {}


def test_a_rebuild_needs_all_sides(make: Make) -> None:
    world = make("a", "b")
    filled(world, 5)
    before = shows(world)
    lose(world)
    world.apps["a"].fault = down
    with pytest.raises(ProjectError, match=r"Nothing was rebuilt.*a could not be read: sign in again.*it again"):
        mended(world)
    world.apps["a"].fault = healthy
    mended(world)
    world.run(full=True)
    assert shows(world) == before


@pytest.mark.parametrize("side", ["a", "b"])
def test_what_an_outage_hid_from_a_rebuild_is_not_made_twice(make: Make, side: str) -> None:
    world = make("a", "b")
    filled(world, 5)
    before = shows(world)
    lose(world)
    world.apps[side].outage = True
    mended(world)
    world.apps[side].outage = False
    for _ in range(3):
        world.run(full=True)
    assert shows(world) == before
    assert {counts["in_sync"] for counts in world.status().values()} == {5}


def test_a_rebuild_makes_nothing_where_the_canary_is_not_shown(make: Make) -> None:
    world = make("a", "b")
    filled(world, 2)
    path = world.root / "deployments" / "it.yaml"
    path.write_text(path.read_text() + "canaries: {b: Thing 0}\n")
    lose(world)
    world.apps["b"].outage = True
    mended(world)
    assert len(world.apps["b"].live()) == 2
    (hold,) = waiting(world, "outage")
    assert "Thing 0" in hold["reason"]


def test_a_person_pairs_copies_that_a_rebuild_left_alone(make: Make) -> None:
    world = make("a", "b")
    filled(world, 2, name="Lunch")
    lose(world)
    world.apps["a"].outage = True
    mended(world)
    world.apps["a"].outage = False
    for _ in range(2):
        world.run(full=True)
        for hold in waiting(world, "ambiguous"):
            one, two = (next(id for at, id in hold["detail"]["records"] if at == side) for side in "ab")
            holds.answer(world.project.store, hold["id"], {"value": f"a:{one}=b:{two}"}, THEN)
    world.run()
    assert [len(app.live()) for app in world.apps.values()] == [2, 2]
    assert [counts["excluded"] for counts in world.status().values()] == [0, 0]


def without(world: World, side: str) -> tuple[MemoryApp, str]:
    """The mapping has the side no more; its app, and the sync's file as it was."""
    path = world.root / "deployments" / "it.yaml"
    text, app = path.read_text(), world.apps.pop(side)
    world.write_mapping("")
    path.write_text(text.replace(f"  {side}: {{connection: {side}}}\n", ""))
    return app, text


def killed(app: MemoryApp, what: str, deed: Callable[[], object]) -> None:
    """The process ends before a request of this kind."""

    def fault(_moment: str, asked: str) -> None:
        if asked == what:
            raise Crash

    app.fault = fault
    with suppress(Crash):
        deed()
    app.fault = healthy


def test_what_was_agreed_without_a_side_is_due_when_the_side_is_back(make: Make) -> None:
    world = make("a", "b", "c")
    (record,) = filled(world, 1)
    app, text = without(world, "c")
    world.apps["a"].edit(record, note="new")
    world.run()
    app.edit("c1", place="Room 4")
    world.apps["c"] = app
    world.write_mapping("")
    (world.root / "deployments" / "it.yaml").write_text(text)
    world.run()
    for one in world.apps.values():
        assert (only(one)["note"], only(one)["place"]) == ("new", "Room 4")
    at_rest(world)


def test_what_was_deleted_without_a_side_is_deleted_when_the_side_is_back(make: Make) -> None:
    world = make("a", "b", "c")
    record, _ = filled(world, 2)
    app, text = without(world, "c")
    world.apps["a"].remove(record)
    for _ in range(2):
        world.run()
    assert len(world.apps["b"].live()) == 1
    world.apps["c"] = app
    world.write_mapping("")
    (world.root / "deployments" / "it.yaml").write_text(text)
    world.run()
    assert [len(one.live()) for one in world.apps.values()] == [1, 1, 1]
    at_rest(world)


def test_a_write_in_doubt_on_a_side_that_was_taken_out_stops_no_other(make: Make) -> None:
    world = make("a", "b", "c")
    (record,) = filled(world, 1)
    world.apps["a"].edit(record, note="new")
    killed(world.apps["c"], "update", world.run)
    without(world, "c")
    world.apps["a"].edit(record, note="newer")
    world.run()
    assert only(world.apps["b"])["note"] == "newer"


def test_an_undone_creation_that_was_broken_off_is_deleted_under_a_new_mapping(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T", note="n")
    run = world.run().run
    killed(world.apps["b"], "delete", lambda: take_back(world, run))
    world.write_mapping("conflicts: ask")
    for _ in range(3):
        world.run()
    assert [len(app.live()) for app in world.apps.values()] == [1, 0]
