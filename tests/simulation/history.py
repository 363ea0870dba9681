"""One random history: a seed decides the apps' abilities, the users' edits, the faults and the crashes.

The engine under test is the real one with its real store; only apps and clock are made up. Every value a user writes
is a unique token, so that the oracle can say of each what became of it.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.contract import Caps, Support, Transient
from engine.history import query
from engine.holds import answer, listed
from engine.ids import drawn_from
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import World, told

FIELDS = ("note", "place")
SETTLE = 8
"""Fault-free runs within which everything must have come to rest."""


@dataclass
class Edit:
    """A user's write of one field."""

    entity: str
    field: str
    token: str
    side: str
    at: int
    superseded: bool = False


@dataclass
class Story:
    """What the users did."""

    edits: list[Edit] = field(default_factory=list)
    created: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    calm: int = 0
    """When everything was last at rest."""


def abilities(rng: random.Random) -> dict[str, Any]:
    """What one app can do."""
    delta = rng.random() < 0.7
    yes = {True: Support.YES, False: Support.NO}
    caps = Caps(
        delta=yes[delta],
        tombstones=yes[delta],
        guarded=yes[rng.random() < 0.7],
        stamped=yes[rng.random() < 0.7],
        batch=rng.choice([1, 3]),
    )
    loud = rng.random() < 0.2
    return {"caps": caps, "normalise": str.upper if loud else str}


class History:
    """Plays one seed and says what went wrong."""

    def __init__(self, seed: int, root: Path) -> None:
        self.rng = random.Random(seed)
        names = "abcd"[: self.rng.choice([2, 2, 3, 4])]
        self.world = World(root, {name: MemoryApp(name, **abilities(self.rng)) for name in names})
        self.story = Story()
        self.trace: list[str] = []
        self.clock = 0
        self.tokens = 0

    def play(self) -> list[str]:
        """Violations, each named by its invariant."""
        with drawn_from(random.Random(self.rng.getrandbits(64))):
            return self._play()

    def _play(self) -> list[str]:
        for _ in range(self.rng.randint(4, 12)):
            for _ in range(self.rng.randint(0, 3)):
                self._user()
            self._run(faulty=self.rng.random() < 0.6)
        wrong = self._rest()
        self.world.close()
        return wrong

    def _rest(self) -> list[str]:
        """Fault-free runs until nothing is written; then the invariants."""
        for number in range(SETTLE + 1):
            writes = self._run(faulty=False, full=number == 0)  # the nightly full run
            if writes == 0 and number > 2 and not listed(self.world.project.store, "it"):
                break
            self._operate()
        else:
            return [f"13 convergence: still {writes} writes after {SETTLE} runs"]
        writes = self._run(faulty=False)
        return [f"14 quiescence: {writes} writes in an idle run"] * bool(writes) + self._check()

    # users

    def _token(self, kind: str) -> str:
        self.tokens += 1
        return f"{kind}{self.tokens}"

    def _user(self, *, meanwhile: bool = False) -> None:
        """One edit. In the midst of a write only where the app refuses stale ones: elsewhere no client could see it."""
        self.clock += 1
        sides = [name for name, app in self.world.apps.items() if not meanwhile or app.caps.guarded is Support.YES]
        if not sides:
            return
        side = self.rng.choice(sides)
        app = self.world.apps[side]
        live = sorted(app.live())
        choice = self.rng.random()
        if not live or choice < 0.3:
            entity = self._token("thing")
            data = {name: self._token(name) for name in FIELDS if self.rng.random() < 0.6}
            app.add(name=entity, **data)
            self.story.created[entity] = side
            self.story.edits += [Edit(entity, name, token, side, self.clock) for name, token in data.items()]
            self.trace.append(f"{side} adds {entity} {data}")
        elif choice < 0.85:
            self._edit(app, side, self.rng.choice(live))
        else:
            record = self.rng.choice(live)
            row = app.live()[record]
            entity = row["name"].lower()
            self.story.deleted[entity] = self.clock
            for name in FIELDS:  # a value that the deleter saw is deleted with the record
                self._supersede(entity, name, (row[name] or "").lower())
            app.remove(record)
            self.trace.append(f"{side} deletes {entity}")

    def _edit(self, app: MemoryApp, side: str, record: str) -> None:
        name, token = self.rng.choice(FIELDS), ""
        token = self._token(name)
        entity = app.live()[record]["name"].lower()
        shown = (app.live()[record][name] or "").lower()
        self._supersede(entity, name, shown)
        app.edit(record, **{name: token})
        self.story.edits.append(Edit(entity, name, token, side, self.clock))
        self.trace.append(f"{side} sets {entity}.{name} = {token} (was {shown})")

    def _supersede(self, entity: str, name: str, shown: str) -> None:
        for edit in self.story.edits:
            if edit.entity == entity and edit.field == name and edit.token == shown:
                edit.superseded = True

    # the operator

    def _operate(self) -> None:
        """Answers what waits for a person, knowing the truth."""
        for hold in listed(self.world.project.store, "it"):
            said: dict[str, Any] = {"value": "release"}
            if hold["kind"] == "ambiguous":
                said = {"skip": True}
            elif hold["kind"] == "doubt":
                app = self.world.apps[hold["side"]]
                key = hold["detail"]["key"]
                there = [record for record, row in app.rows.items() if row.key == key and not row.gone]
                said = {"value": there[0]} if there else {"skip": True}
            answer(self.world.project.store, hold["id"], said, self.world.now.isoformat())
            self.trace.append(f"operator: {hold['kind']} {hold['reason'][:60]} -> {said}")

    # runs

    def _run(self, *, faulty: bool, full: bool = False) -> int:
        self.world.now += timedelta(minutes=1)
        for app in self.world.apps.values():
            app.outage = faulty and self.rng.random() < 0.1
            app.expired = (faulty and self.rng.random() < 0.1) or app.outage
            app.fault = self._fault if faulty else (lambda _moment, _what: None)
        self.trace.append(f"run{' with faults' if faulty else ''}")
        with suppress(Crash):
            report = self.world.run(full=full)
            self.trace.append(f"  {report.writes} {report.errors}")
            return told(report)
        self.trace.append("  crash")
        return -1

    def _fault(self, moment: str, what: str) -> None:
        chance = self.rng.random()
        if chance < 0.03:
            raise Crash
        if chance < 0.08:
            raise Transient(f"{what}: no answer", landed=None)
        if moment == "before" and chance < 0.11:
            raise Transient(f"{what}: too many requests", landed=False)
        if moment == "before" and what in ("update", "create", "delete") and chance < 0.16:
            self._user(meanwhile=True)

    # the oracle

    def _check(self) -> list[str]:
        wrong = []
        lost = {str(row["before"]).lower() for row in query(self.world.project.store, "it", limit=10000)}
        things = {side: self._things(app) for side, app in self.world.apps.items()}
        for side, found in things.items():
            wrong += [
                f"2 duplicate: {entity} {len(rows)} times on {side}" for entity, rows in found.items() if len(rows) > 1
            ]
        for entity in self.story.created:
            sides = [side for side, found in things.items() if entity in found]
            if not sides and entity not in self.story.deleted:
                wrong.append(f"3 spurious delete: {entity} is nowhere")
            elif sides and len(sides) < len(things):
                wrong.append(f"13 convergence: {entity} only on {sides}")
            elif sides:
                wrong += self._compare(entity, {side: things[side][entity][0] for side in sides}, lost)
                wrong += self._resurrected(entity)
        self.world.status()
        return wrong

    def _things(self, app: MemoryApp) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in app.live().values():
            found.setdefault(row["name"].lower(), []).append(row)
        return found

    def _compare(self, entity: str, rows: dict[str, dict[str, Any]], lost: set[str]) -> list[str]:
        wrong = []
        for name in FIELDS:
            values = {(row[name] or "").lower() for row in rows.values()}
            if len(values) > 1:
                wrong.append(f"13 convergence: {entity}.{name} is {values}")
            standing = [e for e in self.story.edits if (e.entity, e.field) == (entity, name) and not e.superseded]
            wrong += [
                f"1 lost update: {entity}.{name} = {edit.token} of {edit.side}, now {values}"
                for edit in standing
                if edit.token not in values | lost
            ]
        return wrong

    def _resurrected(self, entity: str) -> list[str]:
        """Not where an app rewrites values: a create in doubt then looks like somebody's edit when it is found."""
        at = self.story.deleted.get(entity)
        loud = any(app.normalise is not str for app in self.world.apps.values())
        if at is None or loud or any(edit.entity == entity for edit in self.story.edits):
            return []
        return [f"4 resurrection: {entity}"]
