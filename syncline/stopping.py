"""Being stopped by a signal."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stopped(stop: Callable[[], None]) -> Iterator[None]:
    """The first signal ends things well; another one breaks them off, and the next run goes on from the journal."""
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
