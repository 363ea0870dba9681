"""Writes in Google's batches, each of which lands whole or not at all.

Updates carry the contact's etag, so Google refuses stale ones. Deletes cannot: they are compared just before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.google_contacts import person as persons
from connectors.google_contacts.book import MOST, SOURCES, Book, answered
from connectors.google_contacts.schema import READ
from connectors.rest import gone
from engine.contract import (
    AppError,
    Deleted,
    Done,
    Failed,
    Invalid,
    Json,
    Missing,
    Op,
    Outcome,
    Record,
    Stale,
    Transient,
    Write,
)

ALL_OR_NONE = (Invalid, Stale, Missing)
"""What one bad part says of a whole batch."""


@dataclass(slots=True)
class Job:
    """A write on its way; `body` holds Google's fields."""

    write: Write
    before: Json
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def mask(self) -> str:
        return ",".join(sorted(self.body))


Send = Callable[[Sequence[Job]], Sequence[Record | AppError]]


def perform(book: Book, group: str, writes: Sequence[Write]) -> Iterator[Outcome]:
    """One outcome for each. `group`: the synced one, which new contacts join and none leaves."""
    creates = [write for write in writes if write.op is Op.CREATE]
    others = [write for write in writes if write.op is not Op.CREATE]
    jobs: list[Job] = []
    yield from _known(book, group, creates, jobs)
    yield from _batches(jobs, lambda part: _create(book, group, part), lambda _: "")
    jobs = []
    yield from _compared(book, group, others, jobs)
    updates = [job for job in jobs if job.write.op is Op.UPDATE]
    yield from _batches(updates, lambda part: _update(book, group, part), lambda job: job.mask)
    deletes = [job for job in jobs if job.write.op is Op.DELETE]
    yield from _batches(deletes, lambda part: _delete(book, part), lambda _: "")


def _known(book: Book, group: str, creates: Sequence[Write], jobs: list[Job]) -> Iterator[Outcome]:
    """Those that a former try has made are told as they are now; the others become `jobs`."""
    if not creates:
        return
    try:
        made = {write.key: book.census().stamps.get(write.key) for write in creates}
        there = book.read([id for id in made.values() if id is not None])
    except AppError as error:
        yield from (Failed(write.key, _before(error)) for write in creates)
        return
    for write in creates:
        id = made[write.key]
        try:
            if id is not None:
                found = there[id]
                lost = Deleted("This contact was made before and has been deleted in Google Contacts since.")
                yield Failed(write.key, lost) if found is None else Done(write.key, book.record(found, group))
            else:
                jobs.append(Job(write, {}, _body(book, group, write, {})))
        except AppError as error:
            yield Failed(write.key, _before(error))


def _compared(book: Book, group: str, writes: Sequence[Write], jobs: list[Job]) -> Iterator[Outcome]:
    """Those that can be sent become `jobs`; a delete of what is gone is done, an update of it is not."""
    try:
        there = book.read([str(write.id) for write in writes]) if writes else {}
    except AppError as error:
        yield from (Failed(write.key, _before(error)) for write in writes)
        return
    for write in writes:
        before = there[str(write.id)]
        try:
            if before is None or group not in persons.memberships(before):
                yield _lost(write)
            elif write.if_version not in (None, persons.version(before)):
                yield Failed(write.key, Stale("The contact was changed in Google Contacts meanwhile."))
            elif write.op is Op.DELETE:
                jobs.append(Job(write, before))
            elif body := _body(book, group, write, before):
                jobs.append(Job(write, before, body))
            else:
                yield Done(write.key, book.record(before, group))
        except AppError as error:
            yield Failed(write.key, _before(error))


def _body(book: Book, group: str, write: Write, before: Json) -> dict[str, Any]:
    body: dict[str, Any] = dict(persons.body(write.data, before))
    if "groups" in write.data or not before:
        body["memberships"] = book.joined(write.data.get("groups") or [], before, group)
    if not before:
        body["clientData"] = [{"key": persons.STAMP, "value": write.key}]
    return body


def _batches(jobs: Sequence[Job], send: Send, alike: Callable[[Job], str]) -> Iterator[Outcome]:
    """Sends jobs that are alike together."""
    kinds: dict[str, list[Job]] = {}
    for job in jobs:
        kinds.setdefault(alike(job), []).append(job)
    for kind in kinds.values():
        for begin in range(0, len(kind), MOST):
            yield from _settled(kind[begin : begin + MOST], send)


def _settled(jobs: Sequence[Job], send: Send) -> Iterator[Outcome]:
    """A batch that is refused is sent again in halves, until it is known which part is to blame."""
    try:
        for job, told in zip(jobs, send(jobs), strict=True):
            yield Failed(job.write.key, told) if isinstance(told, AppError) else Done(job.write.key, told)
    except ALL_OR_NONE as error:
        if len(jobs) > 1:
            yield from _settled(jobs[: len(jobs) // 2], send)
            yield from _settled(jobs[len(jobs) // 2 :], send)
        else:
            yield _lost(jobs[0].write) if isinstance(error, Missing) else Failed(jobs[0].write.key, error)
    except AppError as error:
        yield from (Failed(job.write.key, error) for job in jobs)


def _create(book: Book, group: str, jobs: Sequence[Job]) -> Sequence[Record | AppError]:
    """Told apart by their stamps. Not sent twice: an answer that is lost is the engine's business."""
    contacts = [{"contactPerson": job.body} for job in jobs]
    sent = {"contacts": contacts, "readMask": READ, "sources": [SOURCES]}
    try:
        reply = book.http.json("POST", "v1/people:batchCreateContacts", json=sent)
    except Transient:
        book.forget()
        raise
    people = [each for each in reply.get("createdPeople", []) if "person" in each]
    made = {key: each for each in people for key in persons.stamps(each["person"])}
    book.note({key: str(each["person"]["resourceName"]) for key, each in made.items()})
    return [_told(book, group, made.get(job.write.key)) for job in jobs]


def _update(book: Book, group: str, jobs: Sequence[Job]) -> Sequence[Record | AppError]:
    contacts = {str(job.write.id): {"metadata": {"sources": [_guard(job.before)]}, **job.body} for job in jobs}
    sent = {"contacts": contacts, "updateMask": jobs[0].mask, "readMask": READ, "sources": [SOURCES]}
    reply = book.http.json("POST", "v1/people:batchUpdateContacts", json=sent, idempotent=True)
    return [_told(book, group, reply.get("updateResult", {}).get(str(job.write.id))) for job in jobs]


def _delete(book: Book, jobs: Sequence[Job]) -> Sequence[Record | AppError]:
    names = [str(job.write.id) for job in jobs]
    book.http.json("POST", "v1/people:batchDeleteContacts", json={"resourceNames": names}, idempotent=True)
    return [gone(name) for name in names]


def _told(book: Book, group: str, reply: Json | None) -> Record | AppError:
    if reply is None:
        book.forget()
        return Transient("Google Contacts did not tell what became of the contact.")
    try:
        return book.record(answered(reply), group)
    except AppError as error:
        return error


def _guard(person: Json) -> Mapping[str, Any]:
    source = persons.source_of(person)
    return {name: source[name] for name in ("type", "id", "etag") if name in source}


def _lost(write: Write) -> Outcome:
    if write.op is Op.DELETE:
        return Done(write.key, gone(str(write.id)))
    return Failed(write.key, Missing("The contact is no longer in Google Contacts."))


def _before(error: AppError) -> AppError:
    """A failure of a look before the write: nothing was sent."""
    if isinstance(error, Transient):
        error.landed = False
    return error
