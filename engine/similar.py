"""The `similar` of a mapping: by what records are compared that no rule of `match` recognises."""

from __future__ import annotations

from typing import Any

from pydantic import Field, GetJsonSchemaHandler, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from engine.problem import Path, kind
from engine.strict import Faults, Strict

AT_LEAST = 0.7
_WEIGHT = {"type": "number", "exclusiveMinimum": 0}


class Similar(Strict):
    """In YAML the terms with their weights, flat: `{name: 0.5, email: 0.3, phone: 0.2, at_least: 0.7}`."""

    weights: dict[str, float]
    """Term (a row, or a word of the vocabulary) -> how much it counts."""
    at_least: float = Field(
        default=AT_LEAST, gt=0, le=1, description="Records that are so alike are shown to a person."
    )

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, data: Any) -> Any:
        if not isinstance(data, dict) or isinstance(data.get("weights"), dict):
            return data
        weights = {term: weight for term, weight in data.items() if term != "at_least"}
        wrong: list[tuple[Path, str]] = [
            ((str(term),), _WRONG.format(kind(weight))) for term, weight in weights.items() if not _weighs(weight)
        ]
        if wrong or not weights:
            raise Faults(*wrong or [((), "needs one term or more, such as {name: 0.5, email: 0.5}")])
        return {"weights": weights, **{key: data[key] for key in ("at_least",) if key in data}}

    @model_serializer(mode="wrap")
    def _unfold(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        flat: dict[str, Any] = handler(self)
        return {**flat.pop("weights"), **flat}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        schema["properties"].pop("weights")
        return schema | {"additionalProperties": _WEIGHT, "required": [], "minProperties": 1}


_WRONG = "should be a weight, a number over 0, not {}"
_SUGGESTED = {
    "contact": {"name": 0.5, "email": 0.3, "phone": 0.2},
    "company": {"name": 0.5, "domain": 0.3, "phone": 0.2},
    "product": {"name": 0.7, "barcode": 0.3},
}
_NAMES = (("full_name",), ("given_name", "family_name"), ("name",))
"""The words that are the name, best first: a family name alone would join a family."""


def _weighs(weight: Any) -> bool:
    return isinstance(weight, int | float) and not isinstance(weight, bool) and weight > 0


def suggested(kind_: str, rows: dict[str, str]) -> dict[str, float] | None:
    """What a proposal writes for a kind of the vocabulary: `rows` is row -> meaning (`contact.email`). None where the
    rows tell too little: a name alone would ask about everybody who is called the same."""
    words = {means.rpartition(".")[2]: row for row, means in rows.items() if means.startswith(f"{kind_}.")}
    names = next(filter(None, ([words[word] for word in each if word in words] for each in _NAMES)), [])
    words["email"] = words.get("email") or words.get("emails") or ""
    words["phone"] = words.get("phone") or words.get("phones") or words.get("mobile") or ""
    words["domain"] = words.get("domain") or words.get("website") or ""
    weights = dict(_SUGGESTED.get(kind_, {}))
    named = dict.fromkeys(names, weights.pop("name", 0) / max(1, len(names)))
    others = {words[word]: weight for word, weight in weights.items() if words.get(word)}
    return {**named, **others} if named and others else None
