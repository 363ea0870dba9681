"""A project with in-memory apps, for tests of the engine through the steps of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import accounting
from flows import direct
from flows.project import Project
from flows.session import Session
from tests.sync.memory import MemoryApp

MAPPING = """\
name: things
about: The same things in every app.
sides:
{sides}
match: [[title]]
fields:
  title:  {{{title}}}
  note:   {{{note}}}
  place:  {{{place}}}
  people: {{{people}, each: email}}
{extra}
"""


def state_url() -> str:
    """Where the next world keeps its state; empty for a SQLite file of its own. Tests of PostgreSQL replace this."""
    return ""


@dataclass
class World:
    """Some apps, kept the same by one sync called `it`."""

    root: Path
    apps: dict[str, Any]
    extra: str = ""
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    project: Project = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(exist_ok=True)
        self.write_mapping(self.extra)
        places = "\n".join(f"  {side}: {{connection: {side}}}" for side in self.apps)
        (self.root / "deployments" / "it.yaml").write_text(f"sync: it\nmapping: things\nsides:\n{places}\n")
        if place := state_url():
            (self.root / ".env").write_text(f"SYNCLINE_STATE_URL={place}\n")
        self.project = Project.at(self.root)

    def write_mapping(self, extra: str) -> None:
        def cells(name: str) -> str:
            return ", ".join(f"{side}: {name}" for side in self.apps)

        sides = "\n".join(f"  {side}: {{app: caldav, object: things}}" for side in self.apps)
        rows = {"title": "name", "note": "note", "place": "place", "people": "people"}
        text = MAPPING.format(sides=sides, extra=extra, **{row: cells(native) for row, native in rows.items()})
        (self.root / "mappings" / "things.yaml").write_text(text)

    def session(self) -> Session:
        watch(self.project)
        return Session(self.project, "it", lambda: self.now, dict(self.apps))

    def run(self, **options: Any) -> Any:
        self.now += timedelta(minutes=1)
        return direct.run(self.project, "it", session=self.session(), **options)

    def plan(self) -> Any:
        self.now += timedelta(minutes=1)
        return direct.plan(self.project, "it", session=self.session())

    def apply(self, plan: str) -> Any:
        self.now += timedelta(minutes=1)
        return direct.apply(self.project, plan, session=self.session())

    def status(self) -> dict[str, dict[str, int]]:
        found = accounting.status(self.project.store, "it")
        for side, counts in found.items():
            records = counts["records"]
            assert sum(records[state] for state in accounting.STATES) == records["total"], (side, records)
        return {side: counts["records"] for side, counts in found.items()}

    def close(self) -> None:
        self.project.close()


def watch(project: Project, sync: str = "it") -> None:
    """From now on every commit of the project's state must leave each record with one state and a reason."""
    if "write" in vars(project.store):
        return
    write = project.store.write

    @contextmanager
    def watched() -> Iterator[Any]:
        with write() as connection:
            yield connection
        assert accounting.faults(project.store, sync) == []

    project.store.write = watched  # type: ignore[method-assign]


def told(report: Any) -> int:
    """Writes of a run, over all sides."""
    return sum(sum(ops.values()) for ops in report.writes.values())


Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    worlds = []

    def build(*names: str, extra: str = "", **options: Any) -> World:
        worlds.append(World(tmp_path / f"p{len(worlds)}", {n: MemoryApp(n, **options) for n in names}, extra))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()


def only(app: MemoryApp) -> dict[str, Any]:
    (data,) = app.live().values()
    return data
