"""A project whose accounts are played by simulated apps that keep subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.hook import Hook, Subscription
from connectors.proofs import hook_of
from engine.contract import Missing
from engine.store.outside import hooks as table
from engine.store.tables import inbox
from flows.hooks import Hooks
from flows.project import Project

MAPPING = """\
name: {name}
about: The same things here and there.
sides:
  a: {{app: {a}, object: {obj}, scope: {{}}}}
  b: {{app: outlook_calendar, object: events, scope: {{calendar: Calendar}}}}
match: [[title]]
fields:
  title: {{a: summary, b: subject}}
"""
WEEK = timedelta(days=7)
PUBLIC = "https://sync.example.com"


@dataclass
class FakeApp:
    """What an app knows of subscriptions. `before` runs when it is asked to make one; `fail` is raised instead of what
    begins with `where`."""

    hook: Hook
    clock: Callable[[], datetime]
    prolongs: bool = True
    life: timedelta = WEEK
    live: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Id -> address and secret."""
    asked: list[str] = field(default_factory=list)
    fail: BaseException | None = None
    where: str = ""
    before: Callable[[str], None] = lambda _: None
    title: str = "An app"
    count: int = 0
    chooses: list[str] = field(default_factory=list)
    """Secrets of its own, that it tells in its next answers."""

    def subscribe(self, obj: str, scope: Any, url: str, secret: str) -> Subscription:
        self._ask(f"subscribe {obj} {dict(scope)}")
        self.before(url)
        self.count += 1
        return self._answer(f"s{self.count}", url, secret)

    def renew(self, subscription: str, obj: str, scope: Any, url: str, secret: str) -> Subscription:
        if not self.prolongs:
            return self.subscribe(obj, scope, url, secret)
        self._ask(f"renew {subscription}")
        if subscription not in self.live:
            raise Missing("It has ended.")
        return self._answer(subscription, *self.live[subscription])

    def unsubscribe(self, subscription: str) -> None:
        self._ask(f"unsubscribe {subscription}")
        self.live.pop(subscription, None)

    def _answer(self, id: str, url: str, secret: str) -> Subscription:
        own = self.chooses.pop(0) if self.chooses else None
        self.live[id] = (url, own or secret)
        return Subscription(id, self.clock() + self.life, own)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fail is not None and what.startswith(self.where):
            raise self.fail


@dataclass
class Office:
    """One sync, `it`, between an account `a` of some app and `b` of Outlook."""

    root: Path
    app: str = "google_calendar"
    obj: str = "events"
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    project: Project = field(init=False)
    apps: dict[str, FakeApp] = field(init=False)

    def __post_init__(self) -> None:
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "mappings" / "m.yaml").write_text(MAPPING.format(name="m", a=self.app, obj=self.obj))
        self.project = Project.at(self.root)
        self.sync("it")
        self.apps = {}
        for name, app in (("a", self.app), ("b", "outlook_calendar")):
            self.connect(name, app)
        self.apps["a"].prolongs = self.app != "google_calendar"
        self.project.connector = lambda name, **_: self.apps[name]  # type: ignore[method-assign,assignment,return-value]
        self.hooks = self.another()

    def connect(self, name: str, app: str, **settings: str) -> None:
        self.project.save_connection(name, app, {"base_url": "http://x", **settings}, "me", self.now)
        self.apps[name] = FakeApp(hook_of(app), lambda: self.now)

    def sync(self, name: str, more: str = "", scope: str = "") -> None:
        a = f"{{connection: a, scope: {{calendar: {scope}}}}}" if scope else "{connection: a}"
        text = f"sync: {name}\nmapping: m\nsides:\n  a: {a}\n  b: {{connection: b}}\n{more}"
        self.project.deployment_file(name).write_text(text)

    def another(self, public_url: str = PUBLIC) -> Hooks:
        """As another process has them."""
        return Hooks(self.project, public_url, lambda: self.now)

    def tend(self, later: timedelta = timedelta()) -> None:
        self.now += later
        self.hooks.tend()

    def rows(self, connection: str = "a") -> list[dict[str, Any]]:
        return self.project.store.all(table, table.c.connection == connection)

    def row(self) -> dict[str, Any]:
        """Of `a`."""
        (row,) = self.rows()
        return row

    def revise(self, **values: Any) -> None:
        """Into the row of `a`, as the receiver does."""
        with self.project.store.write() as connection:
            connection.execute(table.update().where(table.c.connection == "a").values(values))

    def pings(self) -> list[tuple[str, str, str | None]]:
        return [(row["sync"], row["side"], row["record"]) for row in self.project.store.all(inbox)]

    def asked(self, connection: str = "a") -> list[str]:
        """Of the app, since this was last called."""
        found = list(self.apps[connection].asked)
        self.apps[connection].asked.clear()
        return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.project.close()
