"""The same scene, played in several ways that must end the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.ids import drawn_from
from engine.mapping import Mapping as MappingModel
from engine.store.tables import changes
from syncline.rehearsal.invariants import Violation
from syncline.rehearsal.scenes import Deed, Scene, Scenery, Shown, plain_setting, scene, written
from syncline.rehearsal.setting import Setting
from syncline.rehearsal.weather import Weather
from syncline.rehearsal.world import MortalStore

Fresh = Callable[[], MortalStore]


def compare(seed: int, fresh: Fresh) -> tuple[list[Violation], int, int, int]:
    """Violations, and how many deeds, runs and requests it took to find them."""
    rng = random.Random(f"same {seed}")
    setting = plain_setting(rng)
    play = scene(rng, setting)
    told = _Told(setting, play, fresh)
    with drawn_from(random.Random(f"ids {seed}")):
        found = list(_ways(told, rng)) + list(_cycle(seed, told, fresh))
    return found, sum(map(len, play)), told.runs, told.requests


class _Told:
    """One scene, and what playing it has cost."""

    def __init__(self, setting: Setting, play: Scene, fresh: Fresh) -> None:
        self.setting, self.scene, self.fresh = setting, play, fresh
        self.runs = self.requests = 0

    def play(
        self,
        after_deed: Callable[[int], bool] = lambda _number: False,
        *,
        setting: Setting | None = None,
        play: Scene | None = None,
        shuffle: bool = False,
        finale: Callable[[Scenery], Iterator[Violation]] | None = None,
    ) -> tuple[Shown, list[Violation]]:
        store = self.fresh()
        scenery = Scenery(setting or self.setting, store, shuffle=shuffle)
        try:
            end = scenery.play(play or self.scene, after_deed)
            return end, list(finale(scenery)) if finale else []
        finally:
            self.runs += scenery.runs
            self.requests += scenery.world.sent
            scenery.world.close()
            store.close()


def _ways(told: _Told, rng: random.Random) -> Iterator[Violation]:
    polled, wrong = told.play(finale=_finale)
    yield from wrong
    hooked, _ = told.play(lambda _number: True)
    chosen = {number for number in range(20) if rng.random() < 0.5}
    mixed, _ = told.play(lambda number: number in chosen)
    for name, end in (("webhooks", hooked), ("both", mixed)):
        if end != polled:
            yield Violation(24, f"with {name}: {_difference(end, polled)}")
    shuffled, _ = told.play(shuffle=True)
    if shuffled != polled:
        yield Violation(20, _difference(shuffled, polled))
    names = list(told.setting.places)
    turned = dict(zip(names, reversed(names), strict=True))
    mirrored, _ = told.play(setting=_mirror(told.setting, turned), play=_turn(told.scene, turned))
    back = {side: mirrored[turned[side]] for side in polled}
    if back != polled:
        yield Violation(19, _difference(back, polled))


def _finale(scenery: Scenery) -> Iterator[Violation]:
    """At the end of the scene: a plan, the run that carries it out, and a full reading."""
    for deed in _more(scenery):
        scenery.do(deed)
    plan = scenery.world.plan()
    store = scenery.world.store
    planned = {_about(row) for row in store.all(changes, changes.c.run == plan.plan)}
    report = scenery.run()
    done = {_about(row) for row in store.all(changes, changes.c.run == report.run)}
    if not planned <= done:
        yield Violation(23, f"planned and not done: {sorted(planned - done)[:1]}")
    if scenery.rest() < 0:
        yield Violation(13, "the last edits do not come to rest")
    if count := written(scenery.run(Weather(), full=True)):
        yield Violation(25, f"{count} writes")


def _more(scenery: Scenery) -> Iterator[Deed]:
    """A last edit of every thing, each on the side that is next."""
    names = sorted(scenery.world.setting.users)
    for number, thing in enumerate(sorted(scenery.shown()[names[0]])):
        yield Deed(names[number % len(names)], thing, {"note": f"last{number}"})


def _about(row: dict[str, object]) -> str:
    return f"{row['side']} {row['op']} {row['record']} {row['data']}"


def _mirror(setting: Setting, turned: dict[str, str]) -> Setting:
    return replace(setting, places={side: setting.places[turned[side]] for side in setting.places})


def _turn(play: Scene, turned: dict[str, str]) -> Scene:
    return [[replace(deed, side=turned[deed.side]) for deed in phase] for phase in play]


def _difference(one: Shown, other: Shown) -> str:
    for side, shown in one.items():
        for thing in sorted({*shown, *other[side]}):
            if shown.get(thing) != other[side].get(thing):
                return f"{thing} on {side} is {shown.get(thing)}, else {other[side].get(thing)}"
    return "the sides differ"


def _cycle(seed: int, told: _Told, fresh: Fresh) -> Iterator[Violation]:
    """Three syncs round three accounts. Edits that differ would chase each other until the loop alarm stops them."""
    rng = random.Random(f"cycle {seed}")
    setting = plain_setting(rng, sides=3)
    syncs = {pair: _between(setting.mapping, pair) for pair in ("ab", "bc", "ca")}
    store = fresh()
    scenery = Scenery(setting, store)
    scenery.world.project = type(scenery.world.project)(store, syncs, scenery.world.snapshots)
    try:
        for phase in scene(rng, setting, phases=2, alone=True):
            for deed in phase:
                scenery.do(deed)
            for number in range(ROUNDS):
                counts = [written(scenery.run(sync=sync)) for sync in syncs]
                if number and not any(counts) and not any(scenery.world.pending(sync) for sync in syncs):
                    break
            else:
                yield Violation(26, f"still {counts} writes after {ROUNDS} rounds")
        if wrong := list(scenery.doubled()):
            yield Violation(26, f"doubled: {wrong[:3]}")
        end = scenery.shown()
        if any(end[side] != end["a"] for side in end):
            yield Violation(26, f"the accounts differ: {_difference(end, dict.fromkeys(end, end['a']))}")
    finally:
        told.runs += scenery.runs
        told.requests += scenery.world.sent
        scenery.world.close()
        store.close()


ROUNDS = 8
"""Within which a cycle comes to rest: each sync hands on an edit at once, a deletion that only a list shows the second
time it is missing."""


def _between(mapping: MappingModel, pair: str) -> MappingModel:
    """The mapping for two of its sides."""
    doc = mapping.model_dump(mode="json", by_alias=True, exclude_unset=True)
    doc["sides"] = {side: doc["sides"][side] for side in pair}
    doc["fields"] = {
        row: {key: value for key, value in cells.items() if key in pair or len(key) > 1}
        for row, cells in doc["fields"].items()
    }
    brakes = {"empty_side": "ignore"}  # nobody is asked here, and an account may lose its last thing
    return MappingModel.model_validate({**doc, "name": pair, "brakes": brakes})
