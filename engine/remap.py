"""What a new version of a mapping makes due: the agreed values of rows that are written otherwise now.

Nothing is written for that alone: the next merge puts the agreed value, and only what comes out otherwise is sent.
Values of list rows that are merged otherwise take their new shape: see engine/reshape.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.ingest import mark_dirty
from engine.links import load, save
from engine.linkstate import Copy, peek, poke
from engine.reshape import reshapes, turn, turn_unheard
from engine.store import chunks
from engine.store.tables import links, mappings

_LIVE = select(links.c.id).where(links.c.sync == bindparam("of"), links.c.ended.is_(None))
_VERSIONS = select(mappings.c.text).where(mappings.c.sync == bindparam("of")).order_by(mappings.c.version)
Doc = dict[str, Any]


@dataclass(frozen=True)
class Recast:
    """A row that a side holds otherwise than before."""

    row: str
    side: str
    elsewhere: bool
    """In other native fields; else by another lens."""
    target: bool
    """It is written there; else it is only read."""
    keyed: bool
    """Its values are merged entry by entry."""


def recast(before: Doc, after: Doc) -> list[Recast]:
    """Rows of both versions of a mapping (as documents) whose fields or lenses differ on a side of both."""
    found = []
    for name in [row for row in after["fields"] if row in before["fields"]]:
        was, now = before["fields"][name], after["fields"][name]
        for side in [side for side in after["sides"] if side in was and side in now]:
            elsewhere, to = was[side] != now[side], now.get("to")
            if elsewhere or _lenses(was, side) != _lenses(now, side):
                found.append(Recast(name, side, elsewhere, to is None or side in to, bool(now.get("each"))))
    return found


def _lenses(row: Doc, side: str) -> list[Any]:
    """Without rates: where there were some before, others make nothing due."""
    found: list[Any] = []
    for spec in (row.get("via") or {}).get(side, ()):
        money = spec.get("money") if isinstance(spec, dict) else None
        found.append({"money": {**money, "rates": True}} if isinstance(money, dict) and "rates" in money else spec)
    return found


def remap(connection: Connection, sync: str, after: Doc) -> None:
    """Makes the agreed values of those rows due on those sides, in all links of the sync."""
    before = _former(connection, sync)
    changed, shapes = recast(before, after), reshapes(connection, sync, before, after)
    if not changed and not shapes:
        return
    turn_unheard(connection, sync, shapes)
    ids = [row.id for row in connection.execute(_LIVE, {"of": sync})]
    for part in chunks(ids):
        states = load(connection, part)
        for state, _ in states.values():
            turn(state, shapes)
            for one in changed:
                if one.side in state.copies:
                    _due(state.copies[one.side], one, state.agreed)
        save(connection, sync, [(state, {}) for state, _ in states.values()])
    mark_dirty(connection, ids)


def _former(connection: Connection, sync: str) -> Doc:
    """The mapping as it was, with the rows and sides that earlier versions had: values of them may be stored yet."""
    former: Doc = {"fields": {}, "sides": {}}
    for text in connection.execute(_VERSIONS, {"of": sync}).scalars():
        former = {**text, "fields": former["fields"] | text["fields"], "sides": former["sides"] | text["sides"]}
    return former


def _due(copy: Copy, one: Recast, agreed: Doc) -> None:
    """A side that is only read is read afresh; one that is written counts as not having been given the value."""
    if one.elsewhere or not one.target:
        copy.synced.pop(one.row, None)
    value = agreed.get(one.row)
    if not one.target or value in (None, {}):
        return
    for atom in [(one.row, key) for key in value] if one.keyed else [(one.row, None)]:
        if peek(copy.base, atom, ...) is ...:
            poke(copy.base, atom, None)
