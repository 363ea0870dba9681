"""Tries and time-outs: as states on Prefect's page, and what a run that has taken too long leaves for the next one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import httpx
import pytest

from engine.contract import Op
from engine.deployment import Deployment
from engine.heard import Applied
from engine.record import runs_of
from flows import tasks
from flows.alerts import look
from flows.crew import Crew
from flows.work import TimedOut, working
from tests.sync.world import Make as MakeWorld
from tests.sync.world import World
from tests.sync.world import make as make_world
from tests.system.prefect_world import Prefect
from tests.system.test_prefect import Make, make, shown

__all__ = ["make", "make_world", "shown"]
BATCH = 50


def slow(world: World, what: str, after: int) -> None:
    """So many requests of a kind that side b answers are quick, and the next one takes an hour."""
    seen = Counter[str]()

    def wait(moment: str, did: str) -> None:
        if (moment, did) == ("before", what):
            seen[did] += 1
            if seen[did] == after + 1:
                world.now += timedelta(hours=1)

    world.apps["b"].fault = wait


def limited(make: MakeWorld) -> World:
    world = make("a", "b")
    file = world.project.deployment_file("it")
    file.write_text(file.read_text() + "schedule: {timeout: 30m}\n")
    return world


def test_a_run_that_takes_too_long_stores_what_it_has_begun_and_the_next_one_goes_on(make_world: MakeWorld) -> None:
    world = limited(make_world)
    for number in range(2 * BATCH):
        world.apps["a"].add(name=f"Thing {number}")
    slow(world, Op.CREATE, 10)
    with pytest.raises(TimedOut, match=r"`timeout` in the schedule.*Nothing more was written"):
        world.run()
    assert len(world.apps["b"].live()) == BATCH
    (late,) = runs_of(world.project.store)
    assert (late["status"], list(late["report"]["errors"])) == ("failed", ["run"])
    report = world.run()
    assert (report.status, report.writes["b"]["create"]) == ("done", BATCH)
    assert Counter(one["name"] for one in world.apps["b"].live().values()) == {
        f"Thing {number}": 1 for number in range(2 * BATCH)
    }


def test_a_run_whose_time_is_over_with_its_last_write_is_done(make_world: MakeWorld) -> None:
    world = limited(make_world)
    world.apps["a"].add(name="Thing")
    slow(world, Op.CREATE, 0)
    assert world.run().status == "done"


def test_a_run_that_reads_too_long_writes_nothing_and_is_told_of_when_the_next_one_does_too(
    make_world: MakeWorld,
) -> None:
    world = limited(make_world)
    world.apps["a"].add(name="Thing")
    for told in ([], ["sync:it"]):
        slow(world, "scan", 0)
        with pytest.raises(TimedOut):
            world.run()
        assert world.apps["b"].writes == 0
        assert list(look(world.project, world.now)) == told
    world.apps["b"].fault = lambda _moment, _what: None
    assert world.run().status == "done"


def test_a_run_whose_time_is_over_ends_when_all_its_writes_have(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next one could begin, and repeat what is on its way."""
    world, ended = limited(make_world), list[str]()

    class Writes:
        def __init__(self, side: str, found: object) -> None:
            self.side, self.found = side, found

        def wait(self) -> None:
            ended.append(self.side)

        def result(self, raise_on_failure: bool) -> object:
            return self.found

    monkeypatch.setattr(
        tasks.load,
        "submit",
        lambda _ticket, side, _bar, **_: Writes(side, TimedOut() if side == "a" else Applied(side)),
    )
    with pytest.raises(TimedOut), working(world.project, "it", "sync", world.session()) as work:
        Crew(work).load(["a", "b"])
    assert ended == ["a", "b"]


def names(it: Prefect, what: str, run: str) -> list[str]:
    """The states that a flow run or a task run went through."""
    asked = httpx.get(f"{it.page.url}/{what}_run_states/", params={f"{what}_run_id": run}).raise_for_status().json()
    return [one["name"] for one in sorted(asked, key=lambda one: one["timestamp"])]


def test_the_page_shows_that_a_task_is_tried_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = make()
    it.run()
    it.meet("google", 1)
    monkeypatch.setattr(tasks.extract, "retry_delay_seconds", 0.1)
    it.fail("google", kind="503", times=4, retry_after=0)
    assert it.run().status == "done"
    read = it.page.tasks(it.shown()[-1]["id"], 4)["extract google"]
    assert names(it, "task", read["id"]) == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]
    assert it.titles("outlook") == ["Meeting 0"]


def test_the_page_shows_that_a_run_took_too_long(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    it = make()
    it.meet("google", 1)
    monkeypatch.setattr(Deployment, "limit", timedelta(microseconds=1))
    it.write_sync("schedule: {timeout: 2h}")
    with pytest.raises(TimedOut, match="`timeout` in the schedule"):
        it.run()
    (run,) = it.shown()
    assert (run["state_type"], run["state_name"]) == ("FAILED", "TimedOut")
    assert "the next run goes on where this one was" in run["state"]["message"]
    assert {one["state_name"] for one in it.page.tasks(run["id"], 2).values() if "extract" in one["name"]} == {
        "TimedOut"
    }
    assert it.person("outlook").control.log()["writes"] == 0
    monkeypatch.undo()
    assert it.run().status == "done"
    assert it.titles("outlook") == ["Meeting 0"]
