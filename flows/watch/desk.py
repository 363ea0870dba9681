"""What the parts of a watcher share. Only the watcher's own thread touches it; others send it mail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from typing import Any

from flows.project import Project
from flows.report import RunReport
from flows.session import Session
from flows.watch.accounts import Accounts
from flows.watch.pace import Draw
from flows.watch.told import Kind, Tell, Told
from flows.watch.watched import Watched

Carry = Callable[[str, bool], RunReport]
"""Carries out a run of a sync; whether everything is read."""


@dataclass
class Desk:
    """One watcher's."""

    project: Project
    carry: Carry
    tell: Tell
    clock: Callable[[], datetime]
    draw: Draw
    session: Callable[[str], Session]
    accounts: Accounts
    syncs: dict[str, Watched] = field(default_factory=dict)
    mail: SimpleQueue[Callable[[], None]] = field(default_factory=SimpleQueue)
    """What other threads have to say: each is called by the watcher's own."""

    def say(self, kind: Kind, text: str, sync: str | None = None) -> None:
        """Tells it now."""
        self.tell(Told(self.clock(), kind, text, sync))

    def wrong(self, one: Watched, text: str) -> None:
        """Tells what is wrong with a sync, once; no text: that it is well again."""
        if text and text != one.wrong:
            self.say("trouble", text, one.name)
        elif one.wrong and not text:
            self.say("well", "It works again.", one.name)
        one.wrong = text

    def send(self, pool: Executor, job: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Has another thread do a job; what it gives or raises is handed to `then` in the watcher's own."""

        def work() -> None:
            try:
                found: Any = job()
            except BaseException as error:  # noqa: BLE001 - judged by `then`
                found = error
            self.mail.put(partial(then, found))

        pool.submit(work)
