"""The mapping: which fields of the sides correspond, who takes part, and what happens when they disagree.

`python -m engine.mapping > mappings/schema.json` writes the JSON Schema that editors complete and check mappings with.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from engine.limit import BrakeLimit, Limit, OwnLimit
from engine.limit import parse as limit
from engine.mapping_check import check_against, inner_faults
from engine.problem import MappingError, Problem, did_you_mean, kind
from engine.row import Row
from engine.rules import Rule
from engine.similar import Similar
from engine.strict import TAG, Faults, Strict, fault
from engine.term import Terms

__all__ = ["Brakes", "Example", "Mapping", "MappingError", "Problem", "Row", "Side", "check_against", "schema_json"]


def _zone(name: Any) -> Any:
    """IANA names only: they mean the same on every machine."""
    if isinstance(name, str) and name not in available_timezones():
        raise fault(f"there is no time zone '{name}'{did_you_mean(name, available_timezones())}")
    return name


Zone = Annotated[str | None, BeforeValidator(_zone), WithJsonSchema({"type": "string"})]
"""An IANA time zone name."""


class Side(Strict):
    """One place of a sync: an object of an app, and the part of it that takes part."""

    app: str = Field(description="A connector: google_calendar, outlook_calendar, caldav.")
    object: str = Field(description="A native type of the app: events.")
    scope: dict[str, Any] = Field(default={}, description="Which part of the account: {calendar: primary}.")
    zone: Zone = Field(default=None, description="IANA zone for times that carry none; else the account's own zone.")


def _brake(default: str, description: str) -> Any:
    return Field(default=limit(default), description=description, json_schema_extra={"default": default})


def _own(description: str) -> Any:
    return Field(default=None, description=description)


class FieldBrakes(Strict):
    """Limits for one row; what is over them is held for this row alone, and the rest of the record goes on."""

    updates: OwnLimit = _own("Records whose value is changed.")
    blanked: OwnLimit = _own("Records that lose the value; replaces 'blanked'.")


class SideBrakes(Strict):
    """Limits of one side, instead of those for all."""

    deletes: OwnLimit = _own("Records deleted there, or missing there at once.")
    updates: OwnLimit = _own("Records updated there.")
    creates: OwnLimit = _own("Records created there.")
    blanked: OwnLimit = _own("Records that lose a value there, counted for each field.")


class Brakes(Strict):
    """What one run may do on a side before it waits for a person. A share is of the side's linked records."""

    deletes: BrakeLimit = _brake("max(10, 2%)", "Records deleted.")
    updates: BrakeLimit = _brake("max(20, 40%)", "Records updated.")
    creates: BrakeLimit = _brake("unlimited", "Records created.")
    blanked: BrakeLimit = _brake("max(10, 5%)", "Records that lose a value they had, counted for each field.")
    empty_side: Literal["stop", "ignore"] = Field(default="stop", description="A side that had records has none now.")
    sides: dict[str, SideBrakes] = Field(default={}, description="Side -> limits of its own.")
    fields: dict[str, FieldBrakes] = Field(default={}, description="Row -> limits of its own, on every side.")

    def limit(self, kind: str, side: str) -> Limit:
        """Of `deletes`, `updates`, `creates` or `blanked` on a side."""
        own: Limit | None = getattr(self.sides.get(side), kind, None)
        found: Limit = getattr(self, kind) if own is None else own
        return found

    def limit_of_row(self, kind: str, row: str) -> Limit | None:
        """Of `updates` or `blanked` of one row; None where it has none of its own."""
        return getattr(self.fields.get(row), kind, None)

    def overridden(self, by: Brakes | None) -> Brakes:
        """With the limits that `by` sets itself, key by key also below `sides` and `fields`."""
        if by is None:
            return self
        found = self.model_copy(update={key: getattr(by, key) for key in by.model_fields_set})
        return found.model_copy(
            update={"sides": _merged(self.sides, by.sides), "fields": _merged(self.fields, by.fields)}
        )


Own = TypeVar("Own", SideBrakes, FieldBrakes)


def _merged(first: dict[str, Own], second: dict[str, Own]) -> dict[str, Own]:
    merged = dict(first)
    for name, own in second.items():
        given = {key: getattr(own, key) for key in own.model_fields_set}
        merged[name] = merged[name].model_copy(update=given) if name in merged else own
    return merged


class Example(Strict):
    """Native values given on some sides, and what the others must then show; fields not named are not looked at."""

    say: str = Field(description="What the example shows.")
    given: dict[str, dict[str, Any]] = Field(
        min_length=1, description="Side -> native field -> value, of a new record."
    )
    expect: dict[str, dict[str, Any]] = Field(min_length=1, description="Side -> native field -> value, as written.")


class To(Strict):
    """Only the sides named."""

    to: list[str]

    @model_validator(mode="before")
    @classmethod
    def _one_or_more(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("to"), str):
            return {**data, "to": [data["to"]]}
        return data

    @property
    def sides(self) -> list[str]:
        return self.to


def _reach(value: Any) -> Any:
    """`both` reads better than `all` where there are two sides."""
    if isinstance(value, dict | To) or value in ("all", "never"):
        return value
    if value == "both":
        return "all"
    raise fault(f"should be all, both, never or {{to: side}}, not {kind(value)}")


_REACH = {
    "anyOf": [
        {"enum": ["all", "both", "never"]},
        {
            "type": "object",
            "required": ["to"],
            "additionalProperties": False,
            "properties": {"to": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}},
        },
    ]
}
_Either = Annotated[
    Annotated[Literal["all", "never"], Tag(TAG + "word")] | Annotated[To, Tag(TAG + "to")],
    Discriminator(lambda value: TAG + ("word" if isinstance(value, str) else "to")),
]
Reach = Annotated[_Either, BeforeValidator(_reach), WithJsonSchema(_REACH)]
"""On which sides the sync may create, or delete."""


class Mapping(Strict):
    """A mapping file. Side names are the author's own; every other word is fixed."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Letters, digits, '-', '_' and '.'.")
    about: str = Field(default="", description="What it does, in one sentence.")
    sides: dict[str, Side] = Field(description="The places that are kept the same: two or more, named by you.")
    only: dict[str, Rule] = Field(default={}, description="Side -> rule: who takes part, judged on every run.")
    leaving: Literal["keep-copy", "delete-copy"] = Field(
        default="keep-copy", description="What becomes of the copies of a record that no longer qualifies."
    )
    match: list[Annotated[list[Terms], Field(min_length=1)]] = Field(
        description="Ways to recognise the same thing at first sight, best first; later the link knows."
    )
    similar: Similar | None = Field(
        default=None,
        description="Terms with weights: records that no rule matches and that look alike wait for a person.",
    )
    ambiguous: Literal["ask", "skip"] = Field(default="ask", description="Several records match: a hold, or nothing.")
    fields: dict[str, Row] = Field(min_length=1, description="Our name for a field -> where it lives on each side.")
    creates: Reach = Field(default="all", description="Where records may be created.")
    deletes: Reach = Field(default="all", description="Where records may be deleted.")
    conflicts: str = Field(
        default="newest", description="The same field changed on several sides: newest, ask or a side."
    )
    brakes: Brakes = Field(default=Brakes(), description="How much one run may change before it waits for a person.")
    examples: list[Example] = Field(default=[], description="Values given and expected; they are run as tests.")

    @model_validator(mode="after")
    def _consistent(self) -> Mapping:
        faults = inner_faults(self)
        if faults:
            raise Faults(*faults)
        return self

    def creates_at(self, side: str) -> bool:
        """Whether a record may be created on a side."""
        return _reaches(self.creates, side)

    def deletes_at(self, side: str) -> bool:
        """Whether a record may be deleted on a side."""
        return _reaches(self.deletes, side)

    def policy(self, row: str) -> str:
        """What decides a conflict in a row: `newest`, `ask` or the side that wins."""
        own = self.fields[row]
        return own.wins or own.conflicts or self.conflicts


def _reaches(reach: Literal["all", "never"] | To, side: str) -> bool:
    return reach == "all" if isinstance(reach, str) else side in reach.sides


def schema_json() -> str:
    """The JSON Schema (2020-12) of a mapping file, as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Mapping.model_json_schema(by_alias=True)}
    return json.dumps(_untitled(schema), indent=2, ensure_ascii=False) + "\n"


def _untitled(schema: Any) -> Any:
    """Without the titles that pydantic makes up from field names."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _untitled(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}


if __name__ == "__main__":
    sys.stdout.write(schema_json())
