"""What goes wrong during one run: faults by name, drawn request by request from the step's own source of chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from engine.contract import AuthExpired, Record, Refused, Transient

T = TypeVar("T")


class Crash(BaseException):
    """The process is killed here."""


REQUEST: dict[str, float] = {
    "crash": 0.04,
    "crash at a commit": 0.04,
    "timeout before it landed": 0.08,
    "timeout after it landed": 0.12,
    "server error": 0.08,
    "too many requests": 0.08,
    "edits meanwhile": 0.25,
    "half-failed batch": 0.2,
    "another run takes over": 0.05,
}
"""Faults that strike single requests or commits, each with its chance there."""
SIDE = (
    "outage",
    "permission lost",
    "signed out",
    "expired cursor",
    "missing rows",
    "repeated rows",
    "stale lists",
    "field gone",
)
"""Faults that one side has for the whole run."""
WORLD = ("clock jump", "restored from backup", "pings lost", "pings doubled", "pings late")
"""Faults of everything, before the run."""
FAULTS = (*REQUEST, *SIDE, *WORLD)
WORST = ("outage midway", "permission lost midway", "some answer 404", "list breaks off")
"""Faults of one side at the worst moments, for histories that ask for them."""


BLIND = {"outage", "outage midway", "missing rows", "some answer 404", "stale lists"}
"""Faults with which a side does not show what it holds."""


UNANSWERED = {
    "crash",
    "crash at a commit",
    "timeout before it landed",
    "timeout after it landed",
    "server error",
    "another run takes over",
    "field gone",
}
"""Faults with which nobody hears what an app stored."""


def named(struck: str) -> str:
    """The fault that struck, without where."""
    return struck.partition(" (")[0]


@dataclass
class Weather:
    """One run's. `side` is the one that has the side faults."""

    faults: frozenset[str] = frozenset()
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    side: str = ""
    column: str = ""
    meanwhile: Callable[[str], None] = lambda _side: None
    usurp: Callable[[str, str], None] = lambda _side, _what: None
    shuffle: bool = False
    """Batches are carried out in any order."""
    struck: list[str] = field(default_factory=list)
    """What did happen."""
    onset: int = 0
    """Requests that the side answers before what happens midway."""
    hidden: frozenset[str] = frozenset()
    """Records that the side does not show."""
    asked: int = 0
    dropped: set[str] = field(default_factory=set)
    """Records that pages left out."""
    voided: set[str] = field(default_factory=set)
    """Sides that took no cursor any more: they are listed instead."""
    died: bool = False
    """The process was killed: from here on it writes nothing."""

    def before(self, side: str, what: str) -> None:
        """A request goes out. Raises what it meets."""
        self.asked += side == self.side
        if self._on(side, "permission lost") or self._midway(side, "permission lost midway"):
            raise Refused(f"{side}: this account may not do that any more")
        if self._on(side, "signed out"):
            raise AuthExpired(f"{side}: sign in again")
        writing = what in ("create", "update", "delete")
        if writing and self._strikes("edits meanwhile", side):
            self.meanwhile(side)
        if self._strikes("another run takes over", side):
            self.usurp(side, what)
        self._crash("crash", f"before {what} on {side}")
        if self._strikes("too many requests", side):
            raise Transient(f"{what}: too many requests", landed=False)
        if self._strikes("timeout before it landed", side) or self._strikes("server error", side):
            raise Transient(f"{what}: no answer", landed=None if writing else False)
        if writing and self._strikes("half-failed batch", side):
            raise Transient(f"{what}: this part failed", landed=False)

    def after(self, side: str, what: str) -> None:
        """A write has landed; its answer is on the way."""
        self._crash("crash", f"after {what} on {side}")
        if self._strikes("timeout after it landed", side):
            raise Transient(f"{what}: no answer", landed=None)

    def answered(self, side: str, what: str) -> None:
        """The answer to a reading has come."""

    def commit(self, moment: str) -> None:
        """The store is about to commit, or has."""
        self._crash("crash at a commit", f"{moment} a commit")

    def listed(self, side: str, records: list[Record]) -> list[Record]:
        """A listing as its pages come: rows may be missing or come twice."""
        if records and self._on(side, "missing rows"):
            shown = [record for record in records if self.rng.random() < 0.7]
            self.dropped |= {record.id for record in records} - {record.id for record in shown}
            records = shown
        if records and self._on(side, "repeated rows"):
            records = [*records, self.rng.choice(records)]
        return records

    def turned(self, side: str) -> None:
        """A page has come, and the next one is asked for."""
        if self._on(side, "list breaks off"):
            raise Transient("the next page: no answer", landed=False)

    def outage(self, side: str) -> bool:
        return self._on(side, "outage") or self._midway(side, "outage midway")

    def blind(self, side: str) -> bool:
        """Whether a side does not show all that it holds, in this run."""
        return side == self.side and bool(BLIND & self.faults)

    def hides(self, side: str, record: str) -> bool:
        """Whether this one record is not to be seen."""
        return record in self.hidden and self._on(side, "some answer 404")

    def expired(self, side: str) -> bool:
        return self._on(side, "expired cursor") or self.outage(side)

    def field_gone(self, side: str) -> str:
        return self.column if self._on(side, "field gone") else ""

    def shuffled(self, writes: Sequence[T]) -> list[T]:
        """The outcomes of a batch come in any order."""
        return self.rng.sample(list(writes), len(writes)) if self.shuffle else list(writes)

    def _midway(self, side: str, fault: str) -> bool:
        return side == self.side and self.asked > self.onset and self._on(side, fault)

    def _on(self, side: str, fault: str) -> bool:
        if side != self.side or fault not in self.faults:
            return False
        if fault not in self.struck:
            self.struck.append(fault)
        return True

    def _strikes(self, fault: str, where: str) -> bool:
        if fault not in self.faults or self.rng.random() >= REQUEST[fault]:
            return False
        self.struck.append(f"{fault} ({where})")
        return True

    def _crash(self, fault: str, where: str) -> None:
        if self._strikes(fault, where):
            self.died = True
            raise Crash(where)
