"""What a proof depends on, as a digest: the same seal, the same proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.canonical import digest
from engine.contract import Schema
from engine.mapping import Mapping as MappingModel

RULES = 2
"""Counts up when proofs are made by other rules."""


def seal(mapping: MappingModel, schemas: Mapping[str, Schema]) -> str:
    """Of the rows, of who takes part and is matched, of the fields they name as the apps have them, and of the Python
    code that lenses call."""
    fields = {}
    for side, schema in schemas.items():
        names = {name for row in mapping.fields.values() for name in row.native(side)}
        means = {name: item for name, item in schema.fields.items() if name in names or item.means}
        fields[side] = {name: asdict(item) for name, item in means.items()}
    rows = {name: {**row.model_dump(mode="json"), "via": row.spelled} for name, row in mapping.fields.items()}
    zones = {side: mapping.sides[side].zone or schema.zone for side, schema in schemas.items()}
    parts = mapping.model_dump(mode="json", by_alias=True, include={"match", "only", "leaving"})
    return digest([RULES, rows, parts, fields, zones, sorted(_code(mapping))])


def _code(mapping: MappingModel) -> set[str]:
    """Digests of the modules that `python` lenses name."""
    specs = [spec for row in mapping.fields.values() for steps in row.via.values() for spec in steps]
    named = {str(spec["python"]).partition(":")[0] for spec in specs if isinstance(spec, dict) and "python" in spec}
    return {_module(name) for name in named}


def _module(name: str) -> str:
    try:
        found: Any = find_spec(name)
        return blake2b(Path(found.origin).read_bytes(), digest_size=16).hexdigest()
    except (ImportError, AttributeError, ValueError, TypeError, OSError):
        return name
