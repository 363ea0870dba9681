"""Shopify: the common suite for products and customers, and what is written how."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors import connect
from connectors.shopify.customer_writing import consent
from engine.contract import AppError, CursorExpired, Invalid, Missing, Op, Write
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.shopify_shop import api, define, desks, run, server

__all__ = ["api", "desks", "server"]


class Shopify(Conformance):
    app = "shopify"

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        """Shopify forgets none; one that belongs to something else is not used."""
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            desk.changes(json.dumps(json.loads(cursor) | {"scope": {"other": 1}}))


class TestProducts(Shopify):
    obj = "products"
    title, other = "title", "productType"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"title": "Mug", "productType": "Cups", "sku": "M-1", "price": "9.50", "weight": 0.25, "status": "DRAFT"}
        return data | changes


class TestCustomers(Shopify):
    obj = "customers"
    title, other = "lastName", "note"
    unique = "email"
    text = "Zoë & 東京 👩‍👩‍👧 \u202bעברית\u202c; a, b\\n"  # names hold no tags

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"email": "ada@example.org", "lastName": "Lovelace", "note": "Analyst", "city": "Bath"} | changes


def shirt(*sizes: str, **more: Any) -> dict[str, Any]:
    variants = [{"options": {"Size": size}, "sku": f"S-{size}", "price": "19.00"} for size in sizes]
    return {"title": "Shirt", "variants": variants} | more


def sizes(data: Any) -> list[str]:
    return [each["options"]["Size"] for each in data["variants"]]


# --- products ---


def test_a_product_with_variants_is_made_and_changed_by_its_list(desks: dict[str, Desk]) -> None:
    desk = desks["products"]
    made = desk.create(shirt("S", "M"))
    assert "price" not in made.data, "several variants have several prices: unread, not empty"
    small, medium = made.data["variants"]
    assert (small["title"], small["sku"], small["price"]) == ("S", "S-S", "19.00")
    dearer = {**small, "price": "21.5", "weight": 0.3}
    large = {"options": {"Size": "L"}, "sku": "S-L", "price": "20", "barcode": "4006381333931", "cost": "7"}
    changed = desk.update(made, variants=[dearer, large])
    assert sizes(changed.data) == ["S", "L"]
    assert changed.data["variants"][0] == {**small, "price": "21.50", "weight": 0.3}
    assert changed.data["variants"][1].items() >= {"barcode": "4006381333931", "cost": "7.00"}.items()
    assert medium["title"] == "M" and desk.again(made) == changed


def test_a_variant_keeps_what_is_not_synced(desks: dict[str, Desk], api: httpx.Client) -> None:
    """A list that is written keeps the ids of its variants, and with them pictures, stock and orders."""
    desk = desks["products"]
    made = desk.create(shirt("S", "M"))
    query = "query($id: ID!) { product(id: $id) { variants(first: 5) { nodes { id title } } } }"
    gid = f"gid://shopify/Product/{made.id}"
    before = run(api, query, id=gid)["variants"]["nodes"]
    by_sku = [{"sku": "S-M", "price": "1"}, {"options": {"Size": "XL"}}]
    desk.update(made, variants=by_sku)
    after = run(api, query, id=gid)["variants"]["nodes"]
    assert after[0] == before[1] and [each["title"] for each in after] == ["M", "XL"]


def test_a_product_without_options_gets_some_and_keeps_one(desks: dict[str, Desk]) -> None:
    desk = desks["products"]
    made = desk.create({"title": "Mug", "price": "5"})
    assert made.data["variants"] == [] and made.data["price"] == "5.00"
    assert desk.update(made, variants=[]).data["variants"] == []
    changed = desk.update(made, variants=[{"sku": "M-1", "price": "6"}, {"title": "Blue", "price": "7"}])
    assert [each["title"] for each in changed.data["variants"]] == ["M-1", "Blue"]
    error = desk.error(Write(op=Op.UPDATE, key="none", id=made.id, data={"variants": []}))
    assert isinstance(error, Invalid) and error.field == "variants"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"price": None}, "price"),
        ({"price": "-1"}, "price"),
        ({"status": "SOLD"}, "status"),
        ({"variants": [{"price": "1"}]}, "variants"),
        ({"custom.lost": "1"}, "custom.lost"),
    ],
)
def test_values_that_shopify_never_takes(desks: dict[str, Desk], data: dict[str, Any], field: str) -> None:
    desk = desks["products"]
    made = desk.create({"title": "Mug", "price": "5"})
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data=data))
    assert isinstance(error, Invalid) and error.field == field
    assert desk.again(made) == made


def test_a_price_for_several_variants_is_refused(desks: dict[str, Desk]) -> None:
    made = desks["products"].create(shirt("S", "M"))
    error = desks["products"].error(Write(op=Op.UPDATE, key="u", id=made.id, data={"price": "1"}))
    assert isinstance(error, Invalid) and error.field == "price" and "2 variants" in str(error)


def test_more_variants_than_come_with_a_product(desks: dict[str, Desk]) -> None:
    made = desks["products"].create(shirt(*[str(number) for number in range(130)]))
    assert sizes(made.data) == [str(number) for number in range(130)]
    assert desks["products"].scan()[0] == {made.id: made}


def test_weights_are_in_kilograms_whatever_people_use(desks: dict[str, Desk], api: httpx.Client) -> None:
    desk = desks["products"]
    made = desk.create({"title": "Mug", "weight": 0.5})
    variant = run(
        api, "query($id: ID!) { product(id: $id) { variants(first: 1) { nodes { id } } } }",
        id=f"gid://shopify/Product/{made.id}",
    )["variants"]["nodes"][0]["id"]  # fmt: skip
    for unit, value, kilograms in (("GRAMS", 320, 0.32), ("POUNDS", 2, 0.907185), ("OUNCES", 0, None)):
        weight = {"id": variant, "inventoryItem": {"measurement": {"weight": {"unit": unit, "value": value}}}}
        mutation = """mutation($id: ID!, $given: [ProductVariantsBulkInput!]!) {
          productVariantsBulkUpdate(productId: $id, variants: $given) { userErrors { message } } }"""
        run(api, mutation, id=f"gid://shopify/Product/{made.id}", given=[weight])
        assert desk.again(made).data["weight"] == kilograms


def test_what_shopify_makes_of_values(desks: dict[str, Desk]) -> None:
    made = desks["products"].create({"title": " Zoë's Mug", "tags": ["b", "A ", "a"], "price": "9.999"})
    assert made.data.items() >= {"title": "Zoë's Mug", "handle": "zoe-s-mug", "tags": ["A", "b"]}.items()
    assert (made.data["price"], made.data["vendor"]) == ("10.00", "Stand-in Ltd")


# --- custom fields ---


def test_metafields_become_fields_of_our_types(desks: dict[str, Desk], api: httpx.Client) -> None:
    types = {
        "born": "date", "rare": "boolean", "points": "number_integer", "seen": "date_time", "fee": "money",
        "colours": "list.single_line_text_field", "colour": "single_line_text_field", "size": "dimension",
    }  # fmt: skip
    for key, type_ in types.items():
        define(api, "PRODUCT", key, type_, **({"choices": '["red", "blue"]'} if key == "colour" else {}))
    desk = desks["products"]
    desk.create({"title": "First"}, key="first")
    fields = desk.connector.schema("products").fields
    shapes = {name: (field.type, field.dialect) for name, field in fields.items() if name.startswith("custom.")}
    assert shapes == {
        "custom.born": ("date", ""), "custom.rare": ("bool", "text"), "custom.points": ("number", "text"),
        "custom.seen": ("instant", ""), "custom.fee": ("money", "object"), "custom.colours": ("tags", ""),
        "custom.colour": ("choice", ""),
    }  # fmt: skip
    assert "syncline.key" not in fields and fields["price"].currency == "EUR"
    values = {
        "custom.born": "1815-12-10", "custom.rare": "true", "custom.points": "7", "custom.seen": "2026-11-02T12:00:00Z",
        "custom.fee": {"amount": "5.99", "currency": "EUR"}, "custom.colours": ["red", "pale blue"],
        "custom.colour": "red",
    }  # fmt: skip
    made = desk.create({"title": "Mug", **values})
    assert made.data.items() >= values.items()
    changed = desk.update(made, **{"custom.points": "8", "custom.colour": None, "custom.colours": []})
    assert changed.data.items() >= {"custom.points": "8", "custom.colour": None, "custom.colours": []}.items()
    assert (changed.data["custom.born"], changed.stamp) == ("1815-12-10", made.stamp)
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"custom.rare": "true", "custom.points": "many"}))
    assert isinstance(error, Invalid) and error.field == "custom.points"


def test_a_create_with_a_wrong_metafield_makes_nothing(desks: dict[str, Desk], api: httpx.Client) -> None:
    for obj, owner in (("products", "PRODUCT"), ("customers", "CUSTOMER")):
        define(api, owner, "points", "number_integer")
        data = {"title": "Mug"} if obj == "products" else {"lastName": "Ada"}
        error = desks[obj].error(Write(op=Op.CREATE, key="k", data={**data, "custom.points": "many"}))
        assert isinstance(error, Invalid) and error.field == "custom.points"
        assert desks[obj].scan()[0] == {}


# --- customers ---


def test_the_default_address(desks: dict[str, Desk]) -> None:
    desk = desks["customers"]
    made = desk.create({"firstName": "Ada", "lastName": "Lovelace"})
    assert made.data["city"] is None
    place = {"address1": "1 Main St", "city": "Nashville", "provinceCode": "TN", "zip": "37201", "countryCode": "US"}
    moved = desk.update(made, **place)
    assert moved.data.items() >= {**place, "province": "Tennessee"}.items()
    again = desk.update(moved, city="Memphis")
    assert again.data.items() >= (place | {"city": "Memphis"}).items()
    abroad = desk.update(again, countryCode="DE", city="Berlin")
    assert (abroad.data["countryCode"], abroad.data["provinceCode"], abroad.data["zip"]) == ("DE", None, "37201")
    for wrong in ({"provinceCode": "Bayern"}, {"countryCode": "Germany"}):
        error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data=wrong))
        assert isinstance(error, Invalid) and error.field == next(iter(wrong))
    gone = desk.update(abroad, address1=None, city=None, zip=None, countryCode=None)
    assert all(gone.data[name] is None for name in place)


def test_an_address_or_number_that_is_taken_is_parked(desks: dict[str, Desk]) -> None:
    desk = desks["customers"]
    desk.create({"email": "ada@example.org", "phone": "+4930123456"}, key="there")
    for field, value in (("email", "Ada@example.org"), ("phone", "+49 30 123456"), ("phone", "12")):
        error = desk.error(Write(op=Op.CREATE, key=f"{field}{value}", data={"lastName": "Twin", field: value}))
        assert isinstance(error, Invalid) and error.field == field


def test_a_customer_with_orders_is_not_deleted(desks: dict[str, Desk]) -> None:
    made = desks["customers"].create({"lastName": "Ada", "tags": ["has-orders"]})
    error = desks["customers"].error(Write(op=Op.DELETE, key="d", id=made.id))
    assert isinstance(error, AppError) and "orders" in str(error) and not isinstance(error, Missing)
    assert not desks["customers"].again(made).gone


def test_consent_is_never_raised_silently(desks: dict[str, Desk], server: Any) -> None:
    desk = desks["customers"]
    made = desk.create({"email": "ada@example.org"})
    assert made.data["emailMarketingConsent"] == "NOT_SUBSCRIBED"
    for op, id in ((Op.UPDATE, made.id), (Op.CREATE, None)):
        data = {"email": "eve@example.org", "emailMarketingConsent": "SUBSCRIBED"}
        error = desk.error(Write(op=op, key=f"c{op}", id=id, data=data))
        assert isinstance(error, Invalid) and error.field == "emailMarketingConsent" and "may_subscribe" in str(error)
    assert list(desk.scan()[0]) == [made.id] and desk.again(made) == made
    settings = {"base_url": server.url, "token": server.token, "may_subscribe": "yes"}
    free = Desk(connect("shopify", settings, sleep=lambda _: None), {}, "customers")
    assert free.update(made, emailMarketingConsent="SUBSCRIBED").data["emailMarketingConsent"] == "SUBSCRIBED"
    bob = free.create({"email": "bob@example.org", "emailMarketingConsent": "SUBSCRIBED"}, key="bob")
    assert bob.data["emailMarketingConsent"] == "SUBSCRIBED"
    assert desk.update(made, emailMarketingConsent="NOT_SUBSCRIBED").data["emailMarketingConsent"] == "UNSUBSCRIBED"


@pytest.mark.parametrize("may", [True, False])
def test_nobody_is_asked_by_mail(may: bool) -> None:
    with pytest.raises(Invalid):
        consent("PENDING", "NOT_SUBSCRIBED", may_subscribe=may)
    assert consent("INVALID", "NOT_SUBSCRIBED", may_subscribe=may) is None
