"""Radicale and Xandikos, started as processes of their own on free loopback ports, once per test session."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class DavServer:
    """A running server and the account to use on it."""

    name: str
    settings: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    """The process, once it takes connections; ended afterwards."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _await(process, port, log)
            yield
        finally:
            process.terminate()


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)  # between two looks, see whether it has given up
            break
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    folder, port = tmp_path_factory.mktemp("radicale"), free_port()
    users = folder / "users"
    users.write_text("alice:wonderland\n")
    command = [
        sys.executable, "-m", "radicale", "--config", "", "--server-hosts", f"127.0.0.1:{port}",
        "--storage-filesystem-folder", str(folder / "store"),
        "--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users), "--auth-htpasswd-encryption", "plain",
        "--auth-delay", "0",
    ]  # fmt: skip
    with running(command, port, folder / "log"):
        yield DavServer("radicale", account(f"http://127.0.0.1:{port}"))


@pytest.fixture(scope="session")
def xandikos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    folder, port = tmp_path_factory.mktemp("xandikos"), free_port()
    command = [
        sys.executable, "-m", "xandikos", "serve", "-d", str(folder / "store"), "--state-dir", str(folder / "state"),
        "--defaults", "--current-user-principal", "/alice/", "-l", "127.0.0.1", "-p", str(port), "--no-detect-systemd",
    ]  # fmt: skip
    with running(command, port, folder / "log"):
        yield DavServer("xandikos", account(f"http://127.0.0.1:{port}"))


def account(url: str) -> dict[str, str]:
    return {"base_url": url, "username": "alice", "password": "wonderland"}
