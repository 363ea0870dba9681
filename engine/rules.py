"""Rules as data: which records take part. `engine.filters` judges records by them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from engine.problem import kind, listed
from engine.strict import TAG, Strict, fault

BOUNDS = ("before", "after", "at_least", "at_most")
TESTS = ("is", "in", "known", *BOUNDS, "contains")


def _bound(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise fault(f"should be a number or a text, not {kind(value)}")
    return value


Bound = Annotated[Any, BeforeValidator(_bound)]


class Compare(Strict):
    """One field against values. Every test given must hold; `is: null` is a test, leaving `is` out is none."""

    field: str = Field(min_length=1, description="A native field, or a path into one: start.date, attendees.email.")
    is_: Any = Field(default=None, alias="is", description="Equal to this value; null means empty.")
    in_: list[Any] | None = Field(default=None, alias="in", min_length=1, description="Equal to one of these.")
    known: bool | None = Field(
        default=None, description="true: holds something; false: empty, or an empty text or list."
    )
    before: Bound = Field(default=None, description="Less than; an empty field never is.")
    after: Bound = Field(default=None, description="Greater than; an empty field never is.")
    at_least: Bound = Field(default=None, description="This or more.")
    at_most: Bound = Field(default=None, description="This or less.")
    contains: Any = Field(
        default=None, description="A part of a text (upper and lower case differ), or an item of a list."
    )

    @model_validator(mode="after")
    def _some_test(self) -> Compare:
        if not self.tests:
            raise fault(f"the rule on '{self.field}' tests nothing; add one of {listed(TESTS, 'or')}")
        if "known" in self.model_fields_set and self.known is None:
            raise fault("should be true or false, not empty", "known")
        return self

    @property
    def tests(self) -> list[tuple[str, Any]]:
        """Test and operand, in a fixed order."""
        names = ((name, f"{name}_" if name in ("is", "in") else name) for name in TESTS)
        return [(name, getattr(self, attribute)) for name, attribute in names if attribute in self.model_fields_set]


class AllOf(Strict):
    """Every rule holds."""

    all: list[Rule] = Field(min_length=1)


class AnyOf(Strict):
    """At least one rule holds."""

    any: list[Rule] = Field(min_length=1)


class NotOf(Strict):
    """The rule does not hold."""

    not_: Rule = Field(alias="not")


class Expression(Strict):
    """The escape hatch: a CEL expression over the fields of one record."""

    expr: str

    @model_validator(mode="after")
    def _compiles(self) -> Expression:
        self.program()
        return self

    def program(self) -> Any:
        """The compiled expression; a CEL `Program`."""
        import cel  # most mappings have no expression, and need not wait for it

        try:
            return cel.compile(self.expr)
        except ValueError as error:
            place = re.search(r"<input>:\d+:(\d+)", str(error))
            where = f" at character {place[1]}" if place else ""
            raise fault(f"the expression '{self.expr}' is not valid CEL{where}", "expr") from None

    def variables(self) -> set[str]:
        """Fields it names; the names that `exists(a, ...)` and the like bind are not among them."""
        bound = re.findall(r"\.(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,", self.expr)
        return set(self.program().variables()) - set(bound)


KINDS = {"field": Compare, "all": AllOf, "any": AnyOf, "not": NotOf, "expr": Expression}


def _tag(data: Any) -> str | None:
    """Which kind of rule: by the first key that says so."""
    given = isinstance(data, dict)
    return next((TAG + key for key, kind in KINDS.items() if (key in data if given else isinstance(data, kind))), None)


Rule = Annotated[
    Annotated[Compare, Tag(TAG + "field")]
    | Annotated[AllOf, Tag(TAG + "all")]
    | Annotated[AnyOf, Tag(TAG + "any")]
    | Annotated[NotOf, Tag(TAG + "not")]
    | Annotated[Expression, Tag(TAG + "expr")],
    Discriminator(_tag),
]
for _model in (AllOf, AnyOf, NotOf):
    _model.model_rebuild()


def leaves(rule: Rule) -> Iterator[Compare | Expression]:
    """The rules without `all`, `any` and `not` around them."""
    if isinstance(rule, Compare | Expression):
        yield rule
        return
    for inner in [rule.not_] if isinstance(rule, NotOf) else rule.all if isinstance(rule, AllOf) else rule.any:
        yield from leaves(inner)


def fields(rule: Rule, known: Collection[str] = ()) -> set[str]:
    """The native fields a rule looks at. `start.date` counts as `start`, unless `known` lists it as a field itself."""
    names: set[str] = set()
    for leaf in leaves(rule):
        named = leaf.variables() if isinstance(leaf, Expression) else {leaf.field}
        names |= {name if name in known else name.partition(".")[0] for name in named}
    return names


def describe(rule: Rule) -> str:
    """The rule as a sentence without a full stop: `visibility is not private`."""
    if isinstance(rule, Expression):
        return rule.expr
    if isinstance(rule, NotOf):
        inner = rule.not_
        if isinstance(inner, Compare) and len(inner.tests) == 1:
            return _sentence(inner, negated=True)
        return f"not ({describe(inner)})"
    if isinstance(rule, Compare):
        return _sentence(rule, negated=False)
    parts, joint = (rule.all, " and ") if isinstance(rule, AllOf) else (rule.any, " or ")
    return joint.join(f"({describe(part)})" if isinstance(part, AllOf | AnyOf) else describe(part) for part in parts)


def _sentence(rule: Compare, *, negated: bool) -> str:
    return " and ".join(f"{rule.field} {_phrase(test, operand, negated)}" for test, operand in rule.tests)


def _phrase(test: str, operand: Any, negated: bool) -> str:
    no = " not" if negated else ""
    if test == "known":
        return "has a value" if operand is not negated else "is empty"
    if test == "contains":
        return f"does not contain {_shown(operand)}" if negated else f"contains {_shown(operand)}"
    if test == "in":
        return f"is{no} one of {', '.join(_shown(value) for value in operand)}"
    words = {"is": "", **{bound: f" {bound.replace('_', ' ')}" for bound in BOUNDS}}
    return f"is{no}{words[test]} {_shown(operand)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
