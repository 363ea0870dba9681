"""A person answers while a run is in the middle of a transaction on the same rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import holds
from engine.holds import HoldError
from engine.links import load
from engine.store.lease import Lease
from tests.store.postgres import Postgres
from tests.sync.memory import MemoryApp
from tests.sync.world import World

pytestmark = pytest.mark.usefixtures("on_postgres")
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname like 'state%'"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A conflict waits for a person."""
    world = World(tmp_path / "project", {"a": MemoryApp("a"), "b": MemoryApp("b")}, "conflicts: ask")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].edit(first, note="mine")
    world.apps["b"].edit("b1", note="yours")
    assert world.run().holds == 1
    return world


@pytest.mark.parametrize("settled", [False, True])
def test_an_answer_waits_for_the_run_and_sees_what_it_did(world: World, postgres: Postgres, settled: bool) -> None:
    store, now = world.project.store, world.now.isoformat()
    (hold,) = holds.listed(store, "it")
    lease = Lease.take(store, "it", lambda: world.now)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as connection:
            lease.check(connection)
            answer = pool.submit(holds.answer, store, hold["id"], {"take": "b"}, now)
            while postgres.tell(WAITING) == [(0,)]:
                assert not answer.done()
            load(connection, [hold["link"]])
            if settled:
                holds.close(connection, [hold["id"]], now)
        if settled:
            with pytest.raises(HoldError, match="settled already"):
                answer.result()
        else:
            assert answer.result()["state"] == "answered"
    lease.give_back()
    world.close()
