"""What `syncline watch` is made of: the watcher, the receiver of webhooks, and whoever looks after these."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from flows.hooks import Hooks
from flows.project import Project
from flows.report import RunReport
from flows.watch.desk import Carry
from flows.watch.pool import Helpers
from flows.watch.told import Tell, Told
from flows.watch.watcher import Watcher
from studio.receiver import app, server

LOOKS = 16
"""Accounts that are asked at once: more are needed only where many are slow."""


def watch(project: Project, names: Sequence[str], carry: Carry, tell: Tell) -> None:
    """Watches until SIGTERM or SIGINT, and lets runs under way end."""
    _ = project.store  # made by one thread
    with ThreadPoolExecutor(project.settings.watch_runs, "run") as runs:
        watcher = Watcher(project, carry, tell, runs=runs, looks=Helpers(LOOKS, "look"), names=names)
        with _stopped(watcher.stop), _tended(project) as woken, _received(project, watcher, woken, tell):
            watcher.run()


def carrier(project: Project, direct: bool) -> Carry:
    """How runs are carried out: by the steps alone, or as flow runs of Prefect."""
    if direct:
        from flows import direct as whole

        return lambda sync, full: whole.run(project, sync, full=full)
    from flows import sync as flow

    def run(sync: str, full: bool) -> RunReport:
        return flow.run(project, sync, full=full)

    return run


def line(told: Told, as_json: bool) -> str:
    """One line of output."""
    if as_json:
        return json.dumps(told.as_json(), ensure_ascii=False)
    mark = "! " if told.kind == "trouble" else ""
    return f"{told.at.astimezone():%H:%M:%S}  {mark}{f'{told.sync}: ' if told.sync else ''}{told.text}"


@contextmanager
def _stopped(stop: Callable[[], None]) -> Iterator[None]:
    """The first signal lets runs end; another one breaks them off, and the next run goes on from the journal."""
    former: dict[int, Any] = {}

    def handle(_number: int, _frame: object) -> None:
        for each in former:
            signal.signal(each, signal.default_int_handler)
        stop()

    for asked in (signal.SIGTERM, signal.SIGINT):
        former[asked] = signal.signal(asked, handle)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _received(project: Project, watcher: Watcher, woken: Event, tell: Tell) -> Iterator[None]:
    """Takes webhooks, in a thread of its own. Where the port is taken, another process does: their pings are found."""
    settings = project.settings

    def heard(syncs: frozenset[str]) -> None:
        watcher.hear(syncs)
        if not syncs:  # a subscription is about to end
            woken.set()

    try:
        listener = _listener(settings.receiver_host, settings.receiver_port)
    except OSError as error:
        where = f"{settings.receiver_host}:{settings.receiver_port} ({error.strerror or error})"
        text = f"No webhooks are taken here, at {where}. Set SYNCLINE_RECEIVER_PORT, or leave it to the other process."
        tell(Told(datetime.now(UTC), "trouble", text))
        yield
        return
    host, port = listener.getsockname()[:2]
    outside = settings.public_url or "nobody is asked to call: SYNCLINE_PUBLIC_URL is not set"
    tell(Told(datetime.now(UTC), "watching", f"Webhooks are taken at http://{host}:{port} ({outside})."))
    receiver = server(app(project, heard), host, port)
    thread = Thread(target=receiver.run, kwargs={"sockets": [listener]}, name="receiver", daemon=True)
    thread.start()
    try:
        woken.set()  # now that apps can shake hands
        yield
    finally:
        receiver.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def _tended(project: Project) -> Iterator[Event]:
    """Makes, renews and ends subscriptions, from the first time that the event is set."""
    hooks, woken, done = Hooks(project, project.settings.public_url), Event(), Event()

    def tend() -> None:
        woken.wait()
        while not done.is_set():
            woken.clear()
            hooks.tend()
            woken.wait(max(1.0, (hooks.next - datetime.now(UTC)).total_seconds()))

    thread = Thread(target=tend, name="hooks", daemon=True)
    thread.start()
    try:
        yield woken
    finally:
        done.set()
        woken.set()


def _listener(host: str, port: int) -> socket.socket:
    """Listens. Protocol named: asyncio turns Nagle's delay (40 ms an answer) off only for sockets that name it."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
