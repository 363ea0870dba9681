"""References to other records: the app's ids, and the entities that they stand for.

Shared: the entity's name (a link of the sync that keeps the other records), or for several a sorted list of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.lens import Context, Unread


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that holds the id of a record of `refers`, or a list of such ids where `many`."""

    refers: str
    many: bool = False
    klass: str = "exact"
    reads: tuple[str, ...] = ()

    def get(self, native: Any, context: Context) -> Any:
        """Raises Unread while a record is not linked by any sync."""
        if not self.many:
            return None if native in (None, "") else self._entity(str(native), context)
        return sorted({self._entity(str(one), context) for one in native or ()}) or None

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        """Raises Waits while a record is not on this side."""
        if not self.many:
            return None if shared is None else context.refs.native(self.refers, str(shared))
        wanted = [context.refs.native(self.refers, str(one)) for one in shared or ()]
        kept = [one for one in old or () if str(one) in wanted]
        return kept + [one for one in wanted if one not in map(str, kept)]

    def _entity(self, native: str, context: Context) -> str:
        found = context.refs.entity(self.refers, native)
        if found is None:
            raise Unread(f"{self.refers} {native}")
        return found
