"""Random edits on all sides of a world in memory, one run after each few; a seed decides everything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from engine.contract import Caps, Support
from engine.store.tables import copies, links
from tests.sync.world import Make, World

FIELDS = ("note", "place")
PEOPLE = ("ann", "bob", "cy")


@dataclass
class Player:
    """Plays one seed."""

    world: World
    rng: random.Random
    words: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    @classmethod
    def drawn(cls, make: Make, seed: int) -> Player:
        """Two or three apps, with or without guards, of which one may clip or shout, with a conflict policy."""
        rng = random.Random(seed)
        names = "abc"[: rng.choice([2, 3])]
        yes = {True: Support.YES, False: Support.NO}
        caps = Caps(
            delta=Support.YES, tombstones=yes[True], guarded=yes[rng.random() < 0.5], stamped=Support.YES, batch=3
        )
        extra = rng.choice(["", "conflicts: ask", "deletes: never", "conflicts: b"])
        world = make(*names, extra=extra + "\nbrakes: {deletes: 100%, updates: 100%}", caps=caps)
        loud = world.apps[rng.choice(names)]
        loud.normalise, loud.clip = (str.upper, None) if rng.random() < 0.5 else (str, 6)
        return cls(world, rng)

    def turn(self) -> Any:
        """A few edits, one of them perhaps while the run writes; then a run."""
        for _ in range(self.rng.randint(0, 3)):
            self.user()
        late = [self.rng.random() < 0.3]

        def fault(moment: str, what: str) -> None:
            if late[0] and moment == "before" and what in ("update", "create"):
                late[0] = False
                self.user()

        for app in self.world.apps.values():
            app.fault = fault
        return self.world.run()

    def user(self) -> None:
        """One edit on one side."""
        app = self.world.apps[self.rng.choice(list(self.world.apps))]
        live, chance, word = sorted(app.live()), self.rng.random(), f"word{next(self.words)}"
        if not live or chance < 0.3:
            app.add(name=word, note=self.rng.choice([None, word]))
        elif chance < 0.65:
            app.edit(self.rng.choice(live), **{self.rng.choice(FIELDS): self.rng.choice([word, word, None])})
        elif chance < 0.85:
            some = [{"email": f"{name}@example.com"} for name in PEOPLE if self.rng.random() < 0.5]
            app.edit(self.rng.choice(live), people=some)
        else:
            app.remove(self.rng.choice(live))


def held(world: World) -> dict[tuple[str, str, str], dict[str, Any]]:
    """(link, side, record) -> its native fields as last read, of what is linked and there."""
    rows = world.project.store.rows(
        select(copies.c.link, copies.c.side, copies.c.id, copies.c.observed).where(
            copies.c.link.is_not(None), copies.c.present != "gone"
        )
    )
    return {(row["link"], row["side"], row["id"]): row["observed"] for row in rows}


def agreed(world: World) -> dict[str, dict[str, Any]]:
    """Link -> its agreed values, of links that have not ended."""
    rows = world.project.store.rows(select(links.c.id, links.c.agreed).where(links.c.ended.is_(None)))
    return {row["id"]: row["agreed"] for row in rows}
