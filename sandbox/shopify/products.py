"""Products: at least one variant each; one without options has the variant "Default Title" of the option "Title"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import nh3

from sandbox.shopify.errors import UserError
from sandbox.shopify.shop import Raw, Shop, meta, moment, parts, short, tidy
from sandbox.table import Row

LIMITS = {"title": 255, "handle": 255, "vendor": 255, "productType": 255}
DEFAULT = ("Title", "Default Title")
PLAIN = ("title", "vendor", "productType", "status")
WEIGHTLESS = {"unit": "KILOGRAMS", "value": 0.0}


def shown(shop: Shop, row: Row) -> Raw:
    """As the API shows it."""
    data = row.data
    only = [one["options"] for one in data["variants"]] == [[DEFAULT[1]]] and data["options"][0]["name"] == DEFAULT[0]
    return {
        "__typename": "Product",
        "id": f"gid://shopify/Product/{row.id}",
        "legacyResourceId": row.id,
        **{name: data[name] for name in (*PLAIN, "handle", "descriptionHtml", "tags")},
        "description": re.sub(r"<[^>]+>", "", data["descriptionHtml"]),
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.changed_at),
        "hasOnlyDefaultVariant": only,
        "options": [_option(data, number) for number in range(len(data["options"]))],
        "variants": lambda _, first=None, after=None: parts(_variants(shop, data), first, after),
        "variantsCount": {"count": len(data["variants"])},
        **meta(row),
    }


def set_(shop: Shop, row: Row | None, given: Mapping[str, Any], *path: str, custom: Mapping[str, Any] | None) -> Row:
    """productSet: what is given; a list that is given is the whole list. `custom`: the id it is made under."""
    data = _plain(shop, row, given, *path)
    fields = [*(given.get("metafields") or ()), *([{**custom, "type": "id"}] if custom else ())]
    if "metafields" in given and row is not None:  # those that are left out are deleted
        row.data["metafields"] = {}
    try:
        data["metafields"] = shop.definitions.set("PRODUCT", shop.products, row, fields)
    except UserError as error:
        error.entry |= {"field": [*path, *error.entry["field"]], "code": "INVALID_METAFIELD"}
        raise
    if "productOptions" in given or "variants" in given:
        _arrange(shop, data, given, *path)
    return shop.products.change(row.id, data) if row else shop.products.add(data)


def update(shop: Shop, row: Row, given: Mapping[str, Any]) -> Row:
    """productUpdate: what is given; metafields are added to those that are there."""
    data = _plain(shop, row, given, "product")
    data["metafields"] = shop.definitions.set("PRODUCT", shop.products, row, given.get("metafields") or ())
    return shop.products.change(row.id, data)


def variants(shop: Shop, row: Row, given: Sequence[Mapping[str, Any]]) -> Row:
    """productVariantsBulkUpdate: all or nothing."""
    data = deepcopy(row.data)
    for number, each in enumerate(given):
        found = next((one for one in data["variants"] if _gid(one) == each.get("id")), None)
        if found is None:
            raise UserError("Product variant does not exist", "variants", str(number), "id", code="NOT_FOUND")
        found.update(_worth(each, "variants", str(number)))
    return shop.products.change(row.id, data)


def slug(text: str) -> str:
    """A handle from a title: letters, figures and dashes."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-") or "product"


def _plain(shop: Shop, row: Row | None, given: Mapping[str, Any], *path: str) -> Raw:
    short(given, LIMITS, *path)
    if (row is None or "title" in given) and not str(given.get("title") or "").strip():
        raise UserError("Title can't be blank", *path, "title", code="BLANK")
    data: Raw = deepcopy(row.data) if row else _new(shop)
    data |= {name: given[name] for name in PLAIN if given.get(name) is not None}
    data["title"], data["vendor"] = data["title"].strip(), data["vendor"] or shop.name
    if given.get("descriptionHtml") is not None:
        data["descriptionHtml"] = nh3.clean(given["descriptionHtml"], link_rel=None)
    if "tags" in given:
        data["tags"] = tidy(given["tags"])
    if given.get("handle") or row is None:
        data["handle"] = _free(
            shop, row, slug(given.get("handle") or data["title"]), *path, own=bool(given.get("handle"))
        )
    return data


def _new(shop: Shop) -> Raw:
    option = {"id": shop.number(), "name": DEFAULT[0], "values": [{"id": shop.number(), "name": DEFAULT[1]}]}
    return {
        "title": "",
        "descriptionHtml": "",
        "vendor": "",
        "productType": "",
        "tags": [],
        "status": "ACTIVE",
        "options": [option],
        "variants": [_variant(shop, [DEFAULT[1]])],
        "metafields": {},
    }


def _variant(shop: Shop, options: Sequence[str]) -> Raw:
    worth = {"sku": None, "price": "0.00", "barcode": None, "weight": dict(WEIGHTLESS), "cost": None}
    return {"id": shop.number(), "options": list(options), **worth}


def _free(shop: Shop, row: Row | None, handle: str, *path: str, own: bool) -> str:
    """A handle of the caller's must be free; one from the title gets a number."""
    taken = {other.data["handle"] for other in shop.products.living() if other is not row}
    if handle not in taken:
        return handle
    if own:
        said = f"Handle '{handle}' already in use. Please provide a new handle."
        raise UserError(said, *path, "handle", code="HANDLE_NOT_UNIQUE")
    return next(f"{handle}-{number}" for number in range(1, len(taken) + 2) if f"{handle}-{number}" not in taken)


def _arrange(shop: Shop, data: Raw, given: Mapping[str, Any], *path: str) -> None:
    """Options and variants as they are given; a variant without an id of this product is a new one."""
    if "variants" not in given or "productOptions" not in given:
        missing = "variants" if "variants" not in given else "productOptions"
        raise UserError(f"{missing} must be given along", *path, missing, code="VARIANTS_INPUT_MISSING")
    data["options"] = [_arranged(shop, data, each) for each in given["productOptions"]]
    names = [each["name"] for each in data["options"]]
    former = {_gid(one): one for one in data["variants"]}
    found: list[Raw] = []
    for number, each in enumerate(given["variants"]):
        where = (*path, "variants", str(number))
        chosen = {one.get("optionName"): one.get("name") for one in each["optionValues"]}
        if set(chosen) != set(names):
            raise UserError("Option values do not fit the options", *where, "optionValues", code="INVALID_VARIANT")
        options = [chosen[name] for name in names]
        if any(one["options"] == options for one in found):
            title = " / ".join(options)
            raise UserError(f"The variant '{title}' already exists.", *where, "optionValues", code="INVALID_VARIANT")
        if each.get("id") and each["id"] not in former:
            raise UserError("Product variant does not exist", *where, "id", code="NOT_FOUND")
        one = former[each["id"]] if each.get("id") else _variant(shop, options)
        found.append({**one, "options": options, **_worth(each, *where)})
    if not found:
        raise UserError("A product needs a variant", *path, "variants", code="INVALID_PRODUCT")
    data["variants"] = found


def _arranged(shop: Shop, data: Raw, given: Mapping[str, Any]) -> Raw:
    former = next((each for each in data["options"] if each["name"] == given["name"]), None)
    ids = {each["name"]: each["id"] for each in former["values"]} if former else {}
    values = [{"id": ids.get(each["name"]) or shop.number(), "name": each["name"]} for each in given["values"]]
    return {"id": former["id"] if former else shop.number(), "name": given["name"], "values": values}


def _worth(given: Mapping[str, Any], *path: str) -> Raw:
    """The values of a variant, as they are stored. Prices have the decimals of the currency."""
    item = given.get("inventoryItem") or {}
    found: Raw = {name: given[name] or None for name in ("sku", "barcode") if name in given}
    if "sku" in item:
        found["sku"] = item["sku"] or None
    if given.get("price") is not None:
        if Decimal(given["price"]) < 0:
            raise UserError("Price must be greater than or equal to 0", *path, "price", code="INVALID")
        found["price"] = f"{Decimal(given['price']):.2f}"
    if "cost" in item:
        found["cost"] = None if item["cost"] is None else f"{Decimal(item['cost']):.2f}"
    if weight := (item.get("measurement") or {}).get("weight"):
        found["weight"] = {"unit": weight["unit"], "value": round(float(weight["value"]), 4)}
    return found


def _option(data: Raw, number: int) -> Raw:
    option = data["options"][number]
    values = [{"id": f"gid://shopify/ProductOptionValue/{one['id']}", "name": one["name"]} for one in option["values"]]
    return {
        "id": f"gid://shopify/ProductOption/{option['id']}",
        "name": option["name"],
        "position": number + 1,
        "values": [each["name"] for each in values],
        "optionValues": values,
    }


def _variants(shop: Shop, data: Raw) -> list[Raw]:
    return [_shown(shop, data, number) for number in range(len(data["variants"]))]


def _shown(shop: Shop, data: Raw, number: int) -> Raw:
    one = data["variants"][number]
    chosen = zip(data["options"], one["options"], strict=True)
    cost = {"amount": one["cost"], "currencyCode": shop.currency} if one["cost"] else None
    return {
        "id": _gid(one),
        "title": " / ".join(one["options"]),
        **{name: one[name] for name in ("sku", "price", "barcode")},
        "position": number + 1,
        "selectedOptions": [{"name": option["name"], "value": value} for option, value in chosen],
        "inventoryItem": {"sku": one["sku"], "measurement": {"weight": one["weight"]}, "unitCost": cost},
    }


def _gid(one: Mapping[str, Any]) -> str:
    return f"gid://shopify/ProductVariant/{one['id']}"
