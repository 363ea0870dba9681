"""What webhooks have told, as events of Prefect: they start the deployments `on-change`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic

from flows.project import Project
from flows.unanswered import Unanswered

log = logging.getLogger("flows")
TOGETHER = 1.0
"""Seconds in which what is heard of one sync becomes one event."""
AGAIN = 60.0
"""Seconds between two looks at the pings that are left."""
Heard = Callable[[frozenset[str]], None]
Waiting = SimpleQueue[frozenset[str] | None]


@contextmanager
def events(project: Project) -> Iterator[Heard]:
    """What to call with the syncs that have something to look at; it never waits.

    Nobody hears whether an event has reached Prefect: where pings stay in the inbox, it is sent again. Without a
    server nothing is sent.
    """
    waiting: Waiting = SimpleQueue()
    done = Event()
    thread = Thread(target=_tell, args=(project, waiting, done), name="events", daemon=True)
    thread.start()
    try:
        yield waiting.put
    finally:
        done.set()
        waiting.put(None)
        thread.join(10)


def _tell(project: Project, waiting: Waiting, done: Event) -> None:
    """Until None comes; what is there by then is sent."""
    left, look_at, known, over = Unanswered(project.store), monotonic(), False, False
    while not over:
        heard = _heard(waiting, max(0.0, look_at - monotonic()), done)
        over = None in heard
        syncs = frozenset().union(*filter(None, heard))
        try:
            if known := known or _server(project):
                if monotonic() >= look_at:
                    syncs |= left.look(monotonic())
                _send(syncs)
        except Exception:  # Prefect or the state is away: the next look, or the schedule, finds the change
            log.exception("Prefect could not be told what has changed")
        if monotonic() >= look_at:
            look_at = monotonic() + AGAIN


def _heard(waiting: Waiting, most: float, done: Event) -> list[frozenset[str] | None]:
    """What comes together; nothing where nothing comes in so many seconds."""
    heard: list[frozenset[str] | None] = []
    with suppress(Empty):
        heard.append(waiting.get(timeout=most))
        done.wait(TOGETHER)
        while True:
            heard.append(waiting.get_nowait())
    return heard


def _send(syncs: frozenset[str]) -> None:
    from prefect.events import emit_event

    from flows.announce import CHANGED, resource

    for sync in sorted(syncs):
        emit_event(CHANGED, resource(sync))


def _server(project: Project) -> bool:
    """Whether there is one, configured or of the project's own; this process then reports to it."""
    from flows.server import Server, configured, use

    home = project.state / "prefect"
    found = configured(os.environ) is not None or Server(home).page() is not None
    if found:
        use(home)
    return found
