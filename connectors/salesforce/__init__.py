"""Salesforce: any object of an org, through the REST API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from connectors.http import Client
from connectors.salesforce import feed, records, soql
from connectors.salesforce.errors import classify
from connectors.salesforce.schema import FIELDS, Shape, shape
from connectors.salesforce.writing import BATCH, Writer
from connectors.setting import BASE_URL, Setting
from engine.contract import Caps, Json, Missing, Outcome, Page, Record, Refused, Schema, Support, Write

NAME = re.compile(r"[A-Za-z]\w*")
CAPS = Caps(
    objects=tuple(FIELDS),
    delta=Support.YES,
    tombstones=Support.QUIRK,
    guarded=Support.NO,
    stamped=Support.QUIRK,
    webhooks=Support.NO,
    batch=BATCH,
    page=2000,
    calls=(20, timedelta(seconds=1)),
    proven="a stand-in that is exercised by simple-salesforce",
)


class Connector:
    """One org. Records have no container, so the scope is empty. Besides the usual objects, any other goes by name."""

    app: ClassVar = "salesforce"
    title: ClassVar = "Salesforce"
    objects: ClassVar = CAPS.objects
    fields: ClassVar = FIELDS
    settings: ClassVar = (
        Setting(name=BASE_URL, help="Address of your org, such as https://acme.my.salesforce.com", required=True),
        Setting(name="client_id", help="Consumer key of the external client app that you registered"),
        Setting(name="client_secret", help="Its consumer secret", secret=True),
        Setting(name="refresh_token", help="A refresh token of a user, instead of the app's own sign-in", secret=True),
        Setting(name="token", help="A session id, instead of signing in; it ends after some hours", secret=True),
        Setting(
            name="stamp_field",
            help="An external id, such as SynclineKey__c, that keeps the key each record was made under; without it, a "
            "create of unknown outcome is matched, or you are asked",
        ),
        Setting(name="currency", help="Currency (ISO 4217) of the org, where Salesforce does not tell it"),
    )
    sign_in: ClassVar = (
        None  # the app signs in as itself: Salesforce lets no browser come back to a port of this machine
    )
    token_path: ClassVar = "services/oauth2/token"  # noqa: S105 - an address
    caps = CAPS
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        self._stamp = settings.get("stamp_field", "")
        self._currency = settings.get("currency", "")
        self._shapes: dict[str, Shape] = {}
        self.caps = replace(CAPS, stamped=Support.YES if self._stamp else Support.NO)

    def check(self) -> str:
        """The org's name and id."""
        org = self._org()
        return f"{org['Name']} ({org['Id']})"

    def schema(self, obj: str) -> Schema:
        """The fields that this user may see."""
        self._shapes.pop(obj, None)
        return self._shape(obj).schema

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All records that are not in the bin."""
        return feed.scan(self._http, self._shape(obj), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor, and what went into the bin or was merged."""
        return feed.changes(self._http, self._shape(obj), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002
        """The named records."""
        return records.get(self._http, self._shape(obj), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:  # noqa: ARG002
        """One outcome per write, in collections."""
        return Writer(self._http, self._shape(obj)).write(writes)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _shape(self, obj: str) -> Shape:
        """Asked once in the life of a connector, which is a run."""
        if obj not in self._shapes:
            self._shapes[obj] = self._described(obj)
        return self._shapes[obj]

    def _described(self, obj: str) -> Shape:
        missing = Refused(f"Salesforce has no object {obj!r}, or this user may not see it. Its API name is in Setup.")
        if not NAME.fullmatch(obj):
            raise missing
        try:
            described = self._http.json("GET", f"{soql.API}/sobjects/{obj}/describe")
        except Missing as error:
            raise missing from error
        found = shape(described, self._money(), str(self._org().get("TimeZoneSidKey") or "UTC"), self._stamp)
        if found is None:
            raise Refused(f"Salesforce does not tell when records of {obj} change: it cannot be synced.")
        return found

    def _org(self) -> Mapping[str, Any]:
        query = soql.select(["Id", "Name", "TimeZoneSidKey"], "Organization")
        org: Mapping[str, Any] = next(soql.pages(self._http, query))[0]
        return org

    def _money(self) -> str:
        """The currency of an org that has one; "" where that is not told."""
        if self._currency:
            return self._currency
        try:
            features = self._http.json("GET", f"{soql.API}/connect/organization").get("features") or {}
        except (Missing, Refused):  # switched off for this org
            return ""
        return str(features.get("defaultCurrencyIsoCode") or "")
