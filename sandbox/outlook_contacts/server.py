"""The stand-in: contact folders behind Graph's gateway, and their state."""

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
from sandbox.outlook_contacts.contact import CONTACT, READ_ONLY, parse_contact
from sandbox.table import Row
from sandbox.world import World

LONGEST = timedelta(minutes=10_080)
_RESOURCE = re.compile(r"(?:me|users/[^/]+)/(contacts|contactfolders/([^/]+)/contacts)$", re.I)


class Server:
    """One mailbox's contact folders; see `sandbox.graph.service`.

    `POST /_outlook/move {"id", "folder"}`, without sign-in, does what dragging a contact into another folder does.
    """

    open_paths = OPEN

    def __init__(self, world: World) -> None:
        self.shelf = Shelf(world.clock, secrets.token_hex(8), "Contacts")
        self.shelf.on_change = self._tell
        self._subscriptions = Subscriptions(world, self._resource, LONGEST)
        items = Items(CONTACT, self.shelf, world)
        table: Table = [
            ("GET", "me/contactFolders", self._folders),
            ("POST", "me/contactFolders", self._make_folder),
            ("GET", "me/contactFolders/*", self._folder),
            ("GET", "me/contactFolders/*/contacts", items.all),
            ("POST", "me/contactFolders/*/contacts", items.create),
            ("GET", "me/contactFolders/*/contacts/delta", items.delta),
            ("GET", "me/contacts/*", items.get),
            ("PATCH", "me/contacts/*", items.update),
            ("DELETE", "me/contacts/*", items.delete),
        ]
        self._service = Service(world, table, self._canonical, self._subscriptions)

    def routes(self) -> list[BaseRoute]:
        """Of the whole API."""
        return [*self._service.routes(), Route("/_outlook/move", self._move, methods=["POST"])]

    def failure(self, status: int, retry_after: float | None = None) -> Response:
        """A refusal of the gateway."""
        return self._service.failure(status, retry_after)

    def is_write(self, method: str, path: str) -> bool:
        """Whatever changes contacts and folders."""
        return self._service.is_write(method, path)

    def seed(self, folder: str, text: str) -> None:
        """A JSON list of contacts, as the API shows them."""
        for contact in json.loads(text):
            body = {name: value for name, value in contact.items() if name not in READ_ONLY}
            self.shelf.add(self.shelf.named(folder).id, parse_contact(body, None))

    def fill(self, folder: str, count: int) -> None:
        """People with a number."""
        place = self.shelf.named(folder).id
        for number in range(count):
            body = {"givenName": "Person", "surname": f"{number}", "companyName": "Northwind"}
            emails = [{"address": f"person{number}@example.org"}]
            self.shelf.add(place, parse_contact({**body, "emailAddresses": emails}, None))

    def state(self) -> Mapping[str, Any]:
        """The folders and the subscriptions."""
        return {"shelf": self.shelf.state(), "subscriptions": self._subscriptions.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        self.shelf.load(state["shelf"])
        self._subscriptions.load(state["subscriptions"])

    def _folders(self, asking: Asking) -> Answering:
        """The folders below the default one, which is not among them."""
        top, skip = whole(asking.query, "$top", 10, least=1, most=MOST), whole(asking.query, "$skip", 0)
        _, *below = map(self._as_json, self.shelf.folders.values())
        more = {"@odata.nextLink": asking.link(__top=str(top), __skip=str(skip + top))}
        body = {"@odata.context": asking.context("me/contactFolders"), "value": below[skip : skip + top]}
        return Answering(body | (more if skip + top < len(below) else {}))

    def _make_folder(self, asking: Asking) -> Answering:
        body = asking.json()
        name = body.get("displayName") if isinstance(body, dict) else None
        if not isinstance(name, str) or not name:
            raise invalid("A folder needs a 'displayName'.")
        return Answering(self._as_json(self.shelf.add_folder(name)), 201)

    def _folder(self, _: Asking, name: str) -> Answering:
        return Answering(self._as_json(self.shelf.folder(name)))

    def _as_json(self, folder: Folder) -> dict[str, Any]:
        parent = "" if folder is self.shelf.default else self.shelf.default.id
        return {"id": folder.id, "displayName": folder.name, "parentFolderId": parent}

    def _canonical(self, parts: Parts) -> Parts:
        """The default folder by its id (`contacts` is its well-known name), a contact without its folder."""
        default = self.shelf.default.id
        match parts:
            case ("me", "contacts") | ("me", "contacts", "delta"):
                return ("me", "contactFolders", default, *parts[1:])
            case ("me", "contactFolders", "contacts", *rest):
                return self._canonical(("me", "contactFolders", default, *rest))
            case ("me", "contactFolders", _, "contacts", contact, *rest) if contact != "delta":
                return ("me", "contacts", contact, *rest)
        return parts

    def _resource(self, text: str) -> str | None:
        """`me/contacts` is the default folder; an id is percent-encoded, as in any path."""
        match = _RESOURCE.match(text)
        folder = unquote(match[2] or "") if match else None
        if folder is None or (folder and folder not in self.shelf.folders):
            return None
        return _contacts_of(folder) if folder else "me/contacts"

    def _tell(self, kind: str, row: Row) -> None:
        def change(immutable: bool) -> dict[str, str]:
            name = self.shelf.id_of(row, immutable=immutable)
            path = f"Users/{OWNER_ID}/Contacts/{name}"
            return {"path": path, "@odata.type": "#Microsoft.Graph.Contact", "@odata.etag": etag(row), "id": name}

        folder = row.data["folder"]
        own = ["me/contacts"] if folder == self.shelf.default.id else []
        for resource in (*own, _contacts_of(folder)):
            self._subscriptions.tell(kind, resource, change)

    async def _move(self, request: Request) -> Response:
        body = await request.json()
        try:
            row = self.shelf.move(self.shelf.find(body["id"]), self.shelf.named(body["folder"]).id)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, refusal.status)
        return JSONResponse({"id": self.shelf.id_of(row, immutable=True)})


def _contacts_of(folder: str) -> str:
    return f"me/contactFolders/{quote(folder, safe='')}/contacts"
