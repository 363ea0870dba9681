"""One history: its steps are drawn from a seed, each with a source of chance of its own, so that any of them can be
left out and the others stay what they are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from engine import accounting
from engine.bound import Bound
from engine.contract import AppError
from engine.history import replayed
from engine.ids import drawn_from
from engine.problem import MappingError
from engine.store.lease import Busy, Fenced
from engine.store.tables import changes, copies, history, holds, links
from syncline.rehearsal.emptied import excuse
from syncline.rehearsal.invariants import UNLISTED, Violation
from syncline.rehearsal.operator import answer_all
from syncline.rehearsal.oracle import Oracle
from syncline.rehearsal.setting import Setting
from syncline.rehearsal.users import Users
from syncline.rehearsal.watch import Watch
from syncline.rehearsal.weather import REQUEST, SIDE, WORLD, Weather, named
from syncline.rehearsal.world import SYNC, MortalStore, World

REST = 8
"""Runs without faults within which everything must have come to rest."""
LAG = timedelta(seconds=90)
"""So late some lists show a write."""
ANSWERED = 0.25
"""How often a person looks at what waits after a run."""
_STATE = {table.name: select(table) for table in (links, copies, changes, holds, history)}
DEEDS = {"add": 30, "edit": 45, "delete": 12, "twins": 6, "filter": 5, "poison": 2}


@dataclass(frozen=True)
class Step:
    """A user's deed, or a run with its faults."""

    number: int
    kind: str
    seed: int
    faults: tuple[str, ...] = ()
    side: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.kind}{f' on {self.side}' if self.side else ''}" + (
            f" with {', '.join(self.faults)}" if self.faults else ""
        )


@dataclass
class Played:
    """What came of a history."""

    seed: int
    violations: list[Violation] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    steps: int = 0
    runs: int = 0
    requests: int = 0
    writes: int = 0
    crashes: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    """Faults by the runs in which they struck."""

    @property
    def broken(self) -> list[Violation]:
        """Those that a client could have avoided."""
        return [one for one in self.violations if not one.unavoidable]


def script(seed: int, setting: Setting, always: Sequence[str] = ()) -> list[Step]:
    """The steps of a seed. `always`: every run has one of these faults, instead of another one of a side."""
    rng, chosen = random.Random(f"script {seed}"), random.Random(f"always {seed}")
    steps: list[Step] = []
    names = sorted(setting.places)
    for _ in range(rng.randint(2, 6)):
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3])):
            kind = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
            steps.append(Step(len(steps), kind, rng.getrandbits(32)))
        kinds = (list(REQUEST), SIDE, WORLD)
        faults = tuple(rng.choice(rng.choices(kinds, (6, 3, 1))[0]) for _ in range(rng.choice([0, 0, 1, 1, 2, 3])))
        if always:
            faults = (*(fault for fault in faults if fault in REQUEST), chosen.choice(always))
        steps.append(Step(len(steps), "run", rng.getrandbits(32), tuple(sorted(set(faults))), rng.choice(names)))
    return steps


class History:
    """Plays the steps of one seed, all or some of them."""

    def __init__(
        self,
        seed: int,
        setting: Setting,
        store: MortalStore,
        keep: Collection[int] | None = None,
        always: Sequence[str] = (),
    ) -> None:
        self.setting = setting
        self.steps = [step for step in script(seed, setting, always) if keep is None or step.number in keep]
        self.unshown: dict[str, set[str]] = {name: set() for name in setting.places}
        """Records that a side did not show at some time: one is not hidden twice, for that would be a deletion."""
        self.world = World(setting, store)
        self.bound = Bound(setting.mapping, {name: at.schema for name, at in setting.places.items()})
        self.users = Users(self.world, self.bound)
        self.watch = Watch(self.world, self.bound, self.users)
        self.played = Played(seed, steps=len(self.steps))
        self.rng = random.Random(f"rest {seed}")

    def play(self) -> Played:
        """Plays it to its end."""
        try:
            with drawn_from(random.Random(f"ids {self.played.seed}")):
                for step in self.steps:
                    self._step(step)
                self._rest()
        finally:
            self.world.close()
        self.played.violations = self.watch.found
        self.played.requests = self.world.sent + sum(app.requests for app in self.world.apps.values())
        self.played.writes = sum(app.writes for app in self.world.apps.values())
        return self.played

    def _tell(self, line: str) -> None:
        self.played.trace.append(line)

    def _step(self, step: Step) -> None:
        rng = random.Random(step.seed)
        if step.kind == "run":
            self._tell(f"{step}")
            self._run(self._weather(step, rng))
            if (later := random.Random(step.seed + 2)).random() < ANSWERED:
                self._answer(later)
            return
        self.watch.rested()
        self._tell(f"{step.number} {self.users.act(step.kind, rng)}")
        excuse(self.world, self.users)

    def _answer(self, rng: random.Random) -> None:
        """A person answers what waits; users and the next run come after."""
        for line in answer_all(self.world, self.users, rng):
            self._tell(f"    answered {line}")

    def _weather(self, step: Step, rng: random.Random) -> Weather:
        """The weather of a run; what concerns the whole world happens now."""
        rows = [row.cells[step.side].name for row in self.bound.rows.values() if step.side in row.cells]
        marker = self.bound.rows[self.setting.marker].cells[step.side].name
        gone = rng.choice([name for name in rows if name != marker])
        weather = Weather(frozenset(step.faults), rng, step.side, gone)
        weather.meanwhile = lambda side: self._meanwhile(side, rng)
        weather.usurp = self._usurp
        midway = random.Random(step.seed + 1)
        weather.onset = 0 if self.unshown[step.side] else midway.randint(0, 4)
        if "some answer 404" in step.faults:
            shown = sorted(set(self.world.apps[step.side].live()) - self.unshown[step.side])
            weather.hidden = frozenset(record for record in shown if midway.random() < 0.4)
        self._befall(weather, rng)
        return weather

    def _befall(self, weather: Weather, rng: random.Random) -> None:
        """What happens to servers, webhooks and clocks before the run."""
        for app in self.world.apps.values():
            if app.habits.lags or (app.name == weather.side and "stale lists" in weather.faults):
                app.horizon = self.world.now - LAG
        app = self.world.apps[weather.side]
        if "restored from backup" in weather.faults:
            self._tell(f"    {app.name} is restored from its backup: {self.users.restore(app) or 'nothing changes'}")
        elif rng.random() < 0.3:
            app.save()
        if "clock jump" in weather.faults:
            self.world.now += timedelta(minutes=rng.randint(-200, 200))
        self.world.deliver(weather, rng)

    def _meanwhile(self, side: str, rng: random.Random) -> None:
        self.watch.rested()
        self._tell(f"    meanwhile {self.users.meanwhile(side, rng)}")
        excuse(self.world, self.users)

    def _usurp(self, side: str, what: str) -> None:
        self._tell("    another run takes over")
        self.watch.deaf = True  # what was on its way is not heard of
        if what in ("create", "update", "delete"):
            self.watch.stray(self.world.apps[side])
        self.world.usurp()

    def _run(self, weather: Weather, *, full: bool = False) -> int:
        """Writes of the run; -1 where it broke off."""
        self.played.runs += 1
        written = -1
        try:
            report = self.world.run(weather, full=full)
            if report is None:
                self.played.crashes += 1
                self._tell(f"    killed {weather.struck[-1]}")
            else:
                written = sum(sum(ops.values()) for ops in report.writes.values())
                self.watch.calls(weather, report)
                self._tell(f"    {report.status} {report.writes} {report.errors or ''}")
        except (Busy, Fenced, AppError, MappingError) as error:
            self._tell(f"    stopped: {error}")
        if weather.struck:
            self._tell(f"    struck: {', '.join(weather.struck)}")
        self.played.struck.update({named(one) for one in weather.struck})
        if weather.side:
            self.unshown[weather.side] |= weather.hidden | weather.dropped
        for app in self.world.apps.values():
            app.horizon = None
        self._expose(weather)
        excuse(self.world, self.users)
        self.watch.after(weather, full=full)
        for fault in accounting.faults(self.world.store, SYNC):
            self.watch.say(27, fault)
        return written

    def _expose(self, weather: Weather) -> None:
        """A twin that the list left out before it was ever seen: nobody can know that it is there."""
        for side, app in self.world.apps.items():
            if app.habits.lags or weather.blind(side):
                for thing in self.users.unseen(app):
                    self.users.story.exposed.setdefault(thing, UNLISTED)

    def _rest(self) -> None:
        """Runs without faults until nothing is left to do; then everything is judged."""
        for number in range(REST):
            written = self._run(Weather(), full=number == 0)
            self._answer(self.rng)
            if number and not written and not self.world.pending():
                break
        else:
            self.watch.say(13, f"not at rest after {REST} runs")
            return
        before = self._state()
        if written := self._run(Weather()):
            self.watch.say(14, f"{written} writes in an idle run")
        elif moved := sorted(set(self._state()) ^ set(before)):
            self.watch.say(14, f"an idle run changed the state: {moved[:2]}")
        self.watch.found += Oracle(self.world, self.bound, self.users).judge()
        for gap in replayed(self.world.store, SYNC):
            self.watch.say(21, gap)

    def _state(self) -> list[str]:
        return [f"{name} {row}" for name, query in _STATE.items() for row in self.world.store.rows(query)]
