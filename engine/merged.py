"""Two records of one side became one there: nobody deleted anything, so nothing is deleted elsewhere unasked.

Where the survivor has no link yet (some apps give it a new id), the link of the record most like it follows it, and
what the merge has changed is an edit. The other links rest: their twins wait for a person, who has them deleted too or
keeps them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from engine import events
from engine.canonical import same
from engine.events import Event
from engine.store.tables import copies, copy_keys, links

Row = dict[str, Any]
MARK = "merged into "
"""How `excluded` begins for a record that is part of another one."""
KEPT = ", and a person keeps what it was elsewhere"
_AT = (copies.c.sync == bindparam("of"), copies.c.side == bindparam("at"), copies.c.id == bindparam("known"))
_COPY = select(copies).where(*_AT)
_FORGET = delete(copies).where(*_AT)
_UNKEY = delete(copy_keys).where(
    copy_keys.c.sync == bindparam("of"), copy_keys.c.side == bindparam("at"), copy_keys.c.id == bindparam("known")
)


def absorb(connection: Connection, common: Row, rows: Sequence[Row]) -> None:
    """Takes in that records (`id`, `merged_into`) are part of others now; the survivors are stored already."""
    by_survivor: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_survivor[row["merged_into"]].append(row["id"])
    for into, ids in sorted(by_survivor.items()):
        survivor = _copy(connection, common, into)
        lost = [copy for record in sorted(ids) if (copy := _copy(connection, common, record)) is not None]
        linked = [copy for copy in lost if copy["link"]]
        if survivor is not None and survivor["link"] is None and survivor["present"] == "yes" and linked:
            heir = max(linked, key=lambda copy: _likeness(copy, survivor))
            _hand_over(connection, common, heir, survivor)
            lost.remove(heir)
        for copy in lost:
            _part(connection, common, copy, into, survivor)


def _copy(connection: Connection, common: Row, record: str) -> Row | None:
    found = connection.execute(_COPY, _at(common, record)).mappings().first()
    return dict(found) if found is not None else None


def _at(common: Row, record: str) -> Row:
    return {"of": common["sync"], "at": common["side"], "known": record}


def _likeness(copy: Row, survivor: Row) -> int:
    """How many fields they have alike."""
    return sum(
        value is not None and same(value, survivor["observed"].get(name)) for name, value in copy["observed"].items()
    )


def _hand_over(connection: Connection, common: Row, copy: Row, survivor: Row) -> None:
    """The survivor is the link's record from now on, as settled as the former one was."""
    _gone(connection, common, copy, survivor["id"])
    connection.execute(_FORGET, _at(common, copy["id"]))
    kept = {name: copy[name] for name in ("link", "synced", "base", "ours")}
    where = (copies.c.sync == common["sync"], copies.c.side == common["side"], copies.c.id == survivor["id"])
    connection.execute(update(copies).where(*where).values(**kept))
    survivor["link"] = copy["link"]
    told = {
        "event": Event.LINKED,
        "link": copy["link"],
        "record": survivor["id"],
        "rule": f"{copy['id']} is part of it now",
    }
    events.note(connection, [{**common, **told}])


def _part(connection: Connection, common: Row, copy: Row, into: str, survivor: Row | None) -> None:
    if copy["link"] is None or (survivor is not None and survivor["link"] == copy["link"]):
        connection.execute(_UNKEY, _at(common, copy["id"]))
        connection.execute(_FORGET, _at(common, copy["id"]))
        return
    _gone(connection, common, copy, into)
    where = (copies.c.sync == common["sync"], copies.c.side == common["side"], copies.c.id == copy["id"])
    reason = f"{MARK}{into} on {common['side']}"
    connection.execute(update(copies).where(*where).values(present="gone", missing_since=common["at"], excluded=reason))


def _gone(connection: Connection, common: Row, copy: Row, into: str) -> None:
    connection.execute(_UNKEY, _at(common, copy["id"]))
    told = {"event": Event.GONE, "link": copy["link"], "record": copy["id"], "before": copy["observed"]}
    events.note(connection, [{**common, **told, "rule": f"{MARK}{into}"}])
    moved = {"dirty": True, "open": True, "rev": links.c.rev + 1}
    connection.execute(update(links).where(links.c.id == copy["link"]).values(**moved))


def keep(connection: Connection, hold: Row) -> None:
    """A person keeps what is left of the link, which stays as it is."""
    where = (copies.c.sync == hold["sync"], copies.c.link == hold["link"], copies.c.side == hold["side"])
    gone = (*where, copies.c.present == "gone", copies.c.excluded.startswith(MARK))
    connection.execute(update(copies).where(*gone).values(excluded=copies.c.excluded + KEPT))


def asked(hold: Row) -> bool:
    """Whether a person wants the deletion elsewhere too."""
    return hold["kind"] == "merge" and (hold["answer"] or {}).get("value") == "release"
