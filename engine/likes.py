"""Records that a link would be made beside, since the filter keeps them out, a person is asked about them, or what they
are known by was not read: nothing is made twice in one account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.bound import Bound
from engine.linkstate import LinkState
from engine.match import BLOCKS, unmatched
from engine.store import chunks
from engine.store.tables import copies, copy_keys, holds
from engine.telling import may_be, telling

_SAME: Any = (copy_keys.c.sync == copies.c.sync) & (copy_keys.c.side == copies.c.side) & (copy_keys.c.id == copies.c.id)
_KEYED = select(copies.c.link, copies.c.side, copy_keys.c.key).join(copy_keys, _SAME).where(copy_keys.c.rule < BLOCKS)
_LINKED = _KEYED.where(copies.c.link.in_(bindparam("ids", expanding=True)))
_KEPT_OUT = _KEYED.where(
    copies.c.sync == bindparam("of"),
    copies.c.link.is_(None),
    copies.c.excluded.is_not(None),
    copies.c.present != "gone",
    copy_keys.c.key.in_(bindparam("keys", expanding=True)),
)
_ASKED = select(holds.c.detail).where(
    holds.c.sync == bindparam("of"), holds.c.kind == "ambiguous", holds.c.state == "open"
)

_LOOSE = select(copies.c.observed).where(
    copies.c.sync == bindparam("of"),
    copies.c.side == bindparam("at"),
    copies.c.link.is_(None),
    copies.c.present != "gone",
    copies.c.single.is_(False),
)
_UNREAD = _LOOSE.where(copies.c.failed.is_not(None))
_UNPAIRED = _LOOSE.where(unmatched(copies))
MANY = 200
"""Where so many records of a side may be anything, nothing is created there."""


def bar(connection: Connection, bound: Bound, sync: str, links: Sequence[LinkState]) -> None:
    """Tells each link the sides on which a record with one of its match keys is kept out, or may be the same."""
    by_id = {link.id: link for link in links if set(bound.names) - set(link.copies)}
    for detail in connection.execute(_ASKED, {"of": sync}).scalars() if by_id else ():
        loose = {one["side"] for one in detail["candidates"] if one["link"] is None}
        for one in detail["candidates"]:
            if (link := by_id.get(one["link"])) is not None:
                said = "a person is asked whether a record of {} is the same"
                link.doubted |= {side: said.format(side) for side in loose - set(link.copies)}
    for side in bound.names if bound.mapping.match else ():
        _doubt(connection, bound, sync, side, [link for link in by_id.values() if side not in link.copies])
    if not bound.mapping.only:
        return
    by_key: dict[str, list[LinkState]] = defaultdict(list)
    states = {link.id: link for link in links if set(bound.names) - set(link.copies)}
    for row in connection.execute(_LINKED, {"ids": list(states)}):
        by_key[row.key].append(states[row.link])
    for part in chunks(sorted(by_key)):
        for row in connection.execute(_KEPT_OUT, {"of": sync, "keys": list(part)}):
            for link in by_key[row.key]:
                link.barred |= {row.side} - set(link.copies)


def _doubt(connection: Connection, bound: Bound, sync: str, side: str, links: Sequence[LinkState]) -> None:
    """Tells links that lack a side of records there that may be the same, for all that was read of them."""
    query = (_UNPAIRED if bound.blind else _UNREAD).limit(MANY + 1)
    found = connection.execute(query, {"of": sync, "at": side}).scalars() if links else ()
    loose = [telling(bound, side, native) for native in found if "unreadable" not in native]
    for link in links if loose else ():
        own = [
            telling(bound, copy.side, copy.native or {})
            for copy in link.readable().values()
            if copy.side in bound.sides
        ]
        if len(loose) > MANY or any(may_be(mine, theirs) for mine in own for theirs in loose):
            link.doubted[side] = f"{side} has a record that may be the same, and did not show what would tell"
