"""Task lists and their tasks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.http import Client
from connectors.paging import by_cursor
from engine.contract import Json, Missing, Refused

LISTS = "tasks/v1/users/@me/lists"
SHOWN = {"showCompleted": "true", "showHidden": "true", "showAssigned": "true", "maxResults": "100"}
"""Tasks that were completed in Google's own apps are hidden."""


class TaskList:
    """One list by its id."""

    def __init__(self, http: Client, id: str) -> None:
        self.id = id
        self._http = http
        self._path = f"tasks/v1/lists/{quote(id, safe='')}/tasks"

    def pages(self, **params: str) -> Iterator[Sequence[Json]]:
        """The tasks. Refused where the list is not there: its tasks are not known to be deleted."""

        def fetch(token: str | None) -> Json:
            more = {"pageToken": token} if token else {}
            page: Json = self._http.json("GET", self._path, params={**SHOWN, **params, **more})
            return page

        try:
            for page in by_cursor(fetch, lambda page: page.get("nextPageToken")):
                yield page.get("items", [])
        except Missing as error:
            raise Refused(f"Google Tasks no longer shows the list {self.id}: {error}") from error

    def read(self, id: str) -> Json:
        """One task, deleted ones too. Raises Missing."""
        return self._sent("GET", id)

    def insert(self, body: Mapping[str, Any]) -> Json:
        """A new task, the first one of the list."""
        return self._sent("POST", "", {name: value for name, value in body.items() if value is not None}, {}, False)

    def patch(self, task: Json, body: Mapping[str, Any]) -> Json:
        """Change the task, unless it is another one by now. Raises Stale."""
        return self._sent("PATCH", str(task["id"]), body, {"If-Match": str(task["etag"])})

    def delete(self, task: Json) -> None:
        """Delete the task, unless it is another one by now. Raises Stale."""
        self._sent("DELETE", str(task["id"]), None, {"If-Match": str(task["etag"])})

    def _sent(
        self,
        method: str,
        id: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool = True,
    ) -> Json:
        path = f"{self._path}/{quote(id, safe='')}" if id else self._path
        reply: Json = self._http.json(method, path, json=body, headers=headers, idempotent=idempotent)
        return reply


def own(http: Client) -> Json:
    """The account's first list."""
    found: Json = http.json("GET", f"{LISTS}/@default")
    return found


def find(http: Client, name: str) -> TaskList:
    """A list by id, `@default`, or title; Refused where there is none or several."""
    if name == "@default":
        return TaskList(http, name)

    def fetch(token: str | None) -> Json:
        page: Json = http.json("GET", LISTS, params={"maxResults": "1000", **({"pageToken": token} if token else {})})
        return page

    pages = by_cursor(fetch, lambda page: page.get("nextPageToken"))
    lists = {str(each["id"]): str(each.get("title")) for page in pages for each in page.get("items", [])}
    fitting = [name] if name in lists else [id for id, title in lists.items() if title == name]
    if len(fitting) != 1:
        kind = "no list" if not fitting else f"{len(fitting)} lists named"
        there = ", ".join(f"{title} ({id})" for id, title in lists.items())
        raise Refused(f"Google Tasks has {kind} {name!r}. There are: {there}.")
    return TaskList(http, fitting[0])
