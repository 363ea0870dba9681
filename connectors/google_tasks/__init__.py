"""Google Tasks, API version 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from connectors.google import sign_in
from connectors.google_tasks import task
from connectors.google_tasks.errors import classify
from connectors.google_tasks.lists import TaskList, find, own
from connectors.http import Client
from connectors.rest import Since, cursor, gone, known, one_by_one, resumed
from connectors.setting import OAUTH, OAuthApp, Setting, base_url
from engine.contract import (
    Caps,
    Field,
    Json,
    Missing,
    Op,
    Outcome,
    Page,
    Record,
    Schema,
    Stale,
    Support,
    Write,
)

__all__ = ["Connector"]
OVERLAP = timedelta(minutes=5)


class Connector:
    """One Google account: the tasks of one list."""

    app: ClassVar[str] = "google_tasks"
    title: ClassVar[str] = "Google Tasks"
    objects: ClassVar[tuple[str, ...]] = ("tasks",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"tasks": task.FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = (base_url("https://tasks.googleapis.com"), *OAUTH)
    sign_in: ClassVar[OAuthApp | None] = sign_in("https://www.googleapis.com/auth/tasks")
    caps: ClassVar[Caps] = Caps(
        objects=("tasks",),
        delta=Support.YES,
        tombstones=Support.QUIRK,
        guarded=Support.QUIRK,
        page=100,
        calls=(300, timedelta(minutes=1)),
        proven="stand-in, itself driven by Google's own client library",
    )
    classify = staticmethod(classify)

    def __init__(self, _: Mapping[str, str], http: Client) -> None:
        self._http = http

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """The id of the account's first list: Google tells no address here."""
        return str(own(self._http)["id"])

    def schema(self, obj: str) -> Schema:
        """The same for all accounts."""
        known(self.title, self.objects, obj)
        return Schema(task.FIELDS)

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All tasks of the list, cleared ones included."""
        tasks, seen = self._tasks(obj, scope), list[Record]()
        for items in tasks.pages():
            records = [task.record(item) for item in items]
            seen += records
            yield Page(records)
        since = Since().after(seen, OVERLAP)
        yield Page([], cursor(scope, list=tasks.id, since=since.as_json()))

    def changes(self, obj: str, scope: Json, cursor_: str) -> Iterator[Page]:
        """What changed since, deleted tasks included."""
        known(self.title, self.objects, obj)
        at = resumed(cursor_, scope, "list", "since")
        tasks, since = TaskList(self._http, str(at["list"])), Since.of(at["since"])
        start = since.start(OVERLAP).isoformat()
        seen = [task.record(item) for items in tasks.pages(updatedMin=start, showDeleted="true") for item in items]
        after = since.after(seen, OVERLAP)
        yield Page(since.fresh(seen), cursor(scope, list=tasks.id, since=after.as_json()))

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named tasks as they are now, one by one."""
        tasks = self._tasks(obj, scope)
        for id in ids:
            try:
                yield task.record(tasks.read(id))
            except Missing:
                yield gone(id)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One by one, each looked at just before: deleted tasks would take changes silently."""
        tasks = self._tasks(obj, scope)

        def create(write: Write) -> Record:
            return task.record(tasks.insert(task.body(write.data)))

        def change(write: Write) -> Record:
            return task.record(tasks.patch(_current(tasks, write), task.body(write.data)))

        def delete(write: Write) -> Record:
            tasks.delete(_current(tasks, write))
            return gone(str(write.id))

        yield from one_by_one(writes, {Op.CREATE: create, Op.UPDATE: change, Op.DELETE: delete})

    def _tasks(self, obj: str, scope: Json) -> TaskList:
        known(self.title, self.objects, obj)
        return find(self._http, str(scope.get("list", "@default")))


def _current(tasks: TaskList, write: Write) -> Json:
    """The task as it is. Raises Missing, Stale."""
    found = tasks.read(str(write.id))
    if found.get("deleted"):
        raise Missing("The task is no longer in Google Tasks.")
    if write.if_version not in (None, found["etag"]):
        raise Stale("The task was changed in Google Tasks meanwhile.")
    return found
