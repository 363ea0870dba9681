"""The tasks of one run at work: which run side by side, which wait for others, and what becomes of their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect import allow_failure
from prefect.client.schemas.objects import RunInput, TaskRunResult
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner
from sqlalchemy import bindparam, func, select

from engine.contract import AppError
from engine.heard import Applied
from engine.snapshot import note_of
from engine.store.tables import changes
from engine.undo.traces import Asked
from flows import steps, tasks
from flows.page import Bar
from flows.report import RunReport
from flows.shards import Part, Shard
from flows.ticket import Ticket

Future = PrefectFuture[Any]
FEW = 20
"""So many changes are written before anybody could look how far they are."""
_PLANNED = select(func.count().label("count")).where(changes.c.run == bindparam("of"))


@dataclass
class Crew:
    """For one run. `everywhere` is the task runner that shards go to; all else runs in threads of this process."""

    work: steps.Work
    everywhere: TaskRunner[Any] | None = None
    applied: list[Applied] = field(default_factory=list)
    _requests: Counter[str] = field(default_factory=Counter)
    _before: list[Any] = field(default_factory=list)
    """The tasks that those of the next step come after: the page draws the run as a graph."""
    _bar: Bar | None = None

    def __post_init__(self) -> None:
        self.ticket = Ticket.of(self.work)

    def extract(self, full: bool) -> dict[str, Path]:
        """Reads the sides, all at once; one that cannot be read says nothing."""
        names = list(self.work.session.mapping.sides)
        known = self.work.session.outset().sides
        if any(known[side]["schema"] is None for side in names):
            self._requests.update(self._good(tasks.schemas.submit(self.ticket)))
        futures = {side: tasks.extract.submit(self.ticket, side, full) for side in names}
        return {side: self._snapshot(side, self._result(future)) for side, future in futures.items()}

    def diff(self, snapshots: dict[str, Path], part: Part | None = None) -> list[str]:
        """Joins and diffs; the sides that are to be written."""
        return self._planned(tasks.diff.submit(self.ticket, snapshots, part, wait_for=self._next(), return_state=False))

    def take_back(self, snapshots: dict[str, Path], asked: Asked) -> list[str]:
        """What an undo is to write; the sides it concerns."""
        future = tasks.take_back.submit(self.ticket, snapshots, asked, wait_for=self._next(), return_state=False)
        return self._planned(future)

    def take_back_again(self) -> list[str]:
        """The same for its records that were edited while we wrote."""
        if not steps.unsettled(self.work):
            return []
        return self._planned(
            tasks.take_back_again.submit(self.ticket, self.work.errors, wait_for=self._next(), return_state=False)
        )

    def load(self, sides: Iterable[str]) -> None:
        """Writes to the sides, all at once."""
        able = [side for side in sides if side not in self.work.errors]
        if not able:
            return
        bar, before = self._progress(), self._next()
        submit = tasks.load.submit
        futures = [submit(self.ticket, side, bar, wait_for=before, return_state=False) for side in able]
        for one in futures:  # where one takes too long the lease is given back: then none must be on its way
            one.wait()
        self._land(futures)

    def load_shards(self, parts: list[tuple[str, Shard]]) -> None:
        """Writes the shards on the task runner chosen for them. Futures cannot travel there, ids of tasks can."""
        if not parts or self.everywhere is None:
            return
        count = Counter(side for side, _ in parts)
        at: Counter[str] = Counter()
        bar, futures = self._progress(), []
        after: set[RunInput] = {TaskRunResult(id=one.unwrap().task_run_id) for one in self._next()}
        with self.everywhere as pool, self._until_broken_off():
            for side, shard in parts:
                at[side] += 1
                load = tasks.load.with_options(task_run_name=f"load {side} {at[side]} of {count[side]}")
                given = {"ticket": self.ticket, "side": side, "bar": bar, "shard": shard}
                futures.append(pool.submit(load, given, dependencies={"ticket": after}))
            self._land(futures)

    @contextmanager
    def _until_broken_off(self) -> Iterator[None]:
        """The pool waits for its tasks before anybody else hears of an end: without the lease they write no more."""
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self.work.lease.give_back()
            raise

    def look_again(self) -> list[str]:
        """What was edited while we wrote, merged and planned; the sides that are to be written."""
        if not steps.unsettled(self.work):
            return []
        return self._planned(
            tasks.again.submit(self.ticket, self.work.errors, wait_for=self._next(), return_state=False)
        )

    def finish(self, snapshots: dict[str, Path]) -> RunReport:
        """Closes the run."""
        self._requests.update(steps.requests(self.work))
        read = {side: note_of(path).records for side, path in snapshots.items()}
        return steps.finish(self.work, read, self.applied, self._requests)

    def _result(self, future: Future) -> Any:
        """What the task gave, an app's failure included. Raises any other."""
        self._before.append(allow_failure(future))
        found = future.result(raise_on_failure=False)
        if isinstance(found, BaseException) and not isinstance(found, AppError):
            raise found
        return found

    def _good(self, future: Future) -> Any:
        """What the task gave. Raises any failure."""
        found = self._result(future)
        if isinstance(found, AppError):
            raise found
        return found

    def _snapshot(self, side: str, found: Any) -> Path:
        if isinstance(found, AppError):
            return steps.unreadable(self.work, side, found)
        self._requests.update(found.requests)
        path: Path = found.path
        return path

    def _planned(self, future: Future) -> list[str]:
        found = self._good(future)
        self.work.errors |= found.errors
        self._requests.update(found.requests)
        self.work.repeated.update(found.repeated)
        sides: list[str] = found.sides
        return sides

    def _land(self, futures: list[Future]) -> None:
        for one in [self._good(future) for future in futures]:
            self.applied.append(one)
            self._requests[one.side] += one.requests
            if one.error:
                self.work.errors[one.side] = one.error
        store = self.work.session.project.store
        if self._progress().id is None:
            self._bar = Bar.of(self.work.session.sync, self.work.run, store)
        elif len(futures) > 1:  # they moved it at the same time: what was said last need not be the furthest
            self._progress().move(store)

    def _next(self) -> list[Any]:
        before, self._before = self._before, []
        return before

    def _progress(self) -> Bar:
        """One for the run, made when there is something to write; on the page at once where that takes a while."""
        if self._bar is None:
            run, store = self.work.run, self.work.session.project.store
            (planned,) = store.rows(_PLANNED, of=run)
            self._bar = Bar(run) if planned["count"] <= FEW else Bar.of(self.work.session.sync, run, store)
        return self._bar
