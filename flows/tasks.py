"""The tasks of a run: extract, diff, load. Each opens the run by its ticket and calls one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ParamSpec

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from engine.contract import Transient
from engine.decide import Decided
from engine.snapshot import note_of
from engine.undo.traces import Asked
from flows import steps, takeback
from flows.expected import spoken
from flows.page import Bar
from flows.report import counted
from flows.shards import Part, Shard
from flows.ticket import Ticket

P = ParamSpec("P")
TRIES = 3
PAUSE = timedelta(seconds=3)
"""Between two tries of reading a side; within one, each request has already been repeated."""

Requests = dict[str, int]
"""Side -> HTTP requests sent."""


@dataclass(frozen=True)
class Extracted:
    """One side, read."""

    path: Path
    requests: Requests


@dataclass(frozen=True)
class Planned:
    """The sides that are to be written, and those that cannot take part, with the reason."""

    sides: list[str]
    errors: dict[str, str]
    requests: Requests
    repeated: Mapping[str, int]


def _again(_task: Any, run: Any, state: Any) -> bool:
    """Only what may pass by itself, and soon. Tries end here: at its own count Prefect logs a traceback."""
    error = state.data
    soon = isinstance(error, Transient) and (error.wait is None or error.wait <= PAUSE)
    return soon and run.run_count < TRIES


def _reading(name: str) -> Callable[[Callable[P, Any]], Task[P, Any]]:
    """A task that only reads: it can be tried again."""
    pause = PAUSE.total_seconds()
    made = task(
        task_run_name=name,
        cache_policy=NO_CACHE,
        retries=TRIES,
        retry_delay_seconds=pause,
        retry_condition_fn=_again,
    )
    return lambda step: made(spoken(step))


@_reading("schemas")
def schemas(ticket: Ticket) -> Any:
    """Read the fields of each app, where they are not known yet, and check the mapping against them."""
    with ticket.work() as work:
        _ = work.session.bound
        return steps.requests(work)


@_reading("extract {side}")
def extract(ticket: Ticket, side: str, full: bool) -> Any:
    """Read one side into a snapshot."""
    with ticket.work() as work:
        path = steps.extract(work, side, full=full)
        note = note_of(path)
        read = f"{note.records} {'changed records' if note.kind == 'changes' else 'records'}"
        return Completed(message=read, data=Extracted(path, steps.requests(work)))


@task(task_run_name="diff", cache_policy=NO_CACHE)
@spoken
def diff(ticket: Ticket, snapshots: dict[str, Path], part: Part | None = None) -> Any:
    """Join the snapshots with what is known, merge field by field, plan, brake."""
    with ticket.work() as work:
        part = part or Part()
        return _planned(work, part.narrow(work, steps.diff(work, snapshots, part.within(work.session.bound))))


@task(task_run_name="load {side}", cache_policy=NO_CACHE)
@spoken
def load(ticket: Ticket, side: str, bar: Bar, shard: Shard | None = None) -> Any:
    """Write what was planned for one side, or a shard of it."""
    with ticket.work() as work:
        store = work.session.project.store
        applied = steps.load(work, side, lambda _done, _all: bar.move(store), shard)
        if applied.error:
            return Failed(message=applied.error, data=applied)
        return Completed(message=counted(applied.writes) or "nothing was written", data=applied)


@task(task_run_name="look again", cache_policy=NO_CACHE)
@spoken
def again(ticket: Ticket, errors: dict[str, str]) -> Any:
    """Merge and plan what was edited while we wrote."""
    with ticket.work() as work:
        work.errors |= errors
        return _planned(work, steps.again(work, steps.trusts(work)))


@task(task_run_name="take back", cache_policy=NO_CACHE)
@spoken
def take_back(ticket: Ticket, snapshots: dict[str, Path], asked: Asked) -> Any:
    """Join the snapshots with what is known, take back what was asked for, and plan just that."""
    with ticket.work() as work:
        return _planned(work, takeback.take_back(work, snapshots, asked).decided)


@task(task_run_name="look again", cache_policy=NO_CACHE)
@spoken
def take_back_again(ticket: Ticket, errors: dict[str, str]) -> Any:
    """Merge and plan the records of an undo that were edited while we wrote."""
    with ticket.work() as work:
        work.errors |= errors
        return _planned(work, takeback.again(work, steps.trusts(work)))


def _planned(work: steps.Work, decided: Decided | None) -> Any:
    """The plan, and as a message what is in it."""
    sides = decided.planned if decided else {}
    said = [f"{side}: {count} to {op}" for side, ops in sides.items() for op, count in ops.items() if count]
    said += [f"{decided.held} changes held by a brake"] if decided and decided.held else []
    plan = Planned(list(sides), work.errors, steps.requests(work), work.repeated)
    return Completed(message=", ".join(said) or "nothing to write", data=plan)
