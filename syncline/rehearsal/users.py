"""The users of a history: they add, edit and delete records on all sides, every value unlike any other."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import select

from engine.bound import Bound
from engine.contract import Support
from engine.store.tables import copies
from syncline.rehearsal.app import POISON, MemoryApp
from syncline.rehearsal.invariants import BLIND_WRITE, RESTORED
from syncline.rehearsal.story import Story, shown
from syncline.rehearsal.world import SYNC, World


class Users:
    """They see what their own app shows, and nothing else."""

    def __init__(self, world: World, bound: Bound) -> None:
        self.world, self.bound, self.setting = world, bound, world.setting
        self.story = Story()
        self.twins: set[str] = set()
        self.count = 0

    def act(self, kind: str, rng: random.Random) -> str:
        """One deed; says what it was."""
        app = self.world.apps[rng.choice(self.setting.users)]
        live = sorted(app.live())
        if kind == "twins" and len(self.setting.users) > 1:
            return self._twins(rng)
        if kind == "add" or not live:
            return self._add(app, rng, self._number())
        record = rng.choice(live)
        if kind == "delete":
            return self._delete(app, record)
        return self._edit(app, record, rng, poison=kind == "poison", private=kind == "filter")

    def meanwhile(self, side: str, rng: random.Random) -> str:
        """Somebody edits while the sync writes to a side."""
        app = self.world.apps[rng.choice(self.setting.users)]
        live = sorted(app.live())
        if not live:
            return "nobody does anything"
        blind = app.name == side and app.caps.guarded is Support.NO
        return self._edit(app, rng.choice(live), rng, exposed=BLIND_WRITE if blind else "")

    def thing(self, side: str, native: dict[str, Any]) -> str:
        """Which thing a record is."""
        cell = self.bound.rows[self.setting.marker].cells[side]
        return str(native.get(cell.name) or "").casefold().split(" ")[0]

    def restore(self, app: MemoryApp) -> list[str]:
        """A server comes back as it was: its own users' later edits are lost there. The things this concerns."""
        before = {self.thing(app.name, data): shown(self.bound, app.name, data) for data in app.live().values()}
        app.restore()
        after = {self.thing(app.name, data): shown(self.bound, app.name, data) for data in app.live().values()}
        touched = sorted(thing for thing in {*before, *after} if before.get(thing) != after.get(thing))
        for thing in touched:
            self.story.exposed.setdefault(thing, RESTORED)
        return touched

    def unseen(self, app: MemoryApp) -> list[str]:
        """Things made on several sides whose record here the sync has never seen."""
        where = (copies.c.sync == SYNC, copies.c.side == app.name)
        seen = {row["id"] for row in self.world.store.rows(select(copies.c.id).where(*where))}
        things = {self.thing(app.name, data) for record, data in app.live().items() if record not in seen}
        return sorted(things & self.twins)

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _add(self, app: MemoryApp, rng: random.Random, number: int) -> str:
        thing = f"t{number}"
        data = self._record(app.name, thing, rng)
        private = self.setting.private == app.name and rng.random() < 0.3
        if private:
            data["kind"] = "private"
            self.story.outside.add(thing)
            self.story.hidden.add(thing)
        record = app.add(data)
        self.story.made.setdefault(thing, app.name)
        self.story.write(thing, app.name, {}, shown(self.bound, app.name, app.rows[record].data))
        return f"{app.name} adds {record}: {self._told(data)}"

    def _twins(self, rng: random.Random) -> str:
        """The same thing comes into being on two sides."""
        number = self._number()
        first, second = rng.sample(self.setting.users, 2)
        said = [self._add(self.world.apps[side], rng, number) for side in (first, second)]
        self.story.hidden.discard(f"t{number}")
        self.twins.add(f"t{number}")
        return " and ".join(said)

    def _record(self, side: str, thing: str, rng: random.Random) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, row in self.bound.rows.items():
            if side not in row.cells:
                continue
            native = row.cells[side].name
            item = self.bound.sides[side].schema.fields[native]
            if name == self.setting.marker:
                data[native] = thing
            elif rng.random() < 0.6:
                value = self.setting.draw(rng, item, self._number())
                data[native] = [value] if row.many else value
        return data

    def _edit(
        self,
        app: MemoryApp,
        record: str,
        rng: random.Random,
        *,
        poison: bool = False,
        private: bool = False,
        exposed: str = "",
    ) -> str:
        before = app.rows[record].data
        thing = self.thing(app.name, before)
        data = self._change(app, before, rng)
        if private and app.name == self.setting.private:
            data = {"kind": None if before["kind"] else "private"}
            self.story.outside.add(thing)
            self.story.hidden.discard(thing)
        if poison:
            data = {"note": POISON}
            self.story.poisoned.add(thing)
        app.edit(record, data)
        after = shown(self.bound, app.name, app.rows[record].data)
        self.story.write(thing, app.name, shown(self.bound, app.name, before), after, exposed)
        return f"{app.name} edits {record} ({thing}): {self._told(data)}{' *' if exposed else ''}"

    def _change(self, app: MemoryApp, before: dict[str, Any], rng: random.Random) -> dict[str, Any]:
        rows = [
            row
            for name, row in self.bound.rows.items()
            if name != self.setting.marker and app.name in row.cells and row.cells[app.name].writable
        ]
        row = rng.choice(rows)
        native = row.cells[app.name].name
        item = self.bound.sides[app.name].schema.fields[native]
        if rng.random() < 0.1:
            return {native: [] if row.many else None}
        value = self.setting.draw(rng, item, self._number())
        if not row.many:
            return {native: value}
        entries = list(before.get(native) or [])
        if entries and rng.random() < 0.5:
            entries.pop(rng.randrange(len(entries)))
            return {native: entries}
        return {native: [*entries, value]}

    def _delete(self, app: MemoryApp, record: str) -> str:
        before = app.rows[record].data
        thing = self.thing(app.name, before)
        self.story.delete(thing, shown(self.bound, app.name, before))
        app.remove(record)
        return f"{app.name} deletes {record} ({thing})"

    @staticmethod
    def _told(data: dict[str, Any]) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in sorted(data.items()))
