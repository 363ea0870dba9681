"""The stand-in: task lists behind Graph's gateway, and their state."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.graph.asking import Answering, Asking
from sandbox.graph.directory import OWNER_ID
from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.items import Items
from sandbox.graph.query import MOST, whole
from sandbox.graph.service import OPEN, Parts, Service, Table
from sandbox.graph.shelf import Folder, Shelf, etag
from sandbox.graph.subscriptions import Subscriptions
from sandbox.microsoft_todo.task import READ_ONLY, TASK, parse_link, parse_task
from sandbox.table import Row
from sandbox.world import World

LONGEST = timedelta(minutes=4_230)
_RESOURCE = re.compile(r"(?:me|users/[^/]+)/todo/lists/([^/]+)/tasks$", re.I)


class Server:
    """One mailbox's task lists; see `sandbox.graph.service`.

    `POST /_outlook/move {"list", "id", "to"}`, without sign-in, does what dragging a task into another list does: it
    gets another id.
    """

    open_paths = OPEN

    def __init__(self, world: World) -> None:
        self._world = world
        self.shelf = Shelf(world.clock, secrets.token_hex(8), "Tasks")
        self.shelf.on_change = self._tell
        self._subscriptions = Subscriptions(world, self._resource, LONGEST)
        items = Items(TASK, self.shelf, world)
        table: Table = [
            ("GET", "me/todo/lists", self._lists),
            ("POST", "me/todo/lists", self._make_list),
            ("GET", "me/todo/lists/*", self._list),
            ("GET", "me/todo/lists/*/tasks", items.all),
            ("POST", "me/todo/lists/*/tasks", items.create),
            ("GET", "me/todo/lists/*/tasks/delta", items.delta),
            ("GET", "me/todo/lists/*/tasks/*", lambda asking, folder, name: items.get(asking, name, folder)),
            ("PATCH", "me/todo/lists/*/tasks/*", lambda asking, folder, name: items.update(asking, name, folder)),
            ("DELETE", "me/todo/lists/*/tasks/*", lambda asking, folder, name: items.delete(asking, name, folder)),
            ("GET", "me/todo/lists/*/tasks/*/linkedResources", self._links),
            ("POST", "me/todo/lists/*/tasks/*/linkedResources", self._link),
        ]
        self._service = Service(world, table, _canonical, self._subscriptions)

    def routes(self) -> list[BaseRoute]:
        """Of the whole API."""
        return [*self._service.routes(), Route("/_outlook/move", self._move, methods=["POST"])]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """A refusal of the gateway."""
        return self._service.failure(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Whatever changes tasks and lists."""
        return self._service.is_write(method, path)

    def seed(self, name: str, text: str) -> None:
        """A JSON list of tasks, as the API shows them."""
        for task in json.loads(text):
            body = {key: value for key, value in task.items() if key not in READ_ONLY}
            self.shelf.add(self.shelf.named(name).id, parse_task(body, None))

    def fill(self, name: str, count: int) -> None:
        """Tasks with a number."""
        for number in range(count):
            body = {"title": f"Task {number}", "importance": "normal"}
            self.shelf.add(self.shelf.named(name).id, parse_task(body, None))

    def state(self) -> Mapping[str, Any]:
        """The lists and the subscriptions."""
        return {"shelf": self.shelf.state(), "subscriptions": self._subscriptions.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        self.shelf.load(state["shelf"])
        self._subscriptions.load(state["subscriptions"])

    def _lists(self, asking: Asking) -> Answering:
        """All lists, the default one first."""
        top, skip = whole(asking.query, "$top", 10, least=1, most=MOST), whole(asking.query, "$skip", 0)
        found = [self._as_json(each) for each in self.shelf.folders.values()]
        more = {"@odata.nextLink": asking.link(__top=str(top), __skip=str(skip + top))}
        body = {"@odata.context": asking.context("me/todo/lists"), "value": found[skip : skip + top]}
        return Answering(body | (more if skip + top < len(found) else {}))

    def _make_list(self, asking: Asking) -> Answering:
        body = asking.json()
        name = body.get("displayName") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name:
            raise invalid("A list needs a 'displayName'.")
        return Answering(self._as_json(self.shelf.add_folder(name)), 201)

    def _list(self, _: Asking, name: str) -> Answering:
        return Answering(self._as_json(self.shelf.folder(name)))

    def _as_json(self, folder: Folder) -> dict[str, Any]:
        known = "defaultList" if folder is self.shelf.default else "none"
        shown = {"id": folder.id, "displayName": folder.name, "wellknownListName": known}
        return {**shown, "isOwner": True, "isShared": False}

    def _links(self, _: Asking, folder: str, name: str) -> Answering:
        return Answering({"value": self._find(folder, name).data["props"]["linkedResources"]})

    def _link(self, asking: Asking, folder: str, name: str) -> Answering:
        row, made = self._find(folder, name), parse_link(asking.json())
        props = row.data["props"]
        self.shelf.change(row, {**props, "linkedResources": [*props["linkedResources"], made]})
        return Answering(made, 201)

    def _find(self, folder: str, name: str) -> Row:
        row = self.shelf.find(name)
        if row.data["folder"] != folder:
            raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return row

    def _resource(self, text: str) -> str | None:
        """An id in it is percent-encoded, as in any path."""
        match = _RESOURCE.match(text)
        known = match is not None and unquote(match[1]) in self.shelf.folders
        return f"me/todo/lists/{quote(unquote(match[1]), safe='')}/tasks" if match and known else None

    def _tell(self, kind: str, row: Row) -> None:
        folder, name = row.data["folder"], self.shelf.id_of(row)

        def change(_: bool) -> dict[str, str]:
            path = f"Users/{OWNER_ID}/todo/lists/{folder}/tasks/{name}"
            return {"path": path, "@odata.type": "#Microsoft.Graph.todoTask", "@odata.etag": etag(row), "id": name}

        self._subscriptions.tell(kind, f"me/todo/lists/{quote(folder, safe='')}/tasks", change)

    async def _move(self, request: Request) -> Response:
        body = await request.json()
        try:
            row = self._find(self.shelf.named(body["list"]).id, body["id"])
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, refusal.status)
        self.shelf.remove(row)
        made = self.shelf.add(self.shelf.named(body["to"]).id, row.data["props"])
        return JSONResponse({"id": self.shelf.id_of(made)})


def _canonical(parts: Parts) -> Parts:
    return parts
