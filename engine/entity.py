"""One thing is one entity in every sync: a record that another sync already tied to a copy here is not created again.

Without this, syncs A-B, B-C and C-A would double every record once round the cycle.
"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, tuple_

from engine.store.tables import copies, sides

Place = tuple[str, str]
"""(container, record id)."""


def shared_containers(connection: Connection, sync: str) -> set[str]:
    """Containers of this sync that other syncs use too."""
    mine = select(sides.c.container).where(sides.c.sync == sync)
    query = select(sides.c.container).where(sides.c.sync != sync, sides.c.container.in_(mine))
    return set(connection.execute(query).scalars())


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
