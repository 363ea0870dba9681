"""An undo that is killed, at every request and after every commit: the same command, or any later run, ends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import holds
from engine.contract import Caps, Op, Support, Transient
from engine.store import lease
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make
from tests.undo.rig import at_rest, held, take_back

__all__ = ["make"]
CAPS = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=Support.YES, batch=5)


def named(app: MemoryApp, name: str) -> str:
    return next(record for record, row in app.live().items() if row["name"] == name)


def person(name: str) -> dict[str, str]:
    return {"email": f"{name}@example.com"}


@dataclass
class Past:
    """A project after a run that did something of every kind, kept to be played again and again."""

    root: Path
    apps: dict[str, MemoryApp]
    run: str
    copies: int = 0
    opened: list[World] = field(default_factory=list)

    def again(self) -> World:
        self.copies += 1
        root = self.root.with_name(f"copy{self.copies}")
        shutil.copytree(self.root, root)
        world = World(root, deepcopy(self.apps), "brakes: {updates: 0, creates: 3, deletes: 0}")
        self.opened.append(world)
        return world


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    root = tmp_path_factory.mktemp("undo") / "first"
    world = World(root, {name: MemoryApp(name, CAPS) for name in "abc"}, "brakes: {updates: 0, creates: 3, deletes: 0}")
    apps = world.apps
    for number in range(4):
        apps["a"].add(name=f"T{number}", note="old", place="Room 1", people=[person("ann"), person("bob")])
    world.write_mapping("brakes: {deletes: unlimited, updates: unlimited, creates: unlimited}")
    world.run()
    apps["a"].edit("a1", note="new", people=[person("bob")])
    apps["b"].edit(named(apps["b"], "T1"), place=None)
    apps["c"].remove(named(apps["c"], "T2"))
    apps["a"].add(name="Fresh", note="n")
    apps["b"].add(name="Pair", note="mine")
    apps["c"].add(name="Pair", place="Room 7")
    run = world.run().run
    world.write_mapping("brakes: {updates: 0, creates: 3, deletes: 0}")
    world.run(full=True)
    world.close()
    found = Past(root, apps, run)
    yield found
    for opened in found.opened:
        opened.close()


class Killer:
    """Counts what an undo does, and ends it at a given point for good."""

    def __init__(self, world: World, at: int | None) -> None:
        self.at, self.count, self.dead = at, 0, False
        for app in world.apps.values():
            app.fault = lambda moment, what: self.step()
        self.store, self.write = world.project.store, world.project.store.write
        self.store.write = self._write  # type: ignore[method-assign]
        self.world = world

    @contextmanager
    def _write(self) -> Iterator[Any]:
        if self.dead:
            raise Crash
        with self.write() as connection:
            yield connection
        self.step()

    def step(self) -> None:
        self.count += 1
        self.dead = self.dead or self.count == self.at
        if self.dead:
            raise Crash

    def gone(self) -> None:
        """The process is started again."""
        lease._held.clear()
        self.store.write = self.write  # type: ignore[method-assign]
        for app in self.world.apps.values():
            app.fault = lambda moment, what: None


def counted(past: Past) -> tuple[int, dict[str, Any]]:
    world = past.again()
    killer = Killer(world, None)
    report = take_back(world, past.run)
    killer.gone()
    assert not report.left
    at_rest(world)
    return killer.count, held(world)


def ended(past: Past, at: int, finish: Callable[[World], Any]) -> World:
    world = past.again()
    killer = Killer(world, at)
    with suppress(Crash):
        take_back(world, past.run)
    assert killer.dead
    killer.gone()
    world.now += timedelta(minutes=3)  # a create in doubt is not taken for absent before
    finish(world)
    return world


def test_the_same_command_goes_on_from_every_point(past: Past) -> None:
    steps, expected = counted(past)
    assert steps > 40
    for at in range(1, steps + 1, 2):
        world = ended(past, at, lambda world: take_back(world, past.run))
        assert held(world) == expected, at
        at_rest(world)


def test_any_run_goes_on_once_it_has_begun(past: Past) -> None:
    steps, expected = counted(past)
    before, reached = held(past.again()), set()
    for at in range(2, steps + 1, 2):
        world = ended(past, at, lambda world: world.run())
        now = held(world)
        assert now in (before, expected), at
        reached.add(now == expected)
        assert reached == {now == expected} or now == expected, "once begun, it is ended"
        at_rest(world)
    assert True in reached


def test_an_undo_broken_off_can_be_undone(past: Past) -> None:
    steps, _ = counted(past)
    before = held(past.again())
    for at in range(steps // 2, steps, 7):
        world = past.again()
        killer = Killer(world, at)
        with suppress(Crash):
            take_back(world, past.run)
        killer.gone()
        first = next(row["id"] for row in runs(world) if row["kind"] == "undo")
        report = take_back(world, first)
        if report.left:  # a deletion of which nothing was heard: the next run finds out
            assert {one["what"] for one in report.left} == {"record"}
            world.run()
            take_back(world, first)
        assert held(world) == before, at
        at_rest(world)


def runs(world: World) -> list[dict[str, Any]]:
    from engine.record import runs_of

    return runs_of(world.project.store, "it")


@pytest.mark.parametrize("what", ["field", "record", "deletion", "creation"])
@pytest.mark.parametrize(
    ("end", "between"),
    [(Crash(), True), (Transient("b is busy.", landed=False), False)],
    ids=["killed and delivered", "failed"],
)
def test_the_last_change_is_not_the_undo_that_did_not_end(
    make: Make, what: str, end: BaseException, between: bool
) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="T0", note="old")
    world.run()
    if what == "creation":
        first = world.apps["a"].add(name="T1", note="other")
    elif what == "deletion":
        world.apps["b"].remove(named(world.apps["b"], "T0"))
    else:
        world.apps["a"].edit(first, note="new")
    world.run()
    began = held(world)

    def fault(moment: str, what: str) -> None:
        if moment == "before" and what in (Op.CREATE, Op.UPDATE, Op.DELETE):
            raise end

    def ask() -> None:
        take_back(world, link=first, **({"field": "note"} if what == "field" else {}))

    world.apps["b"].fault = fault
    with suppress(Crash):
        ask()
    world.apps["b"].fault = lambda moment, what: None
    lease._held.clear()
    world.now += timedelta(minutes=3)
    if between:
        world.run()  # goes on with it; asked for once more, it is not taken back
    ask()
    back = held(world)
    assert [(one["name"], one["note"]) for one in back["b"]] == [("T0", "old")]
    assert back != began
    ask()
    assert held(world) == back
    at_rest(world)


def test_what_it_has_deleted_before_it_was_killed_looks_like_no_outage(make: Make) -> None:
    scanned = Caps(delta=Support.NO, guarded=Support.YES, stamped=Support.YES, batch=5)
    world = make("a", "b", extra="brakes: {deletes: 2}", caps=scanned)
    world.apps["b"].add(name="Other")
    world.run()
    for number in range(6):
        world.apps["a"].add(name=f"T{number}")
    run, made = world.run().run, world.apps["b"]
    left = iter(range(6))

    def fault(moment: str, what: str) -> None:
        if (moment, what) == ("after", Op.DELETE) and next(left) == 5:
            raise Crash

    made.fault = fault
    with suppress(Crash):
        take_back(world, run)
    made.fault = lambda moment, what: None
    lease._held.clear()
    world.now += timedelta(minutes=3)
    world.run()
    assert not holds.listed(world.project.store, "it")
    assert len(made.live()) == 1 and len(world.apps["a"].live()) == 7
    at_rest(world)
