"""What webhooks have told, as events of Prefect: they start the deployments `on-change`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event, Thread

from flows.project import Project

log = logging.getLogger("flows")
TOGETHER = 1.0
"""Seconds in which what is heard of one sync becomes one event."""
Heard = Callable[[frozenset[str]], None]


@contextmanager
def events(project: Project) -> Iterator[Heard]:
    """What to call with the syncs that have something to look at; it never waits. Without a Prefect server: nothing."""
    if not _server(project):
        yield lambda _: None
        return
    waiting: SimpleQueue[frozenset[str] | None] = SimpleQueue()
    done = Event()
    thread = Thread(target=_send, args=(waiting, done), name="events", daemon=True)
    thread.start()
    try:
        yield waiting.put
    finally:
        done.set()
        waiting.put(None)
        thread.join(10)


def _send(waiting: SimpleQueue[frozenset[str] | None], done: Event) -> None:
    """Until None comes; what is there by then is sent."""
    from prefect.events import emit_event

    from flows.announce import CHANGED, resource

    heard: list[frozenset[str] | None] = []
    while None not in heard:
        heard = [waiting.get()]
        done.wait(TOGETHER)
        while not waiting.empty():
            heard.append(waiting.get())
        for sync in sorted(frozenset().union(*filter(None, heard))):
            try:
                emit_event(CHANGED, resource(sync))
            except Exception:  # Prefect is away: the schedule finds the change
                log.exception("%s has changed, and Prefect could not be told", sync)


def _server(project: Project) -> bool:
    """Whether there is one, configured or of the project's own; this process then reports to it."""
    from flows.server import Server, configured, use

    home = project.state / "prefect"
    found = configured(os.environ) is not None or Server(home).page() is not None
    if found:
        use(home)
    return found
