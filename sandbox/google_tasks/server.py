"""The routes of the Tasks API v1."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import google_auth
from sandbox.google_calendar import errors
from sandbox.google_tasks import listing
from sandbox.google_tasks.account import Account, TaskList
from sandbox.google_tasks.list_routes import ListRoutes
from sandbox.table import Row
from sandbox.world import World

ROOT = "/tasks/v1"
Endpoint = Callable[[Request], Awaitable[Response]]


class Server:
    """Google Tasks for one account.

    Beside the API, without sign-in: `POST /_tasks/tick {"list", "task"}` completes a task as Google's own apps do,
    which hides it at once; `POST /_tasks/assign {"list", "title"}` makes a task that was assigned in a document.
    """

    open_paths = (*google_auth.OPEN_PATHS, "/_tasks/")

    def __init__(self, world: World) -> None:
        self._world = world
        self.account = Account(world.clock)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first."""
        tasks = f"{ROOT}/lists/{{list}}/tasks"
        table: list[tuple[str, str, str, Endpoint]] = [
            *ListRoutes(self.account).table(f"{ROOT}/users/@me/lists"),
            ("tasks.clear", "POST", f"{ROOT}/lists/{{list}}/clear", self._clear),
            ("tasks.list", "GET", tasks, self._list),
            ("tasks.insert", "POST", tasks, self._insert),
            ("tasks.move", "POST", f"{tasks}/{{task}}/move", self._move),
            ("tasks.get", "GET", f"{tasks}/{{task}}", self._get),
            ("tasks.patch", "PATCH", f"{tasks}/{{task}}", self._patch),
            ("tasks.update", "PUT", f"{tasks}/{{task}}", self._update),
            ("tasks.delete", "DELETE", f"{tasks}/{{task}}", self._delete),
        ]
        api = [Route(path, _checked(name, act), methods=[method]) for name, method, path, act in table]
        own = [("/_tasks/tick", self._tick), ("/_tasks/assign", self._assign)]
        return [*api, *google_auth.routes(self._world), *(Route(path, act, methods=["POST"]) for path, act in own)]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Google's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Everything that changes data."""
        return method != "GET" and path.startswith(ROOT)

    def seed(self, calendar: str, text: str) -> None:
        """Tasks from a JSON list, into a list by id or title, made where missing; the first one comes first."""
        lists = self.account.lists
        named = {found.title: found for found in lists.values()} | lists | {"primary": self.account.list("@default")}
        tasks = named.get(calendar) or self.account.create(calendar)
        for body in reversed(json.loads(text)):
            tasks.insert(body, None, None)

    def fill(self, calendar: str, count: int) -> None:
        """Plain tasks."""
        self.seed(calendar, json.dumps([{"title": f"Task {number}"} for number in range(count)]))

    def state(self) -> Mapping[str, Any]:
        """Lists, tasks and sign-ins."""
        return {"account": self.account.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.account.load(state["account"])
        self._world.grants.load(state["grants"])

    async def _list(self, request: Request) -> Response:
        tasks = self._tasks(request)
        items = [listing.shown(row, tasks) for row in listing.wanted(tasks, request.query_params)]
        about = {"kind": "tasks#tasks", "etag": f'"{tasks.table.sequence}"'}
        return JSONResponse(about | listing.page(items, request.query_params, 20, 100))

    async def _get(self, request: Request) -> Response:
        tasks = self._tasks(request)
        return _shown(tasks.find(request.path_params["task"]), tasks)

    async def _insert(self, request: Request) -> Response:
        tasks, query = self._tasks(request), request.query_params
        row = tasks.insert(await body(request), query.get("parent"), query.get("previous"))
        return _shown(row, tasks)

    async def _patch(self, request: Request) -> Response:
        return await self._changed(request, whole=False)

    async def _update(self, request: Request) -> Response:
        return await self._changed(request, whole=True)

    async def _changed(self, request: Request, *, whole: bool) -> Response:
        tasks, sent = self._tasks(request), await body(request)
        guard = request.headers.get("if-match")
        return _shown(tasks.change(request.path_params["task"], sent, guard, whole=whole), tasks)

    async def _delete(self, request: Request) -> Response:
        self._tasks(request).remove(request.path_params["task"], request.headers.get("if-match"))
        return Response(status_code=204)

    async def _move(self, request: Request) -> Response:
        tasks, query = self._tasks(request), request.query_params
        target = self.account.list(query["destinationTasklist"]) if "destinationTasklist" in query else tasks
        row = tasks.move(request.path_params["task"], target, query.get("parent"), query.get("previous"))
        return _shown(row, target)

    async def _clear(self, request: Request) -> Response:
        self._tasks(request).clear()
        return Response(status_code=204)

    async def _tick(self, request: Request) -> Response:
        sent = await body(request)
        tasks = self.account.list(sent["list"])
        tasks.change(sent["task"], {"status": "completed"}, None).data["hidden"] = True
        return JSONResponse({})

    async def _assign(self, request: Request) -> Response:
        sent = await body(request)
        tasks = self.account.list(sent["list"])
        row = tasks.insert({"title": sent["title"]}, None, None)
        row.data["assignmentInfo"] = {"surfaceType": "DOCUMENT", "linkToTask": "https://docs.google.com/document/d/1"}
        return _shown(row, tasks)

    def _tasks(self, request: Request) -> TaskList:
        return self.account.list(request.path_params["list"])


async def body(request: Request) -> Any:
    """The JSON object of a request; 400 for anything else."""
    try:
        sent = json.loads(await request.body() or b"{}")
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise errors.invalid("Parse Error", reason="parseError")
    return sent


def _checked(name: str, act: Endpoint) -> Endpoint:
    """The endpoint behind a check of its query parameters."""

    async def endpoint(request: Request) -> Response:
        listing.check(name, request.query_params)
        return await act(request)

    return endpoint


def _shown(row: Row, tasks: TaskList) -> Response:
    told = listing.shown(row, tasks)
    return JSONResponse(told, headers={"ETag": told["etag"]})
