"""What Prefect's page asks for when somebody starts a run: the parameters of a flow, in words, without the technical
ones.

The deployment gives the parameters that are not asked for; Prefect adds them to what the form says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.utilities.callables import ParameterSchema

NOT_ASKED = ("root", "sync", "patience")
TITLES = {
    "mode": "Read",
    "start": "From",
    "end": "To",
    "sides": "Sides to write",
    "dry_run": "Dry run",
    "shards": "Shards",
}


def form(schema: ParameterSchema, sides: Sequence[str]) -> ParameterSchema:
    """The form of a sync with these sides."""
    asked = {name: doc for name, doc in schema.properties.items() if name not in NOT_ASKED}
    properties = {name: {**doc, "title": TITLES.get(name, name)} for name, doc in asked.items()}
    if "sides" in properties:
        properties["sides"] = _choice(properties["sides"], sides)
    required = [name for name in schema.required if name in asked]
    return schema.model_copy(update={"properties": properties, "required": required})


def _choice(doc: dict[str, Any], sides: Sequence[str]) -> dict[str, Any]:
    return {**doc, "items": {"type": "string", "enum": list(sides)}, "uniqueItems": True}
