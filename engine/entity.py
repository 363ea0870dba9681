"""One thing is one entity in every sync: a record that another sync already tied to a copy here is not created again.

Without this, syncs A-B, B-C and C-A would double every record once round the cycle; and two of them that run at the
same moment would both make what each has not yet seen of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, tuple_

from engine.contract import Op
from engine.store.tables import changes, copies, sides

Place = tuple[str, str]
"""(container, record id)."""

_MINE = select(sides.c.container).where(sides.c.sync == bindparam("of"))
_SHARED = select(sides.c.container).where(sides.c.sync != bindparam("of"), sides.c.container.in_(_MINE))
_PLACE = _MINE.where(sides.c.side == bindparam("at"))


def shared_containers(connection: Connection, sync: str) -> set[str]:
    """Containers of this sync that other syncs use too."""
    return set(connection.execute(_SHARED, {"of": sync}).scalars())


def entity(connection: Connection, start: Place) -> set[Place]:
    """All records tied to this one, over the links of all syncs."""
    found, edge = {start}, {start}
    while edge:
        tied = select(copies.c.link).where(
            copies.c.link.is_not(None), or_(*[tuple_(copies.c.container, copies.c.id) == place for place in edge])
        )
        query = select(copies.c.container, copies.c.id).where(copies.c.link.in_(tied))
        edge = {(row[0], row[1]) for row in connection.execute(query)} - found
        found |= edge
    return found


def made_elsewhere(connection: Connection, sync: str, side: str, creates: Sequence[dict[str, Any]]) -> set[str]:
    """Creates (ids of the journal) of things that another sync has made in that place, or is making there now.

    Whoever else is about to create there waits until this transaction ends.
    """
    container = connection.execute(_PLACE, {"of": sync, "at": side}).scalar() if creates else None
    if container is None or container not in shared_containers(connection, sync):
        return set()
    everyone = select(sides.c.sync).where(sides.c.container == container).order_by(sides.c.sync, sides.c.side)
    connection.execute(everyone.with_for_update())
    return {row["id"] for row in creates if _is_made(connection, sync, row["link"], container)}


def _is_made(connection: Connection, sync: str, link: str, container: str) -> bool:
    own = select(copies.c.container, copies.c.id, copies.c.present).where(copies.c.link == link)
    ours = {(row.container, row.id): row.present for row in connection.execute(own)}
    places = {place for start in ours for place in entity(connection, start) if ours.get(place) != "gone"}
    there = [record for at, record in places if at == container]
    shown = (copies.c.container == container, copies.c.id.in_(there), copies.c.present.in_(("yes", "missing")))
    if connection.execute(select(copies.c.id).where(*shown).limit(1)).first() is not None:
        return True
    tied = select(copies.c.link).where(or_(*[tuple_(copies.c.container, copies.c.id) == place for place in places]))
    making = being_made(sync).where(sides.c.container == container, changes.c.link.in_(tied))
    return bool(places) and connection.execute(making.limit(1)).first() is not None


def being_made(sync: str) -> Any:
    """The creates that other syncs have sent to places of this one and not heard of: the place, and when."""
    mine = select(sides.c.container).where(sides.c.sync == sync)
    others = select(sides.c.sync).where(sides.c.container.in_(mine), sides.c.sync != sync)
    at = (sides.c.sync == changes.c.sync) & (sides.c.side == changes.c.side)
    where = (changes.c.sync.in_(others), changes.c.op == Op.CREATE, changes.c.state.in_(("sent", "doubt")))
    return select(sides.c.container, changes.c.sent_at).join_from(changes, sides, at).where(*where)
