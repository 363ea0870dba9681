"""Rows that rest, on the store: a hold says why, and nothing of the row is written or blanked until it is settled.

While a row rests its fields are read all the same, where they are. When the reason is gone every side is read anew, and
what was edited meanwhile travels; a field that came back empty is filled again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine import holds
from engine.bound import Bound
from engine.copykeys import rekey_all
from engine.drift import Drift
from engine.links import load, save
from engine.linkstate import LinkState, atoms, peek, poke
from engine.store import chunks
from engine.store.tables import copies
from engine.store.tables import holds as table

_ASKED = select(table).where(
    table.c.sync == bindparam("of"), table.c.kind == "schema", table.c.state.in_(("open", "answered"))
)
_LINKED = select(copies.c.link).where(copies.c.sync == bindparam("of"), copies.c.link.is_not(None)).distinct()


def asked(connection: Connection, sync: str) -> list[dict[str, Any]]:
    """The holds about schemas that are not closed."""
    return [dict(row) for row in connection.execute(_ASKED, {"of": sync}).mappings()]


def released(hold: Mapping[str, Any]) -> bool:
    """Whether a person said to go on with the field as it is now."""
    return (hold["answer"] or {}).get("value") == "release"


def back(asked_: Sequence[dict[str, Any]], found: Sequence[Drift]) -> list[dict[str, Any]]:
    """The holds of rows whose reason is gone, or that a person has released."""
    still = {one.about for one in found}
    rows = {one.rests for one in found if one.rests}  # it may rest for another reason by now
    asked_ = [hold for hold in asked_ if hold["detail"]["kind"] != "choices"]  # whose rows have never rested
    gone = [hold for hold in asked_ if tuple(hold["detail"]["about"]) not in still and hold["row"] not in rows]
    return [
        *gone,
        *(hold for hold in asked_ if tuple(hold["detail"]["about"]) in still and released(hold) and hold["row"]),
    ]


def ask(
    connection: Connection, sync: str, found: Sequence[Drift], returning: Collection[dict[str, Any]], now: str
) -> None:
    """Opens the holds that are missing; those of `returning` rows stay until their sides have been read anew."""
    wanted = [
        holds.Wanted(
            kind="schema",
            reason=f"{one.reason}; {_EFFECT['row' if one.rests else one.kind].format(row=one.row, side=one.side)}",
            detail={"about": list(one.about), "kind": one.kind, "field": one.field},
            side=one.side,
            row=one.row,
        )
        for one in found
    ]
    holds.reconcile(connection, sync, "schema", wanted, now, spare=[hold["digest"] for hold in returning])


_EFFECT = {
    "row": "the row '{row}' rests until it is back or the mapping says otherwise, and the others go on",
    "choices": "such values wait until the table or the side '{side}' has it, and everything else goes on",
    "required": "nothing is created there until a row fills it or it is no longer required, and the rest goes on",
}


def seen(
    connection: Connection, returning: Sequence[dict[str, Any]], sides: Collection[str], every: Collection[str]
) -> list[dict[str, Any]]:
    """Notes which sides were read anew; the holds of rows that have been on all sides."""
    done = []
    for hold in returning:
        known = sorted({*hold["detail"].get("seen", []), *sides} & set(every))
        if hold["row"] is None or set(known) == set(every):
            done.append(hold)
        else:
            detail = {**hold["detail"], "seen": known}
            connection.execute(update(table).where(table.c.id == hold["id"]).values(detail=detail))
    return done


def resume(connection: Connection, bound: Bound, sync: str, hold: dict[str, Any], now: str) -> None:
    """Puts a row to work again. `bound` has it; its fields have been read."""
    row, side = hold["row"], hold["side"]
    if row in bound.rows and side in bound.rows[row].cells:
        afresh = hold["detail"]["kind"] == "retyped"
        for part in chunks(list(connection.execute(_LINKED, {"of": sync}).scalars())):
            states = [state for state, _ in load(connection, part).values()]
            due = [one for one in states if _forget(bound, one, side, row, afresh) | _owe(bound, one, row)]
            save(connection, sync, [(one, {"dirty": True, "open": True, "rev": one.rev + 1}) for one in due])
    if any(row in rule for rule in bound.mapping.match):
        rekey_all(connection, bound, sync)
    holds.close(connection, [hold["id"]], now)


def _forget(bound: Bound, link: LinkState, side: str, row: str, afresh: bool) -> bool:
    """A field that came back empty, or of another type, has settled nothing: it is due what was agreed."""
    copy, cell = link.copies.get(side), bound.rows[row].cells[side]
    if copy is None or copy.native is None or row not in copy.synced or not cell.read(copy.native):
        return False
    if not afresh and any(copy.native.get(name) not in (None, "", []) for name in cell.names):
        return False
    del copy.synced[row]
    for atom in atoms(bound.rows[row], [link.agreed]):
        if (link.agreed.get(row) if atom[1] is None else True) is not None:
            poke(copy.base, atom, None)
    return True


def _owe(bound: Bound, link: LinkState, row: str) -> bool:
    """A record made while the row rested, on any side, has been given nothing of it: it is due what was agreed."""
    agreed = [atom for atom in atoms(bound.rows[row], [link.agreed]) if peek(link.agreed, atom) is not None]
    made = [
        copy
        for side, copy in link.copies.items()
        if side in bound.rows[row].cells and copy.ours and copy.native is not None
        if row not in copy.synced and row not in copy.base
    ]
    for copy in made:
        for atom in agreed:
            poke(copy.base, atom, None)
    return bool(made and agreed)
