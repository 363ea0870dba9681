"""`python -m benchmarks.kills [KILLS] [MEETINGS] [SEED]`: a first sync, killed over and over.

`syncline run` is started as a process of its own and gets SIGKILL at moments drawn from the seed: while it reads,
between two batches, and in the middle of one, when Outlook has taken some of its parts; the rest takes effect after
the death of the sender, before the next run or in its midst. It is started again until a run ends by itself, and then
nothing may be missing or there twice.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import shown
from sandbox import start
from sandbox.serving import Running
from syncline.cli import main as syncline

LATE = (0.3, 2.0)
"""Seconds for which the request is held up in whose midst we kill."""
EARLY = 0.5
"""Share of the kills that strike while the run still reads."""


@dataclass
class Survived:
    """What was there in the end."""

    meetings: int
    kills: int = 0
    titles: dict[str, Counter[str]] = field(default_factory=dict)
    """Side -> title -> how many."""
    codes: list[int] = field(default_factory=list)
    """How the last two runs ended; the second had nothing to do."""
    idle_writes: int = 0
    mail: int = 0

    def faults(self) -> list[str]:
        """What is wrong, in words."""
        found = [f"a run ended with {code}" for code in self.codes if code]
        for side, titles in self.titles.items():
            doubled = [title for title, count in titles.items() if count > 1]
            found += [f"{side} has {titles.total()} meetings"] * (titles.total() != self.meetings)
            found += [f"{side} has twice: {', '.join(doubled)}"] * bool(doubled)
        found += [f"the run after the last wrote {self.idle_writes} times"] * bool(self.idle_writes)
        return found + [f"{self.mail} mails were sent"] * bool(self.mail)


def survive(meetings: int, kills: int, seed: int, folder: Path) -> Survived:
    """Kills a first sync from Google to Outlook; `folder` becomes the project."""
    draw = random.Random(seed)
    with start("google_calendar") as google, start("outlook_calendar") as outlook:
        _control(google, "fill", calendar="primary", count=meetings)
        _set_up(folder, {"google": google, "outlook": outlook})
        done = Survived(meetings)
        while done.kills < kills and _killed(folder, *_moment(draw, google, outlook)):
            done.kills += 1
        done.codes.append(_begin(folder).wait())
        before = _writes(google) + _writes(outlook)
        done.codes.append(_begin(folder).wait())
        done.idle_writes = _writes(google) + _writes(outlook) - before
        views = {"google": shown.google(google.url, google.token), "outlook": shown.outlook(outlook.url, outlook.token)}
        done.titles = {
            side: Counter(one.title for each in view.values() for one in each) for side, view in views.items()
        }
        done.mail = sum(_get(app, "log")["mail"] for app in (google, outlook))
        return done


def _set_up(folder: Path, apps: Mapping[str, Running]) -> None:
    commands: list[list[str]] = [["init", str(folder)]]
    for side, app in apps.items():
        words = ["connect", app.app, "--name", side, "--set", f"base_url={app.url}", "--set", f"token={app.token}"]
        commands.append([*words, "--project", str(folder)])
    sides = [word for side in apps for word in ("--side", f"{side}={side}")]
    commands.append(["new", "it", "--mapping", "google-outlook-meetings", *sides, "--project", str(folder)])
    for words in commands:
        with redirect_stdout(StringIO()) as said:
            code = syncline(words)
        if code:
            raise RuntimeError(f"syncline {' '.join(words)}: {said.getvalue()}")


def _begin(folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "syncline", "run", "it", "--direct", "--json", "--project", str(folder)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _moment(draw: random.Random, google: Running, outlook: Running) -> tuple[Running, int, float]:
    """At the how-manieth request to which app (a batch counts, and each of its 20 parts), held up for how long."""
    late = draw.choice(LATE)
    if draw.random() < EARLY:
        return *draw.choice([(google, 1), (outlook, 1), (outlook, 2)]), late
    return outlook, draw.randint(3, 30), late


def _killed(folder: Path, app: Running, number: int, late: float) -> bool:
    """Kills a run while its `number`th request to an app is held up; False if it ended before."""
    if number > 1:
        _control(app, "faults", kind="slow", seconds=0, times=number - 1, path="/")
    _control(app, "faults", kind="slow", seconds=late, times=1, path="/")
    process = _begin(folder)
    while process.poll() is None and _get(app, "faults")["pending"]:
        pass
    process.send_signal(signal.SIGKILL)
    shown.HTTP.delete(f"{app.url}/_control/faults").raise_for_status()
    return process.wait() == -signal.SIGKILL


def _writes(app: Running) -> int:
    return int(_get(app, "log")["writes"])


def _get(app: Running, what: str) -> dict[str, Any]:
    found: dict[str, Any] = shown.HTTP.get(f"{app.url}/_control/{what}").raise_for_status().json()
    return found


def _control(app: Running, what: str, **body: Any) -> None:
    shown.HTTP.post(f"{app.url}/_control/{what}", json=body).raise_for_status()


def main(words: list[str]) -> int:
    """Prints what was there in the end; 1 where anything was wrong."""
    kills, meetings, seed = [*map(int, words), *(50, 500, 1)[len(words) :]]
    with TemporaryDirectory() as folder:
        done = survive(meetings, kills, seed, Path(folder) / "project")
    held = ", ".join(f"{side} {titles.total()}" for side, titles in done.titles.items())
    print(f"{done.kills} kills during a first sync of {meetings} meetings (seed {seed}); in the end: {held}.")
    for fault in done.faults():
        print(f"WRONG: {fault}")
    return 1 if done.faults() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
