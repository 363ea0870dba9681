"""Being stopped by a signal, and threads that a defect does not end."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Event, Timer
from typing import Any

import pytest
import uvicorn

from flows.hooks import Hooks
from flows.pings import Taken
from flows.watch.pool import Helpers
from studio.desk import Desk
from syncline import minding, receiving
from syncline.minding import every_minute
from syncline.receiving import tended
from tests.sync.world import Make, make

__all__ = ["make"]
PATIENCE = 60
BUSY = """
import threading
from syncline.stopping import stopped

asked, done = threading.Event(), threading.Event()
with stopped(asked.set):
    run = threading.Thread(target=done.wait)  # a run that takes long: the process waits for it
    run.start()
    print("at work", flush=True)
    asked.wait()
    print("stopping", flush=True)
    run.join()
"""


@contextmanager
def busy() -> Iterator[subprocess.Popen[str]]:
    """A process that has a run under way."""
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
    watchdog = Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with busy() as process:
        assert line(process) == "at work"
        process.send_signal(signal.SIGINT)
        assert line(process) == "stopping"
        process.send_signal(second)
        assert process.wait(PATIENCE) == 128 + second


def test_who_looks_what_is_wrong_outlives_a_defect(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(minding, "PERIOD", 0.01)
    defects, again = [ValueError("a defect")], Event()

    def act(*_: object) -> None:
        if defects:
            raise defects.pop()
        again.set()

    with every_minute(act, make("a", "b").project):
        assert again.wait(PATIENCE)
    assert "what is wrong could not be looked at" in caplog.text


def test_who_looks_after_webhooks_outlives_a_defect(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns, defects = Queue[None](), [ValueError("a defect")]

    def tend(_: Hooks) -> None:
        turns.put(None)
        if defects:
            raise defects.pop()

    monkeypatch.setattr(Hooks, "tend", tend)
    with tended(make("a", "b").project) as woken:
        for _ in range(2):
            woken.set()
            turns.get(timeout=PATIENCE)
    assert "webhooks were not looked after" in caplog.text


def test_that_calls_are_taken_no_more_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Queue[str]()

    class Broken(uvicorn.Server):
        def run(self, sockets: list[socket.socket] | None = None) -> None:
            """It ends by itself."""

    monkeypatch.setattr(receiving, "server", lambda app, host, port: Broken(uvicorn.Config(app, host, port)))
    monkeypatch.setattr(receiving.log, "critical", said.put)
    monkeypatch.setenv("SYNCLINE_RECEIVER_PORT", "0")
    with receiving.received(make("a", "b").project, lambda _: None, Event()):
        assert said.get(timeout=PATIENCE).startswith("Webhooks are not taken any more")


class Pings:
    """Stores calls, or shows a defect of ours the first time."""

    def __init__(self) -> None:
        self.defects = [ValueError("a defect")]

    def judge(self, *_: object) -> object:
        return object()

    def keep(self, pings: list[object]) -> list[Taken]:
        if self.defects:
            raise self.defects.pop()
        return [Taken(204) for _ in pings]

    def store_counts(self) -> None:
        raise ValueError("a defect")


def test_who_stores_calls_outlives_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    async def calls() -> list[int]:
        desk: Any = Desk(Pings())  # type: ignore[arg-type]
        async with desk.open():
            return [(await desk.take("key", None)).status for _ in range(3)]

    assert asyncio.run(calls()) == [503, 204, 204], "the app sends the first one again"
    assert "by a defect" in caplog.text


def test_a_helper_outlives_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    helpers, done = Helpers(1, "look"), Event()
    helpers.submit(lambda: 1 / 0)
    helpers.submit(done.set)
    assert done.wait(PATIENCE)
    assert "a job broke off" in caplog.text
