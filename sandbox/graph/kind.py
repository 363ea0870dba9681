"""What tells one kind of item (contact, task) from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.graph.query import Filtering
from sandbox.table import Row

Props = dict[str, Any]


def alone(_: Props, new: Props, __: datetime) -> tuple[Props, list[Props]]:
    """A change that does nothing but what was asked."""
    return new, []


@dataclass(frozen=True, slots=True)
class Kind:
    """Properties are kept as `parse` gives them."""

    type: str
    """`contact`: the API's type is `microsoft.graph.contact`."""
    parse: Callable[[Any, Props | None], Props]
    """Request body, and what there was before a change -> all properties. Raises Refusal."""
    show: Callable[[Props, Mapping[str, str]], Props]
    """Properties and preferences -> what a client sees."""
    expand: Callable[[Props, frozenset[str], frozenset[str]], Props]
    """What `$expand` adds: ids of extended properties, other names."""
    filtering: Filtering[Row]
    expands: frozenset[str] = field(default_factory=frozenset)
    """Names that may be expanded, besides extended properties."""
    refused: frozenset[str] = frozenset({"$filter", "$orderby", "$search"})
    """Options that delta rounds do not take."""
    immutable: bool = True
    """Ids can be had in a form that outlives a move."""
    follow: Callable[[Props, Props, datetime], tuple[Props, list[Props]]] = alone
    """Before, as asked, now -> what the item becomes, and items that come into being by it. Also of a create."""
