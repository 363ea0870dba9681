"""Weeks of webhooks from the stand-ins of Google and Graph to a project: in this process, on one made-up clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from sqlalchemy import delete

from connectors import App, connect
from connectors.hook import Call
from connectors.http import Client, MockTransport, Request, Response
from connectors.oauth import Bearer
from engine.store.outside import hooks
from engine.store.tables import inbox
from flows.hooks import Hooks
from flows.pings import Ping, Pings
from flows.project import Project
from sandbox.app import Shell
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.grants import Grants
from sandbox.journal import Journal
from sandbox.serving import load_class
from sandbox.world import World

SCOPE = {"calendar": "primary"}
PUBLIC = "https://sync.example.com"
MAPPING = """\
name: meetings
about: Meetings here and there.
sides:
  google: {app: google_calendar, object: events, scope: {calendar: primary}}
  outlook: {app: outlook_calendar, object: events, scope: {calendar: primary}}
match: [[title]]
fields:
  title: {google: summary, outlook: subject}
"""
SYNC = "sync: it\nmapping: meetings\nsides:\n  google: {connection: google}\n  outlook: {connection: outlook}\n"
APPS = {"google": "google_calendar", "outlook": "outlook_calendar"}
TITLES = {"google": "summary", "outlook": "subject"}
ZONE = {"google": "Europe/Berlin", "outlook": "W. Europe Standard Time"}
EVENTS = {"google": "calendar/v3/calendars/primary/events", "outlook": "v1.0/me/events"}


@dataclass
class Side:
    """A stand-in, our connector to it, and somebody who edits there."""

    name: str
    standin: Any
    world: World
    app: App
    person: Client
    cursor: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    """Of the meetings that were made there, as they are now."""
    unseen: dict[str, datetime] = field(default_factory=dict)
    """Title -> when it was written."""
    delays: dict[datetime, timedelta] = field(default_factory=dict)
    """When something was written -> how long it took until we saw it."""
    seen: set[tuple[str, str | None]] = field(default_factory=set)


class Weeks:
    """`travel` sets the clock; `loss` and `doubling` are the shares of all messages that are lost or come twice."""

    def __init__(
        self, root: Path, seed: int, travel: Callable[[datetime], None], *, loss: float = 0.0, doubling: float = 0.0
    ) -> None:
        self.travel = travel
        self.random, self.loss, self.doubling = Random(seed), loss, doubling
        for folder, file, text in (("mappings", "meetings", MAPPING), ("deployments", "it", SYNC)):
            (root / folder).mkdir(parents=True)
            (root / folder / f"{file}.yaml").write_text(text)
        self.project = Project.at(root)
        self.pings, self.hooks = Pings(self.project), Hooks(self.project, PUBLIC)
        self.up = True
        self.under_way: list[tuple[str, Mapping[str, str], bytes]] = []
        self.loop = asyncio.new_event_loop()
        self.sides = {name: self._side(name) for name in APPS}
        self.project.connector = lambda name, **_: self.sides[name].app  # type: ignore[method-assign,assignment,return-value]

    def close(self) -> None:
        self.loop.close()
        self.project.close()

    def edit(self, side: Side) -> None:
        """Somebody makes a meeting, or changes one whose last change we have seen."""
        title = f"{side.name} {self.random.getrandbits(40):x}"
        quiet = [id for id, last in side.titles.items() if last not in side.unseen]
        if len(side.titles) < 12 or not quiet:
            id = side.person.json("POST", EVENTS[side.name], json=_meeting(side.name, title))["id"]
        else:
            id = self.random.choice(quiet)
            side.person.json("PATCH", f"{EVENTS[side.name]}/{quote(id, safe='')}", json={TITLES[side.name]: title})
        side.titles[id] = title
        side.unseen[title] = now()
        self.deliver()

    def deliver(self) -> None:
        """What is under way arrives, once, twice or not at all; what it names is looked at, as a run would at once."""
        while self.under_way:
            message = self.under_way.pop(0)
            times = 0 if self.random.random() < self.loss else 2 if self.random.random() < self.doubling else 1
            for _ in range(times):
                self.called(*message)
        if self.up:
            self.answer()

    def called(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """One call of an app; nobody answers while we are down."""
        if not self.up:
            return 503, b""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        lower = {name.lower(): value for name, value in headers.items()}
        call = Call(method="POST", url=url, headers=lower, query=query, body=body, at=now())
        found = self.pings.judge(parts.path.removeprefix("/hooks/"), call)
        taken = self.pings.keep([found])[0] if isinstance(found, Ping) else found
        return taken.status, taken.answer.encode()

    def tick(self) -> None:
        """What our process does now and then: a look at each side, and a look after the hooks."""
        if self.up:
            for side in self.sides.values():
                self.look(side)
            self.hooks.tend()
            self.deliver()

    def rows(self) -> dict[str, dict[str, Any]]:
        """The hooks by side."""
        return {row["connection"]: row for row in self.project.store.all(hooks)}

    def used(self) -> list[str]:
        """The channels that Google has ever opened for us."""
        return list(self.sides["google"].standin.state()["channels"]["used"])

    def live(self) -> dict[str, int]:
        """How many subscriptions each app has."""
        open_ = self.sides["google"].standin.state()["channels"]["open"]
        google = sum(datetime.fromisoformat(each["expires"]) > now() for each in open_)
        return {"google": google, "outlook": len(self.sides["outlook"].standin.state()["subscriptions"])}

    def answer(self) -> None:
        """What a run does with pings."""
        for name in {row["side"] for row in self.project.store.all(inbox)}:
            self.look(self.sides[name])

    def look(self, side: Side) -> None:
        """As a poll does, and a run: what changed since the cursor. Nothing may come a second time."""
        with self.project.store.write() as connection:
            connection.execute(delete(inbox).where(inbox.c.side == side.name))
        for page in side.app.changes("events", SCOPE, side.cursor):
            side.cursor = page.cursor or side.cursor
            for record in page.records:
                assert (record.id, record.version) not in side.seen
                side.seen.add((record.id, record.version))
                written = side.unseen.pop(record.data[TITLES[side.name]])
                side.delays[written] = now() - written

    def _side(self, name: str) -> Side:
        clock, faults = Clock(), Faults()
        world = World(clock, Journal(), faults, Grants(clock, "token"), _Wire(self))  # type: ignore[arg-type]
        standin = load_class(APPS[name])(world)
        shell = Shell(standin, world, lambda: None)

        def answer(request: Request) -> Response:
            target = request.url.raw_path.decode()
            told = self.loop.run_until_complete(shell.call(request.method, target, request.headers, request.content))
            return Response(told.status, headers=dict(told.headers), content=told.body)

        settings, transport = {"base_url": "http://127.0.0.1", "token": "token"}, MockTransport(answer)
        self.project.save_connection(name, APPS[name], settings, name, now())
        app = connect(APPS[name], settings, transport=transport, sleep=lambda _: None)
        person = Client(settings["base_url"], Bearer("token"), transport=transport)
        side = Side(name, standin, world, app, person)
        side.cursor = [page.cursor for page in app.scan("events", SCOPE)][-1] or ""
        return side


@dataclass
class _Wire:
    """Where a stand-in's webhooks go."""

    weeks: Weeks

    def send(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.weeks.under_way.append((url, headers, body))

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        return self.weeks.called(url, headers, body)


def now() -> datetime:
    """The made-up time."""
    return datetime.now(UTC)


def _meeting(side: str, title: str) -> dict[str, Any]:
    times = {
        name: {"dateTime": f"2026-12-10T{hour}:00:00", "timeZone": ZONE[side]}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    return {TITLES[side]: title, **times}
