"""The rounds: edits, a run that may be killed while servers fail and users go on, and now and then a rest."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import httpx

from benchmarks.rounds.acts import Acts
from benchmarks.rounds.done import Done
from benchmarks.rounds.project import Process, Synced
from benchmarks.rounds.rest import Rest, brief
from benchmarks.rounds.servers import Servers

REST = 10
"""Rounds between two rests."""
KILLED, FAULTY, DYING, MEANWHILE = 0.6, 0.4, 0.3, 0.35
"""Shares of the rounds: the run is to be killed, a stand-in fails, Radicale dies, users edit while the run goes on."""
MIDST = 0.4
"""Share of the kills: while a write is held up."""
FAULTS: list[dict[str, Any]] = [
    *({"kind": kind, "retry_after": wait} for kind in ("429", "503") for wait in (None, 0)),
    {"kind": "500"},
    {"kind": "slow", "seconds": 0.3},
    {"kind": "drop_after_commit"},
    {"kind": "drop_after_commit", "method": "POST", "path": "/events"},
    {"kind": "drop_after_commit", "method": "PATCH", "path": "/events"},
    {"kind": "drop_after_commit", "method": "DELETE", "path": "/events"},
    {"kind": "429", "method": "PATCH", "path": "/events"},
    {"kind": "500", "method": "POST", "path": "/events"},
    {"kind": "503", "method": "PATCH", "path": "/events"},
    {"kind": "slow", "seconds": 0.5, "method": "PATCH", "path": "/events"},
    {"kind": "expire_cursor"},
    {"kind": "reject_token"},
]


@dataclass(frozen=True)
class Event:
    """Something that happens to a run once `when` holds."""

    when: Callable[[], bool]
    act: Callable[[Process], None]


@dataclass
class Rounds:
    """One seed's rounds over running servers; `folder` becomes the project."""

    servers: Servers
    folder: Path
    seed: int
    tell: Callable[[str], None] = lambda _: None
    done: Done = field(default_factory=Done)

    def __post_init__(self) -> None:
        self.draw = random.Random()
        self.acts = Acts(self.servers, random.Random())
        self.synced = Synced(self.folder)

    def play(self, rounds: int) -> Done:
        """Until something is wrong, or to the end."""
        began = time.monotonic()
        self.synced.set_up(self.servers.settings, "google-outlook-caldav-meetings")
        while self.done.rounds < rounds and not self.done.wrong:
            try:
                self._round()
                if self.done.rounds % REST == 0 or self.done.rounds == rounds:
                    self.done.wrong += Rest(self.servers, self.synced, self.acts.ledger, self.done, self.tell).wrong()
            except (AssertionError, RuntimeError, httpx.HTTPError) as error:
                self.done.wrong.append(f"broken: {error}")
        self.done.restarts, self.done.edits = self.servers.radicale.kills, self.acts.done
        self.done.seconds = time.monotonic() - began
        return self.done

    # --- a round --------------------------------------------------------------------------------------------------

    def _round(self) -> None:
        self.done.rounds += 1
        self.draw.seed(f"{self.seed}/{self.done.rounds}")  # so that a round does not hang on the timing of those before
        self.acts.draw.seed(f"{self.seed}/{self.done.rounds}/users")
        for _ in range(self.draw.randint(1, 4)):
            self._edit(self.servers.users, quiet=True)
        failing = [side for side in ("google", "outlook") if self.draw.random() < FAULTY]
        for side in failing:
            self._fail(side)
        events = self._events(calm=not failing)
        process = self.synced.begin()
        for event in events:
            if self._reach(process, event):
                event.act(process)
        report = process.end()
        self.done.faults += self.servers.calm()
        self.done.kills += report is None
        self.servers.radicale.ready()
        self.done.add(*self.servers.tally())
        self.tell(f"  run: {'killed' if report is None else brief(report)}")

    def _events(self, *, calm: bool) -> list[Event]:
        """What happens while the run is under way, in this order."""
        found: list[tuple[float, Event]] = []
        dying = self.draw.random() < DYING
        if dying:
            death = self.draw.choice([-1.0, self._at()])
            back = death + self.draw.choice([0.5, 2.5, 100.0])
            when = self.draw.choice([self._after(death), self.servers.radicale.written()])
            found += [(death, Event(when, lambda _: self.servers.radicale.kill()))]
            found += [(back, Event(self._after(back), lambda _: self.servers.radicale.begin()))]
        if calm and self.draw.random() < MEANWHILE:
            sides = [side for side in self.servers.users if side != "caldav" or not dying]
            for at in [self._at() for _ in range(self.draw.randint(1, 2))]:
                found.append((at, Event(self._after(at), lambda _: self._edit(sides, quiet=False))))
        if self.draw.random() < KILLED:
            found.append(self._kill())
        return [event for _, event in sorted(found, key=lambda each: each[0])]

    def _kill(self) -> tuple[float, Event]:
        """After so many requests, or in the midst of a write, which then takes effect after the death of its sender."""
        at, wait = self._at(), self.draw.choice([0.0, 0.0, 0.01, 0.05, 0.2])
        if self.draw.random() < MIDST:
            late = self.draw.choice([0.1, 1.0, 3.0])
            for side, method in product(("google", "outlook"), ("POST", "PATCH", "DELETE")):
                self.servers.fault(side, kind="slow", seconds=late, method=method, path="/events")
            ordered = self.servers.pending()
            return at, Event(lambda: self.servers.pending() < ordered, lambda run: run.kill())
        return at, Event(self._after(at), partial(_later, wait))

    def _at(self) -> float:
        requests: int = self.draw.choice([0, *range(1, 16), *range(2, 10)])
        return requests + self.draw.random() / 2

    def _after(self, requests: float) -> Callable[[], bool]:
        """Once the run has sent so many requests to the stand-ins; the fraction only puts events in order."""
        return lambda: requests < 0 or self.servers.requests >= int(requests)

    def _reach(self, process: Process, event: Event) -> bool:
        """Waits for the event's moment; False where the run is over before."""
        while not process.over:
            if event.when():
                return True
            time.sleep(0.002)
        return False

    def _fail(self, side: str) -> None:
        """Switches one or two faults on."""
        for fault in self.draw.sample(FAULTS, self.draw.randint(1, 2)):
            times = self.draw.choice([1, 1, 2, 5])
            self.servers.fault(side, times=times, **fault)
            self.tell(f"  {side}: {times} x {fault}")

    def _edit(self, sides: Any, *, quiet: bool) -> None:
        said = self.acts.one(self.done.rounds, sides, quiet=quiet)
        self.done.meanwhile += not quiet
        when = "" if quiet else " while the run is under way"
        self.tell(f"{said.round} {said.side}: {said.what} {said.name} {said.token}{when}")


def _later(seconds: float, process: Process) -> None:
    time.sleep(seconds)
    process.kill()
