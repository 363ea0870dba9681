"""`POST .../search`: filter groups, one sort, pages of 200 at most, 10,000 hits at most."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sandbox.hubspot.errors import bad_request
from sandbox.hubspot.portal import Kind, Portal
from sandbox.table import Row

MOST = 10_000
PAGE = 200
GROUPS, FILTERS, TOTAL = 5, 6, 18
Value = str | None
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda a, b: bool(a == b),
    "NEQ": lambda a, b: bool(a != b),
    "LT": lambda a, b: bool(a < b),
    "LTE": lambda a, b: bool(a <= b),
    "GT": lambda a, b: bool(a > b),
    "GTE": lambda a, b: bool(a >= b),
}


def search(portal: Portal, kind: Kind, asked: Mapping[str, Any]) -> tuple[int, list[Row], str | None]:
    """Total, the records of this page, and the position of the next one. Raises 400."""
    limit, after = int(asked.get("limit") or 10), int(asked.get("after") or 0)
    if limit > PAGE:
        raise bad_request(f"Invalid input JSON: limit must be at most {PAGE}")
    if after + limit > MOST:
        raise bad_request(f"Paging through search results is limited to {MOST} results: after={after}, limit={limit}")
    portal.catch_up(kind)
    query = json.dumps([asked.get("filterGroups"), asked.get("sorts")])
    if query not in kind.hits:
        groups = _groups(asked)
        fitting = [row for row in kind.index.values() if _fits(portal, kind, row, groups)]
        kind.hits[query] = _sorted(portal, kind, fitting, asked.get("sorts") or [])
    rows = kind.hits[query]
    page = rows[after : after + limit]
    following = after + len(page)
    return len(rows), page, str(following) if following < len(rows) else None


def _groups(asked: Mapping[str, Any]) -> list[list[Mapping[str, Any]]]:
    groups = [list(group.get("filters") or []) for group in asked.get("filterGroups") or []]
    if len(groups) > GROUPS or any(len(group) > FILTERS for group in groups) or sum(map(len, groups)) > TOTAL:
        raise bad_request(f"There may be {GROUPS} filterGroups of {FILTERS} filters, {TOTAL} filters in all")
    return groups


def _fits(portal: Portal, kind: Kind, row: Row, groups: list[list[Mapping[str, Any]]]) -> bool:
    return not groups or any(all(_holds(portal, kind, row, each) for each in group) for group in groups)


def _holds(portal: Portal, kind: Kind, row: Row, each: Mapping[str, Any]) -> bool:
    name, operator = str(each["propertyName"]), str(each["operator"])
    if name not in kind.defined:
        raise bad_request(f"Property {name} does not exist")
    here = _value(portal, kind, row, name)
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return (here is not None) == (operator == "HAS_PROPERTY")
    if operator == "IN":
        return here in each["values"]
    if operator not in _COMPARE:
        raise bad_request(f"Operator {operator} is not supported")
    if here is None:
        return operator == "NEQ"
    as_key = _key(kind, name)
    return _COMPARE[operator](as_key(here), as_key(str(each["value"])))


def _sorted(portal: Portal, kind: Kind, rows: Iterable[Row], sorts: list[Any]) -> list[Row]:
    """By one property at most; by id among equals is not promised, so the stand-in mixes them."""
    if len(sorts) > 1:
        raise bad_request("Only one sorting rule can be applied to a search")
    mixed = sorted(rows, key=lambda row: row.id[::-1])
    if not sorts:
        return mixed
    name = sorts[0]["propertyName"] if isinstance(sorts[0], dict) else str(sorts[0]).lstrip("-")
    down = sorts[0].get("direction") == "DESCENDING" if isinstance(sorts[0], dict) else str(sorts[0]).startswith("-")
    as_key = _key(kind, name)
    return sorted(mixed, key=lambda row: as_key(_value(portal, kind, row, name) or "0"), reverse=down)


def _value(portal: Portal, kind: Kind, row: Row, name: str) -> Value:
    if name == kind.modified:
        return row.changed
    return row.id if name == "hs_object_id" else portal.values(kind, row).get(name)


def _key(kind: Kind, name: str) -> Callable[[str], Any]:
    """How values of a property compare."""
    if kind.defined[name]["type"] == "number":
        return float
    if kind.defined[name]["type"] == "datetime":
        return _moment
    return str.lower


@lru_cache(maxsize=1024)
def _moment(text: str) -> float:
    return int(text) / 1000 if re.fullmatch(r"-?\d+", text) else datetime.fromisoformat(text).timestamp()
