"""Outlook contacts through Microsoft Graph v1.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import quote

from connectors import graph_hooks, graph_items
from connectors.graph import LIMIT, PREFER, ROOT
from connectors.graph_account import ADDRESS, owner, sign_in
from connectors.graph_errors import Dialect
from connectors.graph_feed import listed
from connectors.hook import Hook, Subscription
from connectors.http import Client
from connectors.outlook_contacts.schema import FIELDS
from connectors.outlook_contacts.wire import CONTACT, properties
from connectors.rest import known
from connectors.setting import OAUTH
from engine.contract import Caps, Invalid, Json, Missing, Outcome, Page, Record, Refused, Schema, Support, Write

DEFAULT = ("primary", "Contacts")


class Connector:
    """One mailbox's contacts. Object: `contacts`; scope: `{"folder": name or id}`, without it the default folder."""

    app: ClassVar = "outlook_contacts"
    title: ClassVar = "Outlook Contacts"
    objects: ClassVar = ("contacts",)
    fields: ClassVar = {"contacts": FIELDS}
    settings: ClassVar = (ADDRESS, *OAUTH)
    sign_in: ClassVar = sign_in("Contacts.ReadWrite", "User.Read")
    caps: ClassVar = Caps(
        objects=("contacts",),
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.YES,
        stamped=Support.YES,
        webhooks=Support.YES,
        batch=LIMIT,
        page=CONTACT.page,
        calls=(16, timedelta(seconds=1)),
        proven="a stand-in that is exercised by msgraph-sdk",
    )
    hook: ClassVar = Hook(hear=graph_hooks.hear)
    classify = staticmethod(Dialect("Outlook", "Contacts.ReadWrite", properties()).classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:  # noqa: ARG002
        self._http = http
        self._paths: dict[str, str] = dict.fromkeys(DEFAULT, "me/contacts")
        self._homes: dict[str, str] = {}

    def check(self) -> str:
        """The owner's address; the contacts can be read."""
        self._http.request("GET", f"{ROOT}/me/contacts?$top=1&$select=id", headers=PREFER)
        return owner(self._http)

    def schema(self, obj: str) -> Schema:
        """The same for every mailbox."""
        known(self.title, self.objects, obj)
        return Schema(fields=FIELDS)

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All contacts of the folder."""
        known(self.title, self.objects, obj)
        return graph_items.scan(self._http, CONTACT, self._folder(scope), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor."""
        known(self.title, self.objects, obj)
        return graph_items.changes(self._http, CONTACT, lambda: self._folder(scope), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named contacts; one that is in another folder by now is gone from this one."""
        known(self.title, self.objects, obj)
        return graph_items.get(self._http, CONTACT, self._folder(scope), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write; up to 20 at a time share their requests."""
        known(self.title, self.objects, obj)
        return graph_items.write(self._http, CONTACT, self._folder(scope), writes)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """To the folder."""
        known(self.title, self.objects, obj)
        return graph_hooks.subscribe(self._http, self._path(scope), url, secret)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """Six more days."""
        return graph_hooks.renew(self._http, subscription)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it."""
        graph_hooks.unsubscribe(self._http, subscription)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _folder(self, scope: Json) -> graph_items.Folder:
        path = self._path(scope)
        return graph_items.Folder(path, lambda item: item.get("parentFolderId") == self._home(path))

    def _home(self, path: str) -> str | None:
        """The id of a folder as its contacts name it; None while it is empty, so that nothing can be in it."""
        if path not in self._homes:
            query = f"{ROOT}/{path}?$top=1&$select=parentFolderId"
            for item in self._http.json("GET", query, headers=PREFER)["value"]:
                self._homes[path] = str(item["parentFolderId"])
        return self._homes.get(path)

    def _path(self, scope: Json) -> str:
        """Of the list of a folder's contacts."""
        name = str(scope.get("folder") or DEFAULT[0])
        if name not in self._paths:
            self._paths[name] = f"me/contactFolders/{quote(self._folder_id(name), safe='')}/contacts"
        return self._paths[name]

    def _folder_id(self, name: str) -> str:
        """By name, or by id: the list shows no folders inside of folders. Raises Refused where there is none."""
        found = listed(self._http, f"{ROOT}/me/contactFolders?$top=100")
        exact = [each for each in found if name == each["displayName"]]
        alike = [each for each in found if name.casefold() == str(each["displayName"]).casefold()]
        for each in (*exact, *alike):
            return str(each["id"])
        try:
            return str(self._http.json("GET", f"{ROOT}/me/contactFolders/{quote(name, safe='')}", headers=PREFER)["id"])
        except (Missing, Invalid) as error:
            names = ", ".join(["primary", *(str(each["displayName"]) for each in found)])
            raise Refused(f"There is no contact folder {name!r} in this mailbox. There are: {names}.") from error
