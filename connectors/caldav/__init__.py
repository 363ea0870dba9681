"""Calendars on any CalDAV server: Nextcloud, iCloud, Fastmail, Radicale, Xandikos and others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from connectors.caldav import dav, ics, writes
from connectors.caldav.collection import Collection
from connectors.caldav.discover import Calendar, Discovery
from connectors.http import Client
from connectors.setting import BASE_URL, OAuthApp, Setting
from engine.contract import (
    Caps,
    CursorExpired,
    Field,
    Invalid,
    Json,
    Missing,
    Outcome,
    Page,
    Record,
    Refused,
    Schema,
    Support,
    Write,
)


class Connector:
    """One account on one server. A record is one calendar object resource: an event, or a series with its changes."""

    app: ClassVar[str] = "caldav"
    title: ClassVar[str] = "CalDAV"
    objects: ClassVar[tuple[str, ...]] = ("events",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"events": ics.FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            name=BASE_URL, help="Address of the server, such as https://cloud.example.org/remote.php/dav", required=True
        ),
        Setting(name="username", help="User name"),
        Setting(name="password", help="Password; where there is two-factor sign-in, an app password", secret=True),
        Setting(name="token", help="An access token, instead of user name and password", secret=True),
        Setting(name="zone", help="Time zone (IANA name) of events that carry none", default="UTC"),
    )
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=("events",),
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
        self._discovery = Discovery(http)
        self._collections: dict[str, Collection] = {}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """`user at host`."""
        owner = self._discovery.owner()
        user = self._settings.get("username") or owner or "somebody"
        return f"{user} at {urlsplit(self._http.base_url).hostname}"

    def schema(self, obj: str) -> Schema:
        _only_events(obj)
        return Schema(fields=ics.FIELDS, zone=self._settings.get("zone") or "UTC")

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All events; the last page carries the cursor, which was taken before the first was read."""
        _only_events(obj)
        collection = self._collection(scope)
        try:
            idents, mark = self._everything(collection)
        except Missing as error:
            raise Refused(f"{error} The calendar was deleted or renamed. Check the sync's scope.") from error
        cursor = _cursor(scope, collection.calendar, mark)
        held: Page | None = None
        for records in collection.records(idents):
            if held is not None:
                yield held
            held = Page([record for record in records if not record.gone])  # gone since: a later change
        yield Page(held.records if held else [], cursor)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor. From a server without sync tokens: nothing, or CursorExpired."""
        _only_events(obj)
        calendar, mark = _opened(scope, cursor)
        collection = Collection(self._http, calendar)
        if "ctag" in mark:
            if collection.ctag(self._discovery) != mark["ctag"]:
                raise CursorExpired("The calendar changed; this server cannot tell what, so it is read anew.")
            yield Page([], cursor)
            return
        try:
            for members, token in collection.since(mark["token"]):
                yield Page(_changed(collection, members), _cursor(scope, calendar, {"token": token or ""}))
        except Missing as error:
            raise CursorExpired(f"{error} The calendar is looked for anew.") from error

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        _only_events(obj)
        for records in self._collection(scope).records(ids):
            yield from records

    def write(self, obj: str, scope: Json, writes_: Sequence[Write]) -> Iterator[Outcome]:
        """One after the other: CalDAV has no batches. No server mails anybody: see guests.py and writes.py."""
        _only_events(obj)
        collection = self._collection(scope)
        for write in writes_:
            yield writes.outcome(collection, write, lambda: datetime.now(UTC))

    def _collection(self, scope: Json) -> Collection:
        calendar = self._discovery.calendar(scope)
        return self._collections.setdefault(calendar.url, Collection(self._http, calendar))

    def _everything(self, collection: Collection) -> tuple[list[str], dict[str, str]]:
        """All resources, and what to ask for changes with: a sync token, or the collection's mark."""
        found: dict[str, None] = {}
        token: str | None = None
        try:
            for members, token in collection.since(""):  # noqa: B007 - the last one counts
                found |= dict.fromkeys(collection.ident(one) for one in members if one.status == 200)
        except (Refused, Invalid):
            token = None
        if token:
            return list(found), {"token": token}
        ctag = collection.ctag(self._discovery)
        members = collection.listed(self._discovery)
        return [collection.ident(member) for member in members], {"ctag": ctag or ""}


def _changed(collection: Collection, members: Sequence[dav.Member]) -> list[Record]:
    gone = [Record(id=collection.ident(one), version=None, data={}, gone=True) for one in members if one.status == 404]
    there = [collection.ident(one) for one in members if one.status == 200]
    return [*gone, *(record for records in collection.records(there) for record in records)]


def _cursor(scope: Json, calendar: Calendar, mark: Mapping[str, str]) -> str:
    """The collection's address is in it, so that looking for changes costs one request."""
    return json.dumps({"calendar": scope.get("calendar"), "url": calendar.url, "name": calendar.name, **mark})


def _opened(scope: Json, cursor: str) -> tuple[Calendar, dict[str, str]]:
    try:
        mark = json.loads(cursor)
        same = mark["calendar"] == scope.get("calendar")
        calendar = Calendar(mark["url"], mark["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise CursorExpired("The cursor is not one of this connector. The calendar is read anew.") from error
    if not same or not mark.get("token" if "token" in mark else "ctag"):
        raise CursorExpired("The cursor belongs to another calendar, or to none. The calendar is read anew.")
    return calendar, mark


def _only_events(obj: str) -> None:
    if obj != "events":
        raise Refused(f"CalDAV has no object {obj!r} here; there is: events.")
