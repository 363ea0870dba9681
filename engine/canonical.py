"""Canonical JSON and the hash of it: stable over runs, machines and library versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dumps(value: Any) -> str:
    """JSON with sorted keys and no spaces; equal values give equal text."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """32 hex digits of BLAKE2b over the canonical JSON."""
    return blake2b(dumps(value).encode(), digest_size=16).hexdigest()


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: 1 and True differ, tuples and lists do not."""
    if one is other:
        return True
    if one is None or other is None:
        return False
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return dumps(one) == dumps(other)


def pick(data: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The named members that are there."""
    return {name: data[name] for name in sorted(names) if name in data}
