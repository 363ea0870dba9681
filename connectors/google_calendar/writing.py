"""Writes in stages, each one batch: read what must be compared, masters, then occurrences, then what became of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.google_calendar import series as parts
from connectors.google_calendar import wire
from connectors.google_calendar.batch import LIMIT, Call, each
from connectors.google_calendar.calendar import Calendar
from connectors.google_calendar.errors import Duplicate
from connectors.google_calendar.series import CANCELLED, Occurrences, Series, Step
from engine.contract import AppError, Deleted, Done, Failed, Invalid, Missing, Op, Outcome, Record, Stale, Write

NEEDS_READING = {"attendees", "reminder", "recurrence", "occurrences"}
"""Fields of which Google keeps more than we show, or that depend on others: what is there is read first."""


@dataclass(slots=True)
class Job:
    """One write on its way."""

    write: Write
    before: Series | None = None
    """As read before the write, where that was needed."""
    now: Series | None = None
    """As last seen after it."""
    target: Occurrences | None = None
    """The occurrences the series is to end with; None: nothing to do about them."""
    adopted: bool = False
    """A create whose record was there already: what was done to it since is left alone."""
    stale: bool = False
    """`now` no longer tells the whole truth."""
    outcome: Outcome | None = None

    @property
    def id(self) -> str:
        return self.write.id if self.write.id is not None else caller_id(self.write.key)

    @property
    def open(self) -> bool:
        return self.outcome is None

    @property
    def halfway(self) -> bool:
        """A series that we have made just now, and that cannot have the occurrences it was to have."""
        made = self.write.op is Op.CREATE and self.now is not None and not self.adopted
        return made and isinstance(self.outcome, Failed) and isinstance(self.outcome.error, Invalid)

    def fail(self, error: AppError) -> None:
        self.outcome = Failed(self.write.key, error)

    def done(self, record: Record) -> None:
        self.outcome = Done(self.write.key, record)


def caller_id(key: str) -> str:
    """The event id that a create with this key always asks for: Google allows base32hex letters, in lower case."""
    digest = hashlib.blake2b(key.encode(), digest_size=20).digest()
    return "sl" + base64.b32hexencode(digest).decode("ascii").lower()


def perform(calendar: Calendar, writes: Sequence[Write]) -> Iterator[Outcome]:
    """One outcome per write."""
    for begin in range(0, len(writes), LIMIT):
        jobs = [Job(write) for write in writes[begin : begin + LIMIT]]
        _before(calendar, [job for job in jobs if _must_read(job.write)])
        _masters(calendar, [job for job in jobs if job.open])
        _occurrences(calendar, [job for job in jobs if job.open])
        _after(calendar, [job for job in jobs if job.open])
        _withdraw(calendar, [job for job in jobs if job.halfway])
        yield from (job.outcome for job in jobs if job.outcome is not None)


def _must_read(write: Write) -> bool:
    """A single whose etag we know needs no look: Google compares. Series have etags that only we can compare."""
    if write.op is Op.CREATE:
        return False
    single = write.if_version is not None and not write.if_version.startswith("series-")
    return not single or bool(NEEDS_READING & set(write.data))


def _before(calendar: Calendar, jobs: Sequence[Job]) -> None:
    found = _read(calendar, jobs)
    for job in jobs:
        job.before = job.now = found.get(job.id)
        if job.open and job.now is None:
            _not_there(job)
        elif job.now is not None and job.write.if_version not in (None, job.now.version):
            job.fail(Stale("The event was changed in Google Calendar meanwhile."))


def _masters(calendar: Calendar, jobs: Sequence[Job]) -> None:
    """Insert, patch and delete masters and singles."""
    pairs = []
    for job in jobs:
        try:
            job.target = _target(job)
            call = _master_call(calendar, job)
        except AppError as error:
            job.fail(error)
            continue
        if call is not None:
            pairs.append((job, call))
    answers = each(calendar.http, [call for _, call in pairs]) if pairs else []
    for (job, _), answer in zip(pairs, answers, strict=True):
        _master_answer(calendar, job, answer)
    _adopt(calendar, [job for job in jobs if job.open and job.adopted])


def _target(job: Job) -> Occurrences | None:
    """What the occurrences are to be: as written, else as they were (a change of the series must not lose them)."""
    if job.write.op is Op.DELETE or ("recurrence" in job.write.data and not job.write.data["recurrence"]):
        return None
    if "occurrences" in job.write.data:
        return parts.wanted(job.write.data["occurrences"])
    return job.before.occurrences if job.before is not None and job.before.repeats else None


def _master_call(calendar: Calendar, job: Job) -> Call | None:
    """None where only exceptions change."""
    write = job.write
    etag = str(job.before.master["etag"]) if job.before is not None else write.if_version
    if write.op is Op.DELETE:
        return calendar.call("DELETE", job.id, etag=etag)
    if write.op is Op.CREATE:
        members = wire.body(write.data, calendar.zone, None) | _lines(job)
        stamp = {"private": {wire.STAMP: write.key}}
        return calendar.call("POST", body={"id": job.id, **members, "extendedProperties": stamp})
    members = wire.body(write.data, calendar.zone, job.before.master if job.before is not None else {}) | _lines(job)
    return calendar.call("PATCH", job.id, body=members, etag=etag) if members else None


def _lines(job: Job) -> dict[str, Any]:
    """The recurrence to send, where the rule, the time of day or the EXDATE lines change."""
    data, before = job.write.data, job.before.data if job.before is not None else {}
    rule = data.get("recurrence", before.get("recurrence"))
    restored = job.before is not None and any((job.target or {}).get(key) != CANCELLED for key in job.before.exdates)
    if not (restored or {"recurrence", "start"} & set(data)):
        return {}
    if not rule:
        return {"recurrence": None} if "recurrence" in data and job.write.op is Op.UPDATE else {}
    start = data.get("start") or before.get("start")
    if start is None:
        raise Invalid("A rule needs the start of the event.", field="recurrence")
    return {"recurrence": parts.lines_for(rule, job.target or {}, start)}


def _master_answer(calendar: Calendar, job: Job, answer: Any) -> None:
    op = job.write.op
    if op is Op.CREATE and isinstance(answer, Duplicate):
        job.adopted = True
    elif op is Op.DELETE and (answer is None or isinstance(answer, Missing)):
        job.done(parts.gone(job.id))
    elif isinstance(answer, AppError):
        job.fail(answer)
    else:
        former = job.before.exceptions if job.before is not None else ()
        job.now = Series(answer, calendar.zone, former)
        job.stale = bool(former)


def _adopt(calendar: Calendar, jobs: Sequence[Job]) -> None:
    """The id is taken: by our own former try, unless the record was deleted since (Google keeps the id)."""
    found = _read(calendar, jobs)
    for job in jobs:
        job.now = found.get(job.id)
        if job.open and job.now is None:
            job.fail(Deleted("This event was created before and has been deleted in Google Calendar since."))
        elif job.now is not None and wire.stamp_of(job.now.master) != job.write.key:
            job.fail(Invalid("Another event has the id that this one would get."))


def _occurrences(calendar: Calendar, jobs: Sequence[Job]) -> None:
    """Make the exceptions of each series what they are to be."""
    _reread(calendar, [job for job in jobs if job.stale])
    todo = [(job, step) for job in jobs for step in _steps(job)]
    calls = [
        calendar.call("DELETE" if step.members is None else "PATCH", step.id, body=step.members, etag=step.etag)
        for _, step in todo
    ]
    for (job, step), answer in zip(todo, each(calendar.http, calls) if calls else [], strict=True):
        job.stale = True
        if isinstance(answer, AppError):
            _occurrence_failed(job, step, answer)


def _steps(job: Job) -> Sequence[Step]:
    if job.target is None or job.now is None or not job.open:
        return []
    if not job.now.repeats:
        if any(entry != CANCELLED for entry in job.target.values()):
            job.fail(Invalid("A single event has no occurrences to change.", field="occurrences"))
        return []
    found = list(parts.steps(job.now, job.target))
    if job.adopted:  # finish what was begun; where an exception is, somebody may have been at it
        return [step for step in found if step.members is not None and step.key not in job.now.by_key]
    return found


def _occurrence_failed(job: Job, step: Step, error: AppError) -> None:
    """A day the rule does not name: nothing to cancel; nothing to change, which matters if it was asked for."""
    if isinstance(error, Missing):
        if step.members is not None and "occurrences" in job.write.data and not job.adopted:
            job.fail(Invalid(f"The series has no occurrence on {step.key} that could be changed.", field="occurrences"))
        return
    if isinstance(error, Invalid):
        error.field = "occurrences"
    job.fail(error)


def _after(calendar: Calendar, jobs: Sequence[Job]) -> None:
    _reread(calendar, [job for job in jobs if job.stale])
    for job in jobs:
        if job.open and job.now is not None:
            job.done(job.now.record())


def _withdraw(calendar: Calendar, jobs: Sequence[Job]) -> None:
    """Nothing is left half done: the next scan would take it for somebody's new meeting."""
    answers = each(calendar.http, [calendar.call("DELETE", job.id) for job in jobs]) if jobs else []
    for job, answer in zip(jobs, answers, strict=True):
        if isinstance(answer, AppError) and not isinstance(answer, Missing):
            job.fail(answer)


def _read(calendar: Calendar, jobs: Sequence[Job]) -> dict[str, Series | None]:
    """The jobs' events; a failure to read them is the outcome of all."""
    try:
        return calendar.read([job.id for job in jobs])
    except AppError as error:
        for job in jobs:
            job.fail(error)
        return {}


def _reread(calendar: Calendar, jobs: Sequence[Job]) -> None:
    """Look again at series that were just written."""
    masters = [job.now.master for job in jobs if job.now is not None]
    try:
        fresh = {series.id: series for series in calendar.with_exceptions(masters)}
    except AppError as error:
        for job in jobs:
            job.fail(error)
        return
    for job in jobs:
        job.now, job.stale = fresh[job.id], False


def _not_there(job: Job) -> None:
    if job.write.op is Op.DELETE:
        job.done(parts.gone(job.id))
    else:
        job.fail(Missing("The event is no longer in Google Calendar."))
