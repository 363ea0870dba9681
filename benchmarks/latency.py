"""`python -m benchmarks.latency [EDITS] [MINUTES] [--direct]`: from an edit in one app until the other shows it.

Two calendars are kept the same by `syncline watch`, over real HTTP: the stand-ins send webhooks, every run is tracked
by a Prefect server. First single edits, in turn on either side, each seen before the next one is made; then 1,000 edits
a minute for some minutes, while it is counted how many of them the other side does not show yet.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure
from benchmarks.watched import HTTP, MAIN, User, Watching, command, set_up, stand_ins, until, watching, write_sync

MEETINGS = 200
A_MINUTE = 1000
LOOK = 0.01
"""Seconds between two looks whether the other side shows an edit."""


@dataclass
class Office:
    """Meetings that both sides have: (id in Google, id in Outlook)."""

    google: User
    outlook: User
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def side(self, number: int) -> tuple[User, User, int]:
        """Who edits, who is to see it, and which id is whose."""
        return (self.google, self.outlook, 0) if number % 2 == 0 else (self.outlook, self.google, 1)

    def pair(self) -> None:
        """Finds out which meetings are the same, by their titles."""
        there = {title: id for id, title in self.outlook.titles().items()}
        self.pairs = [(id, there[title]) for id, title in self.google.titles().items()]


def main(words: list[str]) -> None:
    """Prints one JSON line per figure."""
    options = [word for word in words if word.startswith("--")]
    numbers = [float(word) for word in words if word not in options]
    edits, minutes = [*numbers, *(200, 5)[len(numbers) :]]
    with _office(options) as (office, watcher):
        how = "without Prefect" if "--direct" in options else "each run tracked by Prefect"
        print(_single(f"edit to visible, {how}: one at a time", office, watcher, int(edits)).line(), flush=True)
        print(_many(f"edit to visible, {how}: 1,000 a minute", office, minutes).line(), flush=True)


@contextmanager
def _office(options: list[str]) -> Iterator[tuple[Office, Watching]]:
    with TemporaryDirectory() as home, stand_ins() as servers:
        folder = Path(home) / "project"
        set_up(folder, servers)
        HTTP.post(f"{servers['google']['url']}/_control/fill", json={"calendar": "primary", "count": MEETINGS})
        write_sync(folder, "work", MAIN, "poll: 60s, every: 1h")
        office = Office(User.main("google", servers["google"]), User.main("outlook", servers["outlook"]))
        try:
            with watching(folder, *options) as watcher:
                until(lambda: len(office.outlook.titles()) == MEETINGS)
                office.pair()
                _warm_up(office)
                yield office, watcher
        finally:
            command("down", "--project", str(folder))


def _warm_up(office: Office) -> None:
    """Edits that do not count, until both sides have their webhooks and nothing is made for the first time."""
    for number in range(6):
        _seen_after(office, number, f"Warm {number}")


def _single(name: str, office: Office, watcher: Watching, edits: int) -> Figure:
    draw = random.Random(1)
    before, runs = watcher.usage()[0], _runs(watcher)
    seconds = []
    for number in range(edits):
        time.sleep(draw.uniform(0, 1))  # people do not wait for us
        seconds.append(_seen_after(office, number, f"Edit {number}"))
    ranks = statistics.quantiles(seconds, n=100, method="inclusive")
    made = _runs(watcher) - runs
    return Figure(
        name,
        {
            "edits": edits,
            "p50_seconds": round(ranks[49], 2),
            "p95_seconds": round(ranks[94], 2),
            "p99_seconds": round(ranks[98], 2),
            "runs": made,
            "processor_seconds_per_run": round((watcher.usage()[0] - before) / max(1, made), 2),
        },
    )


def _seen_after(office: Office, number: int, title: str) -> float:
    """Seconds from the answer to the edit until the other side shows it."""
    editor, reader, which = office.side(number)
    pair = office.pairs[number % len(office.pairs)]
    editor.rename(pair[which], title)
    start = time.perf_counter()
    until(lambda: reader.title(pair[1 - which]) == title, pause=LOOK)
    return time.perf_counter() - start


def _many(name: str, office: Office, minutes: float) -> Figure:
    """Each meeting is edited on its own side only, so that every edit has to arrive."""
    start, number, late, looks = time.perf_counter(), 0, [], 1
    wanted: dict[int, str] = {}
    while (passed := time.perf_counter() - start) < minutes * 60:
        if passed * A_MINUTE / 60 < number:
            time.sleep(number * 60 / A_MINUTE - passed)
        at = number % len(office.pairs)
        editor, _, which = office.side(at)
        wanted[at] = f"Edit {number} of many"
        editor.rename(office.pairs[at][which], wanted[at])
        number += 1
        if passed > looks * 15:
            looks += 1
            late.append(_missing(office, wanted))
    edited, rest = time.perf_counter() - start, time.perf_counter()
    until(lambda: not _missing(office, wanted), 600)
    return Figure(
        name,
        {
            "edits": number,
            "edits_a_minute": round(number * 60 / edited),
            "not_yet_visible_first_half": round(statistics.mean(late[: len(late) // 2 or 1] or [0]), 1),
            "not_yet_visible_second_half": round(statistics.mean(late[len(late) // 2 :] or [0]), 1),
            "seconds_until_all_visible": round(time.perf_counter() - rest, 1),
        },
    )


def _missing(office: Office, wanted: dict[int, str]) -> int:
    """Meetings whose last edit the other side does not show."""
    shown = {0: office.outlook.titles(), 1: office.google.titles()}
    return sum(shown[at % 2][office.pairs[at][1 - at % 2]] != title for at, title in wanted.items())


def _runs(watcher: Watching) -> int:
    return sum(line["event"] == "run" for line in watcher.lines())


if __name__ == "__main__":
    main(sys.argv[1:])
