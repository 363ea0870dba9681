"""Values cleared in a field that an app took away before anybody had read that: back again, it is merely empty."""

from __future__ import annotations

from sqlalchemy import select

from engine.store.tables import holds
from syncline.rehearsal.invariants import EMPTIED
from syncline.rehearsal.users import Users
from syncline.rehearsal.world import SYNC, World

_RESTING = select(holds.c.side, holds.c.row).where(
    holds.c.sync == SYNC, holds.c.kind == "schema", holds.c.state != "closed", holds.c.row.is_not(None)
)


def excuse(world: World, users: Users) -> None:
    """Excuses what was cleared on the sides where a row rests now, and what others still show."""
    for hold in world.store.rows(_RESTING):
        app, row = world.apps[hold["side"]], hold["row"]
        names = users.bound.rows[row].cells[app.name].names
        emptied = {users.thing(app.name, data) for data in app.live().values() if not any(map(data.get, names))}
        for one in users.story.said:
            cleared = one.side == app.name and one.atom[0] == row and one.value is None and not one.superseded
            if cleared and one.thing in emptied and _shown_elsewhere(world, users, app.name, one.thing, one.atom):
                one.exposed = one.exposed or EMPTIED


def _shown_elsewhere(world: World, users: Users, side: str, thing: str, atom: tuple[str, str | None]) -> bool:
    others = [app for app in world.apps.values() if app.name != side]
    return any(
        atom in users.shown(app.name, data)
        for app in others
        for data in app.live().values()
        if users.thing(app.name, data) == thing
    )
