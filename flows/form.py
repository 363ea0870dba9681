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
    asked = {name: _plain(doc) for name, doc in schema.properties.items() if name not in NOT_ASKED}
    properties = {name: {**doc, "title": TITLES.get(name, name)} for name, doc in asked.items()}
    if "sides" in properties:
        properties["sides"] |= {"items": {"type": "string", "enum": list(sides)}, "uniqueItems": True}
    required = [name for name in schema.required if name in asked]
    return schema.model_copy(update={"properties": properties, "required": required})


def _plain(doc: dict[str, Any]) -> dict[str, Any]:
    """What may be left out need not be null: the page then shows one input, not a choice of two."""
    kinds = [one for one in doc.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) != 1:
        return doc
    return {**{key: value for key, value in doc.items() if key not in ("anyOf", "default")}, **kinds[0]}
