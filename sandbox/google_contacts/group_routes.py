"""The routes of contact groups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.google_contacts import groups, listing
from sandbox.google_contacts.book import Book
from sandbox.google_contacts.errors import body, invalid
from sandbox.google_contacts.groups import group_of, membership

Endpoint = Callable[[Request], Awaitable[Response]]


class GroupRoutes:
    """Of one book."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def table(self) -> list[tuple[str, str, str, Endpoint]]:
        """Method of the discovery document, HTTP method, path, endpoint."""
        one = "/v1/contactGroups/{id}"
        return [
            ("contactGroups.list", "GET", "/v1/contactGroups", self._list),
            ("contactGroups.create", "POST", "/v1/contactGroups", self._create),
            ("contactGroups.members.modify", "POST", f"{one}/members:modify", self._modify),
            ("contactGroups.get", "GET", one, self._get),
            ("contactGroups.update", "PUT", one, self._update),
            ("contactGroups.delete", "DELETE", one, self._delete),
        ]

    async def _list(self, request: Request) -> Response:
        everything = list(self._book.groups.all.values())
        start = request.query_params.get("pageToken", "0")
        if not start.isdigit():
            raise invalid("pageToken is invalid.", "pageToken")
        end = int(start) + listing.size(request.query_params, 30)
        page = [groups.shown(group, self._members(group["resourceName"])) for group in everything[int(start) : end]]
        more = {"nextPageToken": str(end)} if end < len(everything) else {}
        return JSONResponse({"contactGroups": page, "totalItems": len(everything), **more})

    async def _get(self, request: Request) -> Response:
        group = self._book.groups.find(_name(request))
        limit = int(request.query_params.get("maxMembers", "0"))
        return JSONResponse(groups.shown(group, self._members(group["resourceName"]), limit))

    async def _create(self, request: Request) -> Response:
        return JSONResponse(groups.shown(self._book.groups.create(await body(request)), []))

    async def _update(self, request: Request) -> Response:
        group = self._book.groups.rename(_name(request), await body(request))
        return JSONResponse(groups.shown(group, self._members(group["resourceName"])))

    async def _delete(self, request: Request) -> Response:
        name = _name(request)
        members = self._members(name)
        self._book.groups.remove(name)
        for person in members:
            if request.query_params.get("deleteContacts") == "true":
                self._book.remove(person)
            else:
                self._leave(person, name)
        return JSONResponse({})

    async def _modify(self, request: Request) -> Response:
        sent, name = await body(request), _name(request)
        self._book.groups.find(name)
        asked = [*sent.get("resourceNamesToAdd", []), *sent.get("resourceNamesToRemove", [])]
        lost = [person for person in asked if self._book.table.find(person) is None]
        for person in set(sent.get("resourceNamesToAdd", [])) - set(lost):
            self._join(person, name)
        leaving = [person for person in sent.get("resourceNamesToRemove", []) if person not in lost]
        last = [person for person in leaving if not self._leave(person, name)]
        told = {"notFoundResourceNames": lost, "canNotRemoveLastContactGroupResourceNames": last}
        return JSONResponse({key: names for key, names in told.items() if names})

    def _members(self, group: str) -> list[str]:
        rows = self._book.table.living()
        return [row.id for row in rows if group in map(group_of, row.data["memberships"])]

    def _join(self, person: str, group: str) -> None:
        before = self._book.table.rows[person].data["memberships"]
        after = self._book.groups.members([*before, membership(group)], before)
        self._book.set(person, {"memberships": after})

    def _leave(self, person: str, group: str) -> bool:
        """False where it is the last group."""
        before = self._book.table.rows[person].data["memberships"]
        after = [each for each in before if group_of(each) != group]
        if after:
            self._book.set(person, {"memberships": after})
        return bool(after)


def _name(request: Request) -> str:
    return f"contactGroups/{request.path_params['id']}"
