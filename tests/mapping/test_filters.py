"""Rules judge records as they say; the Polars expression agrees with a plain reading of the rule."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from engine.filters import describe, fields, qualifies
from engine.problem import MappingError
from engine.rules import Rule

RULES: TypeAdapter[Any] = TypeAdapter(Rule)
TIMED = {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"}
ALL_DAY = {"date": "2026-11-02"}


def rule(data: dict[str, Any]) -> Any:
    return RULES.validate_python(data)


@pytest.mark.parametrize(
    ("data", "record", "verdict"),
    [
        ({"field": "visibility", "is": "private"}, {"visibility": "private"}, True),
        ({"field": "visibility", "is": "private"}, {}, False),
        ({"not": {"field": "visibility", "is": "private"}}, {}, True),
        ({"field": "visibility", "is": None}, {}, True),
        ({"field": "visibility", "is": None}, {"visibility": ""}, False),
        ({"field": "n", "is": 1}, {"n": 1.0}, True),
        ({"field": "n", "is": 1}, {"n": True}, False),
        ({"field": "n", "is": "1"}, {"n": 1}, False),
        ({"field": "n", "is": "null"}, {"n": None}, False),
        ({"field": "eventType", "in": ["default", None]}, {"eventType": "default"}, True),
        ({"field": "eventType", "in": ["default", None]}, {}, True),
        ({"field": "eventType", "in": ["default", None]}, {"eventType": "birthday"}, False),
        ({"field": "eventType", "in": ["default"]}, {}, False),
        ({"field": "eventType", "in": [None]}, {"eventType": "birthday"}, False),
        ({"field": "location", "known": True}, {"location": "Room 4"}, True),
        ({"field": "location", "known": True}, {"location": ""}, False),
        ({"field": "attendees", "known": False}, {"attendees": []}, True),
        ({"field": "n", "known": True}, {"n": 0}, True),
        ({"field": "n", "at_least": 3}, {"n": 3}, True),
        ({"field": "n", "after": 3}, {"n": 3}, False),
        ({"field": "n", "at_least": 2, "before": 4}, {"n": 3.5}, True),
        ({"field": "n", "at_least": 2, "before": 4}, {"n": 4}, False),
        ({"field": "n", "at_most": 2}, {}, False),
        ({"not": {"field": "n", "at_most": 2}}, {}, True),
        (
            {"field": "start", "is": {"timeZone": "Europe/Berlin", "dateTime": "2026-11-02T09:00:00"}},
            {"start": TIMED},
            True,
        ),
        ({"field": "start", "after": "2026-11-02"}, {"start": TIMED}, True),
        ({"field": "start", "before": "2026-11-03"}, {"start": ALL_DAY}, True),
        ({"field": "start", "after": "2026-11-02"}, {"start": ALL_DAY}, False),
        ({"field": "start.date", "known": True}, {"start": ALL_DAY}, True),
        ({"field": "start.date", "known": True}, {"start": TIMED}, False),
        ({"field": "start.date", "is": "2026-11-02"}, {"start": None}, False),
        ({"field": "summary", "contains": "Stand"}, {"summary": "Stand-up"}, True),
        ({"field": "summary", "contains": "stand"}, {"summary": "Stand-up"}, False),
        ({"field": "summary", "contains": ".*"}, {"summary": "Stand-up"}, False),
        ({"field": "summary", "contains": "x"}, {}, False),
        ({"field": "categories", "contains": "Red"}, {"categories": ["Blue", "Red"]}, True),
        ({"field": "categories", "contains": "Re"}, {"categories": ["Blue", "Red"]}, False),
        ({"field": "codes", "contains": 7}, {"codes": [1, 7]}, True),
        ({"field": "attendees.email", "contains": "a@x.org"}, {"attendees": [{"email": "a@x.org"}, {}]}, True),
        ({"field": "custom.value", "is": 3}, {"custom.value": 3}, True),
        (
            {"any": [{"field": "a", "is": 1}, {"all": [{"field": "b", "is": 2}, {"field": "c", "is": 3}]}]},
            {"b": 2, "c": 3},
            True,
        ),
        (
            {"any": [{"field": "a", "is": 1}, {"all": [{"field": "b", "is": 2}, {"field": "c", "is": 3}]}]},
            {"b": 2},
            False,
        ),
        ({"expr": "visibility == 'private' || size(attendees) > 1"}, {"attendees": [1, 2], "visibility": None}, True),
        ({"expr": "visibility == null"}, {}, True),
        ({"not": {"expr": "n > 3"}}, {"n": 2}, True),
        ({"expr": "attendees.exists(a, a.email == 'b@x.org')"}, {"attendees": [{"email": "b@x.org"}]}, True),
        ({"field": "summary", "is": "half \ud800"}, {"summary": "half \ud800"}, True),
    ],
)
def test_a_rule_judges_a_record(data: dict[str, Any], record: dict[str, Any], verdict: bool) -> None:
    assert qualifies(rule(data), [record]) == [verdict]


def test_every_record_gets_its_own_verdict_in_order() -> None:
    records = [{"n": number} for number in (5, 1, None, 9)]
    assert qualifies(rule({"field": "n", "at_least": 5}), records) == [True, False, False, True]
    assert qualifies(rule({"field": "n", "at_least": 5}), []) == []


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"not": {"field": "visibility", "is": "private"}}, "visibility is not private"),
        ({"field": "visibility", "is": None}, "visibility is empty"),
        ({"field": "eventType", "in": ["default", None]}, "eventType is one of default, empty"),
        (
            {"not": {"field": "sensitivity", "in": ["private", "personal"]}},
            "sensitivity is not one of private, personal",
        ),
        ({"field": "location", "known": True}, "location has a value"),
        ({"not": {"field": "location", "known": True}}, "location is empty"),
        ({"field": "n", "at_least": 2, "before": 4}, "n is before 4 and n is at least 2"),
        ({"not": {"field": "n", "at_least": 2, "before": 4}}, "not (n is before 4 and n is at least 2)"),
        ({"field": "summary", "contains": "x"}, "summary contains x"),
        ({"not": {"field": "done", "is": True}}, "done is not true"),
        (
            {"any": [{"field": "a", "is": 1}, {"all": [{"field": "b", "is": 2}, {"expr": "c > d"}]}]},
            "a is 1 or (b is 2 and c > d)",
        ),
    ],
)
def test_a_rule_reads_as_a_sentence(data: dict[str, Any], text: str) -> None:
    assert describe(rule(data)) == text


def test_the_fields_of_a_rule_are_those_of_all_its_parts() -> None:
    found = rule({"all": [{"field": "start.date", "known": True}, {"not": {"expr": "a > 1 && b.all(x, x.c == d)"}}]})
    assert fields(found) == {"start", "a", "b", "d"}
    assert fields(rule({"field": "custom.value", "is": 1}), known={"custom.value"}) == {"custom.value"}


@pytest.mark.parametrize(
    ("data", "record", "sentence"),
    [
        (
            {"field": "summary", "at_least": 3},
            {"summary": "three"},
            "the rule 'summary is at least 3' needs a number in 'summary', but a record has 'three' there",
        ),
        (
            {"field": "n", "before": "2026"},
            {"n": 3},
            "the rule 'n is before 2026' needs a text in 'n', but a record has the number 3 there",
        ),
        (
            {"expr": "size(summary)"},
            {"summary": "abc"},
            "the rule 'size(summary)' gives the number 3, but should give true or false",
        ),
        (
            {"expr": "start.date == 'x'"},
            {"start": None},
            "the rule 'start.date == 'x'' cannot be judged for a record where start is empty: "
            "it has values of other types; use has(...) or null checks",
        ),
    ],
)
def test_a_value_that_a_rule_cannot_be_asked_about_is_named(data: dict[str, Any], record: Any, sentence: str) -> None:
    with pytest.raises(MappingError) as caught:
        qualifies(rule(data), [record])
    assert str(caught.value) == sentence


def test_rules_that_say_nothing_are_refused() -> None:
    for data in ({"field": "x"}, {"all": []}, {"any": []}, {"field": "x", "in": []}, {"field": "x", "known": None}, {}):
        with pytest.raises(ValidationError):
            rule(data)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([1.5, 2.0]) | st.text("ab1.*", max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "any": VALUES,
            "text": st.none() | st.text("ab1.*é", max_size=3),
            "num": st.none() | st.integers(-5, 5) | st.sampled_from([1.5, 2.0]),
            "items": st.none() | st.lists(SCALARS, max_size=3),
            "moment": st.none() | st.sampled_from([TIMED, ALL_DAY]),
        },
    ),
    max_size=6,
)
BOUNDS = st.sampled_from(["before", "after", "at_least", "at_most"])
LEAVES = st.one_of(
    st.builds(lambda f, v: {"field": f, "is": v}, st.sampled_from(["any", "text", "moment", "any.x"]), VALUES),
    st.builds(
        lambda f, v: {"field": f, "in": v}, st.sampled_from(["any", "num"]), st.lists(VALUES, min_size=1, max_size=3)
    ),
    st.builds(lambda f, v: {"field": f, "known": v}, st.sampled_from(["any", "text", "items", "any.x"]), st.booleans()),
    st.builds(lambda b, v: {"field": "num", b: v}, BOUNDS, st.integers(-5, 5) | st.sampled_from([1.5, 2.0])),
    st.builds(lambda b, v: {"field": "text", b: v}, BOUNDS, st.text("ab1.*é", max_size=2)),
    st.builds(
        lambda b, v: {"field": "moment", b: v}, BOUNDS, st.sampled_from(["2026-11-02", "2026-11-02T09:00:00", "2027"])
    ),
    st.builds(lambda f, v: {"field": f, "contains": v}, st.sampled_from(["text", "items"]), SCALARS),
)
ALL_RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda r: {"not": r}, inner),
        st.builds(lambda r: {"all": r}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda r: {"any": r}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)


def found_at(value: Any, path: list[str]) -> Any:
    if not path or value is None:
        return value
    if isinstance(value, list):
        return [found_at(item, path) for item in value]
    return found_at(value.get(path[0]), path[1:]) if isinstance(value, dict) else None


def equal(one: Any, other: Any) -> bool:
    """As JSON: true is not 1, but 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return type(one) is not type(None) and one == other if other is not None else one is None


def plainly(data: dict[str, Any], record: dict[str, Any]) -> bool:
    """The rule, read one record at a time."""
    if "not" in data:
        return not plainly(data["not"], record)
    if "all" in data:
        return all(plainly(part, record) for part in data["all"])
    if "any" in data:
        return any(plainly(part, record) for part in data["any"])
    value = found_at(record, data["field"].split("."))
    ((test, operand),) = ((key, data[key]) for key in data if key != "field")
    if test == "is":
        return equal(value, operand)
    if test == "in":
        return any(equal(value, one) for one in operand)
    if test == "known":
        return (value is not None and value not in ("", [], {})) is operand
    if value is None:
        return False
    if test == "contains":
        within = isinstance(value, str) and isinstance(operand, str) and operand in value
        return within or (isinstance(value, list) and any(equal(item, operand) for item in value))
    if isinstance(value, dict):
        value = value.get("dateTime") or value["date"]
    results = {
        "before": value < operand,
        "after": value > operand,
        "at_least": value >= operand,
        "at_most": value <= operand,
    }
    return results[test]


@settings(deadline=None, derandomize=True)
@given(data=ALL_RULES, records=RECORDS)
def test_filters_agree_with_a_plain_reading_of_the_rule(data: dict[str, Any], records: list[dict[str, Any]]) -> None:
    expected = [plainly(data, record) for record in records]
    assert qualifies(rule(data), records) == expected, json.dumps(data)
