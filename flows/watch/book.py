"""The syncs that are watched, as their files are now, and what is left to do in each whatever the apps say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from engine.problem import MappingError
from flows.project import ProjectError
from flows.routes import Route, broken, routes
from flows.watch.desk import Desk
from flows.watch.left import answered, full_since, left, scanned
from flows.watch.watched import Stamps, Watched, stamps, watched

FILES = timedelta(seconds=3)
"""Between two looks at the files, and at what people have answered."""
FULL = timedelta(minutes=1)
"""Between two looks at whether everything is to be read."""
LEFT = "something is left to do"
UNBORN = timedelta(seconds=10)
"""The same at a sync that waits for its first run."""


class Book:
    """Keeps `desk.syncs`: those of these names, or all that are not paused."""

    def __init__(self, desk: Desk, names: Collection[str]) -> None:
        self._desk, self._names = desk, names
        self._files_at: datetime | None = None
        self._full_at: datetime | None = None
        self._answered: set[tuple[str, str]] = set()
        self._broken: dict[str, str] = {}

    def step(self, now: datetime) -> None:
        """Looks at what is due. Raises StoreError."""
        if self._files_at is None or now >= self._files_at:
            self._files_at = now + FILES
            self._files(now)
            self._answers(now)
        if self._full_at is None or now >= self._full_at:
            self._full_at = now + FULL
            self._full(now)
        for one in self._desk.syncs.values():
            if now >= one.check_at and not one.turn.running:
                self._check(one, now)

    def look_anew(self) -> None:
        """At the next step, whatever the time is."""
        self._files_at = self._full_at = None

    def _files(self, now: datetime) -> None:
        """Syncs that are new, changed or gone."""
        places: dict[str, list[Route]] = {}
        for route in routes(self._desk.project):
            places.setdefault(route.sync, []).append(route)
        for name in self._desk.syncs.keys() - places.keys():
            del self._desk.syncs[name]
        for name, found in places.items():
            if not self._names or name in self._names:
                self._read(name, found, now)
        self._damaged()

    def _read(self, name: str, places: list[Route], now: datetime) -> None:
        former, project = self._desk.syncs.get(name), self._desk.project
        seen: Stamps = ()
        try:
            if former is not None:
                seen = stamps(project, former.file)
                if seen == former.stamps:
                    return
            file = project.deployment(name)
            made = watched(file, stamps(project, file), places, now, former)
        except (MappingError, ProjectError):
            return  # changed while we looked: the next look tells
        self._desk.syncs[name] = made
        for number, spot in enumerate(made.spots.values()):
            spread = spot.pace.base * min(1.0, (len(self._desk.syncs) + number) / 500)
            spot.at = now + spread * self._desk.draw()
        if former is not None and not former.idle:
            made.turn.want(now, "its files have changed")

    def _damaged(self) -> None:
        """Tells once why a sync cannot be used, and once that it can be."""
        found: dict[str, str] = {}
        for name in broken(self._desk.project):
            if not self._names or name in self._names:
                found[name] = self._why(name)
        for name, why in found.items():
            if self._broken.get(name) != why:
                self._desk.say("trouble", why, name)
        for name in self._broken.keys() - found.keys():
            self._desk.say("well", "It can be used again.", name)
        self._broken = found

    def _why(self, name: str) -> str:
        project = self._desk.project
        try:
            file = project.deployment(name)
            problems = file.check_sides(project.mapping(file.mapping))
            return str(MappingError(problems)) if problems else "It could not be read."
        except (MappingError, ProjectError) as error:
            return str(error)

    def _answers(self, now: datetime) -> None:
        found = answered(self._desk.project.store)
        for sync, _ in found - self._answered:
            if sync in self._desk.syncs:
                self._desk.syncs[sync].turn.want(now, "somebody has answered")
        self._answered = found

    def _full(self, now: datetime) -> None:
        """Where the schedule asks for everything to be read, and nobody has since."""
        since = scanned(self._desk.project.store)
        for one in self._desk.syncs.values():
            asked, read = full_since(one.file.schedule, now), since.get(one.name)
            if asked and read and read < asked and not (one.tried_full and one.tried_full >= asked):
                one.tried_full = now
                one.turn.want(now, "everything is read once a day", full=True)

    def _check(self, one: Watched, now: datetime) -> None:
        """Whether a run would have something to do."""
        found = left(self._desk.project.store, one.name)
        one.check_at = one.chores.after(now, self._desk.draw)
        if not found.ran and one.file.schedule is None:
            one.check_at = now + UNBORN
            if not one.idle:
                how = f"Look at what it would do: syncline plan {one.name}. Then: syncline run {one.name}"
                self._desk.say("waiting", f"It has never run, and has no schedule. {how}", one.name)
            one.idle = True
            return
        one.idle = False
        if not found.ran:
            one.turn.want(now, "its first run")
        elif found.work:
            one.turn.want(now, LEFT)
            one.chores.slow()
        elif self._remapped(one, found.mapping):
            one.turn.want(now, "its mapping has changed")
        else:
            one.chores.slow()

    def _remapped(self, one: Watched, former: str | None) -> bool:
        """Whether the mapping is another one than it ran with; looked at when its files were read."""
        if one.mapping is not None:
            return False
        try:
            one.mapping = self._desk.session(one.name).fingerprint[1]
        except (MappingError, ProjectError):
            return False  # told when its files were read
        return one.mapping != former
