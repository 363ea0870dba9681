"""One term of a `match` rule: what records are compared by, and how."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from engine.normal import NORMALISERS
from engine.problem import did_you_mean, kind, listed
from engine.strict import fault


class Term(str):
    """A row or a word of the vocabulary. In YAML `email`, or `{email: domain}` where it says how it is compared."""

    by: str
    """A key of NORMALISERS; empty: the type of the field tells."""

    def __new__(cls, name: str, by: str = "") -> Term:
        term = super().__new__(cls, name)
        term.by = by
        return term


def _read(value: Any) -> Term:
    if isinstance(value, str) and value:
        return Term(value, value.by if isinstance(value, Term) else "")
    if not isinstance(value, dict) or len(value) != 1:
        raise fault(f"should be a row, or one with the way it is compared such as {{email: domain}}, not {kind(value)}")
    ((name, by),) = value.items()
    if by not in NORMALISERS:
        hint = did_you_mean(str(by), NORMALISERS) or f"; there are {listed(NORMALISERS)}"
        raise fault(f"match term '{name}' cannot be compared by '{by}'{hint}")
    return Term(name, by)


def _write(term: Any) -> Any:
    return {str(term): term.by} if getattr(term, "by", "") else str(term)


_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"enum": list(NORMALISERS)},
        },
    ]
}
Terms = Annotated[str, PlainValidator(_read), PlainSerializer(_write), WithJsonSchema(_SCHEMA)]
"""The type of a term in a mapping: a Term, which is its name."""
