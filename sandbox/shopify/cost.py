"""What a query costs, before it is run: an object is 1 point, a connection its `first` times its nodes, a mutation 10.

Scalars and enums are free. The bucket holds some thousands of points and refills at a rate that the shop's plan sets;
what was asked for but not shown is paid back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType
from graphql import SelectionSetNode as Selections
from graphql.utilities import value_from_ast_untyped

from sandbox.clock import Clock

MOST = 1000
MUTATION = 10
LISTS = {"nodes", "edges"}
"""The members of a connection that come as often as it is long."""


def requested(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The points of a whole document."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    points = 0
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            mutates = each.operation is OperationType.MUTATION
            points += MUTATION * len(each.selection_set.selections) if mutates else 0
            points += _of(each.selection_set, fragments, variables)
    return points


def _of(selections: Selections, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> int:
    points = 0
    for each in selections.selections:
        if isinstance(each, FieldNode):
            points += _field(each, fragments, variables)
        else:
            name = getattr(getattr(each, "name", None), "value", "")
            inner = fragments[name].selection_set if name else each.selection_set  # type: ignore[attr-defined]
            points += _of(inner, fragments, variables)
    return points


def _field(node: FieldNode, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> int:
    if node.selection_set is None or node.name.value in ("pageInfo", "userErrors"):
        return 0
    inner = _of(node.selection_set, fragments, variables)
    if node.name.value in LISTS:
        return inner + 1
    given = {each.name.value: value_from_ast_untyped(each.value, dict(variables)) for each in node.arguments or ()}
    if isinstance(given.get("ids"), list):
        return len(given["ids"]) * (1 + inner)
    return int(given.get("first") or given.get("last") or 1) * inner if _connects(node) else 1 + inner


def _connects(node: FieldNode) -> bool:
    named = {each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)}  # type: ignore[union-attr]
    return bool(named & LISTS)


@dataclass(slots=True)
class Bucket:
    """Points at hand."""

    clock: Clock
    size: float = 20_000.0
    rate: float = 1000.0
    level: float = 20_000.0
    at: datetime | None = None

    def take(self, points: int) -> bool:
        """Pays, if there is enough."""
        self._refill()
        if points > self.level:
            return False
        self.level -= points
        return True

    def back(self, points: int) -> None:
        """Pays back what was not used."""
        self.level = min(self.size, self.level + points)

    def status(self) -> dict[str, float]:
        """As every answer tells it."""
        return {"maximumAvailable": self.size, "currentlyAvailable": float(int(self.level)), "restoreRate": self.rate}

    def _refill(self) -> None:
        now = self.clock.now()
        if self.at is not None:
            self.level = min(self.size, self.level + max(0.0, (now - self.at).total_seconds()) * self.rate)
        self.at = now
