"""Thousands of meetings from Google to Outlook: first sync, idle, ten edits, idle again, everything read again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.project import Measured
from benchmarks.servers import ask, calendar, serving
from connectors import connect

EDITS = 5
"""On each side."""
EVENTS = {"google": "/calendar/v3/calendars/primary/events", "outlook": "/v1.0/me/events"}


def main(meetings: int = 10_000) -> None:
    """Prints one JSON line per measured run."""
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.ics"
        seed.write_text(calendar(meetings))
        with serving(seed) as servers:
            _measure(Path(folder) / "project", servers, f"{meetings:,} meetings")


def _measure(root: Path, servers: dict[str, dict[str, str]], what: str) -> None:
    apps = {
        name: connect(f"{name}_calendar", {"base_url": at["url"], "token": at["token"]}) for name, at in servers.items()
    }
    project = Measured(root, "google-outlook-meetings", apps)
    _print(project, servers, f"{what}: first sync")
    _print(project, servers, f"{what}: the run after, which reads its own writes")
    idle = _print(project, servers, f"{what}: idle")
    if idle["google_requests"] + idle["outlook_requests"] != 2:
        raise RuntimeError(f"an idle run must cost one request a side: {idle}")
    _edit(servers)
    _print(project, servers, f"{what}: {2 * EDITS} edits, half on either side")
    _print(project, servers, f"{what}: all read again, nothing changed", full=True)


def _print(project: Measured, servers: dict[str, dict[str, str]], name: str, *, full: bool = False) -> dict[str, float]:
    for at in servers.values():
        ask(at, "POST", "/_control/reset_log")
    figure, _ = project.run(name, full=full)
    for side, at in servers.items():
        log = ask(at, "GET", "/_control/log")
        figure.values |= {f"{side}_requests": log["requests"], f"{side}_writes": log["writes"]}
        if log["mail"]:
            raise RuntimeError(f"{side} sent mail")
    print(figure.line(), flush=True)
    return figure.values


def _edit(servers: dict[str, dict[str, str]]) -> None:
    """A new title for some meetings on each side, by the app's own API."""
    found = ask(servers["google"], "GET", f"{EVENTS['google']}?maxResults={EDITS}")["items"]
    for number, event in enumerate(found):
        ask(servers["google"], "PATCH", f"{EVENTS['google']}/{event['id']}", {"summary": f"Edited in Google {number}"})
    found = ask(servers["outlook"], "GET", f"{EVENTS['outlook']}?$top={EDITS}&$skip=100")["value"]
    for number, event in enumerate(found):
        path = f"{EVENTS['outlook']}/{quote(event['id'], safe='')}"
        ask(servers["outlook"], "PATCH", path, {"subject": f"Edited in Outlook {number}"})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
