"""A project whose runs are reported to a Prefect server, and what that server's page would show of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from prefect.logging.handlers import APILogHandler

from flows import sync
from flows.lock import file_lock
from flows.project import Project
from flows.report import RunReport
from flows.server import Server
from sandbox import Running, start
from tests.system.people import Google, Outlook

PATIENCE = 60.0
"""Seconds until the server must have taken in what a run sent it; task runs and logs come with a delay."""
APPS = {"google": "google_calendar", "outlook": "outlook_calendar", "home": "google_calendar"}
FIELDS = {
    "title": {"google_calendar": "summary", "outlook_calendar": "subject"},
    "start": {"google_calendar": "start", "outlook_calendar": "start"},
    "end": {"google_calendar": "end", "outlook_calendar": "end"},
}


@dataclass
class Page:
    """Prefect's API, as the page asks it."""

    url: str

    def ask(self, what: str, **body: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.post(f"{self.url}/{what}/filter", json=body).raise_for_status().json()
        return found

    def runs(self, tag: str) -> list[dict[str, Any]]:
        """The flow runs with a tag, the first one first."""
        return self.ask("flow_runs", flow_runs={"tags": {"all_": [tag]}}, sort="START_TIME_ASC")

    def tasks(self, run: str, count: int) -> dict[str, dict[str, Any]]:
        """The ended task runs of a flow run, by name, once there are so many."""
        where = {"id": {"any_": [run]}}

        def ended() -> dict[str, dict[str, Any]]:
            found = self.ask("task_runs", flow_runs=where)
            return {one["name"]: one for one in found if one["state_type"] in ("COMPLETED", "FAILED")}

        return until(ended, lambda found: len(found) >= count)

    def logs(self, run: str, last: str) -> list[str]:
        """The lines of a flow run in order, once one of them contains `last`."""
        APILogHandler().flush()
        where = {"flow_run_id": {"any_": [run]}}

        def lines() -> list[str]:
            return [one["message"] for one in self.ask("logs", logs=where, sort="TIMESTAMP_ASC")]

        return until(lines, lambda found: any(last in line for line in found))

    def artifacts(self, run: str) -> dict[str, Any]:
        """The data of a run's artifacts, by kind."""
        found = self.ask("artifacts", artifacts={"flow_run_id": {"any_": [run]}})
        return {one["type"]: one["data"] for one in found}


def until(look: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """Looks until it is enough; what was seen last is in the failure."""
    end = time.monotonic() + PATIENCE
    while not enough(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


@dataclass
class Prefect:
    """A sync called `name` over stand-ins of these sides."""

    page: Page
    root: Path
    name: str
    servers: dict[str, Running]
    project: Project = field(init=False)

    def __post_init__(self) -> None:
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(parents=True)
        self.write_mapping()
        self.write_sync()
        self.project = Project.at(self.root)
        for side, server in self.servers.items():
            settings = {"base_url": server.url, "token": server.token}
            self.project.save_connection(side, APPS[side], settings, side, datetime.now(UTC))

    def write_mapping(self, more: str = "") -> None:
        places = [f"  {side}: {{app: {APPS[side]}, object: events}}" for side in self.servers]
        rows = [
            f"  {row}: {{" + ", ".join(f"{side}: {names[APPS[side]]}" for side in self.servers) + "}"
            for row, names in FIELDS.items()
        ]
        lines = ["name: meetings", "about: Meetings.", "sides:", *places, "match: [[title, start]]", "fields:", *rows]
        (self.root / "mappings" / "meetings.yaml").write_text("\n".join([*lines, more, ""]))

    def write_sync(self, more: str = "") -> None:
        calendar = {"google": "primary", "home": "primary", "outlook": "Calendar"}
        places = [f"  {side}: {{connection: {side}, scope: {{calendar: {calendar[side]}}}}}" for side in self.servers]
        lines = [f"sync: {self.name}", "mapping: meetings", "sides:", *places, more, ""]
        (self.root / "deployments" / f"{self.name}.yaml").write_text("\n".join(lines))

    def person(self, side: str) -> Any:
        server = self.servers[side]
        return (Outlook if side == "outlook" else Google)(server.url, server.token)

    def meet(self, side: str, count: int, month: str = "2026-11", title: str = "Meeting") -> None:
        """So many meetings in a month, on days 1 to 28."""
        for number in range(count):
            day = f"{month}-{number % 28 + 1:02}"
            self.person(side).add(f"{title} {number}", f"{day}T09:00", f"{day}T10:00")

    def titles(self, side: str) -> list[str]:
        return sorted(meeting[0].title for meeting in self.person(side).shows().values())

    def fail(self, side: str, **fault: Any) -> None:
        self.person(side).control.post("faults", **fault)

    def run(self) -> RunReport:
        return sync.run(self.project, self.name)

    def shown(self) -> list[dict[str, Any]]:
        return self.page.runs(f"sync:{self.name}")

    def command(self, *words: str) -> subprocess.Popen[str]:
        """A command in a process of its own that reports to the same server."""
        environ = {**os.environ, "PREFECT_API_URL": self.page.url, "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def shared(home: Path) -> Iterator[str]:
    """The API of one server for all processes that use this folder at a time: the last one ends it."""
    server, users = Server(home), home / "users"
    with file_lock(home / "users.lock"):
        url = f"{server.up()}/api"
        with users.open("a") as file:
            file.write(f"{os.getpid()}\n")
    try:
        yield url
    finally:
        with file_lock(home / "users.lock"):
            others = [line for line in users.read_text().split() if line != str(os.getpid())]
            users.write_text("".join(f"{line}\n" for line in others))
            if not others:
                server.down()


def stand_ins(stack: Any, sides: tuple[str, ...]) -> dict[str, Running]:
    """One running app for each side."""
    return {side: stack.enter_context(start(APPS[side])) for side in sides}
