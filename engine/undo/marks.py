"""The marks that an undo leaves in the state, and what the plan makes of them. Any later run goes on from them.

- A value taken back is an ordinary agreed value, of `origin` `[UNDO, at, {side: {"native": value}}, run]`: the sides
  listed get exactly that, and the others what the agreed value looks like there.
- A creation taken back: the link is frozen with `STAYS`, and the copy to delete is excluded with `TAKEN`.
- A deletion taken back: `origin[MAKE]` is `[UNDO, at, [side], run]`, and the record is made again on these sides.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from engine.bound import Bound
from engine.contract import Op
from engine.events import Event
from engine.linkstate import Atom, LinkState, label
from engine.plan import Change, LinkPlan, Rules, plan_link
from engine.store import chunks
from engine.store.tables import copies, history

MAKE = "+"
"""No row is called like that."""
STAYS = "its creation was undone; it is synced again when somebody changes it, or when the undo is undone"
TAKEN = "its creation was undone; it is deleted here"


def approved(link: LinkState, change: Change) -> bool:
    """Whether a person asked for all of this change when asking for the undo: brakes do not judge it."""
    if change.op is Op.DELETE:
        return link.copies[change.side].excluded == TAKEN
    if change.op is Op.CREATE:
        return change.side in link.again
    given = [name for name, value in change.shared.items() for name in _labels(name, value, link)]
    return bool(given) and all(len(link.origin.get(name) or []) > 2 for name in given)


def _labels(row: str, value: Any, link: LinkState) -> list[str]:
    if row in link.origin or not isinstance(value, dict):
        return [row]
    keyed = [label((row, key)) for key in value]
    return keyed if any(name in link.origin for name in keyed) else [row]


def remember(connection: Connection, links: list[LinkState]) -> None:
    """Sets `again` of links that are made again somewhere: the record as it was there last, side by side."""
    marked = {link.id: link for link in links if MAKE in link.origin}
    query = select(history.c.link, history.c.side, history.c.before).order_by(history.c.id)
    for part in chunks(sorted(marked)):
        where = (history.c.link.in_(part), history.c.event.in_((Event.GONE, Event.DELETED)))
        last = {(row.link, row.side): row.before for row in connection.execute(query.where(*where))}
        for link in part:
            lacking = [side for side in marked[link].origin[MAKE][2] if side not in marked[link].copies]
            marked[link].again = {side: last.get((link, side)) or {} for side in lacking}


def resumed(link: LinkState, edited: set[str]) -> bool:
    """Whether somebody has changed a record whose creation was undone, or deleted one that was to stay."""
    staying = [copy for copy in link.copies.values() if copy.excluded != TAKEN]
    left = [copy for copy in staying if copy.present == "gone"]
    return bool(edited) or (bool(left) and len(left) < len(staying))


def resume(connection: Connection, sync: str, links: list[str]) -> None:
    """No copy of these links is to be deleted any more."""
    for part in chunks(links):
        where = (copies.c.sync == sync, copies.c.link.in_(part), copies.c.excluded == TAKEN)
        connection.execute(update(copies).where(*where).values(excluded=None))


def plan_undone(bound: Bound, link: LinkState, rules: Rules) -> LinkPlan:
    """A link whose creation was undone: deletes what was made, gives back what was written, makes nothing."""
    owed = {atom for side in link.copies for atom in link.moved(bound, side) if len(_origin(link, atom)) < 3}
    plan = plan_link(bound, link, rules, owed, creates=False)
    plan.changes = [change for change in plan.changes if link.copies[change.side].excluded != TAKEN]
    plan.blocked = False
    for side, copy in link.copies.items():
        if copy.excluded != TAKEN or copy.present == "gone":
            continue
        if side not in rules.readable or copy.native is None:
            plan.blocked = True
            continue
        before, why = dict(copy.native), "its creation is undone"
        plan.changes.append(Change(link.id, side, Op.DELETE, copy.id, copy.version, {}, before, {}, why, link.rev))
    return plan


def _origin(link: LinkState, atom: Atom) -> list[Any]:
    return link.origin.get(label(atom)) or []
