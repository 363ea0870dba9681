"""The routes of Mailchimp's Marketing API 3.0 that concern audiences and members."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.mailchimp import errors, merging
from sandbox.mailchimp.audience import Audience, hashed
from sandbox.mailchimp.calling import Calling
from sandbox.mailchimp.shown import shown, tags
from sandbox.table import Row
from sandbox.world import Reply, World

Endpoint = Callable[[Request], Awaitable[Response]]
LIST = "/3.0/lists/{list}"
HOOKS = f"{LIST}/webhooks"
MEMBER = f"{LIST}/members/{{member}}"
MOST, BATCH = 1000, 500
NAME, ID = "Newsletter", "a1b2c3d4e5"


class Server:
    """Mailchimp for one account. API keys come by basic sign-in, OAuth tokens as bearer."""

    open_paths = ("/_mailchimp/",)

    def __init__(self, world: World) -> None:
        self._world = world
        world.grants.basic = True
        self._audiences: dict[str, Audience] = {}
        self._calling: dict[str, Calling] = {}
        self._make(ID, NAME)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first."""
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/3.0/", self._account),
            ("GET", "/3.0/ping", self._ping),
            ("GET", "/3.0/lists", self._lists),
            ("POST", LIST, self._batch),
            ("GET", f"{LIST}/merge-fields", self._merges),
            ("POST", f"{LIST}/merge-fields", self._define),
            ("GET", f"{LIST}/members", self._members),
            ("POST", f"{LIST}/members", self._add),
            ("GET", MEMBER, self._get),
            ("PUT", MEMBER, self._put),
            ("PATCH", MEMBER, self._change),
            ("DELETE", MEMBER, self._archive),
            ("GET", f"{MEMBER}/tags", self._tags),
            ("POST", f"{MEMBER}/tags", self._label),
            ("POST", f"{MEMBER}/actions/delete-permanent", self._erase),
            ("GET", HOOKS, self._hooks),
            ("POST", HOOKS, self._hook),
            ("GET", f"{HOOKS}/{{hook}}", self._one_hook),
            ("DELETE", f"{HOOKS}/{{hook}}", self._unhook),
            ("POST", "/_mailchimp/themselves", self._themselves),
        ]
        return [Route(path, act, methods=[method]) for method, path, act in table]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Mailchimp's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Members; neither the definition of merge fields nor webhooks."""
        others = path.endswith("/merge-fields") or "/webhooks" in path
        return method != "GET" and path.startswith("/3.0/lists/") and not others

    def seed(self, calendar: str, text: str) -> None:
        """A JSON list of members into the audience of that id or name; `primary` is the first one."""
        audience = self._named(calendar)
        for given in json.loads(text):
            try:
                audience.add({"status": "subscribed", **given}, lenient=True)
            except Reply as refused:
                raise ValueError(bytes(refused.response.body).decode()) from refused

    def fill(self, calendar: str, count: int) -> None:
        """Plain members."""
        audience = self._named(calendar)
        for number in range(count):
            names = {"FNAME": "Person", "LNAME": f"Number {number}"}
            given = {"email_address": f"person{number}@example.org", "status": "subscribed", "merge_fields": names}
            audience.add(given, lenient=True)

    def state(self) -> Mapping[str, Any]:
        """All audiences, with their webhooks."""
        kept = [each.state() | {"webhooks": self._calling[each.id].rows} for each in self._audiences.values()]
        return {"audiences": kept}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self._audiences.clear()
        for saved in state["audiences"]:
            self._make(saved["id"], saved["name"]).load(saved)
            self._calling[saved["id"]].rows = dict(saved["webhooks"])

    async def _account(self, _: Request) -> Response:
        told = {"account_id": "8d3a3db4d97663a9074efcc16", "account_name": "Stand-in Ltd", "email": "owner@example.org"}
        return JSONResponse({**told, "login_id": "owner@example.org", "role": "owner"})

    async def _ping(self, _: Request) -> Response:
        return JSONResponse({"health_status": "Everything's Chimpy!"})

    async def _lists(self, request: Request) -> Response:
        lists = [{"id": each.id, "name": each.name, "web_id": 1} for each in self._audiences.values()]
        return self._page(request, "lists", lists)

    async def _merges(self, request: Request) -> Response:
        return self._page(request, "merge_fields", self._audience(request).merges)

    async def _define(self, request: Request) -> Response:
        audience, given = self._audience(request), await _body(request)
        made = merging.custom(audience.merges, given)
        audience.merges.append(made)
        for row in audience.table.living():
            row.data["merge_fields"][made["tag"]] = ""
        return JSONResponse(made)

    async def _members(self, request: Request) -> Response:
        """Archived ones only where they are asked for. `since_last_changed` is exclusive."""
        audience, query = self._audience(request), request.query_params
        rows = [row for row in audience.table.living() if _asked(row, query.get("status"))]
        if since := query.get("since_last_changed"):
            rows = [row for row in rows if row.changed_at.replace(microsecond=0) > datetime.fromisoformat(since)]
        changed = query.get("sort_field") == "last_changed"
        rows.sort(key=lambda row: row.changed if changed else row.created, reverse=query.get("sort_dir") == "DESC")
        return self._page(request, "members", rows, lambda row: shown(audience, row))

    async def _batch(self, request: Request) -> Response:
        """Up to 500 members; those that exist are changed only with `update_existing`."""
        audience, given = self._audience(request), await _body(request)
        members = list(given.get("members") or [])
        if len(members) > BATCH:
            raise errors.refusal("Bad Request", f"You may only add up to {BATCH} members at a time.")
        lenient = _lenient(request)
        made: list[Any] = []
        updated: list[Any] = []
        problems: list[Any] = []
        for each in members:
            there = audience.find(str(each.get("email_address")))
            try:
                if there and given.get("update_existing"):
                    updated.append(shown(audience, audience.change(there, each, lenient=lenient)))
                else:
                    made.append(shown(audience, audience.add(each, lenient=lenient)))
            except Reply as refused:
                problems.append(errors.of_batch(each, refused))
        body = {"new_members": made, "updated_members": updated, "errors": problems}
        counts = {"total_created": len(made), "total_updated": len(updated), "error_count": len(problems)}
        return JSONResponse(body | counts)

    async def _add(self, request: Request) -> Response:
        audience, given = self._audience(request), await _body(request)
        return JSONResponse(shown(audience, audience.add(given, lenient=_lenient(request))))

    async def _get(self, request: Request) -> Response:
        return JSONResponse(shown(self._audience(request), self._member(request)))

    async def _put(self, request: Request) -> Response:
        """Adds or changes; a new one gets `status_if_new`."""
        audience, given = self._audience(request), await _body(request)
        row = audience.find(request.path_params["member"])
        if row is None:
            row = audience.add({"status": given.get("status_if_new"), **given}, lenient=_lenient(request))
        else:
            audience.change(row, given, lenient=_lenient(request))
        return JSONResponse(shown(audience, row))

    async def _change(self, request: Request) -> Response:
        audience, given = self._audience(request), await _body(request)
        return JSONResponse(shown(audience, audience.change(self._member(request), given, lenient=_lenient(request))))

    async def _archive(self, request: Request) -> Response:
        row = self._member(request)
        if row.data["status"] == "archived":
            detail = "This list member cannot be removed. Please contact support."
            raise Reply(errors.problem(405, "Method Not Allowed", detail))
        self._audience(request).archive(row)
        return Response(status_code=204)

    async def _erase(self, request: Request) -> Response:
        self._audience(request).erase(self._member(request))
        return Response(status_code=204)

    async def _tags(self, request: Request) -> Response:
        return self._page(request, "tags", tags(self._member(request)))

    async def _label(self, request: Request) -> Response:
        given = await _body(request)
        self._audience(request).label(self._member(request), given.get("tags") or [])
        return Response(status_code=204)

    async def _hooks(self, request: Request) -> Response:
        rows = list(self._called(request).rows.values())
        return JSONResponse({"webhooks": rows, "list_id": request.path_params["list"], "total_items": len(rows)})

    async def _hook(self, request: Request) -> Response:
        return JSONResponse(await self._called(request).add(await _body(request)))

    async def _one_hook(self, request: Request) -> Response:
        found = self._called(request).rows.get(request.path_params["hook"])
        if found is None:
            raise errors.not_found()
        return JSONResponse(found)

    async def _unhook(self, request: Request) -> Response:
        if self._called(request).rows.pop(request.path_params["hook"], None) is None:
            raise errors.not_found()
        return Response(status_code=204)

    async def _themselves(self, request: Request) -> Response:
        """The stand-in's own: `{"email", "status"}`, a person unsubscribes, or their mail bounces (`cleaned`)."""
        given = await _body(request)
        audience = next(iter(self._audiences.values()))
        audience.by_themselves(audience.member(given["email"]), given["status"])
        return JSONResponse({"ok": True})

    def _page(
        self, request: Request, name: str, items: Sequence[Any], show: Callable[[Any], Any] = lambda item: item
    ) -> Response:
        """`count` (10) and `offset`."""
        count = int(request.query_params.get("count", "10"))
        offset = int(request.query_params.get("offset", "0"))
        if not 0 <= count <= MOST:
            raise errors.invalid([{"field": "count", "message": f"This value should be between 0 and {MOST}."}])
        page = [show(item) for item in items[offset : offset + count]]
        return JSONResponse({name: page, "total_items": len(items)})

    def _audience(self, request: Request) -> Audience:
        found = self._audiences.get(request.path_params["list"])
        if found is None:
            raise errors.not_found()
        return found

    def _called(self, request: Request) -> Calling:
        return self._calling[self._audience(request).id]

    def _member(self, request: Request) -> Row:
        return self._audience(request).member(request.path_params["member"])

    def _named(self, name: str) -> Audience:
        for audience in self._audiences.values():
            if name in ("primary", audience.id, audience.name):
                return audience
        return self._make(hashed(name)[:10], name)

    def _make(self, id: str, name: str) -> Audience:
        calling = self._calling[id] = Calling(self._world, id)
        self._audiences[id] = Audience(id, name, self._world.clock, self._world.journal, calling.tell)
        return self._audiences[id]


def _asked(row: Row, status: str | None) -> bool:
    return bool(row.data["status"] == status if status else row.data["status"] != "archived")


def _lenient(request: Request) -> bool:
    return request.query_params.get("skip_merge_validation", "").lower() == "true"


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise errors.refusal("JSON Parse Error", "We encountered an unspecified JSON parsing error.") from error
    if not isinstance(body, dict):
        raise errors.refusal("Invalid Resource", "The body must be an object.")
    return body
