"""What is checked at every write and after every run, not only at the end."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, or_, select

from engine.bound import Bound
from engine.canonical import digest
from engine.cell import Cell
from engine.contract import Op, Support, Write
from engine.store.tables import changes, copies, holds, inbox, sides
from syncline.rehearsal.app import MemoryApp
from syncline.rehearsal.asked import unasked
from syncline.rehearsal.invariants import RESPELLED, STRAY, UNLISTED, Violation
from syncline.rehearsal.limits import Limits
from syncline.rehearsal.sealed import Sealed
from syncline.rehearsal.users import Users
from syncline.rehearsal.weather import UNANSWERED, Weather, named
from syncline.rehearsal.world import SYNC, World

MOST = 5
"""Requests of a run to one side that has no changes: account, schema, list, second look, look at what was in doubt."""
OFTEN = 6
"""So many writes of one field with no user's edit in between is oscillation."""

_HERE = (copies.c.link.is_not(None), copies.c.present.in_(("yes", "missing", "absent")))
_SEVERAL = (
    select(copies.c.link, copies.c.side)
    .where(copies.c.sync == SYNC, *_HERE)
    .group_by(copies.c.link, copies.c.side)
    .having(func.count() > 1)
)
_SETTLED = select(copies.c.side, copies.c.id, copies.c.synced).where(copies.c.sync == SYNC)
_KNOWN = select(copies.c.side, copies.c.id, copies.c.version, copies.c.present).where(
    copies.c.sync == SYNC, copies.c.present != "gone"
)
_PINGED = select(inbox.c.side, inbox.c.record)
_CURSORS = select(sides.c.side, sides.c.cursor).where(sides.c.sync == SYNC)
_SENDING = select(changes).where(changes.c.key == bindparam("by"), changes.c.side == bindparam("at"))
_RESTED = select(holds.c.side).where(
    holds.c.kind == "schema", or_(holds.c.state != "closed", holds.c.closed_at == bindparam("now"))
)
_PLANNED = select(changes.c.side, func.count().label("n")).where(changes.c.run == bindparam("of"))
_PLANNED = _PLANNED.group_by(changes.c.side)


class Watch:
    """Collects violations as they happen."""

    def __init__(self, world: World, bound: Bound, users: Users) -> None:
        self.world, self.bound, self.users = world, bound, users
        self.found: list[Violation] = []
        self.sending = Write(op=Op.UPDATE, key="")
        self.writes: dict[tuple[str, str, str], int] = {}
        self.patchy: set[str] = set()
        """Sides that have hidden rows since their last whole reading."""
        self.sent: list[tuple[str, str]] = []
        """Side and run, as in the journal, of the writes since the last run has ended."""
        self.deaf = False
        """Some answer was never heard."""
        self.limits = Limits(world.store, SYNC, bound.mapping.brakes)
        private = world.setting.private if world.setting.recorded is None else ""
        self.sealed = Sealed(world.apps[private]) if private else None
        for app in world.apps.values():
            app.watch = self.write

    def write(self, app: MemoryApp, write: Write) -> None:
        """A write arrives at an app, and has not yet taken effect."""
        self.sending = write
        if self.world.usurped:
            self.say(11, f"{write.op} on {app.name} by a run that has lost its lease")
        if self.sealed and app.name != self.world.setting.private and (names := self.sealed.breaches(write.data)):
            self.say(28, f"{write.op} on {app.name} carries {names} of a private record")
        self._journalled(app, write)
        self._mapped(app, write)
        if write.op is Op.CREATE:
            self._created(app, write)
        elif write.op is Op.DELETE:
            self._deleted(app, write)
        else:
            self._often(app, write)
            self._asked(app, write)

    def stray(self, app: MemoryApp) -> None:
        """The write on its way will land after another run has done the work."""
        write, story = self.sending, self.users.story
        known = app.caps.stamped if write.op is Op.CREATE else app.caps.guarded
        data = write.data if write.op is Op.CREATE else app.rows[write.id or ""].data
        if known is Support.NO:
            story.exposed.setdefault(self.users.thing(app.name, dict(data)), STRAY)

    def rested(self) -> None:
        """A user did something: what is written from here on has a reason."""
        self.writes.clear()

    def after(self, weather: Weather, *, full: bool) -> None:
        """A run has ended, one way or the other."""
        self.deaf |= bool(UNANSWERED & set(map(named, weather.struck)))
        if {"missing rows", "some answer 404"} & set(weather.struck):
            self.patchy.add(weather.side)
        elif full:
            self.patchy.clear()
        passed = list(self.limits.passed())
        for what in [] if self.world.usurped else passed:  # two runs were at work
            self.say(30, what)
        self.sent.clear()
        self._one_to_one()
        self._honest()
        self._known()

    def calls(self, weather: Weather, report: Any) -> None:
        """Without faults a run asks each side a fixed number of times, a few times for each change it makes, once for
        each that it repeats, once where a row rests or has just gone to work again (for the schema), and once where its
        cursor was refused."""
        if weather.faults:
            return
        planned = {row["side"]: row["n"] for row in self.world.store.rows(_PLANNED, of=report.run)}
        rested = {row["side"] for row in self.world.store.rows(_RESTED, now=self.world.now.isoformat())}
        for side, sent in report.requests.items():
            again = sum(at == side and run != report.run for at, run in self.sent)  # in doubt since a former run
            again += (side in rested) + (side in weather.voided)
            if sent > MOST + 3 * planned.get(side, 0) + again:
                self.say(15, f"{sent} requests to {side} for {planned.get(side, 0)} changes")

    def say(self, number: int, what: str, unavoidable: str = "") -> None:
        self.found.append(Violation(number, what, unavoidable))

    def _journalled(self, app: MemoryApp, write: Write) -> None:
        rows = self.world.store.rows(_SENDING, by=write.key, at=app.name)
        states = [row["state"] for row in rows]
        for row in rows:
            self.limits.count(app.name, write.op, row)
            self.sent.append((app.name, row["run"]))
        if states not in (["sent"], ["doubt"]):
            self.say(9, f"{write.op} on {app.name} with the journal at {states}")

    def _mapped(self, app: MemoryApp, write: Write) -> None:
        mapped = {
            name
            for row in self.bound.rows.values()
            if app.name in row.cells and app.name in row.targets
            for name in row.cells[app.name].names
        }
        if not mapped:
            self.say(12, f"{write.op} on {app.name}")
        elif strange := sorted(set(write.data) - mapped):
            self.say(5, f"{write.op} on {app.name} sets {strange}")

    def _created(self, app: MemoryApp, write: Write) -> None:
        thing = self.users.thing(app.name, dict(write.data))
        there = [
            record
            for record, row in app.rows.items()
            if not row.gone and row.key != write.key and self.users.thing(app.name, row.data) == thing
        ]
        if thing in self.users.story.hidden:
            self.say(28, f"{thing} is private and comes to {app.name}")
        if there and (hidden := app.weather.outage(app.name)):
            dark = app.habits.lags or app.weather.blind(app.name)
            unseen = UNLISTED if dark and thing in self.users.unseen(app) else self.users.story.exposed.get(thing, "")
            excuse = unseen if self._believed(app.name) else ""
            self.say(6 if hidden else 2, f"{thing} is made on {app.name}, where it is {there[0]}", excuse)

    def _believed(self, side: str) -> bool:
        """Whether the sync had no reason to doubt what a side shows."""
        return all(row["untrusted"] is None for row in self.world.store.all(sides, sides.c.side == side))

    def _deleted(self, app: MemoryApp, write: Write) -> None:
        row = app.rows.get(write.id or "")
        if row is None or row.gone:
            return
        story, thing = self.users.story, self.users.thing(app.name, row.data)
        if thing not in story.deleted and thing not in story.outside:
            number = 6 if any(app.weather.outage(name) for name in self.world.apps) else 3
            self.say(number, f"{thing} is deleted on {app.name}", story.exposed.get(thing, ""))

    def _often(self, app: MemoryApp, write: Write) -> None:
        for name in write.data:
            where = (app.name, write.id or "", name)
            self.writes[where] = self.writes.get(where, 0) + 1
            if self.writes[where] == OFTEN:
                self.say(16, f"{name} of {write.id} on {app.name} is written again and again")

    def _asked(self, app: MemoryApp, write: Write) -> None:
        row, story = app.rows.get(write.id or ""), self.users.story
        if row is None or row.gone or self.world.setting.recorded is not None:
            return
        thing = self.users.thing(app.name, row.data)
        marker = self.world.setting.marker
        for number, what in unasked(self.bound, story, app.name, thing, row.data, write.data, marker):
            excuse = story.exposed.get(thing, "") or self._respelled()
            if number == 16 and excuse:  # the thing has come to look edited: a deletion had not seen that
                story.exposed[thing] = excuse
            self.say(number, what, excuse)

    def _respelled(self) -> str:
        """An app that silently rewrote a value, and no answer that would have told."""
        habits = [at.habits for at in self.world.setting.places.values()]
        silent = any(habit.upper or habit.trims or habit.rounds for habit in habits)
        self.deaf |= bool(UNANSWERED & set(map(named, self.world.weather.struck)))
        return RESPELLED if silent and self.deaf else ""

    def _one_to_one(self) -> None:
        for row in self.world.store.rows(_SEVERAL):
            self.say(10, f"link {row['link'][:6]} has several records on {row['side']}")

    def _honest(self) -> None:
        """Every settled value was held by that side, or sent to it."""
        for row in self.world.store.rows(_SETTLED):
            held = self.world.apps[row["side"]].held
            for name, image in row["synced"].items():
                cell = self.bound.rows[name].cells[row["side"]]
                values = _values(cell, image, many=self.bound.rows[name].many)
                strange = [v for field, v in values if v not in (None, []) and digest([field, v]) not in held]
                if strange:
                    self.say(7, f"{row['side']} {row['id']} settled with {name} = {strange[0]!r}, which it never held")

    def _known(self) -> None:
        """All that the cursor has passed is in the mirror."""
        found = self.world.store.rows(_KNOWN)
        known = {(row["side"], row["id"]): row["version"] for row in found}
        there = {(row["side"], row["id"]) for row in found if row["present"] == "yes"}
        asked = {(row["side"], row["record"]) for row in self.world.store.rows(_PINGED)}  # looked at in the next run
        for state in self.world.store.rows(_CURSORS):
            app = self.world.apps[state["side"]]
            epoch, _, seen = (state["cursor"] or "-1:0").partition(":")
            if app.caps.delta is Support.NO or int(epoch) != app.epoch or app.name in self.patchy:
                continue
            for record, row in app.rows.items():
                if row.changed > int(seen):
                    continue
                at = (app.name, record)
                version = known.get(at)
                fits = at not in there if row.gone else at in known and version == app.version(row)
                if not fits and at not in asked:
                    self.say(8, f"{record} is {app.version(row)} since before the cursor, known as {version}")


def _values(cell: Cell, image: dict[str, Any], *, many: bool) -> list[tuple[str, Any]]:
    """(field, value), or for a list (field, entry) as the app holds it; a list that is one text there has none."""
    if not many:
        return [(name, image.get(name)) for name in cell.names]
    entries = cell.lens.join(image)
    return [(cell.name, entry) for entry in entries] if isinstance(entries, list) else []
