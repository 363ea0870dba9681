"""What a thread that carries out runs keeps of Prefect from one run to the next."""

from __future__ import annotations

from contextlib import ExitStack
from threading import local

_mine = local()


def warm() -> None:
    """For the thread that calls it, once: Prefect's settings as runs need them, and one client for all of them."""
    if hasattr(_mine, "kept"):
        return
    from prefect.context import SyncClientContext

    from flows.flowrun import quiet

    with ExitStack() as stack:
        stack.enter_context(quiet())
        stack.enter_context(SyncClientContext())
        _mine.kept = stack.pop_all()  # as long as the thread lives
