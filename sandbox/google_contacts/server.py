"""The routes of the People API v1 that are about contacts."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import google_auth
from sandbox.app import visit_of
from sandbox.google_contacts import errors, listing
from sandbox.google_contacts.book import Book, Person, shown
from sandbox.google_contacts.fields import WRITABLE
from sandbox.google_contacts.group_routes import GroupRoutes
from sandbox.table import Row
from sandbox.world import World

EMAIL = "sam@example.com"
MOST = 200
MOST_DELETED = 500
Endpoint = Callable[[Request], Awaitable[Response]]


class Server:
    """Google Contacts for one account.

    Beside the API, without sign-in: `POST /_contacts/lag {"seconds"}` makes requests that sync see changes that late;
    `POST /_contacts/merge {"from", "into"}` makes one contact of two, or gives one another name (no `into`).
    """

    open_paths = (*google_auth.OPEN_PATHS, "/_contacts/")

    def __init__(self, world: World) -> None:
        self._world = world
        self.book = Book(world.clock)

    def routes(self) -> Sequence[BaseRoute]:
        """Literal paths first."""
        person = "/v1/people/{id}"
        table: list[tuple[str, str, str, Endpoint]] = [
            ("people.connections.list", "GET", "/v1/people/me/connections", self._list),
            ("people.getBatchGet", "GET", "/v1/people:batchGet", self._batch_get),
            ("people.createContact", "POST", "/v1/people:createContact", self._create),
            ("people.batchCreateContacts", "POST", "/v1/people:batchCreateContacts", self._batch_create),
            ("people.batchUpdateContacts", "POST", "/v1/people:batchUpdateContacts", self._batch_update),
            ("people.batchDeleteContacts", "POST", "/v1/people:batchDeleteContacts", self._batch_delete),
            ("people.updateContact", "PATCH", f"{person}:updateContact", self._update),
            ("people.deleteContact", "DELETE", f"{person}:deleteContact", self._delete),
            ("people.get", "GET", person, self._get),
            *GroupRoutes(self.book).table(),
        ]
        api = [Route(path, _checked(name, act), methods=[method]) for name, method, path, act in table]
        own = [("/_contacts/lag", self._set_lag), ("/_contacts/merge", self._merge)]
        return [*api, *google_auth.routes(self._world), *(Route(path, act, methods=["POST"]) for path, act in own)]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """In Google's words."""
        return errors.general(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Everything that changes data; batches count their other parts themselves."""
        return method != "GET" and path.startswith("/v1/")

    def seed(self, calendar: str, text: str) -> None:
        """Contacts from a JSON list of persons. `calendar` names a group they are in too, made where missing."""
        people = json.loads(text)
        groups = self.book.groups
        known = {group["name"]: name for name, group in groups.all.items()}
        name = (
            known.get("myContacts" if calendar == "primary" else calendar)
            or groups.create({"contactGroup": {"name": calendar}})["resourceName"]
        )
        joined = [
            {"contactGroupMembership": {"contactGroupResourceName": each}} for each in (known["myContacts"], name)
        ]
        for person in people:
            self.book.create({"memberships": joined, **person})

    def fill(self, calendar: str, count: int) -> None:
        """Plain contacts."""
        self.seed(calendar, json.dumps([_plain(number) for number in range(count)]))

    def state(self) -> Mapping[str, Any]:
        """Contacts, groups and sign-ins."""
        return {"book": self.book.state(), "grants": self._world.grants.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to a former state."""
        self.book.load(state["book"])
        self._world.grants.load(state["grants"])

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        spent = "syncToken" in query and self._world.faults.take({"expire_cursor"}, visit_of(request))
        return JSONResponse(listing.connections(self.book, query, spent=bool(spent)))

    async def _get(self, request: Request) -> Response:
        wanted = listing.mask(request.query_params.get("personFields"), "personFields")
        if request.path_params["id"] == "me":
            own = {"resourceName": "people/1001", "etag": "%1", "emailAddresses": [{"value": EMAIL}]}
            return JSONResponse({name: own[name] for name in own if name in {"resourceName", "etag", *wanted}})
        row = self.book.found(_name(request))
        if row is None:
            raise errors.not_found()
        return JSONResponse(shown(row, wanted))

    async def _batch_get(self, request: Request) -> Response:
        names = request.query_params.getlist("resourceNames")
        wanted = listing.mask(request.query_params.get("personFields"), "personFields")
        if not 1 <= len(names) <= MOST or not all(name.startswith("people/") for name in names):
            raise errors.invalid("resourceNames must be 1 to 200 names of people.", "resource_names")
        return JSONResponse({"responses": [_found(name, self.book.found(name), wanted) for name in names]})

    async def _create(self, request: Request) -> Response:
        person = await errors.body(request)
        return JSONResponse(shown(self.book.create(person), _fields(request)))

    async def _update(self, request: Request) -> Response:
        mask = listing.mask(request.query_params.get("updatePersonFields"), "updatePersonFields", frozenset(WRITABLE))
        name, person = _name(request), await errors.body(request)
        row = self.book.set(name, self.book.checked(name, person, mask))
        return JSONResponse(shown(row, _fields(request)))

    async def _delete(self, request: Request) -> Response:
        self.book.remove(_name(request))
        return JSONResponse({})

    async def _batch_create(self, request: Request) -> Response:
        """All or none."""
        sent = await errors.body(request)
        wanted, people = listing.mask(sent.get("readMask"), "readMask"), _few(sent.get("contacts"), MOST)
        checked = [self.book.new(each.get("contactPerson") or {}) for each in people]
        rows = [self.book.add(data) for data in checked]
        self._world.journal.writes += len(rows) - 1
        return JSONResponse({"createdPeople": [_found(row.id, row, wanted) for row in rows]})

    async def _batch_update(self, request: Request) -> Response:
        """All or none."""
        sent = await errors.body(request)
        wanted = listing.mask(sent.get("readMask"), "readMask")
        mask = listing.mask(sent.get("updateMask"), "updateMask", frozenset(WRITABLE))
        people = sent.get("contacts") or {}
        names = _few(list(people), MOST)
        checked = {name: self.book.checked(name, people[name], mask) for name in names}
        rows = {name: self.book.set(name, data) for name, data in checked.items()}
        self._world.journal.writes += len(rows) - 1
        return JSONResponse({"updateResult": {name: _found(name, row, wanted) for name, row in rows.items()}})

    async def _batch_delete(self, request: Request) -> Response:
        """All or none."""
        names = _few((await errors.body(request)).get("resourceNames"), MOST_DELETED)
        if any(self.book.table.find(name) is None for name in names):
            raise errors.not_found()
        for name in names:
            self.book.remove(name)
        self._world.journal.writes += len(names) - 1
        return JSONResponse({})

    async def _set_lag(self, request: Request) -> Response:
        self.book.lag = timedelta(seconds=(await errors.body(request))["seconds"])
        return JSONResponse({})

    async def _merge(self, request: Request) -> Response:
        sent = await errors.body(request)
        return JSONResponse({"resourceName": self.book.merge(sent["from"], sent.get("into"))})


def _checked(name: str, act: Endpoint) -> Endpoint:
    """The endpoint behind a check of its query parameters."""

    async def endpoint(request: Request) -> Response:
        listing.check(name, request.query_params)
        return await act(request)

    return endpoint


def _name(request: Request) -> str:
    return f"people/{request.path_params['id']}"


def _fields(request: Request) -> list[str]:
    """What a write is to answer: all fields if nothing is said."""
    text = request.query_params.get("personFields") or ",".join([*WRITABLE, "metadata"])
    return listing.mask(text, "personFields")


def _few(items: Any, most: int) -> list[Any]:
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise errors.invalid(f"A batch takes 1 to {most} contacts.")
    return items


def _found(name: str, row: Row | None, wanted: Sequence[str]) -> Person:
    """A PersonResponse."""
    if row is None:
        status = {"code": 5, "message": "Requested entity was not found."}
        return {"requestedResourceName": name, "httpStatusCode": 404, "status": status}
    return {"requestedResourceName": name, "httpStatusCode": 200, "status": {}, "person": shown(row, wanted)}


def _plain(number: int) -> Person:
    mail = {"value": f"person{number}@example.com", "type": "work"}
    return {"names": [{"givenName": f"Person {number}", "familyName": "Example"}], "emailAddresses": [mail]}
