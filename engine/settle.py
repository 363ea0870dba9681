"""What a landed write leaves behind.

The record as the app now stores it is both observed and synced, so there is no echo.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine import journal, links, refs
from engine.arrivals import bound_container
from engine.bound import Bound
from engine.canonical import digest, pick, same
from engine.contract import Op, Record
from engine.copykeys import rekey
from engine.former import passed
from engine.landings import Landed, landings
from engine.linkstate import Copy, LinkState, atoms, peek, poke
from engine.outcome import failed
from engine.store import put, revise
from engine.store.tables import copies, holds
from engine.store.tables import links as link_table

AT_ONCE = timedelta(seconds=5)
"""Apps may date the making and the first change of a record so far apart."""
_HELD = select(holds.c.link).where(holds.c.link.in_(bindparam("ids", expanding=True)), holds.c.state != "closed")


def settle(
    connection: Connection,
    bound: Bound,
    landed: Sequence[Landed],
    now: str,
    *,
    adopted: bool = False,
    ours: bool = False,
    guarded: bool = False,
) -> None:
    """Stores the outcomes of landed changes of one side, each of another link.

    `adopted`: creates of a former run; somebody may have edited the record since, or only a part of it landed.
    `ours`: it was found by the key of the create, so nobody else has made it.
    `guarded`: the app refuses stale writes, so whatever else has changed, changed along with the write.
    """
    if not landed:
        return
    ids = [row["link"] for row, _ in landed]
    states, held = links.load(connection, ids), _held(connection, ids)
    shown = [(row["side"], native) for row, record in landed for native in (record.data, row["data"])]
    refs.learn(connection, bound, landed[0][0]["sync"], [state for state, _ in states.values()], shown)
    journal.landed(connection, landings(connection, bound, landed, states), now)
    fresh: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    saved = []
    for row, record in landed:
        state, before = states[row["link"]]
        if row["op"] == Op.DELETE:
            _deleted(connection, row, state, before, now)
            continue
        former = state.copies.get(row["side"])
        native = (former.native if former is not None else None) or {}
        copy, seen = _observed(bound, row, record, former)
        (known if copy is former else fresh).append(seen)
        _place(bound, state, row, copy, seen)
        if adopted:
            _adopt(bound, state, row, ours and not _as_made(record))
        else:
            _take_over(bound, state, row, native, guarded)
        due = any(True for _ in state.moved(bound, row["side"])) or _edited(bound, copy)
        saved.append((state, _columns(row, before, row["link"] in held, due)))
    put(connection, copies, _complete(connection, _since(connection, fresh) if adopted else fresh))
    revise(connection, copies, known)
    rekey(connection, bound, landed[0][0]["side"], [*fresh, *known])
    links.save(connection, landed[0][0]["sync"], saved)


def _observed(bound: Bound, row: dict[str, Any], record: Record, former: Copy | None) -> tuple[Copy, dict[str, Any]]:
    """The copy to settle, the former one where that is the same record, and the columns of what the app now stores."""
    data = pick(record.data, bound.wanted[row["side"]])
    changed_at = record.changed_at.isoformat() if record.changed_at else None
    columns = {
        "sync": row["sync"],
        "side": row["side"],
        "id": record.id,
        "version": record.version,
        "digest": digest(data),
        "observed": data,
        "changed_at": changed_at,
        "created_at": record.created_at.isoformat() if record.created_at else None,
        "changed_by": record.changed_by,
        "present": "yes",
        "missing_since": None,
        "former": None,
    }
    if former is not None and former.id == record.id:
        before, now = former.version or former.digest, record.version or columns["digest"]
        return former, {**columns, "former": passed(former.former, before, now)}
    return Copy(row["side"], record.id, None, ours=True), {**columns, "link": row["link"]}


def _place(bound: Bound, state: LinkState, row: dict[str, Any], copy: Copy, seen: dict[str, Any]) -> None:
    """The copy as it is now, in its link."""
    copy.native, copy.version, copy.changed_at = seen["observed"], seen["version"], seen["changed_at"]
    if row["op"] == Op.CREATE:
        state.join(bound, copy)
    else:
        state.copies[row["side"]] = copy


def _since(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the versions that the records had when they were read, before they were known to be ours."""
    where = [copies.c.sync == rows[0]["sync"], copies.c.side == rows[0]["side"]] if rows else []
    query = select(copies.c.id, copies.c.version, copies.c.digest, copies.c.former)
    read = connection.execute(query.where(*where, copies.c.id.in_([row["id"] for row in rows]))) if rows else ()
    known = {row.id: (row.former, row.version or row.digest) for row in read}
    return [
        {**row, "former": passed(*known[row["id"]], row["version"] or row["digest"])} if row["id"] in known else row
        for row in rows
    ]


def _complete(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All columns of copies that this sync made."""
    if not rows:
        return []
    container = bound_container(connection, rows[0]["sync"], rows[0]["side"])
    rest: dict[str, Any] = {"excluded": None, "failed": None, "ours": True, "single": False, "synced": {}, "base": {}}
    return [{**row, **rest, "container": container} for row in rows]


def _edited(bound: Bound, copy: Copy) -> bool:
    """Whether it shows what was neither written nor settled: somebody edited it just before the write."""
    shown = bound.get(copy.side, copy.native or {})

    def new(name: str, image: Any) -> bool:
        if name not in copy.synced:
            return shown.get(name) not in (None, {})
        if same(image, copy.synced[name]):
            return False
        shares = bound.rows[name].cells[copy.side].part  # another row's part of the field may have been written
        return not (shares and same(shown.get(name), bound.shown(copy.side, name, copy.synced[name])))

    return any(new(name, image) for name, image in bound.images(copy.side, copy.native or {}).items())


def _take_over(bound: Bound, state: LinkState, row: dict[str, Any], former: dict[str, Any], guarded: bool) -> None:
    """Settles the atoms the write delivered, and those that moved with it (an app's own normalisation)."""
    side, copy = row["side"], state.copies[row["side"]]
    whole = guarded or row["op"] == Op.CREATE
    written = list(bound.rows) if whole else bound.delivers(side, row["data"])
    was, now = bound.get(side, former), bound.get(side, copy.native or {})
    if row["op"] == Op.CREATE:
        _unread(bound, state, row, set(now))
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
            elif name in was and not same(
                peek(was, atom), peek(now, atom)
            ):  # along with it: due if that lost something
                state.settle(bound, side, atom)
                state.given(side, atom, peek(now, atom))


def _unread(bound: Bound, state: LinkState, row: dict[str, Any], read: set[str]) -> None:
    """What was sent with a create and is not in its answer: that it was sent is all there is to know."""
    for name in row["shared"].keys() & bound.rows.keys() - read:
        for atom in atoms(bound.rows[name], [row["shared"]]):
            state.given(row["side"], atom, peek(row["shared"], atom))


def _as_made(record: Record) -> bool:
    """Whether nobody has been at it since it was made, by the app's own times."""
    made, changed = record.created_at, record.changed_at
    return made is not None and changed is not None and changed - made <= AT_ONCE


def _adopt(bound: Bound, state: LinkState, row: dict[str, Any], cleared: bool) -> None:
    """Atom by atom: as sent is settled, anything else is somebody's edit.

    So is absent where the values may have been `cleared`; else it was not applied, or the record was made by somebody
    who left them out: they are due again.
    """
    side, copy = row["side"], state.copies[row["side"]]
    sent, now = bound.get(side, row["data"]), bound.get(side, copy.native or {})
    _unread(bound, state, row, set(now))
    images = bound.images(side, row["data"])
    for name in now:
        for atom in atoms(bound.rows[name], [now, sent, row["shared"], state.agreed]):
            given, shown = peek(row["shared"], atom), peek(now, atom)
            if same(shown, peek(sent, atom)):
                state.settle(bound, side, atom)
                state.given(side, atom, given)
            elif shown is None and not cleared:
                state.settle(bound, side, atom)
                state.given(side, atom, None)
            else:
                if (image := peek(images, atom)) is not None:
                    poke(copy.synced, atom, image)
                state.given(side, atom, given)


def _columns(row: dict[str, Any], before: dict[str, Any], held: bool, due: bool) -> dict[str, Any]:
    """The link's columns once this side has been given its change; `due`: it lost something along with it."""
    todo = [side for side in before["todo"] if side != row["side"]]
    errors = {side: error for side, error in before["errors"].items() if side != row["side"]}
    dirty = before["dirty"] or due
    is_open = bool(todo or errors or dirty or held)
    return {"todo": todo, "errors": errors, "failed": failed(errors), "dirty": dirty, "open": is_open}


def _held(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the links for which a person is asked."""
    return set(connection.execute(_HELD, {"ids": list(ids)}).scalars())


def _deleted(connection: Connection, row: dict[str, Any], state: LinkState, before: dict[str, Any], now: str) -> None:
    where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == row["record"])
    connection.execute(copies.delete().where(*where))
    rest = [side for side, copy in state.copies.items() if side != row["side"] and copy.present != "gone"]
    values: dict[str, Any] = {"todo": [side for side in before["todo"] if side != row["side"]]}
    if not rest:
        connection.execute(copies.delete().where(copies.c.link == row["link"]))
        values |= {"ended": now, "open": False, "dirty": False}
    connection.execute(update(link_table).where(link_table.c.id == row["link"]).values(**values))
