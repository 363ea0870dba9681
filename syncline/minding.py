"""Minding what is wrong while nothing runs: an idle sync has no run whose end would tell."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from flows.project import Project

PERIOD = 60.0
log = logging.getLogger("syncline")


@contextmanager
def every_minute(act: Callable[[Project, datetime], object], project: Project) -> Iterator[None]:
    """Calls it in a thread of its own, now and every minute; it may fail."""
    done = Event()

    def mind() -> None:
        while True:
            try:
                act(project, datetime.now(UTC))
            except Exception:  # the next time may go well
                log.exception("what is wrong could not be looked at")
            if done.wait(PERIOD):
                return

    thread = Thread(target=mind, name="alerts", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(10)
