"""References between records, told in terms that every side has: a link of the sync that keeps the other record.

A deal in one app names a company by that app's id; the other app has the company under an id of its own. The shared
value of such a field is the *entity*: the link in which any sync ties the two companies. What no sync has tied yet
waits: read, the row counts as unread; to be written, it is left out of the write, and stays due. So the other record
may come later, be made in the same run, or refer back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from engine.entity import Place, entity
from engine.lens import Waits
from engine.store import chunks
from engine.store.tables import copies, sides

if TYPE_CHECKING:
    from engine.bound import Bound
    from engine.linkstate import Copy, LinkState

WAITS = "?"
"""Where a link's `origin` keeps what it waits for; no row is called like that."""
_ALL_SIDES = select(sides.c.sync, sides.c.side, sides.c.container)
_LINKED = select(copies.c.container, copies.c.id, copies.c.link).where(
    copies.c.container.in_(bindparam("places", expanding=True)),
    copies.c.id.in_(bindparam("ids", expanding=True)),
    copies.c.link.is_not(None),
    copies.c.present.in_(("yes", "missing")),
)
_COPIES = select(copies.c.link, copies.c.container, copies.c.id).where(
    copies.c.link.in_(bindparam("links", expanding=True)), copies.c.present.in_(("yes", "missing"))
)
Native = tuple[str, str, str]
"""(side, object, id)."""


@dataclass
class Refs:
    """What is known of the records that some links refer to."""

    entities: dict[Native, str] = field(default_factory=dict)
    """The app's id -> the entity."""
    ids: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """(side, object, entity) -> the app's id."""

    def at(self, side: str) -> At:
        """Those of one side."""
        return At(self, side)


@dataclass(frozen=True)
class At:
    """The references of one side, as its lenses see them."""

    refs: Refs
    side: str

    def entity(self, obj: str, native: str) -> str | None:
        """What a native id stands for; None while no sync has linked it."""
        return self.refs.entities.get((self.side, obj, native))

    def native(self, obj: str, entity: str) -> str:
        """The id of the entity here. Raises Waits."""
        found = self.refs.ids.get((self.side, obj, entity))
        if found is None:
            raise Waits(f"the record of {obj} that it refers to is not on {self.side} yet")
        return found


def learn(
    connection: Connection,
    bound: Bound,
    sync: str,
    states: Sequence[LinkState],
    shown: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> None:
    """Looks up everything that these links refer to, and further native records (side, fields), in the syncs of the
    whole store."""
    cells = {
        side: [(bound.rows[name].cells[side].name, obj) for name, obj in rows.items()]
        for side, rows in bound.references.items()
    }
    if not cells:
        return
    seen = [(side, native) for link in states for side, copy in link.copies.items() for native in _natives_of(copy)]
    wanted = {
        (side, obj, one)
        for side, native in [*seen, *shown]
        for name, obj in cells.get(side, ())
        for one in listed(native.get(name))
    }
    rows = {name for found in bound.references.values() for name in found}
    agreed = {one for link in states for row in rows for one in listed(link.agreed.get(row))}
    places = _places(connection, sync, cells)
    found = known(bound)
    _entities(connection, places, wanted, found)
    _natives(connection, places, {*agreed, *found.entities.values()}, found)


def known(bound: Bound) -> Refs:
    """What was looked up so far."""
    if not isinstance(bound.refs, Refs):
        bound.refs = Refs()
    return bound.refs


def _natives_of(copy: Copy) -> Iterator[Mapping[str, Any]]:
    """As read and as settled: both are told in shared terms."""
    yield copy.native or {}
    for image in copy.synced.values():
        if isinstance(image, dict):
            yield image


def deferred(bound: Bound, side: str, rows: Mapping[str, Any]) -> dict[str, str]:
    """Rows (of these shared values) that refer to what is not on the side yet, a sentence each."""
    return {
        name: f"{name}: a record of {obj} that is not on {side} yet"
        for name, obj in bound.references.get(side, {}).items()
        if any((side, obj, one) not in known(bound).ids for one in listed(rows.get(name)))
    }


def listed(value: Any) -> list[str]:
    """The ids of a reference to one record, or to several."""
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def unread(bound: Bound, link: LinkState) -> list[str]:
    """A sentence for each reference that was read and cannot be told yet."""
    return [
        f"{name}: {obj} {one} of {side}, which no sync has linked yet"
        for side, rows in bound.references.items()
        if side in link.copies
        for name, obj in rows.items()
        for one in listed((link.copies[side].native or {}).get(bound.rows[name].cells[side].name))
        if (side, obj, one) not in known(bound).entities
    ]


@dataclass(frozen=True)
class _Places:
    """Where the records of a side's references are: containers of the same connection with that object."""

    of: Mapping[tuple[str, str], tuple[str, ...]]
    shared: frozenset[str]
    """Containers of which several syncs have records."""


def _places(connection: Connection, sync: str, cells: Mapping[str, list[tuple[str, str]]]) -> _Places:
    rows = [(row.sync, row.side, row.container, json.loads(row.container)) for row in connection.execute(_ALL_SIDES)]
    accounts = {side: place[0] for at, side, _, place in rows if at == sync}
    found = {
        (side, obj): tuple(sorted({text for _, _, text, place in rows if place[:2] == [accounts.get(side), obj]}))
        for side, fields in cells.items()
        for _, obj in fields
    }
    texts = [text for _, _, text, _ in rows]
    return _Places(found, frozenset(text for text in texts if texts.count(text) > 1))


def _entities(connection: Connection, places: _Places, wanted: Iterable[Native], found: Refs) -> None:
    by_place: dict[tuple[str, str], list[str]] = {}
    for side, obj, id in wanted:
        by_place.setdefault((side, obj), []).append(id)
    for (side, obj), ids in by_place.items():
        for part in chunks(ids):
            values = {"places": list(places.of[side, obj]), "ids": list(part)}
            for row in connection.execute(_LINKED, values):
                place = (row.container, row.id)
                found.entities[side, obj, row.id] = (
                    _least(connection, place) if row.container in places.shared else row.link
                )


def _natives(connection: Connection, places: _Places, entities: Iterable[str], found: Refs) -> None:
    for part in chunks(sorted(entities)):
        known: dict[str, set[Place]] = {}
        for row in connection.execute(_COPIES, {"links": list(part)}):
            known.setdefault(row.link, set()).add((row.container, row.id))
        for one, own in known.items():
            shared = any(container in places.shared for container, _ in own)
            there = entity(connection, min(own)) if shared else own
            for (side, obj), containers in places.of.items():
                for container, id in sorted(there):
                    if container in containers:
                        found.ids.setdefault((side, obj, one), id)


def _least(connection: Connection, place: Place) -> str:
    """The first of the links that tie the record over all syncs: each of them gives the same."""
    there = entity(connection, place)
    texts, ids = sorted({one for one, _ in there}), sorted({id for _, id in there})
    rows = connection.execute(_LINKED, {"places": texts, "ids": ids})
    return min(str(row.link) for row in rows if (row.container, row.id) in there)
