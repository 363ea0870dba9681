"""What a connector says of an item instead of showing its fields: why it cannot be read, or why it is no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.contract import Schema

UNREADABLE, EXCLUDED = "unreadable", "excluded"


def words(schema: Schema) -> frozenset[str]:
    """The keys under which it is said. One that an app has a field for means that field."""
    return frozenset({UNREADABLE, EXCLUDED} - set(schema.fields))


def said(schema: Schema, data: Mapping[str, Any], word: str) -> str | None:
    """The reason, a sentence for people; None where nothing is said."""
    return str(data[word]) if word in words(schema) and data.get(word) else None
