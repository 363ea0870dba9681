"""Writing products: their own members, the values of an only variant, and the whole list of variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.shopify.api import Api, Raw
from connectors.shopify.custom import is_key
from connectors.shopify.kind import all_of
from connectors.shopify.products import PLAIN, WORTH
from engine.contract import Invalid, Missing

DEFAULT = {"Title": "Default Title"}
"""The option of a product without options."""
DELETE = "mutation($id: ID!) { productDelete(input: {id: $id}) { userErrors { field message } } }"
_SET = """mutation($input: ProductSetInput!, $identifier: ProductSetIdentifiers) {
  productSet(input: $input, identifier: $identifier, synchronous: true) {
    product { id } userErrors { field message code } } }"""
_UPDATE = "mutation($given: ProductUpdateInput!) { productUpdate(product: $given) { userErrors { field message } } }"
_WORTH = """mutation($id: ID!, $given: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $id, variants: $given) { userErrors { field message } } }"""
_OPTIONS = "query($id: ID!) { product(id: $id) { options { id name } hasOnlyDefaultVariant } }"
_VARIANTS = """query($id: ID!, $after: String) { product(id: $id) { variants(first: 200, after: $after) {
  nodes { id sku selectedOptions { name value } } pageInfo { hasNextPage endCursor } } } }"""


def create(api: Api, values: Mapping[str, Any], metafields: Sequence[Raw], names: Sequence[str]) -> str:
    """productSet, under our key if there is one among the metafields."""
    given = {**_plain(values), "metafields": metafields}
    worth = {name: values[name] for name in WORTH if name in values}
    if values.get("variants"):
        given |= _arranged([], [], values["variants"])
    elif worth:
        given |= _arranged([], [], [{"options": DEFAULT, **worth}])
    custom = [{name: each[name] for name in ("namespace", "key", "value")} for each in metafields if is_key(each)]
    identifier = {"customId": custom[0]} if custom else None
    made = api.do(_SET, idempotent=False, names=names, input=given, identifier=identifier)
    return str(made["product"]["id"])


def update(api: Api, gid: str, values: Mapping[str, Any]) -> None:
    """What is to change. A list of variants is the whole list."""
    if plain := _plain(values):
        api.do(_UPDATE, given={"id": gid, **plain})
    if "variants" in values:
        _variants(api, gid, values["variants"] or [])
    worth = {name: values[name] for name in WORTH if name in values}
    if worth:
        found = list(all_of(api, _VARIANTS, "variants", id=gid))
        if not found:
            raise Missing("Shopify has no such product any more.")
        if len(found) > 1:
            said = f"This product has {len(found)} variants, each with a value of its own: map the field variants."
            raise Invalid(said, field=next(iter(worth)))
        api.do(_WORTH, id=gid, given=[{"id": found[0]["id"], **_worth(worth)}])


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {name: values[name] or "" for name in PLAIN if name in values}
    for name in ("status", "handle", "title"):
        if given.get(name) == "":
            raise Invalid(f"A product cannot be without its {name}.", field=name)
    return given | ({"tags": values["tags"] or []} if "tags" in values else {})


def _variants(api: Api, gid: str, wanted: Sequence[Raw]) -> None:
    product = api.query(_OPTIONS, id=gid)["product"]
    if product is None:
        raise Missing("Shopify has no such product any more.")
    if not wanted:
        if product["hasOnlyDefaultVariant"]:
            return
        raise Invalid("A product keeps one variant at least: delete the product itself.", field="variants")
    former = list(all_of(api, _VARIANTS, "variants", id=gid))
    options = [] if product["hasOnlyDefaultVariant"] else product["options"]
    api.do(_SET, identifier={"id": gid}, input=_arranged(options, former, wanted))


def _arranged(options: Sequence[Raw], former: Sequence[Raw], wanted: Sequence[Raw]) -> dict[str, Any]:
    """`productOptions` and `variants` of productSet. A variant is known by its options, else by its article number."""
    by_options = {frozenset(_options(each).items()): each for each in former}
    by_sku = {str(each["sku"]): each for each in former if each["sku"]}
    ids = {each["name"]: each["id"] for each in options}
    values: dict[str, list[str]] = {name: [] for name in ids}
    rows = []
    for each in wanted:
        known = by_options.get(frozenset((each.get("options") or {}).items())) or by_sku.get(str(each.get("sku")))
        chosen = _chosen(each, known)
        if ids and set(chosen) != set(ids):
            raise Invalid(f"A variant needs the options {', '.join(ids)}.", field="variants")
        for name, value in chosen.items():
            held = values.setdefault(name, [])
            held += [value] if value not in held else []
        rows.append(_row(each, chosen, known))
    return {"productOptions": [_option(name, held, ids) for name, held in values.items()], "variants": rows}


def _row(each: Raw, chosen: Mapping[str, str], known: Raw | None) -> dict[str, Any]:
    named = [{"optionName": name, "name": value} for name, value in chosen.items()]
    return {"optionValues": named, **({"id": known["id"]} if known else {}), **_worth(each)}


def _option(name: str, values: Sequence[str], ids: Mapping[str, str]) -> dict[str, Any]:
    known = {"id": ids[name]} if name in ids else {}
    return {"name": name, "values": [{"name": value} for value in values], **known}


def _chosen(each: Raw, known: Raw | None) -> dict[str, str]:
    """The options of a variant; one that has none is told apart by its title or article number."""
    if given := each.get("options"):
        return {str(name): str(value) for name, value in given.items()}
    if known:
        return _options(known)
    if title := each.get("title") or each.get("sku"):
        return {"Title": str(title)}
    raise Invalid("A variant needs options, a title or an article number.", field="variants")


def _options(variant: Raw) -> dict[str, str]:
    return {each["name"]: each["value"] for each in variant["selectedOptions"]}


def _worth(values: Mapping[str, Any]) -> dict[str, Any]:
    """As Shopify takes the values of a variant: some are its own, some of its article in the store-room."""
    given: dict[str, Any] = {}
    item: dict[str, Any] = {}
    if "price" in values:
        if values["price"] is None:
            raise Invalid("A product cannot be without a price in Shopify.", field="price")
        given["price"] = str(values["price"])
    if "barcode" in values:
        given["barcode"] = values["barcode"] or ""
    if "sku" in values:
        item["sku"] = values["sku"] or ""
    if "cost" in values:
        item["cost"] = None if values["cost"] is None else str(values["cost"])
    if "weight" in values:
        item["measurement"] = {"weight": {"value": float(values["weight"] or 0), "unit": "KILOGRAMS"}}
    return given | ({"inventoryItem": item} if item else {})
