"""Step 4, recover: what a former run sent without hearing the outcome. Comes after trust and before matching.

A create is repeated only where its key makes that one record and the thing is still wanted; else it is adopted by a
declared match key, found surely absent, or held.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine import holds, journal, refs
from engine.apply import Target, _write, outcomes
from engine.bound import Bound
from engine.canonical import digest, same
from engine.contract import Deleted, Done, Failed, Invalid, Op, Record, Support
from engine.ingest import mark_dirty
from engine.links import load, save
from engine.linkstate import LinkState, atoms, peek
from engine.match import sent_keys
from engine.settle import settle
from engine.store import Store
from engine.store.lease import Lease
from engine.store.tables import copies, copy_keys, sides
from engine.store.tables import holds as hold_table

SETTLE = timedelta(minutes=2)
"""An app may show its own commits this late."""
_ORIGINS = select(copies.c.link, copies.c.present, copies.c.excluded).where(
    copies.c.link.in_(bindparam("ids", expanding=True))
)


def recover(
    store: Store,
    bound: Bound,
    lease: Lease,
    target: Target,
    unheard: Sequence[dict[str, Any]],
    trusted: bool,
    send: bool,
    now: str,
) -> int:
    """Resolves what can be of a side's unheard-of changes (rows of the journal). `send` False repeats nothing.

    Gives how many creates were repeated and are there now: no run has counted them so far.
    """
    rows = [row for row in unheard if row["side"] == target.side]
    if not rows:
        return 0
    with store.write() as connection:
        lease.check(connection)
        for row in rows:
            if row["op"] != Op.CREATE:
                _judge(connection, bound, row)
        lost = blind(connection, target, rows)
        for row in lost:
            _adopt(connection, bound, row, trusted, now)
    again = [row for row in rows if row["op"] == Op.CREATE and row not in lost]
    return _repeat(store, bound, lease, target, again, now) if again and send else 0


def blind(connection: Connection, target: Target, unheard: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those creates of a side that must not be sent again to find out what became of them.

    The app would make a second record, or the thing was deleted or left the filter meanwhile: then it must not come to
    be, and is looked for like a record without a key. If it is there it is adopted, and the merge withdraws it.
    """
    rows = [row for row in unheard if row["side"] == target.side and row["op"] == Op.CREATE]
    if not rows or target.connector.caps.stamped is Support.NO:
        return rows
    wanted: dict[str, bool] = {}
    for copy in connection.execute(_ORIGINS, {"ids": [row["link"] for row in rows]}):
        there = copy.present == "yes" and copy.excluded is None
        wanted[copy.link] = wanted.get(copy.link, True) and there
    return [row for row in rows if not wanted.get(row["link"], False)]


def ask(store: Store, lease: Lease, targets: Sequence[Target], now: str) -> None:
    """Asks a person about creates in doubt where nothing else can tell."""
    with store.write() as connection:
        lease.check(connection)
        unheard = journal.unresolved(connection, lease.sync)
        known = {target.side for target in targets}
        lost = [row for row in unheard if row["side"] not in known]  # nobody will ever hear of them
        journal.mark(
            connection, [row["id"] for row in lost], "dropped", error="the mapping does not have that side now"
        )
        mark_dirty(connection, [row["link"] for row in lost])
        wanted = [_hold(row) for target in targets for row in blind(connection, target, unheard)]
        holds.reconcile(connection, lease.sync, "doubt", wanted, now)


def _repeat(store: Store, bound: Bound, lease: Lease, target: Target, rows: Sequence[dict[str, Any]], now: str) -> int:
    """The same key gives the same record: sending again finds it, or makes it."""
    by_key, done = {row["key"]: row for row in rows}, 0
    for outcome in outcomes(target.connector, target, [_write(row) for row in rows]):
        row = by_key[outcome.key]
        with store.write() as connection:
            lease.check(connection)
            if isinstance(outcome, Done):
                settle(connection, bound, [(row, outcome.record)], now, adopted=True, ours=True)
                mark_dirty(connection, [row["link"]])
                done += 1
            else:
                _failed(connection, row, outcome)
    return done


def _failed(connection: Connection, row: dict[str, Any], outcome: Failed) -> None:
    if not isinstance(outcome.error, Deleted | Invalid):  # still in doubt
        return
    mark_dirty(connection, [row["link"]])
    state = "dropped"
    if isinstance(outcome.error, Deleted):  # made, and deleted by a person since: that is a deletion like any other
        state = "done"
        record = Record(f"deleted:{row['key']}", None, {}, gone=True)
        _ghost(connection, row, record)
    journal.mark(connection, [row["id"]], state, error=str(outcome.error))


def _ghost(connection: Connection, row: dict[str, Any], record: Record) -> None:
    container = connection.execute(
        select(sides.c.container).where(sides.c.sync == row["sync"], sides.c.side == row["side"])
    ).scalar()
    values = {"sync": row["sync"], "side": row["side"], "id": record.id, "container": container, "link": row["link"]}
    empty = {"digest": "", "observed": {}, "synced": {}, "base": {}, "present": "gone", "ours": True, "single": False}
    connection.execute(copies.insert().values(**values, **empty))


def _judge(connection: Connection, bound: Bound, row: dict[str, Any]) -> None:
    """An update or delete in doubt, by the record as read in this run.

    Landed per atom, or not; the merge decides the rest.
    """
    state, _ = load(connection, [row["link"]]).get(row["link"], (None, None))
    copy = state.copies.get(row["side"]) if state else None
    if state and copy and copy.native is not None and row["op"] == Op.UPDATE and copy.version != row["version"]:
        shown = [(row["side"], native) for native in (row["before"], row["data"])]
        refs.learn(connection, bound, row["sync"], [state], shown)
        _landed(bound, row, state, copy.native)
        save(connection, row["sync"], [(state, {})])
    journal.mark(connection, [row["id"]], "dropped", error="outcome unknown; judged by what the app shows now")
    mark_dirty(connection, [row["link"]])


def _landed(bound: Bound, row: dict[str, Any], state: LinkState, native: dict[str, Any]) -> None:
    """Settles what is as it was sent. Single values are written as one: where one of them has landed, another that
    shows something else was edited since."""
    side, before = row["side"], {**native, **row["before"]}
    after = {**before, **row["data"]}
    was, sent, now = bound.get(side, before), bound.get(side, after), bound.get(side, native)
    delivered = [
        atom
        for name in bound.delivers(side, row["data"])
        if name in now
        for atom in atoms(bound.rows[name], [row["shared"]])
        if peek(row["shared"], atom, ...) is not ...
    ]
    as_sent = [atom for atom in delivered if same(peek(now, atom), peek(sent, atom))]
    whole = any(key is None and not same(was.get(name), sent.get(name)) for name, key in as_sent)
    for atom in as_sent:
        state.settle(bound, side, atom)
        state.given(side, atom, peek(row["shared"], atom))
    for atom in [atom for atom in delivered if atom not in as_sent and whole and atom[1] is None]:
        state.copies[side].synced[atom[0]] = bound.image(side, atom[0], after)
        state.given(side, atom, peek(row["shared"], atom))


def _adopt(connection: Connection, bound: Bound, row: dict[str, Any], trusted: bool, now: str) -> None:
    """A create that is not sent again: adopt the one record with the same match key, or find it surely absent."""
    answer = _answer(connection, row)
    keys = sent_keys(bound, row)
    found = _lookalikes(connection, row, keys)
    said = [str(answer["value"])] if "value" in answer else []
    chosen = [record for record in said if _free(connection, row, record)] or (
        found if len(found) == 1 and keys else []
    )
    if chosen:
        _take(connection, bound, row, chosen[0], now)
        return
    late = datetime.fromisoformat(now) - datetime.fromisoformat(row["sent_at"]) > SETTLE
    at = (sides.c.sync == row["sync"], sides.c.side == row["side"])
    scanned = connection.execute(select(sides.c.scanned_at).where(*at)).scalar() or ""
    shown = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.present == "yes")
    lists = connection.execute(select(copies.c.id).where(*shown).limit(1)).first() is not None
    absent = not found and keys and trusted and late and lists and scanned > row["sent_at"]
    if absent or answer.get("skip"):
        journal.mark(connection, [row["id"]], "dropped", error="it was not created")
        mark_dirty(connection, [row["link"]])


def _free(connection: Connection, row: dict[str, Any], record: str) -> bool:
    """Whether the side has that record, and no link has it."""
    where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == record)
    query = select(copies.c.id).where(*where, copies.c.link.is_(None), copies.c.present == "yes")
    return connection.execute(query).first() is not None


def _lookalikes(connection: Connection, row: dict[str, Any], keys: dict[int, str]) -> list[str]:
    query = (
        select(copies.c.id)
        .join(
            copy_keys,
            (copy_keys.c.sync == copies.c.sync) & (copy_keys.c.side == copies.c.side) & (copy_keys.c.id == copies.c.id),
        )
        .where(copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.link.is_(None))
        .where(copies.c.present == "yes", copy_keys.c.key.in_(list(keys.values())))
    )
    return sorted(set(connection.execute(query).scalars()))


def _take(connection: Connection, bound: Bound, row: dict[str, Any], record: str, now: str) -> None:
    where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == record)
    found = connection.execute(select(copies).where(*where)).mappings().one()
    changed, created = (datetime.fromisoformat(at) if at else None for at in (found["changed_at"], found["created_at"]))
    read = Record(record, found["version"], found["observed"], changed, False, created, found["changed_by"])
    settle(connection, bound, [(row, read)], now, adopted=True)
    mark_dirty(connection, [row["link"]])


def _answer(connection: Connection, row: dict[str, Any]) -> dict[str, Any]:
    where = (hold_table.c.link == row["link"], hold_table.c.kind == "doubt", hold_table.c.state == "answered")
    return connection.execute(select(hold_table.c.answer).where(*where)).scalar() or {}


def _hold(row: dict[str, Any]) -> holds.Wanted:
    """What a person is asked about a create in doubt."""
    return holds.Wanted(
        kind="doubt",
        reason=f"{row['side']} did not say whether it created the record; it may be there under an id we do not know",
        detail={"about": digest([row["id"]]), "key": row["key"], "data": row["data"], "sent_at": row["sent_at"]},
        link=row["link"],
        side=row["side"],
    )
