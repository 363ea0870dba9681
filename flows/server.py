"""The Prefect server that a run reports to: the configured one, else one of the project's own on this machine.

Imports no Prefect: its environment must stand before its first import, and asking for the state must be quick.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flows.lock import file_lock

PATIENCE = 120.0
"""Seconds until a server must answer; a first start writes its database and takes about ten on two cores."""
ATTEMPTS = 3
"""The port is free when chosen; another program may take it before the server does."""


class ServerError(Exception):
    """The project's Prefect server did not start or stop. The message names the log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server of the project."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def page(self) -> str:
        """Prefect's own page, for people."""
        return f"http://127.0.0.1:{self.port}"


def command(port: int) -> list[str]:
    """How the server is started: Prefect's application in one process."""
    app = ["--factory", "prefect.server.api.server:create_app", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", *app, "--host", "127.0.0.1", "--port", str(port)]


class Server:
    """The server that Syncline starts for a project. Its files are in `home` (.syncline/prefect)."""

    def __init__(self, home: Path, command: Callable[[int], list[str]] = command, patience: float = PATIENCE) -> None:
        self.home = home
        self.log = home / "server.log"
        self._command, self._patience = command, patience

    def running(self) -> Running | None:
        """The server, where its process lives; a pid file of a dead or foreign process counts for nothing."""
        try:
            found = Running(**json.loads((self.home / "server.json").read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        return found if _is_ours(found) else None

    def up(self) -> Running:
        """Starts the server unless it runs, and waits until it answers. Callers that come together get the same one."""
        with file_lock(self.home / "lock"):
            found = self.running()
            if found is not None and self._answers(found):
                return found
            if found is not None:
                _end(found.pid)
            for _ in range(ATTEMPTS):
                started = self._start()
                if self._answers(started):
                    return started
                _end(started.pid)
            raise ServerError(
                f"The project's Prefect server did not start: {self._last_words()}. The whole log is in {self.log}. "
                "A run works without it: syncline run NAME --direct"
            )

    def down(self) -> bool:
        """Ends the server; whether there was one."""
        with file_lock(self.home / "lock"):
            found = self.running()
            if found is not None:
                _end(found.pid)
            (self.home / "server.json").unlink(missing_ok=True)
            return found is not None

    def _start(self) -> Running:
        port = _free_port()
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command line
                self._command(port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment(self.home), "PREFECT__SERVER_FINAL": "1"},
                start_new_session=True,  # so that Ctrl-C in the terminal ends the command, not the server
            )
        process.returncode = 0  # it outlives us on purpose: no warning about that
        started = Running(process.pid, port)
        draft = self.home / "server.json.new"
        draft.write_text(json.dumps(asdict(started)), encoding="utf-8")
        draft.replace(self.home / "server.json")
        return started

    def _answers(self, server: Running) -> bool:
        """Waits for its first answer, as long as it lives."""
        end = time.monotonic() + self._patience
        while time.monotonic() < end and _lives(server.pid):
            if healthy(server.url):
                return True
            time.sleep(0.1)
        return False

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if self.log.exists() else []
        return lines[-1].strip() if lines else "it said nothing"


def environment(home: Path) -> dict[str, str]:
    """For the project's server and whoever talks to it: its own home, no statistics sent, our log lines kept."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "engine,connectors,flows",
    }


def configured(environ: Mapping[str, str]) -> str | None:
    """The address of the server the user has configured: PREFECT_API_URL, else that of Prefect's active profile."""
    if environ.get("PREFECT_API_URL"):
        return environ["PREFECT_API_URL"]
    home = Path(environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    file = Path(environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        profiles = tomllib.loads(file.read_text(encoding="utf-8"))
        active = environ.get("PREFECT_PROFILE") or profiles["active"]
        return str(profiles["profiles"][active]["PREFECT_API_URL"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def use(home: Path) -> str:
    """Makes this process report to the configured server, else to the project's own; its address.

    Call it before Prefect is first imported.
    """
    for name, value in environment(home).items():
        if name != "PREFECT_HOME":
            os.environ.setdefault(name, value)
    url = configured(os.environ)
    if url is None:
        url = Server(home).up().url
        os.environ |= {"PREFECT_HOME": str(home), "PREFECT_API_URL": url}
    return url


def healthy(url: str) -> bool:
    """Whether a Prefect API answers there."""
    try:
        with urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - http on this machine
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lives(pid: int) -> bool:
    with suppress(OSError):  # not our child
        os.waitpid(pid, os.WNOHANG)  # a child that has ended is gone once it was asked for
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _is_ours(server: Running) -> bool:
    """Pids are used again: it is ours if its command line names our port, or else if our port answers as Prefect."""
    if not _lives(server.pid):
        return False
    try:
        words = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return healthy(server.url)
    return str(server.port).encode() in words


def _end(pid: int) -> None:
    """Asks it to stop, and makes it after ten seconds."""
    for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        end = time.monotonic() + patience
        while _lives(pid) and time.monotonic() < end:
            time.sleep(0.05)
        if not _lives(pid):
            return
