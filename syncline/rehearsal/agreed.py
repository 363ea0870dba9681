"""What the engine has agreed on for each thing, for the oracle of mappings whose sides show different things of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select

from engine.lens import Refusal
from engine.store.tables import copies, links
from syncline.rehearsal.faithful import Lenses
from syncline.rehearsal.story import Said
from syncline.rehearsal.users import Users
from syncline.rehearsal.world import SYNC, World

Shared = dict[str, Any]


class Agreed:
    """The agreed values at the end of a history, against what the apps hold then."""

    def __init__(self, world: World, users: Users, lenses: Lenses) -> None:
        self.world, self.users, self.lenses = world, users, lenses
        query = select(copies.c.side, copies.c.id, links.c.agreed).join(links, links.c.id == copies.c.link)
        self.values = {(row["side"], row["id"]): row["agreed"] for row in world.store.rows(query.where(_OURS))}

    def of(self, thing: str, sides: Iterable[str]) -> Shared:
        """The values of a thing; {} where it has no link."""
        found = (self.values.get((side, self._record(thing, side)[0])) for side in sides)
        return next((agreed for agreed in found if agreed), {})

    def unlike(self, thing: str, sides: Iterable[str], agreed: Shared) -> Iterator[str]:
        """What a side shows otherwise than the lens would show the agreed value there."""
        for side in sides:
            yield from self.lenses.unlike(side, self._record(thing, side)[1], agreed)

    def kept(self, said: Said, agreed: Shared) -> bool:
        """Whether what a user wrote is in the agreed values, as far as it counts."""
        row = self.lenses.bound.rows[said.atom[0]]
        return said.side not in row.sources or self.lenses.kept(said, agreed)

    def fits(self, side: str, agreed: Shared) -> bool:
        """Whether a side can hold them all."""
        try:
            self.lenses.copy(side, agreed)
        except Refusal:
            return False
        return True

    def _record(self, thing: str, side: str) -> tuple[str, dict[str, Any]]:
        live = self.world.apps[side].live().items()
        return next(one for one in live if self.users.thing(side, one[1]) == thing)


_OURS = copies.c.sync == SYNC
