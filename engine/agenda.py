"""What there is to do once the sides are read: a step without work is passed over, and its transaction with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select

from engine import journal
from engine.match import unmatched
from engine.store.tables import changes, copies, holds, links

_FREE = exists().where(
    copies.c.sync == bindparam("of"),
    copies.c.present == "yes",
    copies.c.link.is_(None),
    unmatched(copies),
    copies.c.failed.is_(None),
    copies.c.side.in_(bindparam("at", expanding=True)),
)
_OPEN = exists().where(links.c.sync == bindparam("of"), links.c.open.is_(True), links.c.ended.is_(None))
_PLANS = exists().where(changes.c.sync == bindparam("of"), changes.c.state.in_(("planned", "held")))
_WORK = select(_FREE.label("free"), _OPEN.label("open"), _PLANS.label("plans"))
_HOLDS = select(holds.c.kind).where(holds.c.sync == bindparam("of"), holds.c.state.in_(("open", "answered"))).distinct()


@dataclass(frozen=True)
class Agenda:
    """The work that a sync's state asks for."""

    unheard: Sequence[dict[str, Any]]
    """Changes of which nothing was heard, as in the journal."""
    free: bool
    """Some record has no link."""
    open: bool
    """Some link is unsettled."""
    plans: bool
    """An earlier plan was not carried out."""
    holds: frozenset[str]
    """The kinds of holds that are not closed."""

    @classmethod
    def look(cls, connection: Connection, sync: str, sides: Sequence[str]) -> Agenda:
        """As the state is now."""
        row = connection.execute(_WORK, {"of": sync, "at": list(sides)}).one()
        kinds = connection.execute(_HOLDS, {"of": sync}).scalars()
        return cls(journal.unresolved(connection, sync), row.free, row.open, row.plans, frozenset(kinds))
