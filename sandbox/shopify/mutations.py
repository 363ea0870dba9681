"""What can be written. Each method takes GraphQL's info and the arguments of its field, under Shopify's names."""

# ruff: noqa: N802, N803

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.shopify import customers, products
from sandbox.shopify.errors import UserError
from sandbox.shopify.metafields import full, shown
from sandbox.shopify.queries import Query, hook
from sandbox.shopify.shop import Raw, Shop, moment
from sandbox.table import Row

Tell = Callable[[str, Row], None]
"""What happened to a record: `PRODUCTS_UPDATE` and the like."""


class Mutation(Query):
    """The root of mutations. What is refused is told in `userErrors`, with status 200."""

    def __init__(self, shop: Shop, tell: Tell) -> None:
        super().__init__(shop)
        self._tell = tell

    def productCreate(self, _: Any, product: Raw) -> Raw:
        return self._try(
            "product", lambda: self._made(products.set_(self._shop, None, product, "product", custom=None))
        )

    def productUpdate(self, _: Any, product: Raw) -> Raw:
        def act() -> Raw:
            row = self._shop.known("Product", product.get("id"), "id")
            return self._changed(products.update(self._shop, row, product))

        return self._try("product", act)

    def productSet(
        self,
        _: Any,
        input: Raw,
        identifier: Raw | None = None,
        synchronous: bool = True,  # noqa: ARG002
    ) -> Raw:
        def act() -> Raw:
            row, custom = self._upserted("Product", identifier or {}, {"handle": "handle"})
            done = products.set_(self._shop, row, input, "input", custom=custom)
            return self._changed(done) if row else self._made(done)

        return self._try("product", act)

    def productDelete(self, _: Any, input: Raw, synchronous: bool = True) -> Raw:  # noqa: ARG002
        def act() -> str:
            row = self._shop.known("Product", input["id"], "id")
            self._tell("PRODUCTS_DELETE", self._shop.products.remove(row.id))
            return str(input["id"])

        return self._try("deletedProductId", act) | {"shop": self.shop(None)}

    def productVariantsBulkUpdate(
        self,
        _: Any,
        productId: str,
        variants: list[Raw],
        allowPartialUpdates: bool = False,  # noqa: ARG002
    ) -> Raw:
        def act() -> Raw:
            row = self._shop.known("Product", productId, "productId", code="PRODUCT_DOES_NOT_EXIST")
            return self._changed(products.variants(self._shop, row, variants))

        return self._try("product", act)

    def customerCreate(self, _: Any, input: Raw) -> Raw:
        return self._try("customer", lambda: self._arrived(customers.set_(self._shop, None, input, "input")))

    def customerUpdate(self, _: Any, input: Raw) -> Raw:
        def act() -> Raw:
            row = self._shop.known("Customer", input.get("id"), "id")
            return self._edited(customers.set_(self._shop, row, input))

        return self._try("customer", act)

    def customerSet(self, _: Any, input: Raw, identifier: Raw | None = None) -> Raw:
        def act() -> Raw:
            row, custom = self._upserted("Customer", identifier or {}, {"email": "email", "phone": "phone"})
            done = customers.set_(self._shop, row, input, "input", custom=custom)
            return self._edited(done) if row else self._arrived(done)

        return self._try("customer", act)

    def customerDelete(self, _: Any, input: Raw) -> Raw:
        def act() -> str:
            row = self._shop.find("Customer", input["id"])
            if row is None:
                raise UserError("Customer can't be found", "id")
            if "has-orders" in row.data["tags"]:
                raise UserError("Customer can't be deleted because they have associated orders", "id")
            self._tell("CUSTOMERS_DELETE", self._shop.customers.remove(row.id))
            return str(input["id"])

        return self._try("deletedCustomerId", act)

    def customerAddressCreate(self, _: Any, customerId: str, **given: Any) -> Raw:
        return self._try("address", lambda: self._placed(customerId, None, given))

    def customerAddressUpdate(self, _: Any, customerId: str, addressId: str, **given: Any) -> Raw:
        return self._try("address", lambda: self._placed(customerId, addressId, given))

    def customerAddressDelete(self, _: Any, customerId: str, addressId: str) -> Raw:
        def act() -> str:
            row = self._shop.known("Customer", customerId, "customerId")
            customers.displace(self._shop, row, addressId)
            self._edited(row)
            return addressId

        return self._try("deletedAddressId", act)

    def customerEmailMarketingConsentUpdate(self, _: Any, input: Raw) -> Raw:
        def act() -> Raw:
            row = self._shop.known("Customer", input["customerId"], "input", "customerId")
            return self._edited(customers.agree(self._shop, row, input["emailMarketingConsent"]["marketingState"]))

        return self._try("customer", act)

    def metafieldDefinitionCreate(self, _: Any, definition: Raw) -> Raw:
        return self._try("createdDefinition", lambda: self._shop.definitions.add(definition))

    def metafieldsSet(self, _: Any, metafields: list[Raw]) -> Raw:
        def act() -> list[Raw]:
            for owner in dict.fromkeys(each["ownerId"] for each in metafields):
                kind, row = self._owner(owner)
                mine = [each for each in metafields if each["ownerId"] == owner]
                table = self._shop.table(kind)
                values = self._shop.definitions.set(kind.upper(), table, row, mine)
                self._moved(kind, table.change(row.id, {"metafields": values}))
            return [shown(self._owner(each["ownerId"])[1], [full(each)])[0] for each in metafields]

        return self._try("metafields", act)

    def metafieldsDelete(self, _: Any, metafields: list[Raw]) -> Raw:
        def act() -> list[Raw | None]:
            gone: list[Raw | None] = []
            for each in metafields:
                kind, row = self._owner(each["ownerId"])
                found = row.data["metafields"].pop(full(each), None)
                gone.append(dict(each) if found else None)
                if found:
                    self._moved(kind, self._shop.table(kind).touch(row))
            return gone

        return self._try("deletedMetafields", act)

    def webhookSubscriptionCreate(self, _: Any, topic: str, webhookSubscription: Raw) -> Raw:
        def act() -> Raw:
            uri = str(webhookSubscription.get("uri") or "")
            if any((each["topic"], each["uri"]) == (topic, uri) for each in self._shop.hooks):
                raise UserError("Address for this topic has already been taken", "webhookSubscription", "uri")
            made = {"id": f"gid://shopify/WebhookSubscription/{self._shop.number()}", "topic": topic, "uri": uri}
            self._shop.hooks.append(made | {"createdAt": moment(self._shop.clock.now())})
            return hook(self._shop.hooks[-1])

        return self._try("webhookSubscription", act)

    def webhookSubscriptionDelete(self, _: Any, id: str) -> Raw:
        def act() -> str:
            if all(each["id"] != id for each in self._shop.hooks):
                raise UserError("Webhook subscription does not exist", "id")
            self._shop.hooks = [each for each in self._shop.hooks if each["id"] != id]
            return id

        return self._try("deletedWebhookSubscriptionId", act)

    def _try(self, name: str, act: Callable[[], Any]) -> Raw:
        """The payload of a mutation."""
        try:
            return {name: act(), "userErrors": []}
        except UserError as error:
            return {name: None, "userErrors": [error.entry]}

    def _upserted(
        self, kind: str, identifier: Mapping[str, Any], names: Mapping[str, str]
    ) -> tuple[Row | None, Raw | None]:
        """The record that is meant, and the id a new one is made under."""
        if identifier.get("id"):
            return self._shop.known(kind, identifier["id"], "identifier", "id", code="NOT_FOUND"), None
        row = self.identified(kind, identifier, names)
        return row, None if row else identifier.get("customId")

    def _owner(self, gid: str) -> tuple[str, Row]:
        kind = "Product" if "/Product/" in gid else "Customer"
        return kind, self._shop.known(kind, gid, "metafields", "0", "ownerId", code="INVALID")

    def _placed(self, owner: str, id: str | None, given: Mapping[str, Any]) -> Raw:
        row = self._shop.known("Customer", owner, "customerId")
        made = customers.place(self._shop, row, id, given["address"], first=bool(given.get("setAsDefault")))
        self._edited(row)
        return made

    def _moved(self, kind: str, row: Row) -> None:
        self._tell(f"{kind.upper()}S_UPDATE", row)

    def _made(self, row: Row) -> Raw:
        self._tell("PRODUCTS_CREATE", row)
        return self._product(row)

    def _changed(self, row: Row) -> Raw:
        self._tell("PRODUCTS_UPDATE", row)
        return self._product(row)

    def _arrived(self, row: Row) -> Raw:
        self._tell("CUSTOMERS_CREATE", row)
        return self._customer(row)

    def _edited(self, row: Row) -> Raw:
        self._tell("CUSTOMERS_UPDATE", row)
        return self._customer(row)
