"""Products. What Shopify keeps with the variant (price, article number, weight) is the product's own where it has just
one; `variants` lists those of a product that has options, and is empty for one that has none."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.shopify.api import Api, Raw
from connectors.shopify.kind import Kind, all_of
from engine.contract import Field

WORTH = ("sku", "price", "barcode", "weight", "cost")
FEW, POINTS = 10, 6
"""Variants that come with the product, and what one costs."""
KILOGRAMS = {
    "KILOGRAMS": Decimal(1),
    "GRAMS": Decimal("0.001"),
    "POUNDS": Decimal("0.45359237"),
    "OUNCES": Decimal("0.028349523125"),
}
STATUS = {"ACTIVE": "active", "DRAFT": "draft", "ARCHIVED": "archived", "UNLISTED": "unlisted"}
_VARIANT = """id title sku price barcode selectedOptions { name value }
  inventoryItem { measurement { weight { unit value } } unitCost { amount } }"""
_MORE = f"""query($id: ID!, $after: String) {{ product(id: $id) {{ variants(first: 100, after: $after) {{
  nodes {{ {_VARIANT} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""


def _text(means: str, **more: Any) -> Field:
    return Field(type="text", means=means, max_length=255, **more)


FIELDS: Mapping[str, Field] = {
    "title": _text("product.name", required=True),
    "handle": _text("", label="Name in the address of its page", unique=True),
    "descriptionHtml": Field(type="html", dialect="html", means="product.description"),
    "vendor": _text("product.vendor"),
    "productType": _text("product.category"),
    "tags": Field(type="tags", means="product.tags"),
    "status": Field(type="choice", means="product.status", choices=STATUS),
    "sku": _text("product.sku"),
    "price": Field(type="money", dialect="text", means="product.price"),
    "barcode": _text("product.barcode"),
    "weight": Field(type="number", means="product.weight"),
    "cost": Field(type="money", dialect="text", means="product.cost"),
    "variants": Field(type="list", means="product.variants"),
}
PLAIN = ("title", "handle", "descriptionHtml", "vendor", "productType", "status")


def data(raw: Raw) -> dict[str, Any]:
    """Native values. Of a product with several variants, their values are not read here: they are in `variants`."""
    variants = raw["variants"]["nodes"]
    found: dict[str, Any] = {name: raw[name] or None for name in PLAIN}
    found["tags"] = list(raw["tags"])
    if len(variants) == 1:
        found |= worth(variants[0])
    found["variants"] = [] if raw["hasOnlyDefaultVariant"] else [entry(each) for each in variants]
    return found


def entry(variant: Raw) -> dict[str, Any]:
    """An entry of `variants`."""
    options = {each["name"]: each["value"] for each in variant["selectedOptions"]}
    return {"title": variant["title"], "options": options, **worth(variant)}


def worth(variant: Raw) -> dict[str, Any]:
    """The values of one variant; the weight in kilograms, and none where it is 0."""
    item = variant["inventoryItem"]
    weight = item["measurement"]["weight"] or {"value": 0, "unit": "KILOGRAMS"}
    kilograms = Decimal(str(weight["value"])) * KILOGRAMS[weight["unit"]]
    return {
        "sku": variant["sku"] or None,
        "price": variant["price"],
        "barcode": variant["barcode"] or None,
        "weight": float(round(kilograms, 6)) or None,
        "cost": (item["unitCost"] or {}).get("amount"),
    }


def _whole(api: Api, raw: Raw) -> Raw:
    if not raw["variants"]["pageInfo"]["hasNextPage"]:
        return raw
    return {**raw, "variants": {"nodes": list(all_of(api, _MORE, "variants", id=raw["id"]))}}


PRODUCTS = Kind(
    obj="products",
    type="Product",
    members=f"""title handle descriptionHtml vendor productType tags status hasOnlyDefaultVariant
      variants(first: {FEW}) {{ nodes {{ {_VARIANT} }} pageInfo {{ hasNextPage }} }}""",
    points=FEW * POINTS + 1,
    data=data,
    whole=_whole,
)
