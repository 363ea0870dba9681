"""Objects as records, and writes as QuickBooks takes them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from connectors.quickbooks.books import Raw, away, moment
from connectors.quickbooks.fields import FIELDS, LINES, STREET, path
from connectors.rest import gone
from engine.contract import Record

KINDS = {"Category", "Group"}
"""Items that are no products: headings, and bundles of products."""
_PLACED = {"Id", "Lat", "Long"}
"""What QuickBooks adds to an address."""


def record_of(obj: str, raw: Raw | None, id: str = "") -> Record:
    """One record; gone where it is inactive, or not there."""
    if raw is None or away(raw):
        return gone(str(raw["Id"]) if raw else id)
    meta = raw["MetaData"]
    return Record(
        id=str(raw["Id"]),
        version=str(raw["SyncToken"]),
        data={name: _value(raw, path(obj, name)) for name in FIELDS[obj]},
        changed_at=moment(meta["LastUpdatedTime"]),
        created_at=moment(meta["CreateTime"]),
    )


def created(obj: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A new object."""
    return _set(obj, {}, {name: value for name, value in data.items() if value is not None})


def updated(obj: str, before: Raw, data: Mapping[str, Any]) -> dict[str, Any]:
    """An update of the object as it is now.

    What is not named stays, unless something is to be emptied: that takes an update of the whole, from which it is
    missing. The version that goes along sees to it that nobody's edit is lost.
    """
    given = {
        name: False if value is None and FIELDS[obj][name].type == "bool" else value for name, value in data.items()
    }
    changed = _set(obj, before, given)
    head = {"Id": before["Id"], "SyncToken": before["SyncToken"]}
    if all(value is not None for value in given.values()):
        return {**changed, **head, "sparse": True}
    emptied = {path(obj, name)[0] for name, value in given.items() if value is None} - set(changed)
    kept = {name: value for name, value in before.items() if name not in emptied}
    return {**kept, **changed, **head, "sparse": False}


def _set(obj: str, before: Raw, data: Mapping[str, Any]) -> dict[str, Any]:
    """The outermost members that these fields change, each whole."""
    members: dict[str, Any] = {}
    for name, value in data.items():
        outer, *inner = path(obj, name)
        if not inner:
            members[outer] = value
            continue
        node = members.setdefault(outer, deepcopy(dict(before.get(outer) or {})))
        if inner == [STREET]:
            _set_street(node, value)
        elif inner == ["value"]:
            node.clear()  # the name of what it referred to
        node |= {inner[0]: value} if inner != [STREET] else {}
    tidy = {outer: _filled(value) if isinstance(value, dict) else value for outer, value in members.items()}
    return {outer: value for outer, value in tidy.items() if value is not None}


def _filled(node: dict[str, Any]) -> dict[str, Any] | None:
    """Without what is empty; None where nothing is left."""
    kept = {name: value for name, value in node.items() if value is not None}
    return kept if set(kept) - _PLACED else None


def _set_street(node: dict[str, Any], value: str | None) -> None:
    """Five lines at most: what is more goes into the last."""
    lines = [line.strip() for line in (value or "").split("\n") if line.strip()]
    if len(lines) > len(LINES):
        lines[len(LINES) - 1 :] = [", ".join(lines[len(LINES) - 1 :])]
    node |= dict.fromkeys(LINES) | dict(zip(LINES, lines, strict=False))


def _value(raw: Raw, way: tuple[str, ...]) -> Any:
    value: Any = raw
    for name in way:
        if name == STREET and isinstance(value, Mapping):
            value = "\n".join(str(value[line]) for line in LINES if value.get(line))
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return None if value == "" else value
