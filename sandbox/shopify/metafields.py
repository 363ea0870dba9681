"""Metafields: custom values by namespace and key, typed by definitions. A value of type `id` is its owner's alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.shopify.errors import UserError
from sandbox.table import Row, Table

Raw = dict[str, Any]
CATEGORIES = {"single_line_text_field": "TEXT", "multi_line_text_field": "TEXT", "boolean": "TRUE_FALSE"}
LINE = 10_000


class Definitions:
    """The definitions of one shop. Values are kept in the rows of their owners, under `metafields`."""

    def __init__(self) -> None:
        self.rows: list[Raw] = []

    def add(self, given: Mapping[str, Any]) -> Raw:
        """A new one."""
        key = f"{given.get('namespace') or 'custom'}.{given['key']}"
        if self.find(given["ownerType"], key):
            raise UserError("Key is in use for metafields of this namespace.", "definition", "key", code="TAKEN")
        made = {
            "id": f"gid://shopify/MetafieldDefinition/{len(self.rows) + 1}",
            "full": key,
            "namespace": key.partition(".")[0],
            "key": given["key"],
            "name": given["name"],
            "description": given.get("description"),
            "ownerType": given["ownerType"],
            "type": {"name": given["type"], "category": CATEGORIES.get(given["type"], "OTHER")},
            "validations": [{"type": "x", **dict(each)} for each in given.get("validations") or ()],
        }
        self.rows.append(made)
        return made

    def find(self, owner: str, key: str) -> Raw | None:
        """By `namespace.key`."""
        return next((each for each in self.rows if each["ownerType"] == owner and each["full"] == key), None)

    def set(self, owner: str, table: Table, row: Row | None, values: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """The row's metafields once these are set; `row`: None for one that is not made yet."""
        found: dict[str, Any] = dict(row.data["metafields"]) if row else {}
        for number, each in enumerate(values):
            key = f"{each.get('namespace') or 'custom'}.{each['key']}"
            defined = self.find(owner, key)
            type_ = defined["type"]["name"] if defined else each.get("type")
            if not type_ or (each.get("type") and each["type"] != type_):
                said = "Type can't be blank" if not type_ else f"Type must be {type_}"
                raise UserError(said, "metafields", str(number), "type", code="INVALID_TYPE")
            value = _checked(str(type_), str(each.get("value") or ""), defined, number)
            if type_ == "id" and any(other is not row and _value(other, key) == value for other in table.living()):
                raise UserError("Value has already been taken", "metafields", str(number), "value", code="TAKEN")
            found[key] = {"type": type_, "value": value}
        return found


def holder(table: Table, key: str, value: str) -> Row | None:
    """The row with that value."""
    return next((row for row in table.living() if _value(row, key) == value), None)


def full(identifier: Mapping[str, Any]) -> str:
    """`namespace.key`."""
    return f"{identifier.get('namespace') or 'custom'}.{identifier['key']}"


def shown(row: Row, keys: Sequence[str] | None = None) -> list[Raw]:
    """As the API shows them."""
    return [_shown(row.id, key, held) for key, held in row.data["metafields"].items() if keys is None or key in keys]


def _shown(owner: str, key: str, held: Mapping[str, str]) -> Raw:
    namespace, _, name = key.partition(".")
    try:
        parsed = json.loads(held["value"]) if held["type"] not in ("single_line_text_field", "id") else held["value"]
    except ValueError:
        parsed = held["value"]
    id = f"gid://shopify/Metafield/{owner}{len(key)}"
    return {"__typename": "Metafield", "id": id, "namespace": namespace, "key": name, **held, "jsonValue": parsed}


def _value(row: Row, key: str) -> str | None:
    held = row.data["metafields"].get(key)
    return held["value"] if held else None


def _checked(type_: str, value: str, defined: Raw | None, number: int) -> str:
    """The value as it is stored."""

    def wrong(said: str, code: str = "INVALID_VALUE") -> UserError:
        return UserError(said, "metafields", str(number), "value", code=code)

    if not value:
        raise wrong("Value can't be blank", "BLANK")
    if type_ == "single_line_text_field" and "\n" in value:
        raise wrong("Value must be a single line text string.")
    if type_ == "number_integer" and not value.lstrip("-").isdigit():
        raise wrong("Value must be an integer.")
    if type_ == "boolean" and value not in ("true", "false"):
        raise wrong("Value must be true or false.")
    if len(value) > LINE:
        raise wrong("Value is too long.", "TOO_LONG")
    choices = next(
        (json.loads(one["value"]) for one in (defined or {}).get("validations", ()) if one["name"] == "choices"), None
    )
    if choices is not None and value not in choices:
        raise wrong("Value does not exist in provided choices.", "INCLUSION")
    return value
