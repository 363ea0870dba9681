"""Events and tasks on any CalDAV server: Nextcloud, iCloud, Fastmail, Radicale, Xandikos and others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from connectors import dav
from connectors.caldav import ics, kinds, todo
from connectors.davaccount import Account, settings
from connectors.http import Client
from connectors.setting import OAuthApp, Setting
from engine.contract import Caps, Field, Json, Outcome, Page, Record, Refused, Schema, Support, Write


class Connector:
    """One account on one server. A record is one resource: an event, a series with its changes, or a task."""

    app: ClassVar[str] = "caldav"
    title: ClassVar[str] = "CalDAV"
    objects: ClassVar[tuple[str, ...]] = ("events", "tasks")
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"events": ics.FIELDS, "tasks": todo.FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = settings(
        "https://cloud.example.org/remote.php/dav",
        Setting(
            name="zone",
            help="Time zone (IANA name) of times that carry none, and of tasks' due days",
            default="UTC",
        ),
    )
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=("events", "tasks"),
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.YES,
        stamped=Support.YES,
        batch=1,
        page=75,
        proven="real servers: Radicale 3, Xandikos 0.4",
    )
    classify = staticmethod(dav.classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._settings = settings
        self._http = http
        tasks = kinds.tasks(settings.get("zone") or "UTC")
        self._accounts = {"events": Account(http, kinds.events()), "tasks": Account(http, tasks)}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """`user at host`."""
        return self._accounts["events"].label(self._settings.get("username"))

    def schema(self, obj: str) -> Schema:
        self._account(obj)
        return Schema(fields=self.fields[obj], zone=self._settings.get("zone") or "UTC")

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        yield from self._account(obj).scan(scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        yield from self._account(obj).changes(scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        yield from self._account(obj).get(scope, ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        yield from self._account(obj).write(scope, writes)

    def _account(self, obj: str) -> Account:
        if obj not in self._accounts:
            raise Refused(f"CalDAV has no object {obj!r} here; there are: {', '.join(self.objects)}.")
        return self._accounts[obj]
