"""HubSpot's CRM: contacts, companies, deals and products, through the API v3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from connectors.http import Client
from connectors.hubspot import feed, hooks, records
from connectors.hubspot.errors import classify
from connectors.hubspot.schema import FIELDS, choices_of, live
from connectors.hubspot.writing import Writer
from connectors.rest import known
from connectors.setting import OAUTH, OAuthApp, Setting, base_url
from engine.contract import Caps, Json, Outcome, Page, Record, Schema, Support, Write

OBJECTS = ("contacts", "companies", "deals", "products")
SCOPES = tuple(
    f"crm.{part}.{obj}.{right}"
    for part in ("objects", "schemas")
    for obj in OBJECTS
    for right in ("read", "write")
    if obj != "products"  # has a scope of its own: e-commerce
)
CAPS = Caps(
    objects=OBJECTS,
    delta=Support.YES,
    tombstones=Support.QUIRK,
    guarded=Support.NO,
    stamped=Support.YES,
    webhooks=Support.QUIRK,
    batch=records.BATCH,
    page=records.BATCH,
    calls=(90, timedelta(seconds=10)),
    proven="a stand-in that is exercised by hubspot-api-client",
)


class Connector:
    """One HubSpot account. Records have no container, so the scope is empty."""

    app: ClassVar = "hubspot"
    title: ClassVar = "HubSpot"
    objects: ClassVar = OBJECTS
    fields: ClassVar = FIELDS
    settings: ClassVar = (
        base_url("https://api.hubapi.com"),
        *OAUTH,
        Setting(
            name="stamp",
            help="no: records get no syncline_key; a create of unknown outcome is then matched, or you are asked",
            default="yes",
        ),
    )
    sign_in: ClassVar = OAuthApp(
        authorize_url="https://app.hubspot.com/oauth/authorize",
        token_url="https://api.hubapi.com/oauth/v1/token",  # noqa: S106 - an address
        scopes=("oauth", *SCOPES, "e-commerce"),
    )
    caps = CAPS
    hook: ClassVar = hooks.HOOK
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http = http
        self._schemas: dict[str, Schema] = {}
        self._stampable: set[str] | None = set()
        if settings.get("stamp", "yes").lower() == "no":
            self._stampable = None
            self.caps = replace(CAPS, stamped=Support.NO)

    def check(self) -> str:
        """The number of the account, as HubSpot's own addresses have it."""
        return f"HubSpot account {self._account()['portalId']}"

    def schema(self, obj: str) -> Schema:
        """The usual fields and all custom properties."""
        known(self.title, OBJECTS, obj)
        account = self._account()
        properties = self._http.json("GET", f"crm/v3/properties/{obj}", params={"archived": "false"})["results"]
        stages = choices_of(self._http.json("GET", "crm/v3/pipelines/deals")["results"]) if obj == "deals" else {}
        fields = live(obj, properties, stages, str(account.get("companyCurrency") or ""))
        self._schemas[obj] = Schema(fields, str(account.get("timeZone") or "UTC"))
        return self._schemas[obj]

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All records that are not in the bin."""
        known(self.title, OBJECTS, obj)
        return feed.scan(self._http, obj, self._fields(obj), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor, and what went into the bin or was merged."""
        known(self.title, OBJECTS, obj)
        return feed.changes(self._http, obj, lambda: self._fields(obj), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002
        """The named records."""
        known(self.title, OBJECTS, obj)
        return records.get(self._http, obj, self._fields(obj), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:  # noqa: ARG002
        """One outcome per write, in batches."""
        known(self.title, OBJECTS, obj)
        return Writer(self._http, obj, self._fields(obj), self._stampable).write(writes)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _fields(self, obj: str) -> records.Fields:
        schema = self._schemas.get(obj) or self.schema(obj)
        return schema.fields

    def _account(self) -> Json:
        account: Json = self._http.json("GET", "account-info/v3/details")
        return account
