"""Judges a history once everything has come to rest, by what the users wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from engine.bound import Bound
from engine.events import Event
from engine.store.tables import history
from syncline.rehearsal.agreed import Agreed
from syncline.rehearsal.app import MemoryApp
from syncline.rehearsal.faithful import exact
from syncline.rehearsal.invariants import Violation
from syncline.rehearsal.story import Atom, plain
from syncline.rehearsal.users import Users
from syncline.rehearsal.world import SYNC, World

Seen = dict[Atom, str | None]


class Oracle:
    """Knows what the users did, and sees what the apps hold now."""

    def __init__(self, world: World, bound: Bound, users: Users) -> None:
        self.world, self.bound, self.users, self.story = world, bound, users, users.story
        self.agreed = Agreed(world, users, users.lenses) if users.lenses else None

    def judge(self) -> Iterator[Violation]:
        """All violations."""
        for thing, what in self.story.lawless:
            yield self._said(29, thing, f"{thing}: {what}")
        places = {side: self._things(app) for side, app in self.world.apps.items()}
        for side, things in places.items():
            for thing, rows in things.items():
                if len(rows) > 1:
                    yield self._said(2, thing, f"{thing} {len(rows)} times on {side}")
        gave_way = self._gave_way()
        for thing in self.story.made:
            at = {side: things[thing][0] for side, things in places.items() if thing in things}
            if thing in self.story.hidden:
                continue
            if thing in self.story.outside or thing in self.story.poisoned:
                continue
            yield from self._thing(thing, at, gave_way)

    def _thing(self, thing: str, rows: dict[str, Seen], gave_way: set[str | None]) -> Iterator[Violation]:
        deleted = thing in self.story.deleted
        if not rows and not deleted:
            yield self._said(3, thing, f"{thing} is nowhere, and nobody deleted it")
        if not rows:
            return
        if deleted and not all(map(self.bound.mapping.deletes_at, self.world.apps)):
            return  # where it may not be deleted it stays, and takes no part any more
        if deleted and not self.story.standing(thing) and thing not in self.story.unsure:
            yield self._said(4, thing, f"{thing} is back on {', '.join(rows)}")
        agreed = self.agreed.of(thing, rows) if self.agreed else {}
        lacking = [side for side in self.world.apps if side not in rows and self._due(side, agreed)]
        if lacking:
            yield self._said(13, thing, f"{thing} is only on {', '.join(rows)}")
        for what in self.agreed.unlike(thing, rows, agreed) if self.agreed else _unlike(rows):
            yield self._said(13, thing, f"{thing} {what}")
        for one in self.story.standing(thing):
            if one.value is None and thing in self.users.twins:
                continue  # records that find each other fill each other's gaps
            now = {seen.get(one.atom) for seen in rows.values()}
            there = one.value in now or (self.agreed is not None and self.agreed.kept(one, agreed))
            if not there and one.value not in gave_way:
                what = f"{thing} {one.atom} = {one.value!r} of {one.side}, now {sorted(map(str, now))}"
                yield Violation(1, what, one.exposed or self.story.exposed.get(thing, ""))

    def _due(self, side: str, agreed: dict[str, Any]) -> bool:
        """Whether a thing must be on a side."""
        return self.agreed is None or (self.bound.mapping.creates_at(side) and self.agreed.fits(side, agreed))

    def _said(self, number: int, thing: str, what: str) -> Violation:
        exposed = self.story.exposed.get(thing, "")
        exposed = exposed or next((one.exposed for one in self.story.said if one.thing == thing and one.exposed), "")
        return Violation(number, what, exposed)

    def _gave_way(self) -> set[str | None]:
        """Values that history names as having given way."""
        query = select(history.c.before).where(history.c.sync == SYNC, history.c.event == Event.LOST)
        as_text = exact if self.users.lenses else plain
        return {as_text(row["before"]) for row in self.world.store.rows(query)}

    def _things(self, app: MemoryApp) -> dict[str, list[Seen]]:
        found: dict[str, list[Any]] = {}
        for data in app.live().values():
            found.setdefault(self.users.thing(app.name, data), []).append(self.users.shown(app.name, data))
        return found


def _unlike(rows: dict[str, Seen]) -> Iterator[str]:
    """Values that differ between the sides, where all can show the same."""
    for atom in sorted({atom for seen in rows.values() for atom in seen}, key=str):
        values = {side: seen.get(atom) for side, seen in rows.items()}
        if len(set(values.values())) > 1:
            yield f"{atom} is {values}"
