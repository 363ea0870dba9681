"""Pruning takes what is old as a whole, and nothing that a run, an undo or a look back within the time kept needs."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import retention
from engine.contract import Caps, Support, Transient
from engine.history import replayed
from engine.ids import drawn_from
from engine.store.tables import changes, copies, history, links, runs
from engine.timetravel import TravelError, then
from flows import pruning
from tests.history.play import Player
from tests.sync.world import Make, World, make, told

__all__ = ["make"]


def rows_of_runs(world: World, since: str) -> dict[str, tuple[Any, ...]]:
    """Run -> everything that belongs to it, of runs that began at or after a time."""
    store = world.project.store
    kept = store.all(runs, runs.c.started_at >= since)
    return {
        run["id"]: (run, store.all(changes, changes.c.run == run["id"]), store.all(history, history.c.run == run["id"]))
        for run in kept
    }


def shown(things: list[dict[str, Any]]) -> list[Any]:
    """What time travel says of values, whatever it says of where they came from."""
    return [
        (
            thing["link"],
            thing["state"],
            [(one["row"], one["key"], one["value"]) for one in thing["agreed"]],
            {
                side: (one["held"], [(f["field"], f["value"]) for f in one["fields"]])
                for side, one in thing["sides"].items()
            },
        )
        for thing in things
    ]


@pytest.mark.parametrize("seed", range(8))
def test_a_sync_that_was_pruned_goes_on_as_if_it_had_not_been(make: Make, seed: int) -> None:
    states: list[list[Any]] = []
    for pruned in (False, True):
        with drawn_from(random.Random(seed)):
            player = Player.drawn(make, seed)
            days = random.Random(seed)
            states.append([])
            for _ in range(10):
                player.world.now += timedelta(days=days.randint(0, 9))
                report = player.turn()
                keep = timedelta(days=days.randint(1, 20))
                if pruned:
                    retention.prune(player.world.project.store, "it", keep, player.world.now)
                    assert replayed(player.world.project.store, "it") == []
                apps = [app.live() for app in player.world.apps.values()]
                states[-1].append((report.writes, report.holds, player.world.status(), apps))
    assert states[0] == states[1]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_is_whole_and_tells_the_same(make: Make, seed: int) -> None:
    player = Player.drawn(make, seed)
    world, store = player.world, player.world.project.store
    moments = []
    for _ in range(8):
        world.now += timedelta(days=player.rng.randint(1, 9))
        player.turn()
        moments.append(world.now.isoformat())
    keep = timedelta(days=player.rng.randint(2, 30))
    since = (world.now - keep).isoformat()
    before = rows_of_runs(world, since)
    seen = {row["id"] for row in store.rows(select(links.c.id))}
    looks = {at: [shown(then(store, "it", link, at)) for link in sorted(seen)] for at in moments if at >= since}
    retention.prune(store, "it", keep, world.now)
    assert rows_of_runs(world, since) == before
    there = {row["id"] for row in store.rows(select(runs.c.id))}
    for table in (changes, history):
        assert {row["run"] for row in store.rows(select(table.c.run))} <= there
    begins = min(row["started_at"] for row in store.rows(select(runs.c.started_at)))
    left = {row["id"] for row in store.rows(select(links.c.id))}
    for at, look in looks.items():
        for link, things in zip(sorted(seen), look, strict=True):
            if link in left:
                assert shown(then(store, "it", link, at)) == things
            else:
                assert things[0][1] != "live"  # it had ended before
    for link in left:
        with pytest.raises(TravelError, match="begins at"):
            then(store, "it", link, (player.world.now - timedelta(days=400)).isoformat())
    assert begins <= since or len(there) == len(before)


def old_world(make: Make) -> World:
    """A record made and another one deleted, three hundred days ago."""
    world = make("a", "b", extra="brakes: {deletes: 100%}")
    world.apps["a"].add(name="Stays", note="old")
    second = world.apps["a"].add(name="Goes")
    world.run()
    world.apps["a"].remove(second)
    world.run()
    assert told(world.run()) == 0
    world.now += timedelta(days=300)
    return world


def count(world: World) -> dict[str, int]:
    found: dict[str, int] = retention.sizes(world.project.store)["tables"]
    return {name: found[name] for name in ("runs", "changes", "history", "links", "copies", "copy_keys")}


def test_everything_old_goes_and_the_present_stays(make: Make) -> None:
    world = old_world(make)
    before = count(world)
    assert (before["runs"], before["links"], before["copies"]) == (3, 2, 2)
    retention.prune(world.project.store, "it", timedelta(days=365), world.now)
    assert count(world)["history"] == before["history"]
    retention.prune(world.project.store, "it", timedelta(days=30), world.now)
    assert count(world) == {"runs": 0, "changes": 0, "history": 0, "links": 1, "copies": 2, "copy_keys": 2}
    assert told(world.run()) == 0
    (record,) = world.apps["a"].live()
    (thing,) = then(world.project.store, "it", record, world.now.isoformat())
    note = next(one for one in thing["agreed"] if one["row"] == "note")
    assert (note["value"], note["since"], note["run"]) == ("old", None, None)  # older than what is kept


def silence(moment: str, what: str) -> None:
    """The app makes the record and does not say so."""
    if (moment, what) == ("after", "create"):
        raise Transient("no answer", landed=None)


def test_a_run_with_an_outcome_that_is_not_known_stays_with_all_after_it(make: Make) -> None:
    caps = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES)
    world = make("a", "b", caps=caps, extra="brakes: {deletes: 100%}")
    first = world.apps["a"].add(name="Known")
    world.run()
    world.apps["a"].add(name="Unknown")
    world.apps["b"].fault = silence
    world.run()
    world.apps["a"].remove(first)
    world.now += timedelta(days=300)
    with world.project.store.read() as connection:
        began = connection.execute(select(changes.c.run).where(changes.c.state.in_(retention.OPEN))).scalar()
    retention.prune(world.project.store, "it", timedelta(days=30), world.now)
    assert [row["id"] for row in world.project.store.all(runs)] == [began]
    world.run()
    retention.prune(world.project.store, "it", timedelta(days=30), world.now)
    assert len(world.project.store.all(runs)) == 2


def test_what_an_old_run_began_and_a_late_one_learned_is_kept(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")

    world.apps["b"].fault = silence
    world.run()
    world.apps["b"].fault = lambda _moment, _what: None
    world.now += timedelta(days=300)
    world.run()  # repeats the create, and finds it made
    before = count(world)
    assert before["history"] > 0
    retention.prune(world.project.store, "it", timedelta(days=30), world.now)
    assert count(world) == before
    assert replayed(world.project.store, "it") == []


def test_other_syncs_are_left_alone(make: Make) -> None:
    world = old_world(make)
    before = count(world)
    retention.prune(world.project.store, "another", timedelta(days=1), world.now)
    assert count(world) == before


def test_sizes_tell_rows_bytes_and_the_oldest_run(make: Make) -> None:
    world = old_world(make)
    sizes = retention.sizes(world.project.store)
    assert sizes["bytes"] > 10_000
    assert sizes["oldest"].startswith("2026-11-23")
    assert sizes["tables"]["copies"] == len(world.project.store.all(copies))


@pytest.mark.parametrize(("days", "left"), [(365, 4), (30, 1)])
def test_the_first_run_of_a_day_prunes_as_the_setting_says(
    make: Make, monkeypatch: pytest.MonkeyPatch, days: int, left: int
) -> None:
    monkeypatch.setenv("SYNCLINE_HISTORY_DAYS", str(days))
    world = old_world(make)
    world.run()
    assert count(world)["runs"] == left


def test_pruning_happens_once_a_day(make: Make) -> None:
    world = old_world(make)
    store = world.project.store
    first = world.run().run
    assert retention.due(store, "it", first, world.now)
    second = world.run().run
    assert not retention.due(store, "it", second, world.now)
    world.now += timedelta(days=1)
    assert retention.due(store, "it", world.run().run, world.now)


def test_old_snapshots_go_but_the_newest_of_every_side(make: Make, tmp_path: Path) -> None:
    world = make("a", "b")
    ages = {"one": (30, ["a", "b"]), "two": (20, ["a", "b"]), "three": (10, ["a"]), "four": (1, ["a"])}
    for name, (days, names) in ages.items():
        (tmp_path / name).mkdir()
        for side in names:
            (tmp_path / name / f"{side}.parquet").touch()
            at = (world.now - timedelta(days=days)).timestamp()
            os.utime(tmp_path / name / f"{side}.parquet", (at, at))
    pruning.snapshots(tmp_path, timedelta(days=7), world.now)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in ages) == ["four", "two"]
    pruning.snapshots(tmp_path, timedelta(days=0), world.now)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in ages) == ["four", "two"]
