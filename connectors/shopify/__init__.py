"""Shopify: products with their variants, and customers, through the GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import ClassVar

from connectors.hook import Subscription
from connectors.http import Client
from connectors.rest import known
from connectors.setting import BASE_URL, Setting
from connectors.shopify import custom, customer_writing, customers, feed, hooks, product_writing, products
from connectors.shopify.api import Api
from connectors.shopify.errors import classify
from connectors.shopify.kind import Kind
from connectors.shopify.writing import Writer
from engine.contract import Caps, Json, Outcome, Page, Record, Refused, Schema, Support, Write

KINDS = {kind.obj: kind for kind in (products.PRODUCTS, customers.CUSTOMERS)}
OBJECTS = tuple(KINDS)
FIELDS = {"products": products.FIELDS, "customers": customers.FIELDS}
CAPS = Caps(
    objects=OBJECTS,
    delta=Support.YES,
    tombstones=Support.NO,
    guarded=Support.NO,
    stamped=Support.YES,
    webhooks=Support.YES,
    batch=1,
    page=products.PRODUCTS.page,
    calls=(10, timedelta(seconds=1)),
    proven="a stand-in that runs real GraphQL and is exercised by ShopifyAPI",
)
_SHOP = "{ shop { name myshopifyDomain currencyCode ianaTimezone } }"


class Connector:
    """One Shopify shop. Records have no container, so the scope is empty."""

    app: ClassVar = "shopify"
    title: ClassVar = "Shopify"
    objects: ClassVar = OBJECTS
    fields: ClassVar = FIELDS
    settings: ClassVar = (
        Setting(name=BASE_URL, help="Address of the shop: https://NAME.myshopify.com", required=True),
        Setting(name="client_id", help="Client id of the app that you made for the shop"),
        Setting(name="client_secret", help="Client secret of that app; it also signs webhooks", secret=True),
        Setting(name="refresh_token", help="For an app of the app store: its refresh token", secret=True),
        Setting(name="token_url", help="Address that gives tokens, where it is not the usual one"),
        Setting(name="token", help="An access token, instead of client id and secret", secret=True),
        Setting(
            name="may_subscribe", help="yes: a sync may subscribe customers to mailings; else it refuses", default="no"
        ),
        Setting(
            name="stamp",
            help="no: records get no syncline.key; a create of unknown outcome is then matched, or you are asked",
            default="yes",
        ),
    )
    sign_in: ClassVar = None
    token_header: ClassVar = "X-Shopify-Access-Token"  # noqa: S105 - a name
    token_path: ClassVar = "admin/oauth/access_token"  # noqa: S105 - an address
    caps = CAPS
    hook: ClassVar = hooks.HOOK
    classify = staticmethod(classify)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._http, self._api = http, Api(http)
        self._secret = settings.get("client_secret", "")
        self._may_subscribe = settings.get("may_subscribe", "no").lower() == "yes"
        self._kinds: dict[str, Kind] = {}
        self._stamped: set[str] | None = set()
        if settings.get("stamp", "yes").lower() == "no":
            self._stamped = None
            self.caps = replace(CAPS, stamped=Support.NO)

    def check(self) -> str:
        """The shop's name and its address at Shopify."""
        shop = self._api.query(_SHOP)["shop"]
        return f"{shop['name']} ({shop['myshopifyDomain']})"

    def schema(self, obj: str) -> Schema:
        """The usual fields, and the metafields that the shop has defined."""
        known(self.title, OBJECTS, obj)
        shop = self._api.query(_SHOP)["shop"]
        defined = custom.fields(list(custom.definitions(self._api, KINDS[obj].type)))
        self._kinds[obj] = replace(KINDS[obj], customs={name: type_ for name, (type_, _) in defined.items()})
        usual = {
            name: replace(field, currency=shop["currencyCode"]) if field.type == "money" else field
            for name, field in FIELDS[obj].items()
        }
        return Schema(usual | {name: field for name, (_, field) in defined.items()}, shop["ianaTimezone"])

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """All records."""
        return feed.scan(self._api, self._kind(obj), scope)

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """What changed since the cursor. What was deleted is found by a scan, or named by a webhook."""
        return feed.changes(self._api, self._kind(obj), scope, cursor)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:  # noqa: ARG002
        """The named records."""
        return feed.get(self._api, self._kind(obj), ids)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:  # noqa: ARG002
        """One outcome per write."""
        kind = self._kind(obj)
        if obj == "products":
            acts = (product_writing.create, product_writing.update, product_writing.DELETE)
            return Writer(self._api, kind, *acts, self._stamped).write(writes)
        create = partial(customer_writing.create, may_subscribe=self._may_subscribe)
        update = partial(customer_writing.update, may_subscribe=self._may_subscribe)
        return Writer(self._api, kind, create, update, customer_writing.DELETE, self._stamped).write(writes)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """Webhooks are signed with the app's own secret: without it they could not be told from false ones."""
        known(self.title, OBJECTS, obj)
        if not self._secret:
            raise Refused("Set client_secret for this connection: Shopify signs its webhooks with it.")
        return hooks.subscribe(self._api, KINDS[obj], url)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """The same; raises Missing where Shopify has ended it."""
        return hooks.renew(self._api, subscription)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it; unknown ones are ignored."""
        hooks.unsubscribe(self._api, subscription)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def _kind(self, obj: str) -> Kind:
        if obj not in self._kinds:
            self.schema(obj)
        return self._kinds[obj]
