"""The apps of the demo: two stand-ins and a Radicale, as processes of their own on free ports of this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from syncline.standins import command

HOST = "127.0.0.1"
USER = "demo"
GIVE_UP = 60.0
"""Seconds until a server that does not take connections counts as broken."""


class ServerError(Exception):
    """A server of the demo that does not start."""


@dataclass(frozen=True, slots=True)
class Server:
    """`url` is the root, without a final slash. `token` is empty where a user name signs in."""

    app: str
    url: str
    token: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """What `syncline connect` would be given."""
        if self.token:
            return {"base_url": self.url, "token": self.token}
        return {"base_url": self.url, "username": USER, "password": USER}


@contextmanager
def servers(home: Path) -> Iterator[list[Server]]:
    """Google Calendar, Outlook Calendar and CalDAV, ready to be asked; stopped at the end. `home`: data and logs."""
    if find_spec("radicale") is None:
        raise ServerError("The demo needs Radicale, a CalDAV server: install syncline[sandbox], or run: make setup")
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stand_ins = _start(stack, command(("google_calendar", "outlook_calendar"), None, (), None), home / "apps.log")
        port = _free_port()
        radicale = _start(stack, _radicale(port, home / "radicale"), home / "radicale.log")
        started = [_announced(stand_ins, home / "apps.log") for _ in range(2)]
        _await(radicale, port, home / "radicale.log")
        yield [*started, Server("caldav", f"http://{HOST}:{port}")]


def _radicale(port: int, store: Path) -> list[str]:
    options = {
        "--config": "",
        "--server-hosts": f"{HOST}:{port}",
        "--storage-filesystem-folder": str(store),
        "--auth-type": "none",
        "--logging-level": "warning",
    }
    return [sys.executable, "-m", "radicale", *(word for pair in options.items() for word in pair)]


def _start(stack: ExitStack, words: Sequence[str], log: Path) -> subprocess.Popen[str]:
    """In a session of its own: a Ctrl-C in the terminal is ours to pass on, once we are done with the server."""
    errors: IO[bytes] = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(  # noqa: S603 - our own command lines
        words, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True, start_new_session=True
    )
    stack.callback(_stop, process)
    return process


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _announced(process: subprocess.Popen[str], log: Path) -> Server:
    """A stand-in prints one line when it is ready, and nothing else."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise _broken("The stand-ins", log)
    return Server(**json.loads(line))


def _await(process: subprocess.Popen[str], port: int, log: Path) -> None:
    """Radicale prints nothing: it is asked until it takes connections."""
    for _ in range(int(GIVE_UP / 0.05)):
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            break
    raise _broken("Radicale", log)


def _broken(what: str, log: Path) -> ServerError:
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return ServerError(f"{what} did not start: {said[-1] if said else 'nothing was said'}. See {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
