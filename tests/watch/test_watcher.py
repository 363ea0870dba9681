"""The loop: one at a time watches, and stopping it loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from engine.store.lease import Lease
from flows.watch.alive import LEASE, at_work
from flows.watch.told import Told
from flows.watch.watcher import Watcher
from tests.sync.world import only
from tests.watch.lookout import AtOnce, Lookout, OnCall, Watch, watch

__all__ = ["watch"]
PATIENCE = 60


class Ears:
    """What a watcher tells, and when it has told something for the first time."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._heard: dict[str, Event] = {}

    def tell(self, told: Told) -> None:
        self.told.append(told)
        self._of(told.kind).set()

    def wait(self, kind: str) -> None:
        assert self._of(kind).wait(PATIENCE), self.told

    def _of(self, kind: str) -> Event:
        return self._heard.setdefault(kind, Event())


def made(it: Lookout, ears: Ears, runs: OnCall | AtOnce) -> Watcher:
    return Watcher(
        it.world.project,
        it._carry,
        ears.tell,
        runs=runs,
        looks=AtOnce(),
        clock=lambda: it.world.now,
        session=lambda _: it.world.session(),
    )


@contextmanager
def at_it(watcher: Watcher) -> Iterator[Thread]:
    thread = Thread(target=watcher.run)
    thread.start()
    try:
        yield thread
    finally:
        watcher.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_stopping_begins_no_run_and_lets_those_under_way_end(watch: Watch) -> None:
    it, ears, runs = watch("poll: 1h"), Ears(), OnCall()
    watcher = made(it, ears, runs)
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    with at_it(watcher) as thread:
        ears.wait("watching")
        assert runs.came.wait(PATIENCE)
        watcher.stop()
        ears.wait("stopping")
        it.during = lambda: it.ping("b")
        assert thread.is_alive()
        runs.do()
        thread.join(PATIENCE)
    assert runs.jobs == []
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.pinged() == 1, "for the next one that watches"
    assert it.world.project.store.all(_leases())[0]["until"] == ""


def _leases() -> object:
    from engine.store.tables import leases

    return leases.select().where(leases.c.sync == LEASE).subquery()


def test_one_watches_and_another_stands_by_and_takes_over(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.world.now = datetime.now(UTC)
    one, two = Ears(), Ears()
    first, second = made(it, one, AtOnce()), made(it, two, AtOnce())
    with at_it(first) as thread:
        one.wait("watching")
        assert at_work(it.world.project.store)
        with at_it(second):
            two.wait("waiting")
            first.stop()
            thread.join(PATIENCE)
            second.hear()
            two.wait("watching")
    assert [told.kind for told in two.told] == ["waiting", "watching"]
    assert at_work(it.world.project.store) is None


def test_one_whose_place_was_taken_over_stands_by(watch: Watch) -> None:
    it, ears = watch("poll: 1h"), Ears()
    watcher = made(it, ears, AtOnce())
    with at_it(watcher):
        ears.wait("watching")
        it.world.now = it.world.now.replace(year=2027)
        Lease.take(it.world.project.store, LEASE, lambda: it.world.now, holder="another:1:x")
        watcher.hear()
        ears.wait("waiting")


def test_a_state_that_cannot_be_used_is_told_once_and_waited_for(watch: Watch) -> None:
    from engine.store import StoreError

    it, ears = watch("poll: 1h"), Ears()
    watcher = made(it, ears, AtOnce())
    step, broken = watcher.step, [True]

    def fails() -> object:
        if broken:
            raise StoreError("The disk is full.")
        return step()

    watcher.step = fails  # type: ignore[method-assign, assignment]
    with at_it(watcher):
        ears.wait("trouble")
        watcher.hear()
        watcher.hear()
        broken.clear()
        watcher.hear()
        ears.wait("well")
    assert [told.text for told in ears.told if told.kind == "trouble"] == ["The disk is full."]
