"""Microsoft To Do through Microsoft Graph v1.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors import graph_hooks, graph_items
from connectors.graph import LIMIT, PREFER, ROOT
from connectors.graph_account import ADDRESS, owner, sign_in
from connectors.graph_errors import Dialect
from connectors.graph_feed import listed
from connectors.hook import Hook, Subscription
from connectors.http import Client
from connectors.microsoft_todo.schema import FIELDS
from connectors.microsoft_todo.wire import Wire, kind
from connectors.rest import known
from connectors.setting import OAUTH, Setting
from engine.contract import Caps, Json, Outcome, Page, Record, Refused, Schema, Support, Write

LIFE = timedelta(days=2)
"""Of a subscription: 4,230 minutes at most."""


class Connector:
    """One account's task lists. Object: `tasks`; scope: `{"list": name or id}`, without it the default list."""

    app: ClassVar = "microsoft_todo"
    title: ClassVar = "Microsoft To Do"
    objects: ClassVar = ("tasks",)
    fields: ClassVar = {"tasks": FIELDS}
    settings: ClassVar = (
        ADDRESS,
        *OAUTH,
        Setting(name="zone", help="Time zone in which the days of tasks begin, such as Europe/Berlin", default="UTC"),
    )
    sign_in: ClassVar = sign_in("Tasks.ReadWrite", "User.Read")
    caps: ClassVar = Caps(
        objects=("tasks",),
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.QUIRK,
        stamped=Support.QUIRK,
        webhooks=Support.YES,
        batch=LIMIT,
        page=100,
        calls=(16, timedelta(seconds=1)),
        proven="a stand-in that is exercised by msgraph-sdk",
    )
    hook: ClassVar = Hook(hear=graph_hooks.hear)
    classify = staticmethod(Dialect("To Do", "Tasks.ReadWrite", {name: name for name in FIELDS}).classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        self._kind = kind(Wire(_zone(settings.get("zone") or "UTC")))
        self._lists: dict[str, str] = {}

    def check(self) -> str:
        """The owner's address; the lists can be read."""
        self._http.request("GET", f"{ROOT}/me/todo/lists?$top=1", headers=PREFER)
        return owner(self._http)

    def schema(self, obj: str) -> Schema:
        """The same for every account."""
        known(self.title, self.objects, obj)
        return Schema(fields=FIELDS)

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All tasks of the list, completed ones too."""
        known(self.title, self.objects, obj)
        return graph_items.scan(self._http, self._kind, self._folder(scope), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor."""
        known(self.title, self.objects, obj)
        return graph_items.changes(self._http, self._kind, lambda: self._folder(scope), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named tasks, in order of arrival."""
        known(self.title, self.objects, obj)
        return graph_items.get(self._http, self._kind, self._folder(scope), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One outcome per write; up to 20 at a time share their requests."""
        known(self.title, self.objects, obj)
        return graph_items.write(self._http, self._kind, self._folder(scope), writes)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """To the list."""
        known(self.title, self.objects, obj)
        return graph_hooks.subscribe(self._http, self._folder(scope).path, url, secret, LIFE)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """Two more days."""
        return graph_hooks.renew(self._http, subscription, LIFE)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it."""
        graph_hooks.unsubscribe(self._http, subscription)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _folder(self, scope: Json) -> graph_items.Folder:
        return graph_items.Folder(f"me/todo/lists/{quote(self._list(scope), safe='')}/tasks")

    def _list(self, scope: Json) -> str:
        """The id of the list. Raises Refused for one that is not there."""
        name = str(scope.get("list") or "primary")
        if name not in self._lists:
            found = listed(self._http, f"{ROOT}/me/todo/lists?$top=100")
            exact = [each for each in found if name in (each["id"], each["displayName"])]
            alike = [each for each in found if name.casefold() == str(each["displayName"]).casefold()]
            default = [each for each in found if name == "primary" and each.get("wellknownListName") == "defaultList"]
            if not (exact or alike or default):
                names = ", ".join(str(each["displayName"]) for each in found)
                raise Refused(f"There is no list {name!r} in To Do. There are: {names}.")
            self._lists[name] = str((*exact, *alike, *default)[0]["id"])
        return self._lists[name]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Refused(f"There is no time zone {name!r}. Set zone to a name such as Europe/Berlin.") from error
    return name
