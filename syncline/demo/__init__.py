"""`syncline demo`: three calendars of this machine kept the same, told step by step. The demo checks what it shows."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import FrameType

from syncline.demo import setting, story
from syncline.demo.dav import Dav
from syncline.demo.people import Google, Outlook
from syncline.demo.servers import USER, Server, servers
from syncline.demo.stage import SYNC, Stage, next_monday
from syncline.demo.teller import Teller, UnexpectedError
from syncline.exits import Exit


def run(folder: Path, *, data: Path | None = None, keep: bool = False, as_json: bool = False) -> Exit:
    """The whole demo. `data`: a folder of calendars to start with. `keep`: the apps stay up until Ctrl-C.

    ERROR when a step did not show what it should. Raises ServerError, FolderError, KeyboardInterrupt.
    """
    started = time.monotonic()
    teller = Teller(as_json=as_json)
    files = setting.calendars(data)
    home = setting.fresh(folder).resolve()
    with _terminable(), servers(home / setting.MARK) as apps:
        with closing(_stage(home, apps, teller)) as stage:
            texts = setting.opening(story.MEETING, story.SERIES, stage.monday)
            setting.fill(stage.people, files, texts)
            if not _tell(stage):
                return Exit.ERROR
        with suppress(KeyboardInterrupt):
            _last_words(teller, folder, apps, time.monotonic() - started, keep)
            if keep:
                _wait()
    return Exit.DONE


def _stage(home: Path, apps: Sequence[Server], teller: Teller) -> Stage:
    google, outlook, caldav = apps
    teller.tell("Three calendars are up on this machine: " + ", ".join(f"{app.app} at {app.url}" for app in apps))
    person = Dav(caldav.url, USER)
    person.make()
    monday = next_monday(datetime.now(UTC).date())
    people = (Google(google.url, google.token), Outlook(outlook.url, outlook.token), person)
    return Stage(setting.furnish(home, apps), *people, teller, monday)


def _tell(stage: Stage) -> bool:
    """Whether every step showed what it should; the first that does not is the last."""
    for number, (title, step) in enumerate(story.STEPS, 1):
        stage.teller.begin(number, title)
        try:
            step(stage)
        except UnexpectedError as error:
            stage.teller.end(ok=False)
            print(f"syncline: step {number} of the demo went wrong. {error}", file=sys.stderr)
            return False
        stage.teller.end(ok=True)
    return True


def _last_words(teller: Teller, folder: Path, apps: Sequence[Server], seconds: float, keep: bool) -> None:
    teller.begin(len(story.STEPS) + 1, "What next")
    teller.show("project", str(folder), lambda name: f"The project is in {name}/, for you to look around:")
    teller.show("seconds", round(seconds, 1), lambda number: f"(The demo took {number} seconds.)")
    words = (
        f"history {SYNC}",
        f"holds {SYNC}",
        "status",
        "runs",
        "sql 'select event, count(*) from history group by 1'",
    )
    teller.tell(f"  cd {folder}")
    for command in words:
        teller.tell(f"  syncline {command}")
    if keep:
        teller.show(
            "apps", {app.app: app.url for app in apps}, lambda _: "The apps stay up until you press Ctrl-C; try:"
        )
        teller.tell(f"  syncline run {SYNC}")
    else:
        teller.tell("The three calendars are stopped; syncline demo --keep leaves them up, for runs of your own.")
    teller.end(ok=True)


def _wait() -> None:
    """Until Ctrl-C, which is how a demo that is kept ends; one that another thread gets is seen within a second."""
    never = Event()
    while True:
        never.wait(1)


@contextmanager
def _terminable() -> Iterator[None]:
    """A polite end is like Ctrl-C: the servers are stopped on the way out. A shell's `&` makes Ctrl-C ignored else."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
