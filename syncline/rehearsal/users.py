"""The users of a history: they add, edit and delete records on all sides, every value unlike any other."""

from __future__ import annotations

import random
from typing import Any

from engine.bound import Bound
from engine.contract import Support
from engine.match import keys_of as match_keys
from syncline.rehearsal.app import POISON, MemoryApp
from syncline.rehearsal.faithful import Lenses, exact
from syncline.rehearsal.invariants import BLIND_WRITE, CLEARED, RESTORED, REUSED, UNREAD, UNSEEN
from syncline.rehearsal.mirror import Mirror
from syncline.rehearsal.pen import Pen
from syncline.rehearsal.story import Atom, Story, shown
from syncline.rehearsal.world import START, SYNC, World


class Users:
    """They see what their own app shows, and nothing else."""

    def __init__(self, world: World, bound: Bound) -> None:
        self.world, self.bound, self.setting = world, bound, world.setting
        self.story, self.mirror = Story(), Mirror(world.store, SYNC)
        self.twins, self.count = set[str](), 0
        self.pen: Pen | None = None
        self.lenses: Lenses | None = None
        if self.setting.recorded is not None:
            self.pen = Pen(bound, self.setting.marker, self.setting.recorded, self._number)
            self.lenses = Lenses(bound, f"{START.year + 5}-12-31")
            self.story = Story(saw=self.lenses.embodies, tokens=False)

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

    def shown(self, side: str, native: dict[str, Any]) -> dict[Atom, str | None]:
        """A record atom by atom: as all sides can show it, or, with lenses, just as it is."""
        return shown(self.bound, side, native, exact) if self.lenses else shown(self.bound, side, native)

    def restore(self, app: MemoryApp) -> list[str]:
        """A server comes back as it was: its own users' later edits are lost there. The things this concerns."""
        before = {self.thing(app.name, data): self.shown(app.name, data) for data in app.live().values()}
        app.restore()
        after = {self.thing(app.name, data): self.shown(app.name, data) for data in app.live().values()}
        touched = sorted(thing for thing in {*before, *after} if before.get(thing) != after.get(thing))
        for thing in touched:
            self.story.exposed.setdefault(thing, RESTORED)
        return touched

    def unseen(self, app: MemoryApp) -> list[str]:
        """Things made on several sides whose record here the sync has never seen."""
        seen = self.mirror.known(app)
        things = {self.thing(app.name, data) for record, data in app.live().items() if record not in seen}
        return sorted(things & self.twins)

    def _read(self, app: MemoryApp, record: str) -> dict[Any, Any] | None:
        """What the sync has last seen of a record."""
        native = self.mirror.observed(app, record)
        return None if native is None else self.shown(app.name, native)

    def _agrees(self, app: MemoryApp, thing: str, native: dict[str, Any]) -> bool:
        """Whether it shows by itself what somebody wrote elsewhere."""
        seen = self.shown(app.name, native)
        return any(one.side != app.name and seen.get(one.atom) == one.value for one in self.story.standing(thing))

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _add(self, app: MemoryApp, rng: random.Random, number: int, data: dict[str, Any] | None = None) -> str:
        thing, twin = f"t{number}", data is not None
        data = data if data is not None else self._record(app.name, thing, rng)
        if (
            self.setting.private == app.name
            and rng.random() < 0.3
            and (hidden := self._hidden(app.name, data, rng, twin))
        ):
            data = data | hidden
            self.story.outside.add(thing)
            self.story.hidden.add(thing)
        former = {old: self.thing(app.name, row.data) for old, row in app.rows.items() if row.gone}
        record = app.add(data)
        if record in former and not app.habits.dated:
            for touched in (thing, former[record]):
                self.story.exposed.setdefault(touched, REUSED)
        self.story.made.setdefault(thing, app.name)
        self.story.write(thing, app.name, {}, self.shown(app.name, app.rows[record].data))
        self._judge(app, record, thing)
        return f"{app.name} adds {record}: {self._told(data)}"

    def _hidden(self, side: str, data: dict[str, Any], rng: random.Random, twin: bool) -> dict[str, Any]:
        """What keeps a record out; {} where nothing does. A twin stays known by what it is recognised by."""
        if self.pen is None:
            return {"kind": "private"}
        moved = self.pen.sieve.moved(side, data, rng, inside=False) or {}
        return moved if not twin or self._alike(side, data, moved) else {}

    def _alike(self, side: str, native: dict[str, Any], change: dict[str, Any]) -> bool:
        """Whether a change leaves what a record is recognised by."""
        return match_keys(self.bound, side, native) == match_keys(self.bound, side, {**native, **change})

    def _judge(self, app: MemoryApp, record: str, thing: str) -> None:
        """With lenses: whether they keep their laws for what is there now, and whether it takes part everywhere."""
        if self.pen is None or self.lenses is None:
            return
        native = app.rows[record].data
        self.story.lawless += [(thing, what) for what in self.lenses.lawless(app.name, native)]
        if not self.pen.sieve.passes_everywhere(app.name, native):
            self.story.outside.add(thing)

    def _twins(self, rng: random.Random) -> str:
        """The same thing comes into being on two sides."""
        number = self._number()
        first, second = rng.sample(self.setting.users, 2)
        said = [self._add(self.world.apps[first], rng, number)]
        data = None
        if self.pen is not None:
            made = list(self.world.apps[first].live().values())[-1]
            data = self.pen.twin(second, first, made, rng)
            if data is None:
                return said[0]
        said.append(self._add(self.world.apps[second], rng, number, data))
        self.story.hidden.discard(f"t{number}")
        self.twins.add(f"t{number}")
        return " and ".join(said)

    def _record(self, side: str, thing: str, rng: random.Random) -> dict[str, Any]:
        if self.pen is not None:
            return self.pen.record(side, thing, rng)
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
        if private and app.name == self.setting.private and (moved := self._turned(app.name, thing, before, rng)):
            data = moved
            self.story.outside.add(thing)
            self.story.hidden.discard(thing)
        if poison and (bad := self._poison(app.name, thing)):
            data = bad
            self.story.poisoned.add(thing)
        shown = self.shown(app.name, before)
        app.edit(record, data)
        if self.pen is not None and self.pen.sieve.passes(app.name, app.rows[record].data):
            self.story.hidden.discard(thing)
        after = self.shown(app.name, app.rows[record].data)
        if app.rows[record].key and record not in self.mirror.known(app) and set(shown) - set(after):
            exposed = exposed or CLEARED
        self.story.write(thing, app.name, shown, after, exposed, before, self._read(app, record))
        self._judge(app, record, thing)
        return f"{app.name} edits {record} ({thing}): {self._told(data)}{' *' if exposed else ''}"

    def _turned(self, side: str, thing: str, before: dict[str, Any], rng: random.Random) -> dict[str, Any]:
        """What brings a record in that is out, and out that is in; {} where nothing does."""
        if self.pen is None:
            return {"kind": None if before["kind"] else "private"}
        sieve = self.pen.sieve
        moved = sieve.moved(side, before, rng, inside=not sieve.passes(side, before)) or {}
        return moved if thing not in self.twins or self._alike(side, before, moved) else {}

    def _poison(self, side: str, thing: str) -> dict[str, Any]:
        if self.pen is None:
            return {"note": POISON}
        return self.pen.poison(side, POISON, moving=thing not in self.twins)

    def _change(self, app: MemoryApp, before: dict[str, Any], rng: random.Random) -> dict[str, Any]:
        if self.pen is not None:
            return self.pen.edit(app.name, before, rng, moving=self.thing(app.name, before) not in self.twins)
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
        if self.mirror.unread(app, record) and self._agrees(app, thing, before):
            self.story.exposed.setdefault(thing, UNREAD)
        self.story.delete(thing, self.shown(app.name, before), app.name, before)
        unseen = record not in self.mirror.known(app)
        if unseen and app.rows[record].key and app.caps.stamped is Support.NO:
            self.story.exposed.setdefault(thing, UNSEEN)
        if unseen and thing in self.twins:
            self.story.unsure.add(thing)  # nobody can tell that the like of another record was ever here
        app.remove(record)
        return f"{app.name} deletes {record} ({thing})"

    @staticmethod
    def _told(data: dict[str, Any]) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in sorted(data.items()))
