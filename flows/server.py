"""The Prefect server that a run reports to: the configured one, else one of the project's own on this machine.

Imports no Prefect: its environment must stand before its first import, and asking for the state must be quick.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

from flows.background import Background, Process
from flows.lock import file_lock

PATIENCE = 120.0
"""Seconds until a server must answer; a first start writes its database and takes about ten on two cores."""
ATTEMPTS = 3
"""The port is free when chosen; another program may take it before the server does."""
HERE = "http://127.0.0.1:"
WITHOUT = "A run works without it: syncline run NAME --direct"
POOL = "syncline"
"""The Prefect work pool that scheduled runs wait in."""


class ServerError(Exception):
    """The project's Prefect server did not start. The message names the log."""


def command(port: int) -> list[str]:
    """How the server is started: Prefect's application in one process."""
    app = ["--factory", "prefect.server.api.server:create_app", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", *app, "--host", "127.0.0.1", "--port", str(port)]


class Server:
    """The server that Syncline starts for a project. Its files are in `home` (.syncline/prefect)."""

    def __init__(self, home: Path, command: Callable[[int], list[str]] = command, patience: float = PATIENCE) -> None:
        self.home = home
        self._program = Background(home, "server")
        self._port = home / "port"
        self._command, self._patience = command, patience

    def page(self) -> str | None:
        """The address of Prefect's page, where the server runs."""
        found = self._program.running()
        return _page(found) if found else None

    def up(self) -> str:
        """Starts the server unless it runs, waits until it answers, gives the address of its page.

        Commands that come together get the same one. Raises ServerError.
        """
        with file_lock(self.home / "lock"):
            found = self._program.running()
            if found is not None and self._answers(found):
                return _page(found)
            self._program.end()
            for number in range(ATTEMPTS):
                port = _free_port(self._former_port() if number == 0 else 0)
                extra = {**environment(self.home), "PREFECT__SERVER_FINAL": "1"}
                extra["PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT"] = "false"
                extra["PREFECT_SERVER_UI_API_URL"] = f"http://127.0.0.1:{port}/api"  # else the page asks port 4200
                started = self._program.start(self._command(port), str(port), extra)
                if self._answers(started):
                    self._port.write_text(str(port), encoding="utf-8")
                    return _page(started)
                self._program.end()
            raise ServerError(
                f"The project's Prefect server did not start: {self._program.last_words()}. The whole log is in "
                f"{self._program.log}. {WITHOUT}"
            )

    def revive(self) -> None:
        """Starts it again where it died by itself; one that somebody has ended stays so. Raises ServerError."""
        if self._program.last() is not None and self._program.running() is None:
            self.up()

    def down(self) -> bool:
        """Ends the server; whether there was one."""
        with file_lock(self.home / "lock"):
            return self._program.end()

    def _former_port(self) -> int:
        """Who has its former address goes on when it is there again. 0: there is none."""
        with suppress(OSError, ValueError):
            return int(self._port.read_text(encoding="utf-8"))
        return 0

    def _answers(self, server: Process) -> bool:
        """Waits for its first answer, as long as it lives."""
        end = time.monotonic() + self._patience
        while time.monotonic() < end and server.lives:
            if healthy(f"{_page(server)}/api"):
                return True
            time.sleep(0.1)
        return False


class Worker:
    """The process that carries out scheduled runs for the project's own server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._program = Background(home, "worker")

    def running(self) -> bool:
        """Whether it works."""
        return self._program.running() is not None

    def up(self, url: str) -> bool:
        """Starts it unless it runs; whether it was started. `url` is the API of the server."""
        with file_lock(self.home / "lock"):
            if self.running():
                return False
            name = f"syncline-{uuid4().hex[:12]}"
            words = ["worker", "start", "--pool", POOL, "--type", "process", "--name", name]
            extra = {**environment(self.home), "PREFECT_API_URL": url}
            self._program.start([sys.executable, "-m", "prefect", *words], name, extra)
            return True

    def down(self) -> bool:
        """Ends it; whether it ran."""
        with file_lock(self.home / "lock"):
            return self._program.end()


def environment(home: Path) -> dict[str, str]:
    """For the project's server and whoever talks to it: its own home, no statistics sent, our log lines kept."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "engine,connectors,flows",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # what is logged between runs is nobody's
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
    """Makes this process report to the configured server, else to the project's own; the address of its API.

    Call it before Prefect is first imported. Raises ServerError.
    """
    for name, value in environment(home).items():
        if name != "PREFECT_HOME":
            os.environ.setdefault(name, value)
    url = configured(os.environ)
    if url is None:
        url = f"{Server(home).up()}/api"
        os.environ |= {"PREFECT_HOME": str(home), "PREFECT_API_URL": url}
    return url


def own(home: Path) -> bool:
    """Whether `use` made this process, or the one that started it, report to the project's own server."""
    return os.environ.get("PREFECT_HOME") == str(home) and os.environ.get("PREFECT_API_URL", "").startswith(HERE)


def silent(home: Path, url: str | None) -> ServerError:
    """That nobody answers at `url`, to which this process reports, and what to do."""
    page = Server(home).page()
    if not own(home):
        start = "Start it, or take PREFECT_API_URL away (or the active profile of Prefect that names it)"
        said = f"The Prefect server does not answer at {url}. {start}: then the project starts one of its own."
    elif page and f"{page}/api" != url:
        said = f"The project's Prefect server is at {page} now, and no more at {url}: start this process anew."
    else:
        said = f"The project's Prefect server does not answer at {url}. Start it with: syncline up."
    return ServerError(f"{said} What was written before is kept. {WITHOUT}")


def healthy(url: str) -> bool:
    """Whether a Prefect API answers there."""
    try:
        with urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - http(s) of a Prefect server
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def _page(server: Process) -> str:
    return f"{HERE}{server.mark}"


def _free_port(wanted: int) -> int:
    """This one if it is free within a second (a process that is being killed still has it), else any."""
    end = time.monotonic() + 1
    while not (port := _bound(wanted)):
        time.sleep(0.05)
        wanted = wanted if time.monotonic() < end else 0
    return port


def _bound(port: int) -> int:
    """The port that could be had; 0: none."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    return 0
