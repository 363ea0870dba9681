"""Microsoft Graph: extended properties, which only the program that set them sees: what we keep on an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SET = "{b7c5a1f4-3d0e-4f52-9a6b-61f0c2d89e37}"
KEY = f"String {_SET} Name syncline"
"""`Write.key` of the create that made the item."""
NOTES = f"String {_SET} Name syncline-notes"
EXPAND = f"singleValueExtendedProperties($filter=id eq '{KEY}' or id eq '{NOTES}')"


def look(key: str) -> str:
    """The filter that finds an item by its key."""
    quoted = key.replace("'", "''")
    return f"singleValueExtendedProperties/any(ep: ep/id eq '{KEY}' and ep/value eq '{quoted}')"


def property_json(name: str, value: str) -> dict[str, str]:
    """One of our properties as a request holds it."""
    return {"id": name, "value": value}


def property_of(item: Mapping[str, Any], name: str) -> str | None:
    """The value of one. The GUID may come back in other case."""
    for found in item.get("singleValueExtendedProperties") or ():
        if str(found.get("id")).lower() == name.lower():
            return str(found.get("value") or "")
    return None
