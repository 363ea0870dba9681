"""`python -m benchmarks.workers [SECONDS] [SYNCS] [SEED]`: watchers on machines of their own share one PostgreSQL.

People edit on both sides of every sync; meanwhile workers are killed at random and started again, one has its cable
pulled, and one is frozen for longer than its lease lasts and thawed. In the end nothing may be lost, doubled or
written twice.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet

from benchmarks.hosts import Host, hosts
from benchmarks.servers import ask
from engine.store.lease import TERM
from flows.project import Project
from sandbox import start
from tests.store.postgres import running

WORKERS = 3
FROZEN = TERM.total_seconds() + 15
PULLED = 25.0
KILL = 12.0
"""Seconds between two kills, on average."""
SETTLED = 300.0
"""Seconds that the workers get at the end."""
EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//benchmark//EN\r\nEND:VCALENDAR\r\n"
MAPPING = """\
name: meetings
about: Meetings.
sides:
  a: {app: google_calendar, object: events}
  b: {app: google_calendar, object: events}
match: [[title, start]]
fields:
  title: {a: summary, b: summary}
  start: {a: start, b: start}
  end:   {a: end, b: end}
  place: {a: location, b: location}
"""


@dataclass
class Worker:
    """A watcher on a machine, started again when it was killed."""

    host: Host
    root: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def begin(self) -> None:
        words = [sys.executable, "-m", "syncline", "watch", "--direct", "--project", str(self.root)]
        log = (self.root / "log").open("ab")
        self.process = subprocess.Popen(self.host.command(words), stdout=log, stderr=log)
        log.close()

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()
        self.kills += 1
        self.begin()

    def end(self) -> int:
        assert self.process is not None
        self.send(signal.SIGTERM)
        return self.process.wait(timeout=120)


@dataclass
class People:
    """They add meetings and change the places of those they added, each at the side where it was added."""

    apps: dict[str, dict[str, str]]
    syncs: list[str]
    draw: random.Random
    places: dict[str, str] = field(default_factory=dict)
    """Title -> the place it was given last."""
    edits: Counter[str] = field(default_factory=Counter)
    """Title -> how often its place was changed."""
    _ids: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def add(self) -> None:
        side, sync, title = self.draw.choice("ab"), self.draw.choice(self.syncs), f"Meeting {len(self.places)}"
        day = f"2026-12-{self.draw.randint(1, 28):02}"
        body = {"summary": title, "start": {"dateTime": f"{day}T09:00:00Z"}, "end": {"dateTime": f"{day}T10:00:00Z"}}
        made = ask(self.apps[side], "POST", f"/calendar/v3/calendars/{self._calendar(side, sync)}/events", body)
        self._ids[title], self.places[title] = (side, sync, made["id"]), ""

    def edit(self) -> None:
        title = self.draw.choice(list(self.places))
        side, sync, id_ = self._ids[title]
        self.edits[title] += 1
        self.places[title] = f"Room {self.edits.total()}"
        path = f"/calendar/v3/calendars/{self._calendar(side, sync)}/events/{id_}"
        ask(self.apps[side], "PATCH", path, {"location": self.places[title]})

    def seen(self, side: str) -> Counter[tuple[str, str]]:
        """(title, place) of all meetings of a side."""
        return Counter(
            (item["summary"], item.get("location", "")) for sync in self.syncs for item in self._all(side, sync)
        )

    def doubles(self) -> Iterator[str]:
        """What the apps' logs of requests show to be written more often than people gave cause for: at its own side
        no meeting by the workers, at the other one each made once and changed at most once per edit."""
        for side in "ab":
            written = ask(self.apps[side], "GET", "/_control/log")["written"]
            for sync in self.syncs:
                path, held = f"/calendar/v3/calendars/{self._calendar(side, sync)}/events", self._all(side, sync)
                if (made := written.get(f"POST {path}", 0)) != len(held):
                    yield f"{side} of {sync}: {made} creates for {len(held)} meetings"
                for item in held:
                    times = sum(written.get(f"{method} {path}/{item['id']}", 0) for method in ("PATCH", "PUT"))
                    own, most = self._ids[item["summary"]][0] == side, self.edits[item["summary"]]
                    if times > most or (own and times < most):
                        yield f"{side} of {sync}: {item['summary']} was changed {times} times"

    def _all(self, side: str, sync: str) -> list[dict[str, Any]]:
        path = f"/calendar/v3/calendars/{self._calendar(side, sync)}/events?maxResults=2500"
        return list(ask(self.apps[side], "GET", path)["items"])

    def faults(self) -> list[str]:
        wanted = Counter(self.places.items())
        found = []
        for side in "ab":
            seen = self.seen(side)
            found += [f"{side} lacks {title} at {place!r}" for title, place in wanted - seen]
            found += [f"{side} has too much: {title} at {place!r}" for title, place in seen - wanted]
        return found

    def _calendar(self, side: str, sync: str) -> str:
        return self.apps[side][sync]


def main(words: list[str]) -> int:
    """Prints what was there in the end; 1 where anything was wrong."""
    seconds, count, seed = [*map(int, words), *(240, 50, 1)[len(words) :]]
    draw = random.Random(seed)
    with ExitStack() as stack:
        postgres = stack.enter_context(running())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        apps = {side: stack.enter_context(start("google_calendar")) for side in "ab"}
        at: dict[str, dict[str, str]] = {side: {"url": app.url, "token": app.token} for side, app in apps.items()}
        syncs = [f"s{number}" for number in range(count)]
        for app in at.values():
            for sync in syncs:
                ask(app, "POST", "/_control/seed", {"calendar": sync, "ics": EMPTY})
            items = ask(app, "GET", "/calendar/v3/users/me/calendarList?maxResults=250")["items"]
            app |= {item["summary"]: item["id"] for item in items}
        ports = [int(url.rpartition(":")[2]) for url in (at["a"]["url"], at["b"]["url"])] + [postgres.port]
        machines = stack.enter_context(hosts(WORKERS, ports))
        env = {"SYNCLINE_STATE_URL": postgres.fresh(), "SYNCLINE_KEY": Fernet.generate_key().decode()}
        workers = [_worker(folder / f"m{number}", host, env, at, syncs) for number, host in enumerate(machines)]
        people = People(at, syncs, draw)
        for _ in range(10 * count):
            people.add()
        for worker in workers:
            worker.begin()
        told = _storm(workers, people, draw, seconds)
        waited = _settle(people)
        codes = [worker.end() for worker in workers]
        edits = people.edits.total()
        written = _writes(at) - len(people.places) - edits
        faults = [*people.faults(), *people.doubles(), *(f"a worker ended with {code}" for code in codes if code)]
    kills = sum(worker.kills for worker in workers)
    where = "namespaces of their own" if machines[0].name else "this machine"
    print(f"{WORKERS} watchers in {where}, {count} syncs, {seconds} s, seed {seed}: {kills} kills, {told}.")
    print(f"{len(people.places)} meetings, {edits} edits, {written} writes by the workers.")
    print(f"All was the same {waited:.0f} s after the last edit." if waited < SETTLED else "It did not settle.")
    for fault in faults[:20]:
        print(f"WRONG: {fault}")
    return 1 if faults else 0


def _worker(root: Path, host: Host, env: dict[str, str], at: dict[str, Any], syncs: list[str]) -> Worker:
    """Its own copy of the project; state, key and snapshots are shared."""
    for part in ("mappings", "deployments"):
        (root / part).mkdir(parents=True)
    (root / "mappings" / "meetings.yaml").write_text(MAPPING)
    for sync in syncs:
        sides = "".join(f"  {side}: {{connection: {side}, scope: {{calendar: {at[side][sync]}}}}}\n" for side in "ab")
        text = f"sync: {sync}\nmapping: meetings\nsides:\n{sides}schedule: {{poll: 10s}}\n"
        (root / "deployments" / f"{sync}.yaml").write_text(text)
    shared = {**env, "SYNCLINE_SNAPSHOTS": str(root.parent / "snapshots"), "SYNCLINE_RECEIVER_PORT": "0"}
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in shared.items()))
    project = Project.at(root)
    if not project.connections.all():
        for side in "ab":
            settings = {"base_url": at[side]["url"], "token": at[side]["token"]}
            project.save_connection(side, "google_calendar", settings, side, datetime.now(UTC))
    project.close()
    return Worker(host, root, env)


def _storm(workers: list[Worker], people: People, draw: random.Random, seconds: int) -> str:
    """Edits, kills, a cable pulled, a worker frozen."""
    begun = time.monotonic()
    frozen, pulled = workers[0], workers[1]
    plan = [
        (10.0, lambda: frozen.send(signal.SIGSTOP)),
        (10.0 + FROZEN, lambda: frozen.send(signal.SIGCONT)),
        (20.0, lambda: pulled.host.cable(up=False)),
        (20.0 + PULLED, lambda: pulled.host.cable(up=True)),
    ]
    kill_at = KILL
    until = max(float(seconds), 10.0 + FROZEN + 5)
    while (now := time.monotonic() - begun) < until:
        for moment, act in [one for one in plan if one[0] <= now]:
            act()
            plan.remove((moment, act))
        if now >= kill_at:
            kill_at = now + draw.uniform(0.5, 1.5) * KILL
            able = [worker for worker in workers if worker is not frozen or now > 10 + FROZEN + 2]
            draw.choice(able).kill()
        (people.edit if draw.random() < 0.8 else people.add)()
        time.sleep(draw.uniform(0.05, 0.35))
    return f"one frozen for {FROZEN:.0f} s, one without a network for {PULLED:.0f} s"


def _settle(people: People) -> float:
    begun = time.monotonic()
    while people.faults() and time.monotonic() - begun < SETTLED:
        time.sleep(2)
    return time.monotonic() - begun


def _writes(at: dict[str, dict[str, str]]) -> int:
    return sum(int(ask(app, "GET", "/_control/log")["writes"]) for app in at.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
