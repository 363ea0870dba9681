"""What can be read. Each method takes GraphQL's info and the arguments of its field, under Shopify's names."""

# ruff: noqa: N802, N803

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify import customers, products
from sandbox.shopify.shop import Raw, Shop, parts
from sandbox.table import Row


class Query:
    """The root of queries."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def shop(self, _: Any) -> Raw:
        s = self._shop
        named = {"name": s.name, "myshopifyDomain": s.domain, "currencyCode": s.currency, "ianaTimezone": s.zone}
        return {"id": "gid://shopify/Shop/1", "email": "owner@example.org", **named}

    def node(self, _: Any, id: str) -> Raw | None:
        for kind, show in (("Product", self._product), ("Customer", self._customer)):
            if row := self._shop.find(kind, id):
                return show(row)
        return next((hook(each) for each in self._shop.hooks if each["id"] == id), None)

    def nodes(self, info: Any, ids: list[str]) -> list[Raw | None]:
        return [self.node(info, id) for id in ids]

    def product(self, _: Any, id: str) -> Raw | None:
        row = self._shop.find("Product", id)
        return self._product(row) if row else None

    def products(self, _: Any, **given: Any) -> Raw:
        return self._shop.listed("Product", self._product, given)

    def customer(self, _: Any, id: str) -> Raw | None:
        row = self._shop.find("Customer", id)
        return self._customer(row) if row else None

    def customers(self, _: Any, **given: Any) -> Raw:
        return self._shop.listed("Customer", self._customer, given)

    def productByIdentifier(self, _: Any, identifier: Raw) -> Raw | None:
        row = self.identified("Product", identifier, {"handle": "handle"})
        return self._product(row) if row else None

    def customerByIdentifier(self, _: Any, identifier: Raw) -> Raw | None:
        row = self.identified("Customer", identifier, {"emailAddress": "email", "phoneNumber": "phone"})
        return self._customer(row) if row else None

    def metafieldDefinitions(
        self, _: Any, ownerType: str, first: int | None = None, after: str | None = None, **given: Any
    ) -> Raw:
        found = [each for each in self._shop.definitions.rows if each["ownerType"] == ownerType]
        for name in ("namespace", "key"):
            found = [each for each in found if given.get(name) in (None, each[name])]
        return parts(found, first, after)

    def webhookSubscriptions(self, _: Any, first: int | None = None, **given: Any) -> Raw:
        hooks = [each for each in self._shop.hooks if not given.get("topics") or each["topic"] in given["topics"]]
        return parts([hook(each) for each in hooks if given.get("uri") in (None, each["uri"])], first)

    def identified(self, kind: str, identifier: Mapping[str, Any], names: Mapping[str, str]) -> Row | None:
        if identifier.get("id"):
            return self._shop.find(kind, identifier["id"])
        if identifier.get("customId"):
            return self._shop.custom(kind, identifier["customId"])
        wanted = {names[name]: value for name, value in identifier.items() if name in names}
        rows = self._shop.table(kind).living()
        return next((row for row in rows if wanted and all(row.data[n] == v for n, v in wanted.items())), None)

    def _product(self, row: Row) -> Raw:
        return products.shown(self._shop, row)

    def _customer(self, row: Row) -> Raw:
        return customers.shown(row)


def hook(one: Mapping[str, Any]) -> Raw:
    return {"__typename": "WebhookSubscription", "format": "JSON", "includeFields": [], **one}
