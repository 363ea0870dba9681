"""`syncline watch` as a process, with apps that call it over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from sandbox import start
from syncline.cli import main
from tests.system.people import Google, Outlook

ROOT = Path(__file__).parents[2]
PATIENCE = 90
SYNC = """\
sync: work
mapping: google-outlook-meetings
sides:
  google: {connection: google}
  outlook: {connection: outlook}
schedule: {poll: 1h, every: 1d}
"""


class Watching:
    """The process; its lines are read as they come."""

    def __init__(self, folder: Path, port: int) -> None:
        places = {"SYNCLINE_PUBLIC_URL": f"http://127.0.0.1:{port}", "SYNCLINE_RECEIVER_PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "syncline", "watch", "--direct", "--json", "--project", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **places, "PYTHONPATH": str(ROOT)},
        )

    def line(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next one like that. The process is killed when none comes."""
        assert self.process.stdout is not None
        watchdog = Timer(PATIENCE, self.process.kill)
        watchdog.start()
        try:
            for text in self.process.stdout:
                if wanted(line := json.loads(text)):
                    return line  # type: ignore[no-any-return]
            raise AssertionError("it ended without a word")
        finally:
            watchdog.cancel()

    def run(self, op: str) -> dict[str, Any]:
        """The next run that has done that."""
        return self.line(
            lambda line: line["event"] == "run" and any(each[op] for each in line["run"]["writes"].values())
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


@contextmanager
def office(folder: Path) -> Iterator[tuple[Google, Outlook]]:
    with ExitStack() as stack:
        servers = {side: stack.enter_context(start(f"{side}_calendar")) for side in ("google", "outlook")}
        assert main(["init", str(folder)]) == 0
        for side, at in servers.items():
            values = ["--set", f"base_url={at.url}", "--set", f"token={at.token}"]
            assert main(["connect", at.app, "--name", side, *values, "--project", str(folder)]) == 0
        (folder / "deployments" / "work.yaml").write_text(SYNC)
        yield tuple(cls(servers[side].url, servers[side].token) for side, cls in _PEOPLE.items())  # type: ignore[misc]


_PEOPLE = {"google": Google, "outlook": Outlook}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.05)


def titles(person: Any) -> set[str]:
    return {meeting[0].title for meeting in person.shows().values()}


def test_an_edit_is_told_and_carried_over_and_killing_it_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, port = tmp_path / "project", free_port()
    with office(folder) as (google, outlook):
        google.add("First", "2026-12-01T09:00", "2026-12-01T10:00")
        watching = Watching(folder, port)
        assert watching.run("create")["why"] == ["its first run"]
        until(lambda: _live(folder, capsys) == ["live", "live"])

        outlook.add("Second", "2026-12-02T09:00", "2026-12-02T10:00")
        watching.run("create")  # nobody would look for an hour
        assert titles(google) == {"First", "Second"}
        second = Watching(folder, port)
        assert second.line(lambda line: line["event"] == "waiting")["text"].startswith("Another watcher")
        assert second.end(signal.SIGINT) == 0

        assert watching.end(signal.SIGKILL) == -signal.SIGKILL
        google.add("Third", "2026-12-03T09:00", "2026-12-03T10:00")
        watching = Watching(folder, port)
        watching.run("create")
        assert titles(outlook) == titles(google) == {"First", "Second", "Third"}
        capsys.readouterr()
        assert main(["status", "--project", str(folder)]) == 0
        assert "Watched by" in capsys.readouterr().err
        assert watching.end() == 0
        assert main(["status", "--project", str(folder)]) == 0
        assert "Watched by" not in capsys.readouterr().err


def _live(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The state of the webhooks."""
    capsys.readouterr()
    main(["hooks", "--json", "--project", str(folder)])
    found = json.loads(capsys.readouterr().out)
    return [one["state"] for one in (found["hooks"] if isinstance(found, dict) else found)]
