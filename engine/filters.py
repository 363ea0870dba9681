"""Judges records by a rule: one Polars expression over a frame of just the values the rule looks at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import polars as pl

from engine.problem import MappingError, Problem, kind
from engine.rules import AllOf, AnyOf, Compare, Expression, NotOf, Rule, describe, fields

__all__ = ["describe", "fields", "qualifies"]

Records = Sequence[Mapping[str, Any]]
_TYPES: Mapping[str, Any] = {
    "same": pl.String,
    "known": pl.Boolean,
    "number": pl.Float64,
    "text": pl.String,
    "part": pl.String,
    "items": pl.List(pl.String),
    "cel": pl.Boolean,
}


class _Frame:
    """Columns, made as the compiled rule asks for them; one per way of looking at a field."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.columns: dict[str, pl.Series] = {}

    def column(self, look: str, rule: Compare, convert: Callable[[Any, Compare], Any]) -> pl.Expr:
        name = f"{look}:{rule.field}"
        if name not in self.columns:
            values = [convert(value_at(record, rule.field), rule) for record in self.records]
            self.columns[name] = pl.Series(name, values, dtype=_TYPES[look])
        return pl.col(name)

    def judged(self, rule: Expression) -> pl.Expr:
        name = f"cel:{rule.expr}"
        self.columns[name] = pl.Series(name, _evaluate(rule, self.records), dtype=_TYPES["cel"])
        return pl.col(name)


def qualifies(rule: Rule, records: Records) -> list[bool]:
    """One verdict per record, in order; a field that a record lacks reads as null.

    Raises MappingError where a record's value has a type that the rule cannot be asked about.
    """
    if not records:
        return []
    frame = _Frame(records)
    verdict = _compiled(rule, frame)
    verdicts: list[bool] = (
        pl.DataFrame(list(frame.columns.values())).select(verdict.alias("verdict"))["verdict"].to_list()
    )
    return verdicts


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value of a field, or at a path in it; a path through a list gives the list of what is found in its items."""
    if path in record:
        return record[path]
    head, *rest = path.split(".")
    return _descend(record.get(head), rest)


def _descend(value: Any, path: list[str]) -> Any:
    if not path or value is None:
        return value
    if isinstance(value, list):
        return [_descend(item, path) for item in value]
    return _descend(value.get(path[0]), path[1:]) if isinstance(value, Mapping) else None


def _compiled(rule: Rule, frame: _Frame) -> pl.Expr:
    """Never null: each leaf settles what an empty field means."""
    if isinstance(rule, NotOf):
        return ~_compiled(rule.not_, frame)
    if isinstance(rule, AllOf):
        return reduce(pl.Expr.and_, [_compiled(part, frame) for part in rule.all])
    if isinstance(rule, AnyOf):
        return reduce(pl.Expr.or_, [_compiled(part, frame) for part in rule.any])
    if isinstance(rule, Expression):
        return frame.judged(rule)
    tests = [_tested(rule, test, operand, frame).fill_null(False) for test, operand in rule.tests]
    return reduce(pl.Expr.and_, tests)


def _tested(rule: Compare, test: str, operand: Any, frame: _Frame) -> pl.Expr:
    if test == "known":
        return frame.column("known", rule, _is_known) == pl.lit(operand)
    if test == "is":
        return frame.column("same", rule, _same).eq_missing(pl.lit(canonical(operand), dtype=pl.String))
    if test == "in":
        values = [canonical(value) for value in operand]
        column = frame.column("same", rule, _same)
        found = column.is_in([value for value in values if value is not None])
        return found | column.is_null() if None in values else found
    if test == "contains":
        return _contains(rule, operand, frame)
    text = isinstance(operand, str)
    column = frame.column("text", rule, _text) if text else frame.column("number", rule, _number)
    bound = pl.lit(_clean(operand) if text else float(operand))
    compare = {"before": column.lt, "after": column.gt, "at_least": column.ge, "at_most": column.le}
    return compare[test](bound)


def _contains(rule: Compare, operand: Any, frame: _Frame) -> pl.Expr:
    items = frame.column("items", rule, _items).list.contains(pl.lit(canonical(operand), dtype=pl.String))
    if not isinstance(operand, str):
        return items
    part = frame.column("part", rule, _part).str.contains(_clean(operand), literal=True)
    return items.fill_null(False) | part.fill_null(False)


def canonical(value: Any) -> str | None:
    """A text that is the same exactly where two JSON values are; 1 and 1.0 are the same number, null stays null."""
    if value is None:
        return None
    if isinstance(value, str):
        return f"={_clean(value)}"
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _clean(text: str) -> str:
    """Half of a surrogate pair is legal in JSON, but no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _same(value: Any, _: Compare) -> str | None:
    return canonical(value)


def _is_known(value: Any, _: Compare) -> bool:
    return value is not None and value not in ("", [], {})


def _number(value: Any, rule: Compare) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise _mismatch(rule, "a number", value)


def _text(value: Any, rule: Compare) -> str | None:
    """A moment compares by its wall time, or its date where it has no time."""
    if isinstance(value, Mapping) and ("dateTime" in value or "date" in value):
        value = value.get("dateTime") or value.get("date")
    if value is None or isinstance(value, str):
        return None if value is None else _clean(value)
    raise _mismatch(rule, "a text", value)


def _part(value: Any, _: Compare) -> str | None:
    return _clean(value) if isinstance(value, str) else None


def _items(value: Any, rule: Compare) -> list[str | None] | None:
    if value is None or isinstance(value, str):
        return None
    if isinstance(value, list):
        return [canonical(item) for item in value]
    raise _mismatch(rule, "a text or a list", value)


def _mismatch(rule: Compare, wanted: str, value: Any) -> MappingError:
    text = f"the rule '{describe(rule)}' needs {wanted} in '{rule.field}', but a record has {kind(value)} there"
    return MappingError([Problem(text)])


def _evaluate(rule: Expression, records: Records) -> list[bool]:
    program, names = rule.program(), rule.variables()
    return [_judged(rule, program, {name: record.get(name) for name in names}) for record in records]


def _judged(rule: Expression, program: Any, values: Mapping[str, Any]) -> bool:
    try:
        verdict = program.execute(dict(values))
    except (RuntimeError, TypeError, LookupError, ValueError) as error:
        reason = f"it has no {error}" if isinstance(error, LookupError) else "it has values of other types"
        shown = ", ".join(f"{name} is {kind(value)}" for name, value in sorted(values.items()))
        text = (
            f"the rule '{rule.expr}' cannot be judged for a record where {shown}: {reason}; use has(...) or null checks"
        )
        raise MappingError([Problem(text)]) from None
    if not isinstance(verdict, bool):
        raise MappingError([Problem(f"the rule '{rule.expr}' gives {kind(verdict)}, but should give true or false")])
    return verdict
