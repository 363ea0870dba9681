"""Many seeds, over all processors: what was played, and every invariant that did not hold."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from syncline.rehearsal.crashes import crash_everywhere
from syncline.rehearsal.history import Played
from syncline.rehearsal.invariants import INVARIANTS, Violation
from syncline.rehearsal.play import fresh, play
from syncline.rehearsal.same import compare
from syncline.rehearsal.setting import Setting

CHUNK = 20
"""Seeds that a process takes at a time."""
FAILING = 20
"""Failing seeds that are kept to be shown."""
Settings = Callable[[int], Setting]
"""The setting of a seed, of a user's own mapping."""


@dataclass
class Totals:
    """What many histories came to."""

    histories: int = 0
    steps: int = 0
    runs: int = 0
    requests: int = 0
    crashes: int = 0
    violations: Counter[int] = field(default_factory=Counter)
    """Histories by the invariant that did not hold in them."""
    unavoidable: Counter[str] = field(default_factory=Counter)
    """Histories by what no client could have kept in them."""
    failing: list[tuple[int, str]] = field(default_factory=list)
    """The first failing seeds, with what was wrong."""

    def add(self, played: Played) -> None:
        """Counts one history."""
        self.histories += 1
        self.steps += played.steps
        self.runs += played.runs
        self.requests += played.requests
        self.crashes += played.crashes
        self.violations.update({one.number for one in played.broken})
        self.unavoidable.update({one.unavoidable for one in played.violations if one.unavoidable})
        self.failing += [(played.seed, str(played.broken[0]))] if played.broken else []

    def join(self, other: Totals) -> None:
        """Adds another count to this one."""
        for name in ("histories", "steps", "runs", "requests", "crashes", "violations", "unavoidable"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failing = sorted([*self.failing, *other.failing])[:FAILING]

    def as_json(self) -> dict[str, Any]:
        """The document of `syncline rehearse --json`."""
        numbers = {name: getattr(self, name) for name in ("histories", "steps", "runs", "requests", "crashes")}
        by_name = {f"{number} {name}": self.violations[number] for number, name in INVARIANTS.items()}
        failing = [{"seed": seed, "what": what} for seed, what in self.failing]
        return {**numbers, "violations": by_name, "unavoidable": dict(self.unavoidable), "failing": failing}


def one(seed: int, settings: Settings | None = None) -> Played:
    """One history of any kind: most are random; of made-up apps every tenth is played in several ways that must end the
    same, and every hundredth is killed at every moment of a run."""
    if settings is None and seed % 100 == 99:
        found, moments, runs = crash_everywhere(seed, fresh)
        return Played(seed, violations=found, steps=moments, runs=runs, crashes=moments)
    if settings is None and seed % 10 == 9:
        found, deeds, runs, requests = compare(seed, fresh)
        return Played(seed, violations=found, steps=deeds, runs=runs, requests=requests)
    setting = settings(seed) if settings else None
    played = play(seed, setting=setting)
    if seed % 50 == 0 and play(seed, setting=setting).trace != played.trace:
        played.violations.append(Violation(22, "played twice, it went differently"))
    return played


def rehearse(
    first: int,
    count: int,
    settings: Settings | None = None,
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Totals:
    """Plays `count` seeds from `first` on."""
    totals = Totals()
    parts = [range(at, min(at + CHUNK, first + count)) for at in range(first, first + count, CHUNK)]
    for part in _played(parts, settings, processes or os.cpu_count() or 1):
        totals.join(part)
        progress(totals.histories, count)
    return totals


def _played(parts: list[range], settings: Settings | None, processes: int) -> Iterator[Totals]:
    work = partial(_part, settings=settings)
    if processes < 2 or len(parts) < 2:
        yield from map(work, parts)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(work, parts)


@contextmanager
def quiet() -> Iterator[None]:
    """What a history logs is its own affair."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _part(seeds: range, settings: Settings | None) -> Totals:
    totals = Totals()
    with quiet():
        for seed in seeds:
            totals.add(one(seed, settings))
    return totals
