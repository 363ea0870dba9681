"""What `syncline watch` is made of: the watcher, the receiver of webhooks, and whoever looks after these."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from threading import Event

from flows.alerts import look
from flows.place import ready
from flows.project import Project
from flows.report import RunReport
from flows.server import Server, own
from flows.shared import shared
from flows.watch.desk import Carry
from flows.watch.pool import Helpers
from flows.watch.told import Tell, Told
from flows.watch.warm import warm
from flows.watch.watcher import Watcher
from syncline.minding import every_minute
from syncline.receiving import received, tended
from syncline.stopping import stopped

LOOKS = 16
"""Accounts that are asked at once: more are needed only where many are slow."""


def watch(project: Project, names: Sequence[str], direct: bool, tell: Tell) -> None:
    """Watches until SIGTERM or SIGINT, and lets runs under way end."""
    with shared(project.root) as one, ThreadPoolExecutor(one.settings.watch_runs, "run") as runs:
        _ = one.store  # made by one thread
        ready(one.settings.snapshots)
        # the project that flow runs have, too: only so runs and looks keep an account's pace together
        watcher = Watcher(one, carrier(one, direct), tell, runs=runs, looks=Helpers(LOOKS, "look"), names=names)
        minded = every_minute(look if direct else telling(), one)
        with stopped(watcher.stop), minded, tended(one) as woken, _received(one, watcher, woken, tell):
            watcher.run()


def carrier(project: Project, direct: bool) -> Carry:
    """How runs are carried out: by the steps alone, or as flow runs of Prefect."""
    if direct:
        from flows import direct as whole

        return lambda sync, full: whole.run(project, sync, full=full)
    from flows import sync as flow

    home = project.state / "prefect"

    def run(sync: str, full: bool) -> RunReport:
        if own(home):
            Server(home).revive()
        with suppress(Exception):  # where Prefect does not answer, the run says so
            warm()
        return flow.run(project, sync, full=full)

    return run


def telling() -> Callable[[Project, datetime], object]:
    """Whom `every_minute` calls where Prefect is there to tell people."""
    from flows.notify import notify

    return notify


def line(told: Told, as_json: bool) -> str:
    """One line of output."""
    if as_json:
        return json.dumps(told.as_json(), ensure_ascii=False)
    mark = "! " if told.kind == "trouble" else ""
    return f"{told.at.astimezone():%H:%M:%S}  {mark}{f'{told.sync}: ' if told.sync else ''}{told.text}"


@contextmanager
def _received(project: Project, watcher: Watcher, woken: Event, tell: Tell) -> Iterator[None]:
    """Takes webhooks. Where the port is taken, another process does: their pings are found."""
    settings = project.settings
    with ExitStack() as stack:
        try:
            address = stack.enter_context(received(project, watcher.hear, woken))
            outside = settings.public_url or "nobody is asked to call: SYNCLINE_PUBLIC_URL is not set"
            tell(Told(datetime.now(UTC), "watching", f"Webhooks are taken at {address} ({outside})."))
        except OSError as error:
            where = f"{settings.receiver_host}:{settings.receiver_port} ({error.strerror or error})"
            text = (
                f"No webhooks are taken here, at {where}. Set SYNCLINE_RECEIVER_PORT, or leave it to the other process."
            )
            tell(Told(datetime.now(UTC), "trouble", text))
        yield
