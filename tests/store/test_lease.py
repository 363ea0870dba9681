"""One run of a sync at a time, over processes and machines, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Page
from engine.store import Store
from engine.store.lease import TERM, Busy, Fenced, Lease
from engine.store.tables import leases
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TAKE = """
import sys, time
from datetime import UTC, datetime
from engine.store import Store
from engine.store.lease import Lease
Lease.take(Store.open(sys.argv[1]), "meetings", lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
print("taken", flush=True)
time.sleep(600)
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def url(new_state: Callable[[], str]) -> str:
    return new_state()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store.open(url)
    yield store
    store.close()


def test_a_second_run_is_told_who_holds_the_lease(store: Store) -> None:
    lease = Lease.take(store, "meetings", Clock())
    with pytest.raises(Busy, match=rf"meetings is being run by {lease.holder} until 2026-11-23T12:01:30"):
        Lease.take(store, "meetings", Clock())
    Lease.take(store, "contacts", Clock()).give_back()
    lease.give_back()
    Lease.take(store, "meetings", Clock()).give_back()


def test_a_holder_of_this_machine_that_was_killed_gives_way_at_once(store: Store, url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", TAKE, url], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "taken\n"
        with pytest.raises(Busy):
            Lease.take(store, "meetings", Clock())
        other.kill()
        other.wait()
        Lease.take(store, "meetings", Clock()).give_back()


def test_a_holder_of_another_machine_gives_way_when_its_time_is_up(store: Store) -> None:
    clock = Clock()
    far = Lease.take(store, "meetings", clock, holder="elsewhere:1:abc")
    clock.now += TERM - timedelta(seconds=1)
    with pytest.raises(Busy, match="elsewhere"):
        Lease.take(store, "meetings", clock)
    with store.write() as connection:
        far.check(connection)
    clock.now += TERM - timedelta(seconds=1)
    with pytest.raises(Busy, match="elsewhere"):
        Lease.take(store, "meetings", clock)
    clock.now += timedelta(seconds=2)
    near = Lease.take(store, "meetings", clock)
    with pytest.raises(Fenced, match="has taken over"), store.write() as connection:
        far.check(connection)
    far.give_back()
    with store.write() as connection:
        near.check(connection)
    near.give_back()


def test_a_run_of_this_process_that_could_not_give_back_its_lease_gives_way(store: Store, monkeypatch) -> None:
    lease = Lease.take(store, "meetings", Clock())

    def full() -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="disk full"):
        patched.setattr(store, "write", full)
        lease.give_back()
    Lease.take(store, "meetings", Clock()).give_back()


def test_who_renews_when_the_clock_was_set_back_is_waited_for_no_longer_than_ever(store: Store) -> None:
    clock = Clock()
    lease = Lease.take(store, "meetings", clock)
    clock.now = NOW - timedelta(days=1)
    lease.keep()
    assert store.all(leases)[0]["until"] == (clock.now + TERM).isoformat()


def test_a_process_of_the_same_name_and_number_elsewhere_is_not_taken_for_this_one(store: Store) -> None:
    mine = Lease.take(store, "meetings", Clock()).holder
    Lease(store, "meetings", mine, 1, Clock()).give_back()
    twin = mine.rpartition(":")[0] + ":0000"
    Lease.take(store, "meetings", Clock(), holder=twin)
    with pytest.raises(Busy):
        Lease.take(store, "meetings", Clock())


def test_of_many_that_start_at_once_one_gets_the_lease(store: Store) -> None:
    def take(_number: int) -> bool:
        try:
            Lease.take(store, "meetings", Clock())
        except Busy:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(take, range(6))) == [False] * 5 + [True]


class SlowApp(MemoryApp):
    """Every page takes forty seconds, and somebody wants to start another run meanwhile."""

    def scan(self, obj: str, scope: Any) -> Iterator[Page]:
        for page in super().scan(obj, scope):
            self.world.now += timedelta(seconds=40)
            yield page
            with pytest.raises(Busy):
                Lease.take(self.world.project.store, "it", lambda: self.world.now, holder="elsewhere:1:abc")


def test_a_run_that_reads_for_long_keeps_its_lease(tmp_path: Path) -> None:
    slow = SlowApp("a")
    slow.world = World(tmp_path / "slow", {"a": slow, "b": MemoryApp("b")})
    for number in range(12):
        slow.add(name=f"Thing {number}")
    assert told(slow.world.run()) == 12
    slow.world.close()
