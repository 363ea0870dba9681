"""`python -m benchmarks.idle [SYNCS] [MINUTES]`: what it costs to watch syncs in which nothing happens.

Each sync keeps two calendars of its own the same. No app calls: all there is to know is found by looking. Runs would
be tracked by a Prefect server, which says in the end how many there were.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figure import Figure
from benchmarks.watched import HTTP, At, User, Watching, command, set_up, stand_ins, until, watching, write_sync
from flows.server import Server

SETTLED = 10.0
"""Seconds that the watcher has to start before it is measured."""


def main(syncs: int = 500, minutes: int = 10) -> None:
    """Prints one JSON line."""
    with TemporaryDirectory() as home, stand_ins() as servers:
        folder = Path(home) / "project"
        _first_runs(folder, servers, syncs)
        with _prefect(folder) as api, watching(folder, hooks=False) as watcher:
            until(lambda: any(line["text"] == "Watching." for line in watcher.lines()))
            time.sleep(SETTLED)
            print(_measured(watcher, servers, api, syncs, minutes).line(), flush=True)


def _first_runs(folder: Path, servers: Mapping[str, At], syncs: int) -> None:
    """A meeting for each sync, carried over."""
    set_up(folder, servers)
    google, outlook = (User.main(side, servers[side]) for side in ("google", "outlook"))
    for number in range(syncs):
        name = f"Team {number}"
        calendars = {"google": google.make_calendar(name), "outlook": outlook.make_calendar(name)}
        at = {"calendar": calendars["google"], "count": 1}
        HTTP.post(f"{servers['google']['url']}/_control/fill", json=at).raise_for_status()
        write_sync(folder, f"team-{number:03}", calendars, "poll: 60s")
    with watching(folder, "--direct", hooks=False) as watcher:
        until(lambda: len({line["sync"] for line in watcher.lines() if line["event"] == "run"}) == syncs, 3600, 1)


def _measured(watcher: Watching, servers: Mapping[str, At], api: str, syncs: int, minutes: int) -> Figure:
    asked, (before, _) = _requests(servers), watcher.usage()
    time.sleep(minutes * 60)
    spent, memory = watcher.usage()
    requests = _requests(servers) - asked
    return Figure(
        f"nothing happens: {syncs} syncs for {minutes} minutes",
        {
            "requests": requests,
            "requests_per_side_and_minute": round(requests / syncs / 2 / minutes, 2),
            "processor_seconds": round(spent - before, 1),
            "memory_mb": memory,
            "flow_runs": HTTP.post(f"{api}/flow_runs/count", json={}).json(),
        },
    )


@contextmanager
def _prefect(folder: Path) -> Iterator[str]:
    """The API of the project's own server."""
    server = Server(folder / ".syncline" / "prefect")
    try:
        yield f"{server.up()}/api"
    finally:
        command("down", "--project", str(folder))


def _requests(servers: Mapping[str, At]) -> int:
    return sum(int(HTTP.get(f"{at['url']}/_control/log").json()["requests"]) for at in servers.values())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
