"""The routes of task lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.google_calendar.errors import invalid
from sandbox.google_tasks import listing
from sandbox.google_tasks.account import Account, TaskList

Endpoint = Callable[[Request], Awaitable[Response]]


class ListRoutes:
    """Of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def table(self, path: str) -> list[tuple[str, str, str, Endpoint]]:
        """Method of the discovery document, HTTP method, path, endpoint."""
        one = f"{path}/{{list}}"
        return [
            ("tasklists.list", "GET", path, self._list),
            ("tasklists.insert", "POST", path, self._insert),
            ("tasklists.get", "GET", one, self._get),
            ("tasklists.patch", "PATCH", one, self._patch),
            ("tasklists.delete", "DELETE", one, self._delete),
        ]

    async def _list(self, request: Request) -> Response:
        items = [_shown(each) for each in self._account.lists.values()]
        return JSONResponse({"kind": "tasks#taskLists"} | listing.page(items, request.query_params, 1000, 1000))

    async def _insert(self, request: Request) -> Response:
        return JSONResponse(_shown(self._account.create(await _title(request))))

    async def _get(self, request: Request) -> Response:
        return JSONResponse(_shown(self._account.list(request.path_params["list"])))

    async def _patch(self, request: Request) -> Response:
        title = await _title(request)
        return JSONResponse(_shown(self._account.rename(request.path_params["list"], title)))

    async def _delete(self, request: Request) -> Response:
        self._account.remove(request.path_params["list"])
        return Response(status_code=204)


async def _title(request: Request) -> str:
    title = (await request.json()).get("title")
    if not isinstance(title, str) or len(title) > 1024:
        raise invalid("Invalid value for: title.", "title")
    return title


def _shown(tasks: TaskList) -> dict[str, Any]:
    about = {"kind": "tasks#taskList", "id": tasks.id, "etag": f'"{tasks.etag}"', "title": tasks.title}
    return about | {
        "updated": tasks.updated,
        "selfLink": f"https://www.googleapis.com/tasks/v1/users/@me/lists/{tasks.id}",
    }
