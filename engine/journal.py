"""Step 8, the journal.

Every change is a row before it is sent, marked sent before the request, and done with what came back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from engine import events, ids, stamp
from engine.canonical import dumps
from engine.contract import Op
from engine.events import Event
from engine.plan import Change
from engine.store import chunks, revise
from engine.store.tables import changes as table
from engine.store.tables import history

FLIPS = 3
"""So many times the same value in one hour is a loop."""
_THESE = update(table).where(table.c.id.in_(bindparam("ids", expanding=True)))
_OPEN = table.c.state.in_(("sent", "doubt"))
_UNHEARD = select(table).where(table.c.sync == bindparam("of"), _OPEN).order_by(table.c.seq)
_DOUBTED = select(table.c.link).where(table.c.link.in_(bindparam("links", expanding=True)), _OPEN)
_RECENT = (
    history.c.link.in_(bindparam("links", expanding=True)),
    history.c.event == Event.UPDATED,
    history.c.at >= bindparam("since"),
)
_BUSY = select(history.c.link).where(*_RECENT).group_by(history.c.link).having(func.count() >= 2 * FLIPS)
_WRITTEN = select(history.c.link, history.c.side, history.c.field, history.c.after).where(*_RECENT)

_PLANNED = table.c.sync == bindparam("of"), table.c.state.in_(("planned", "held"))
_FORGET = update(table).where(*_PLANNED).values(state="dropped")
_FORGET_SOME = _FORGET.where(table.c.link.in_(bindparam("links", expanding=True)))
_WAITING = select(table).where(table.c.run == bindparam("of"), table.c.side == bindparam("at"))
_WAITING = _WAITING.where(table.c.state == "planned").order_by(table.c.seq)
_SHARD = _WAITING.where(table.c.seq >= bindparam("first"), table.c.seq < bindparam("end"))


def plan(connection: Connection, sync: str, run: str, found: Sequence[Change], stopped: dict[int, str]) -> None:
    """Stores a plan; `stopped` are the changes (by identity) that a brake holds, with the reason."""
    rows = []
    origins = stamp.origins(connection, sync, [change.link for change in found if change.op is Op.CREATE])
    for seq, change in enumerate(found):
        new = ids.new()
        rows.append(
            {
                "id": new,
                "seq": seq,
                "sync": sync,
                "run": run,
                "link": change.link,
                "side": change.side,
                "op": change.op.value,
                "record": change.record,
                "key": stamp.key(sync, change.link, origins.get(change.link, ""), new),
                "rev": change.rev,
                "version": change.version,
                "data": change.data,
                "before": change.before,
                "shared": change.shared,
                "why": change.why,
                "state": "held" if id(change) in stopped else "planned",
                "error": stopped.get(id(change)),
            }
        )
    for part in chunks(rows):
        connection.execute(insert(table), list(part))


def forget(connection: Connection, sync: str, only: Collection[str] | None = None) -> None:
    """Drops what an earlier plan left unsent (for some links): the plan is a function of state, and is made anew."""
    if only is None:
        connection.execute(_FORGET, {"of": sync})
    for part in chunks(sorted(only or ())):
        connection.execute(_FORGET_SOME, {"of": sync, "links": list(part)})


def mark(connection: Connection, ids: Sequence[str], state: str, **values: Any) -> None:
    """Moves changes to a state."""
    for part in chunks(ids):
        connection.execute(_THESE, {"ids": list(part), "state": state, **values})


def waiting(connection: Connection, run: str, side: str, shard: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """The changes of a run still to be sent to a side.

    Creates, updates, then deletes. A shard is (from, before) in `seq`.
    """
    of = {"of": run, "at": side}
    if shard is None:
        found = connection.execute(_WAITING, of)
    else:
        found = connection.execute(_SHARD, {**of, "first": shard[0], "end": shard[1]})
    order = {Op.CREATE: 0, Op.UPDATE: 1, Op.DELETE: 2}
    rows = [dict(row) for row in found.mappings()]
    return sorted(rows, key=lambda row: order[Op(row["op"])])


def unresolved(connection: Connection, sync: str, side: str | None = None) -> list[dict[str, Any]]:
    """Changes that were sent and of which nothing was heard."""
    rows = connection.execute(_UNHEARD, {"of": sync}).mappings()
    return [dict(row) for row in rows if side is None or row["side"] == side]


def in_doubt(connection: Connection, links: Sequence[str]) -> set[str]:
    """Those of these links that have an unresolved change."""
    return set(connection.execute(_DOUBTED, {"links": list(links)}).scalars())


@dataclass(frozen=True)
class Landing:
    """A change that landed, and what its record was like."""

    row: dict[str, Any]
    record: str
    source: str
    """The sides its values are from."""
    was: dict[str, Any]
    """The record as last read before."""
    stored: dict[str, Any]
    """The record as the app stored it."""


def landed(connection: Connection, done: Sequence[Landing], at: str) -> None:
    """Closes changes that landed, and writes their history."""
    rows = [{"id": one.row["id"], "state": "done", "done_at": at, "record": one.record} for one in done]
    revise(connection, table, rows)
    events.note(connection, [told for one in done for told in _events(one, at)])


def _events(one: Landing, at: str) -> list[dict[str, Any]]:
    """One row per field, one for a create or a delete; then what changed along with it."""
    row = one.row
    place = {"at": at, "sync": row["sync"], "link": row["link"], "run": row["run"]}
    place |= {"side": row["side"], "record": one.record}
    common = {**place, "source": one.source, "rule": row["why"]}
    if row["op"] == Op.CREATE:
        return [{**common, "event": Event.CREATED, "after": one.stored}]
    if row["op"] == Op.DELETE:
        return [{**common, "event": Event.DELETED, "before": row["before"]}]
    told = [
        {**common, "event": Event.UPDATED, "field": name, "before": row["before"].get(name), "after": value}
        for name, value in row["data"].items()
    ]
    return told + events.edits(place, {**one.was, **row["data"]}, one.stored, Event.ALONG)


def flips(connection: Connection, links: Sequence[str], now: str) -> dict[str, dict[str, set[str]]]:
    """Link -> native field -> values that were each written there again and again in the last hour."""
    since = (datetime.fromisoformat(now) - timedelta(hours=1)).isoformat()
    suspects = list(connection.execute(_BUSY, {"links": list(links), "since": since}).scalars())
    counts: dict[tuple[str, str, str], dict[str, int]] = {}
    for row in connection.execute(_WRITTEN, {"links": suspects, "since": since}) if suspects else ():
        values = counts.setdefault((row.link, row.side, row.field), {})
        values[dumps(row.after)] = values.get(dumps(row.after), 0) + 1
    found: dict[str, dict[str, set[str]]] = {}
    for (link, side, field), values in counts.items():
        often = {value for value, count in values.items() if count >= FLIPS}
        if len(often) >= 2:
            found.setdefault(link, {})[f"{side}.{field}"] = often
    return found


def adopt(connection: Connection, plan_id: str, run: str) -> None:
    """Hands a plan's changes over to the run that carries it out."""
    where = (table.c.run == plan_id, table.c.state == "planned")
    connection.execute(update(table).where(*where).values(run=run))
