"""The world of one history: simulated apps, a clock that is moved by hand, and the real engine on a store in memory."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, update

from engine import accounting
from engine.deployment import Deployment
from engine.holds import listed
from engine.mapping import Mapping as MappingModel
from engine.store import Store
from engine.store.tables import inbox, leases
from flows import direct
from flows.project import Project
from flows.session import Session
from syncline.rehearsal.app import MemoryApp
from syncline.rehearsal.setting import Setting
from syncline.rehearsal.weather import Crash, Weather

SYNC = "it"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class MortalStore(Store):
    """The real store, in a process that may be killed just before or after any commit."""

    weather = Weather()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._alive()
        with super().read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._alive()
        with super().write() as connection:
            yield connection
            self.weather.commit("before")
        self.weather.commit("after")

    def _alive(self) -> None:
        if self.weather.died:
            raise Crash("dead")


class Stage(Project):
    """A project that has no files: each sync has its mapping, and connections named as its sides."""

    def __init__(self, store: Store, mappings: Mapping[str, MappingModel], snapshots: Path) -> None:
        super().__init__(snapshots)
        self._mappings = mappings
        self.__dict__["store"] = store
        self.__dict__["settings"] = SimpleNamespace(snapshots=str(snapshots), history_days=365, snapshot_days=7)

    def deployment(self, name: str) -> Deployment:
        sides = {side: {"connection": side} for side in self._mappings[name].sides}
        return Deployment.model_validate({"sync": name, "mapping": name, "sides": sides})

    def mapping(self, name: str) -> MappingModel:
        return self._mappings[name]


class World:
    """Everything that a history changes."""

    def __init__(self, setting: Setting, store: MortalStore, syncs: Mapping[str, MappingModel] | None = None) -> None:
        self.setting, self.store = setting, store
        self.now = START
        self.snapshots = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=_quick()))
        self.project = Stage(store, syncs or {SYNC: setting.mapping}, self.snapshots)
        self.weather = Weather()
        self.apps = {
            name: MemoryApp(name, at.schema, at.caps, at.habits, lambda: self.now, changed=self._ping)
            for name, at in setting.places.items()
        }
        self.usurped = False
        """Another run has taken the lease of this one."""
        self.sent = 0
        """Requests of the runs before this one."""
        self.pings: list[tuple[str, str]] = []
        self.set_weather(self.weather)

    def set_weather(self, weather: Weather) -> Weather:
        """What the next requests and commits meet; gives the former."""
        former, self.weather = self.weather, weather
        self.store.weather = weather
        for app in self.apps.values():
            app.weather = weather
        return former

    def session(self, sync: str = SYNC) -> Session:
        """A process that starts."""
        sides = self.project.mapping(sync).sides
        apps: dict[str, Any] = {name: app for name, app in self.apps.items() if name in sides}
        return Session(self.project, sync, lambda: self.now, apps)

    def run(self, weather: Weather, *, full: bool = False, sync: str = SYNC) -> Any:
        """One run of the sync; None where it was killed. Raises what stops a run."""
        self.now += timedelta(minutes=1)
        self.set_weather(weather)
        self.usurped = False
        for app in self.apps.values():
            self.sent, app.requests = self.sent + app.requests, 0
        try:
            return direct.run(self.project, sync, full=full, session=self.session(sync))
        except Crash:
            self.now += timedelta(minutes=2)  # until its lease has run out
            return None
        finally:
            self.set_weather(Weather())

    def plan(self) -> Any:
        """What a run would write."""
        self.now += timedelta(minutes=1)
        return direct.plan(self.project, SYNC, session=self.session())

    def pending(self, sync: str = SYNC) -> int:
        """How much still waits, for a person or for the next run."""
        counted = accounting.status(self.store, sync).values()
        released = [hold for hold in listed(self.store, sync, "answered") if hold["kind"] == "outage"]
        asked = len(listed(self.store, sync)) + len(released)
        return asked + sum(side["records"]["pending"] for side in counted)

    def usurp(self) -> None:
        """While a run hangs, its lease runs out and another one does the work."""
        former, self.usurped = self.set_weather(Weather()), False
        self.now += timedelta(minutes=3)
        with self.store.write() as connection:
            connection.execute(update(leases).values(until=""))
        direct.run(self.project, SYNC, session=self.session())
        self.set_weather(former)
        self.usurped = True

    def deliver(self, weather: Weather, rng: random.Random) -> None:
        """Webhooks arrive: in any order, and in bad weather twice, later or never."""
        due, late = list(self.pings), []
        if "pings late" in weather.faults:
            due, late = [], due
        elif "pings lost" in weather.faults:
            due = [ping for ping in due if rng.random() < 0.5]
        elif "pings doubled" in weather.faults:
            due = [*due, *due]
        self.pings = late
        rng.shuffle(due)
        if not due:
            return
        with self.store.write() as connection:
            for side, record in due:
                row = {"sync": SYNC, "side": side, "record": rng.choice([record, None]), "at": self.now.isoformat()}
                connection.execute(inbox.insert().values(**row))

    def _ping(self, app: MemoryApp, record: str) -> None:
        if app.habits.pings:
            self.pings.append((app.name, record))

    def close(self) -> None:
        """Gives back the files."""
        shutil.rmtree(self.snapshots, ignore_errors=True)


def _quick() -> str | None:
    """A file system in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - its own folder in there
