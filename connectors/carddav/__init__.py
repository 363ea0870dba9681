"""Contacts on any CardDAV server: Nextcloud, iCloud, Fastmail, Radicale, Xandikos and others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from connectors import dav
from connectors.carddav.card import Card
from connectors.carddav.fields import FIELDS
from connectors.davaccount import Account, settings
from connectors.davkind import Kind
from connectors.http import Client
from connectors.setting import OAuthApp, Setting
from engine.contract import Caps, Field, Json, Outcome, Page, Record, Refused, Schema, Support, Write

CONTACTS = Kind(
    protocol="CardDAV",
    place="address book",
    item="contact",
    scope="book",
    known="/.well-known/carddav",
    resource=dav.CARD + "addressbook",
    home=dav.CARD + "addressbook-home-set",
    data=dav.CARD + "address-data",
    multiget=dav.CARD + "addressbook-multiget",
    formats=dav.CARD + "supported-address-data",
    guests=False,
    mime="text/vcard",
    suffix=".vcf",
    make=dav.mkbook,
    load=Card.load,
    fresh=Card.fresh,
)


class Connector:
    """One account on one server. A record is one card."""

    app: ClassVar[str] = "carddav"
    title: ClassVar[str] = "CardDAV"
    objects: ClassVar[tuple[str, ...]] = ("contacts",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"contacts": FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = settings("https://cloud.example.org/remote.php/dav")
    sign_in: ClassVar[OAuthApp | None] = None
    caps: ClassVar[Caps] = Caps(
        objects=("contacts",),
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
        self._account = Account(http, CONTACTS)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """`user at host`."""
        return self._account.label(self._settings.get("username"))

    def schema(self, obj: str) -> Schema:
        return Schema(fields=self._fields(obj))

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        self._fields(obj)
        yield from self._account.scan(scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        self._fields(obj)
        yield from self._account.changes(scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        self._fields(obj)
        yield from self._account.get(scope, ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        self._fields(obj)
        yield from self._account.write(scope, writes)

    def _fields(self, obj: str) -> Mapping[str, Field]:
        if obj not in self.fields:
            raise Refused(f"CardDAV has no object {obj!r} here; there is: contacts.")
        return self.fields[obj]
