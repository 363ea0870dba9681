"""What a landed write leaves behind.

The record as the app now stores it is both observed and synced, so there is no echo.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from engine import journal, links
from engine.bound import Bound
from engine.canonical import digest, pick, same
from engine.contract import Op, Record
from engine.linkstate import Copy, LinkState, atoms, peek, poke
from engine.store import put
from engine.store.tables import copies
from engine.store.tables import links as link_table


def settle(
    connection: Connection, bound: Bound, row: dict[str, Any], record: Record, now: str, *, adopted: bool = False
) -> None:
    """Stores the outcome of one landed change (a row of the journal).

    `adopted`: a create of a former run; somebody may have edited the record since, or only a part of it landed.
    """
    state, before = links.load(connection, [row["link"]])[row["link"]]
    from_ = {side for side, _ in state.origin.values() if side} or set(state.copies) - {row["side"]}
    source = ", ".join(sorted(map(str, from_)))
    journal.mark(connection, [row["id"]], "done", done_at=now, record=record.id)
    journal.applied(connection, row, record.id, source, now)
    if row["op"] == Op.DELETE:
        _deleted(connection, row, state, now)
        return
    copy = state.copies.get(row["side"])
    former = copy.native if copy is not None and copy.native is not None else {}
    copy = _observe(connection, bound, row, record, copy)
    if row["op"] == Op.CREATE:
        state.join(bound, copy)
    else:
        state.copies[row["side"]] = copy
    if adopted:
        _adopt(bound, state, row)
    else:
        _take_over(bound, state, row, former)
    _finish(connection, row, state, before)


def _observe(connection: Connection, bound: Bound, row: dict[str, Any], record: Record, copy: Copy | None) -> Copy:
    """The copy with what the app now stores."""
    data = pick(record.data, bound.wanted[row["side"]])
    changed_at = record.changed_at.isoformat() if record.changed_at else None
    values = {"version": record.version, "observed": data, "digest": digest(data), "changed_at": changed_at}
    if copy is None or copy.id != record.id:
        from engine.ingest import bound_container

        container = bound_container(connection, row["sync"], row["side"])
        fresh = {
            "sync": row["sync"],
            "side": row["side"],
            "id": record.id,
            "container": container,
            "link": row["link"],
            "synced": {},
            "base": {},
            "present": "yes",
            "missing_since": None,
            "excluded": None,
            "failed": None,
            "ours": True,
            "single": False,
            **values,
        }
        put(connection, copies, [fresh])
        return Copy(row["side"], record.id, data, record.version, {}, {}, changed_at, ours=True)
    where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == record.id)
    connection.execute(update(copies).where(*where).values(present="yes", missing_since=None, **values))
    copy.native, copy.version, copy.changed_at = data, record.version, changed_at
    return copy


def _take_over(bound: Bound, state: LinkState, row: dict[str, Any], former: dict[str, Any]) -> None:
    """Settles the atoms the write delivered, and those that moved with it (an app's own normalisation)."""
    side, copy = row["side"], state.copies[row["side"]]
    written = bound.delivers(side, row["data"]) if row["op"] == Op.UPDATE else list(bound.rows)
    was, now = bound.get(side, former), bound.get(side, copy.native or {})
    for name in written:
        if name not in now:
            continue
        for atom in atoms(bound.rows[name], [now, was, row["shared"], state.agreed]):
            sent = peek(row["shared"], atom, ...)
            if sent is not ...:
                state.settle(bound, side, atom)
                state.given(side, atom, sent)
            elif row["op"] == Op.CREATE:
                state.settle(bound, side, atom)
            elif not same(
                peek(was, atom), peek(now, atom)
            ):  # the app changed it along: give it again if that lost something
                state.settle(bound, side, atom)
                state.given(side, atom, peek(now, atom))


def _adopt(bound: Bound, state: LinkState, row: dict[str, Any]) -> None:
    """Atom by atom: as sent is settled, absent was not applied and is due again, anything else is somebody's edit."""
    side, copy = row["side"], state.copies[row["side"]]
    sent, now = bound.get(side, row["data"]), bound.get(side, copy.native or {})
    images = bound.images(side, row["data"])
    for name in now:
        for atom in atoms(bound.rows[name], [now, sent, row["shared"], state.agreed]):
            given, shown = peek(row["shared"], atom), peek(now, atom)
            if same(shown, peek(sent, atom)):
                state.settle(bound, side, atom)
                state.given(side, atom, given)
            elif shown is None:
                state.settle(bound, side, atom)
                state.given(side, atom, None)
            else:
                if (image := peek(images, atom)) is not None:
                    poke(copy.synced, atom, image)
                state.given(side, atom, given)


def _finish(connection: Connection, row: dict[str, Any], state: LinkState, before: dict[str, Any]) -> None:
    todo = [side for side in before["todo"] if side != row["side"]]
    errors = {side: error for side, error in before["errors"].items() if side != row["side"]}
    values = {
        "todo": todo,
        "errors": errors,
        "failed": bool(errors),
        "open": bool(todo or errors or before["dirty"] or _held(connection, row["link"])),
    }
    links.save(connection, row["sync"], state, values)


def _held(connection: Connection, link: str) -> bool:
    from engine.store.tables import holds

    where = (holds.c.link == link, holds.c.state != "closed")
    return connection.execute(select(holds.c.id).where(*where).limit(1)).first() is not None


def _deleted(connection: Connection, row: dict[str, Any], state: LinkState, now: str) -> None:
    where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == row["record"])
    connection.execute(copies.delete().where(*where))
    rest = [side for side, copy in state.copies.items() if side != row["side"] and copy.present != "gone"]
    query = select(link_table.c.todo).where(link_table.c.id == row["link"])
    todo = [side for side in connection.execute(query).scalar() or [] if side != row["side"]]
    values: dict[str, Any] = {"todo": todo}
    if not rest:
        connection.execute(copies.delete().where(copies.c.link == row["link"]))
        values |= {"ended": now, "open": False, "dirty": False}
    connection.execute(update(link_table).where(link_table.c.id == row["link"]).values(**values))
