"""A watcher whose time is a number, over apps in memory: what it does follows from what a test lets happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from engine.contract import Caps
from engine.store import put
from engine.store.tables import inbox
from flows import direct
from flows.watch import book, watcher
from flows.watch.told import Told
from flows.watch.watcher import Watcher
from tests.sync.memory import MemoryApp
from tests.sync.world import World

LONG = 60
"""Seconds."""


class AtOnce(Executor):
    """Does a job when it is given one."""

    def submit(self, job: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        job(*args, **kwargs)
        return Future()


class OnCall(Executor):
    """Does a job when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], Any]] = []
        self.came = Event()

    def submit(self, job: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.jobs.append(job)
        self.came.set()
        return Future()

    def do(self, number: int = 0) -> None:
        self.jobs.pop(number)()


@dataclass
class Lookout:
    """Watches the sync `it` of a world, and those that a test adds."""

    world: World
    runs: Executor = field(default_factory=AtOnce)
    looks: Executor = field(default_factory=AtOnce)
    ran: list[tuple[str, bool]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    """Called as a run begins; may raise."""
    during: Callable[[], None] = lambda: None
    """Called as a run ends."""

    def __post_init__(self) -> None:
        self.anew()

    def anew(self) -> None:
        """A new process, which knows what is in the state."""
        self.watcher = Watcher(
            self.world.project,
            self._carry,
            self.told.append,
            runs=self.runs,
            looks=self.looks,
            clock=lambda: self.world.now,
            draw=lambda: 0.5,
            session=lambda _: self.world.session(),
        )

    def _carry(self, sync: str, full: bool) -> Any:
        self.ran.append((sync, full))
        self.before(sync)
        report = direct.run(self.world.project, sync, full=full, session=self.world.session())
        self.during()
        return report

    def schedule(self, text: str, more: str = "") -> None:
        """`text`: what the sync's file says of its schedule."""
        file = self.world.root / "deployments" / "it.yaml"
        kept = [line for line in file.read_text().splitlines() if not line.startswith(("schedule", "paused"))]
        file.write_text("\n".join([*kept, f"schedule: {{{text}}}", more, ""]))

    def goes_on(self, seconds: float = 0) -> int:
        """Time passes; how many runs began. In a longer time files and pings are looked at once a minute only."""
        before, end = len(self.ran), self.world.now + timedelta(seconds=seconds)
        with pytest.MonkeyPatch.context() as patch:
            if seconds > LONG:
                patch.setattr(watcher, "TICK", timedelta(minutes=1))
                patch.setattr(book, "FILES", timedelta(minutes=1))
            self._until(end)
        if seconds > LONG:
            self.watcher._tick_at = self.watcher._book._files_at = None
        return len(self.ran) - before

    def _until(self, end: datetime) -> None:
        while True:
            wait = self._settle()
            if self.world.now >= end:
                return
            self.world.now = min(end, self.world.now + max(wait, timedelta(milliseconds=100)))

    def _settle(self) -> timedelta:
        while True:
            wait = self.watcher.step()
            if self.watcher.desk.mail.empty():
                return wait
            self.watcher.read()

    def ping(self, side: str, record: str | None = None, sync: str = "it") -> None:
        """An app calls: the receiver stores it and tells the watcher."""
        row = {"sync": sync, "side": side, "record": record, "at": self.world.now.isoformat()}
        with self.world.project.store.write() as connection:
            put(connection, inbox, [row])
        self.watcher.hear([sync])

    def pinged(self) -> int:
        """Pings that nobody has answered."""
        return len(self.world.project.store.all(inbox))

    def requests(self) -> dict[str, int]:
        return {name: app.requests for name, app in self.world.apps.items()}

    def said(self, kind: str) -> list[str]:
        return [one.text for one in self.told if one.kind == kind]


Watch = Callable[..., Lookout]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Two apps with one thing in step, and a watcher that has seen that."""
    made: list[World] = []

    def build(schedule: str = "poll: 60s", names: str = "ab", caps: Mapping[str, Caps] = {}, **options: Any) -> Lookout:
        apps = {name: MemoryApp(name, **({"caps": caps[name]} if name in caps else {})) for name in names}
        world = World(tmp_path / f"p{len(made)}", apps, now=datetime(2026, 11, 23, 12, tzinfo=UTC))
        made.append(world)
        apps["a"].add(name="Review", note="budget")
        for _ in range(2):
            world.run()
        it = Lookout(world, **options)
        it.schedule(schedule)
        it.goes_on(1)
        it.ran.clear()
        return it

    yield build
    for world in made:
        world.close()
