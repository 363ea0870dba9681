"""Being stopped by a signal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopped(stop: Callable[[], None]) -> Iterator[None]:
    """The first signal ends things well; another one ends the process, and the next run goes on from the journal."""
    former: dict[int, Any] = {}

    def handle(_number: int, _frame: object) -> None:
        for each in former:
            signal.signal(each, _broken_off)
        stop()

    for asked in (signal.SIGTERM, signal.SIGINT):
        former[asked] = signal.signal(asked, handle)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _broken_off(number: int, _frame: object) -> None:
    """At once: an exception would wait for the threads that somebody no longer wants to wait for."""
    os._exit(128 + number)
