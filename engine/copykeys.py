"""The match keys of copies, by which new records are matched."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from engine.alike import Alike
from engine.bound import Bound
from engine.match import BLOCKS, RULES, keys_of
from engine.store import chunks, put
from engine.store.tables import copies, copy_keys
from engine.telling import missing, unknown

log = logging.getLogger("engine")
Row = dict[str, Any]
"""A copy: its sync, side, id and observed fields, and why it cannot be read (`failed`)."""
_THESE: Any = (
    copy_keys.c.sync == bindparam("of"),
    copy_keys.c.side == bindparam("at"),
    copy_keys.c.id.in_(bindparam("ids", expanding=True)),
)
_KEYS = select(copy_keys.c.id, copy_keys.c.rule, copy_keys.c.key).where(*_THESE)
_UNKEY = delete(copy_keys).where(*_THESE)
_HERE: Any = (copies.c.sync == bindparam("of"), copies.c.side == bindparam("at"))
_SHOWN = select(copies.c.id).where(*_HERE, copies.c.present != "gone", copies.c.failed.is_(None))
_FIELDS = select(copies.c.sync, copies.c.id, copies.c.observed, copies.c.link, copies.c.failed).where(
    *_HERE, copies.c.id.in_(bindparam("ids", expanding=True))
)
_FAIL = update(copies).where(*_HERE, copies.c.id == bindparam("known")).values(failed=bindparam("why"))


def rekey(connection: Connection, bound: Bound, side: str, rows: Sequence[Row]) -> None:
    """Stores the match keys of copies of a side as they are now."""
    readable = [row for row in rows if not row.get("failed")]
    if not readable or not (bound.mapping.match or bound.mapping.similar):
        return
    sync, alike = readable[0]["sync"], Alike(bound)
    kept = _kept(connection, bound, side, readable)
    unkey(connection, sync, side, [row["id"] for row in readable])
    found = [
        {"sync": sync, "side": side, "id": row["id"], "rule": rule, "key": key}
        for row in readable
        for rule, key in {**kept.get(row["id"], {}), **_keys(bound, alike, side, row)}.items()
    ]
    put(connection, copy_keys, found)


def rekey_all(connection: Connection, bound: Bound, sync: str) -> None:
    """The same for all copies, once a row that they are known by is read again. New ones of which it is not wait."""
    for side in bound.names:
        at = {"of": sync, "at": side}
        for part in chunks(list(connection.execute(_SHOWN, at).scalars())):
            rows = [dict(row) for row in connection.execute(_FIELDS, {**at, "ids": list(part)}).mappings()]
            for row in [row for row in rows if not row["link"]]:
                if why := unknown(bound, side, row["observed"]):
                    row["failed"] = why
                    connection.execute(_FAIL, {**at, "known": row["id"], "why": why})
            rekey(connection, bound, side, rows)


def unkey(connection: Connection, sync: str, side: str, ids: Sequence[str]) -> None:
    """Forgets the match keys of some records."""
    connection.execute(_UNKEY, {"of": sync, "at": side, "ids": list(ids)})


def _kept(connection: Connection, bound: Bound, side: str, rows: Sequence[Row]) -> dict[str, dict[int, str]]:
    """Record -> its keys by rules of which a term was not read now: they are as they were."""
    rules = {row["id"]: missing(bound, side, row["observed"]) for row in rows}
    partly = [record for record, numbers in rules.items() if numbers]
    found: dict[str, dict[int, str]] = {}
    at = {"of": rows[0]["sync"], "at": side, "ids": partly}
    for row in connection.execute(_KEYS, at) if partly else ():
        if row.rule < BLOCKS and row.rule % RULES in rules[row.id]:
            found.setdefault(row.id, {})[row.rule] = row.key
    return found


def _keys(bound: Bound, alike: Alike, side: str, row: Row) -> dict[int, str]:
    """None where a lens meets a value it does not know: the record is parked when it is merged."""
    try:
        return keys_of(bound, side, row["observed"]) | alike.keys(side, row["observed"])
    except Exception:
        log.exception("%s %s has values that cannot be read", side, row["id"])
        return {}
