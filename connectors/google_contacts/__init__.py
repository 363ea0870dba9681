"""Google Contacts through the People API, version 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from connectors.google import sign_in
from connectors.google_contacts import entries
from connectors.google_contacts import person as persons
from connectors.google_contacts.book import MOST, Book
from connectors.google_contacts.errors import classify
from connectors.google_contacts.schema import FIELDS, READ, with_custom
from connectors.google_contacts.writing import perform
from connectors.http import Client
from connectors.rest import cursor, gone, known, resumed
from connectors.setting import OAUTH, OAuthApp, Setting, base_url
from engine.contract import Caps, CursorExpired, Field, Json, Outcome, Page, Record, Schema, Support, Write

__all__ = ["Connector"]
CUSTOM = Setting(
    name="custom_fields",
    help="Custom fields to sync, by their names, separated by commas, or none; without it those in use are looked for",
)


class Connector:
    """One Google account: its contacts, or those under one label."""

    app: ClassVar[str] = "google_contacts"
    title: ClassVar[str] = "Google Contacts"
    objects: ClassVar[tuple[str, ...]] = ("contacts",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"contacts": FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = (base_url("https://people.googleapis.com"), CUSTOM, *OAUTH)
    sign_in: ClassVar[OAuthApp | None] = sign_in(
        "https://www.googleapis.com/auth/contacts",
        "https://www.googleapis.com/auth/userinfo.email",
    )
    caps: ClassVar[Caps] = Caps(
        objects=("contacts",),
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.QUIRK,
        stamped=Support.QUIRK,
        batch=MOST,
        page=1000,
        calls=(90, timedelta(minutes=1)),
        proven="stand-in, itself driven by Google's own client library",
    )
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        names = settings.get("custom_fields", "")
        keys = [name.strip() for name in names.split(",") if name.strip()]
        self._book = Book(http, None if not keys else [key for key in keys if key.lower() != "none"])

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """The account's address."""
        me = self._http.json("GET", "v1/people/me", params={"personFields": "emailAddresses"})
        addresses = entries.values(me.get("emailAddresses", []))
        return str(addresses[0]["value"] if addresses else me["resourceName"])

    def schema(self, obj: str) -> Schema:
        """The fields, with the account's custom ones."""
        known(self.title, self.objects, obj)
        return Schema(with_custom(self._book.in_use()))

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All contacts of the group."""
        group = self._group(obj, scope)
        for page in self._book.pages():
            here = [each for each in page.get("connections", []) if group in persons.memberships(each)]
            token = page.get("nextSyncToken")
            parts = {"group": group, "token": token, "mask": READ, "custom": self._book.custom()}
            yield Page([self._book.record(person, group) for person in here], cursor(scope, **parts) if token else None)

    def changes(self, obj: str, scope: Json, cursor_: str) -> Iterator[Page]:
        """What changed since; a contact that left the group, or became part of another one, is gone."""
        known(self.title, self.objects, obj)
        at = resumed(cursor_, scope, "group", "token", "mask", "custom")
        if at["mask"] != READ:
            raise CursorExpired("The cursor is of an earlier version of this connector.")
        self._book.know(at["custom"])
        for page in self._book.pages(syncToken=at["token"]):
            token = page.get("nextSyncToken")
            after = cursor(scope, **{**at, "token": token}) if token else None
            yield Page([each for one in page.get("connections", []) for each in self._seen(one, at["group"])], after)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named contacts as they are now."""
        group = self._group(obj, scope)
        for id, person in self._book.read(ids).items():
            here = person is not None and group in persons.memberships(person)
            yield self._book.record(person, group) if person is not None and here else gone(id)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """In batches; nobody gets mail of it."""
        yield from perform(self._book, self._group(obj, scope), writes)

    def _group(self, obj: str, scope: Json) -> str:
        known(self.title, self.objects, obj)
        return self._book.group(str(scope.get("group", "myContacts")))

    def _seen(self, person: Json, group: str) -> Iterator[Record]:
        """A contact in the feed, and the names it had before."""
        about = person.get("metadata", {})
        name = str(person["resourceName"])
        former = [one for one in about.get("previousResourceNames", []) if one != name]
        yield from (gone(one, merged_into=name) for one in former)
        if not about.get("deleted") and group in persons.memberships(person):
            yield self._book.record(person, group)
            return
        if not about.get("deleted"):
            self._book.group(group)  # had the label itself been deleted, all of its contacts would seem to be
        yield gone(name)
