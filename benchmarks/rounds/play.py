"""The rounds: edits, a run that may be killed while servers fail and users go on, and now and then a rest."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import shown
from benchmarks.rounds.acts import Acts
from benchmarks.rounds.ledger import tokens_of
from benchmarks.rounds.project import Synced
from benchmarks.rounds.servers import USER, Servers

REST = 10
"""Rounds between two rests."""
PATIENCE = 8
"""Runs without faults within which everything must have come to rest."""
KILLED, FAULTY, DYING, MEANWHILE = 0.5, 0.35, 0.25, 0.3
"""Shares of the rounds: the run is killed, a stand-in fails, Radicale dies, users edit while the run is under way."""
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


@dataclass
class Done:
    """What happened."""

    rounds: int = 0
    kills: int = 0
    restarts: int = 0
    faults: int = 0
    edits: int = 0
    meanwhile: int = 0
    """Of the edits: while a run was under way."""
    lost_to_conflicts: int = 0
    writes: int = 0
    """On the stand-ins, by users and by us."""
    mail: int = 0
    released: int = 0
    """Brakes that a person let go."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


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
                    self.done.wrong += self._rest()
            except (AssertionError, RuntimeError) as error:
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
        faults = sum(self._fail(side) for side in ("google", "outlook") if self.draw.random() < FAULTY)
        process = self.synced.begin()
        for at, act in sorted(self._events(process.kill, calm=not faults), key=lambda event: event[0]):
            if self._reach(process, at):
                act()
        report = process.end()
        self.done.faults += faults - self.servers.calm()
        self.done.kills += report is None
        self.servers.radicale.ready()
        self._tally()
        self.tell(f"  run: {'killed' if report is None else _brief(report)}")

    def _events(self, kill: Callable[[], None], *, calm: bool) -> list[tuple[float, Callable[[], None]]]:
        """What happens once the run has sent so many requests to the stand-ins; the fraction only orders them."""
        found: list[tuple[float, Callable[[], None]]] = []
        radicale, dying = self.servers.radicale, self.draw.random() < DYING
        if dying:
            death = self.draw.choice([-1.0, self._at()])
            found += [(death, radicale.kill), (death + self.draw.choice([0.5, 2.5, 100.0]), radicale.begin)]
        if calm and self.draw.random() < MEANWHILE:
            sides = [side for side in self.servers.users if side != "caldav" or not dying]
            found += [(self._at(), lambda: self._edit(sides, quiet=False)) for _ in range(self.draw.randint(1, 2))]
        if self.draw.random() < KILLED:
            wait = self.draw.choice([0.0, 0.0, 0.01, 0.05, 0.2])
            found.append((self._at(), partial(_later, wait, kill)))
        return found

    def _at(self) -> float:
        requests: int = self.draw.choice([0, *range(1, 16), *range(2, 10)])
        return requests + self.draw.random() / 2

    def _reach(self, process: Any, requests: float) -> bool:
        """Waits until the run has sent that many requests, or is over."""
        while not process.over:
            if self.servers.requests >= int(requests) or requests < 0:
                return True
            time.sleep(0.002)
        return False

    def _fail(self, side: str) -> int:
        """Switches one or two faults on."""
        count = 0
        for fault in self.draw.sample(FAULTS, self.draw.randint(1, 2)):
            times = self.draw.choice([1, 1, 2, 5])
            self.servers.fault(side, times=times, **fault)
            self.tell(f"  {side}: {times} x {fault}")
            count += times
        return count

    def _edit(self, sides: Any, *, quiet: bool) -> None:
        said = self.acts.one(self.done.rounds, sides, quiet=quiet)
        self.done.meanwhile += not quiet
        when = "" if quiet else " while the run is under way"
        self.tell(f"{said.round} {said.side}: {said.what} {said.name} {said.token}{when}")

    def _tally(self) -> None:
        writes, mail = self.servers.tally()
        self.done.writes += writes
        self.done.mail += mail

    # --- a rest ---------------------------------------------------------------------------------------------------

    def _rest(self) -> list[str]:
        """Runs without faults until nothing is left to do, and then what is wrong."""
        for _ in range(PATIENCE):
            report = self._run()
            if report["errors"]:
                return [f"a run without faults failed: {report['errors']}"]
            if not _written(report) and not self._answer() and not self._pending():
                break
        else:
            return [f"no rest: {_brief(report)}, {self.synced.status()}, {self.synced.holds()}"]
        self._tally()
        report = self._run()
        writes, mail = self.servers.tally()
        found = [f"an idle run wrote: {_brief(report)}"] * bool(writes or _written(report))
        found += [f"{self.done.mail + mail} mails were sent"] * bool(self.done.mail + mail)
        return found + self._waiting() + self._accounts() + self._views()

    def _run(self) -> dict[str, Any]:
        report = self.synced.begin().end()
        assert report is not None
        self.tell(f"  rest: {_brief(report)}")
        return report

    def _answer(self) -> int:
        """Lets go what a brake stopped: a person sees that all of it was meant."""
        brakes = [hold for hold in self.synced.holds() if hold["kind"] == "brake"]
        for hold in brakes:
            self.tell(f"  a person releases: {hold['reason']}")
            self.synced.release(hold["id"])
        self.done.released += len(brakes)
        return len(brakes)

    def _pending(self) -> int:
        return sum(records["pending"] + records["failed"] for records in self.synced.status().values())

    def _waiting(self) -> list[str]:
        return [f"hold: {hold['kind']}: {hold['reason']}" for hold in self.synced.holds()]

    def _accounts(self) -> list[str]:
        found = []
        for side, records in self.synced.status().items():
            states = sum(count for state, count in records.items() if state != "total")
            there = len(self.servers.users[side].look())
            if not states == records["total"] == records["in_sync"] == there:
                found.append(f"accounting: {side} shows {there} meetings, and status says {records}")
        return found

    def _views(self) -> list[str]:
        """Each token where it belongs, and the same occurrences on all sides by an independent reading."""
        views = {side: user.look() for side, user in self.servers.users.items()}
        ledger = self.acts.ledger
        lost = tokens_of(self.synced.gave_way(), {said.token for said in ledger.said})
        self.done.lost_to_conflicts = sum(said.token in lost and not said.gone for said in ledger.said)
        found = ledger.wrong(views, lost)
        servers = self.servers
        calendars = {
            "google": shown.google(servers.google.url, servers.google.token),
            "outlook": shown.outlook(servers.outlook.url, servers.outlook.token),
            "caldav": shown.caldav(f"{servers.radicale.url}/{USER[0]}/calendar/", USER),
        }
        flat = {side: sorted(str(one) for each in view.values() for one in each) for side, view in calendars.items()}
        for side in ("outlook", "caldav"):
            odd = sorted(set(flat["google"]) ^ set(flat[side]))
            found += [f"divergence: google and {side} show different occurrences: {odd[:6]}"] * bool(odd)
        return found


def _later(seconds: float, act: Callable[[], None]) -> None:
    time.sleep(seconds)
    act()


def _written(report: dict[str, Any]) -> int:
    return sum(sum(ops.values()) for ops in report["writes"].values())


def _brief(report: dict[str, Any]) -> str:
    return f"{report['status']} read {report['read']} writes {report['writes']} errors {report['errors']}"
