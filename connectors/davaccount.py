"""One kind of record of one account: scans, changes since a cursor, reads and writes, whatever the kind is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors import dav, davwrite
from connectors.davfind import Discovery, Place
from connectors.davkind import Kind
from connectors.davstore import Collection
from connectors.http import Client
from connectors.setting import BASE_URL, Setting
from engine.contract import CursorExpired, Invalid, Json, Missing, Outcome, Page, Record, Refused, Write


def settings(example: str, *more: Setting) -> tuple[Setting, ...]:
    """What a connection to a DAV server needs to be told."""
    return (
        Setting(name=BASE_URL, help=f"Address of the server, such as {example}", required=True),
        Setting(name="username", help="User name"),
        Setting(name="password", help="Password; where there is two-factor sign-in, an app password", secret=True),
        Setting(name="token", help="An access token, instead of user name and password", secret=True),
        *more,
    )


class Account:
    """The verbs of a connector for one kind of record."""

    def __init__(self, http: Client, kind: Kind) -> None:
        self._http, self._kind = http, kind
        self._discovery = Discovery(http, kind)
        self._collections: dict[str, Collection] = {}

    def label(self, user: str | None) -> str:
        """`user at host`; where no user is given, as the server calls the account."""
        owner = self._discovery.owner()
        return f"{user or owner or 'somebody'} at {urlsplit(self._http.base_url).hostname}"

    def scan(self, scope: Json) -> Iterator[Page]:
        """All records; the last page carries the cursor, which was taken before the first was read."""
        collection = self._collection(scope)
        try:
            idents, mark = self._everything(collection)
        except Missing as error:
            place = self._kind.place
            raise Refused(f"{error} The {place} was deleted or renamed. Check the sync's scope.") from error
        cursor = self._cursor(scope, collection.place, mark)
        held: Page | None = None
        for records in collection.records(idents):
            if held is not None:
                yield held
            held = Page([record for record in records if not record.gone])  # gone since: a later change
        yield Page(held.records if held else [], cursor)

    def changes(self, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor. From a server without sync tokens: nothing, or CursorExpired."""
        place, mark = self._opened(scope, cursor)
        collection = Collection(self._http, self._kind, place)
        if "ctag" in mark:
            if collection.ctag(self._discovery) != mark["ctag"]:
                raise CursorExpired(f"The {self._kind.place} changed; this server cannot tell what, so all is read.")
            yield Page([], cursor)
            return
        try:
            for members, token in collection.since(mark["token"]):
                yield Page(_changed(collection, members), self._cursor(scope, place, {"token": token or ""}))
        except Missing as error:
            raise CursorExpired(f"{error} The {self._kind.place} is looked for anew.") from error

    def get(self, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        for records in self._collection(scope).records(ids):
            yield from records

    def write(self, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """One after the other: DAV has no batches. No server mails anybody: see davwrite.py."""
        collection = self._collection(scope)
        for write in writes:
            yield davwrite.outcome(collection, write, lambda: collection.version(self._discovery), datetime.now(UTC))

    def _collection(self, scope: Json) -> Collection:
        place = self._discovery.place(scope)
        return self._collections.setdefault(place.url, Collection(self._http, self._kind, place))

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

    def _cursor(self, scope: Json, place: Place, mark: Mapping[str, str]) -> str:
        """The collection's address is in it, so that looking for changes costs one request."""
        named = self._kind.scope
        return json.dumps({named: scope.get(named), "url": place.url, "name": place.name, **mark})

    def _opened(self, scope: Json, cursor: str) -> tuple[Place, dict[str, str]]:
        anew = f"The {self._kind.place} is read anew."
        try:
            mark = json.loads(cursor)
            same = mark[self._kind.scope] == scope.get(self._kind.scope)
            place = Place(mark["url"], mark["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise CursorExpired(f"The cursor is not one of this connector. {anew}") from error
        if not same or not mark.get("token" if "token" in mark else "ctag"):
            raise CursorExpired(f"The cursor belongs to another {self._kind.place}, or to none. {anew}")
        return place, mark


def _changed(collection: Collection, members: Sequence[dav.Member]) -> list[Record]:
    gone = [Record(id=collection.ident(one), version=None, data={}, gone=True) for one in members if one.status == 404]
    there = [collection.ident(one) for one in members if one.status == 200]
    return [*gone, *(record for records in collection.records(there) for record in records)]
