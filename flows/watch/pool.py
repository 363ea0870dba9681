"""Threads for work that may be broken off at any moment: the process does not wait for them at its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any

log = logging.getLogger("flows")


class Helpers(Executor):
    """So many threads. Whoever submits a job hears of its end by the job itself."""

    def __init__(self, count: int, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        for number in range(count):
            Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future is never done: nobody waits for it."""
        self._jobs.put(partial(fn, *args, **kwargs))
        return Future()

    def _work(self) -> None:
        while True:
            try:
                self._jobs.get()()
            except Exception:  # the next job may go well
                log.exception("a job broke off")
