"""Custom fields: the metafields that the shop has defined. All values are texts at Shopify."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.paging import by_cursor
from connectors.shopify.api import Api, Raw
from engine.contract import Field

NAMESPACE, KEY = "syncline", "key"
"""Our own metafield: the key under which a record was made."""
OTHERS = ("app--", "shopify", NAMESPACE)
"""Namespaces that belong to apps."""
FIELDS: Mapping[str, Field] = {
    "single_line_text_field": Field(type="text"),
    "multi_line_text_field": Field(type="text"),
    "number_integer": Field(type="number", dialect="text", digits=0),
    "number_decimal": Field(type="number", dialect="text"),
    "boolean": Field(type="bool", dialect="text"),
    "date": Field(type="date"),
    "date_time": Field(type="instant"),
    "url": Field(type="url"),
    "color": Field(type="text"),
    "id": Field(type="text", unique=True),
    "money": Field(type="money", dialect="object"),
    "list.single_line_text_field": Field(type="tags"),
}
"""By Shopify's type; the others (references, measures, JSON, rich text) are left out."""
_QUERY = """query($owner: MetafieldOwnerType!, $after: String) {
  metafieldDefinitions(ownerType: $owner, first: 100, after: $after) {
    nodes { namespace key name type { name } validations { name value } } pageInfo { hasNextPage endCursor } } }"""


def definitions(api: Api, type_: str) -> Iterator[Raw]:
    """All definitions for products or customers, ours included."""
    for page in by_cursor(
        lambda after: api.query(_QUERY, owner=type_.upper(), after=after)["metafieldDefinitions"], following
    ):
        yield from page["nodes"]


def following(page: Raw) -> str | None:
    """The cursor of the next page of a connection."""
    info = page["pageInfo"]
    return str(info["endCursor"]) if info["hasNextPage"] else None


def name_of(one: Raw) -> str:
    """Our name of a metafield."""
    return f"{one['namespace']}.{one['key']}"


def is_key(metafield: Raw) -> bool:
    """Whether it is our own."""
    return (metafield["namespace"], metafield["key"]) == (NAMESPACE, KEY)


def fields(defined: list[Raw]) -> dict[str, tuple[str, Field]]:
    """Those that people keep: our name -> Shopify's type, and the field."""
    return {
        name_of(one): (one["type"]["name"], _field(one))
        for one in defined
        if one["type"]["name"] in FIELDS and not one["namespace"].startswith(OTHERS)
    }


def native(type_: str, value: str | None) -> Any:
    """As records have it."""
    if value is None:
        return [] if type_.startswith("list.") else None
    if type_.startswith("list."):
        return list(json.loads(value))
    if type_ == "money":
        money = json.loads(value)
        return {"amount": str(money["amount"]), "currency": money["currency_code"]}
    if type_ == "date_time" and value[-1] != "Z" and value[-6:-5] not in ("+", "-"):
        return f"{value}Z"  # Shopify's own reading of a time without an offset
    return value


def written(type_: str, value: Any) -> str:
    """As Shopify takes it."""
    if type_.startswith("list."):
        return json.dumps(value, ensure_ascii=False)
    if type_ == "money":
        return json.dumps({"amount": value["amount"], "currency_code": value["currency"]})
    return str(value)


def _field(one: Raw) -> Field:
    plain = FIELDS[one["type"]["name"]]
    rules = {each["name"]: each.get("value") for each in one.get("validations") or []}
    shape = {name: getattr(plain, name) for name in ("type", "dialect", "digits", "unique")}
    if rules.get("choices") and plain.type == "text":
        words = {str(word): str(word) for word in json.loads(str(rules["choices"]))}
        return Field(type="choice", label=str(one["name"]), choices=words)
    limit = str(rules.get("max") or "") if plain.type == "text" else ""
    return Field(**shape, label=str(one["name"]), max_length=int(limit) if limit.isdigit() else None)
