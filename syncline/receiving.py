"""The receiver of webhooks, and whoever looks after the subscriptions, each in a thread of its own."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from uvicorn import Server

from flows.hooks import LOOK, Hooks
from flows.project import Project
from studio.receiver import app, server

log = logging.getLogger("syncline")


@contextmanager
def received(project: Project, heard: Callable[[frozenset[str]], None], woken: Event) -> Iterator[str]:
    """Takes webhooks; gives where. Raises OSError where the port is taken. `woken` is for `tended`."""
    settings = project.settings

    def told(syncs: frozenset[str]) -> None:
        heard(syncs)
        if not syncs:  # a subscription is about to end
            woken.set()

    listener = _listener(settings.receiver_host, settings.receiver_port)
    host, port = listener.getsockname()[:2]
    receiver = server(app(project, told), host, port)
    thread = Thread(target=_receive, args=(receiver, listener), name="receiver", daemon=True)
    thread.start()
    try:
        woken.set()  # now that apps can shake hands
        yield f"http://{host}:{port}"
    finally:
        receiver.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def tended(project: Project) -> Iterator[Event]:
    """Makes, renews and ends subscriptions, from the first time that the event is set."""
    hooks, woken, done = Hooks(project, project.settings.public_url), Event(), Event()

    def tend() -> None:
        woken.wait()
        while not done.is_set():
            woken.clear()
            try:
                hooks.tend()
            except Exception:  # whatever it is, the next turn may go well
                log.exception("webhooks were not looked after")
            wait = (hooks.next - datetime.now(UTC)).total_seconds()
            woken.wait(min(max(1.0, wait), LOOK.total_seconds()))  # not longer, if somebody sets the clock back

    thread = Thread(target=tend, name="hooks", daemon=True)
    thread.start()
    try:
        yield woken
    finally:
        done.set()
        woken.set()
        thread.join(10)


def _receive(receiver: Server, listener: socket.socket) -> None:
    try:
        receiver.run(sockets=[listener])
    finally:
        if not receiver.should_exit:
            log.critical("Webhooks are not taken any more; looks still find what changes. Start this process anew.")


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
