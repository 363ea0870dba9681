"""What was at a moment: exactly what every side held then, and what was agreed, with where it came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.contract import Caps, Support
from engine.history import replayed
from engine.instant import InstantError, instant
from engine.timetravel import TravelError, then
from tests.history.play import Player, agreed, held
from tests.sync.world import Make, World, make

__all__ = ["make"]


def whole(doc: dict[str, Any]) -> dict[str, Any]:
    """Without empty values: whether a list is empty or not there is no difference."""
    return {name: value for name, value in doc.items() if value not in (None, {}, [])}


def agreed_then(thing: dict[str, Any]) -> dict[str, Any]:
    doc: dict[str, Any] = {}
    for one in thing["agreed"]:
        if one["key"] is None:
            doc[one["row"]] = one["value"]
        else:
            doc.setdefault(one["row"], {})[one["key"]] = one["value"]
    return doc


def held_then(thing: dict[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (thing["link"], side, one["record"]): {field["field"]: field["value"] for field in one["fields"]}
        for side, one in thing["sides"].items()
        if one["held"]
    }


@pytest.mark.parametrize("seed", range(10))
def test_every_moment_is_told_exactly_as_it_was(make: Make, seed: int) -> None:
    player = Player.drawn(make, seed)
    world = player.world
    moments: list[tuple[str, Any, Any]] = []
    for _ in range(8):
        player.turn()
        moments.append((world.now.isoformat(), held(world), agreed(world)))
    seen = {place[0] for _, copies, _ in moments for place in copies}
    assert seen
    for at, copies, values in moments:
        things = [thing for link in seen for thing in then(world.project.store, "it", link, at)]
        told = {place: doc for thing in things for place, doc in held_then(thing).items()}
        assert told == copies, at
        live = [thing for thing in things if thing["state"] == "live"]
        assert {thing["link"] for thing in live} == {link for link, _, _ in copies}
        assert {one["link"]: whole(agreed_then(one)) for one in live} == {
            one["link"]: whole(values[one["link"]]) for one in live
        }


def field_of(thing: dict[str, Any], side: str, name: str) -> dict[str, Any]:
    return next(one for one in thing["sides"][side]["fields"] if one["field"] == name)


def edited_world(make: Make) -> tuple[World, str, list[Any]]:
    """A record made in a, its note edited in b in the third run, deleted in a in the fourth; and the reports."""
    world = make("a", "b", extra="brakes: {deletes: 100%}")
    record = world.apps["a"].add(name="Review", note="old")
    reports = [world.run(), world.run()]
    world.apps["b"].edit("b1", note="new")
    reports.append(world.run())
    world.apps["a"].remove(record)
    reports.append(world.run())
    return world, record, reports


def at(world: World, run: int) -> str:
    """The moment of the first, second, ... of four runs."""
    return (world.now - timedelta(minutes=4 - run)).isoformat()


def test_every_value_says_when_by_which_run_and_rule_and_from_which_read(make: Make) -> None:
    world, record, reports = edited_world(make)
    store = world.project.store
    (before,) = then(store, "it", record, at(world, 2))
    made = field_of(before, "b", "note")
    assert (made["value"], made["event"], made["run"], made["source"], made["mapping"]) == (
        "old",
        "created",
        reports[0].run,
        "a",
        1,
    )
    assert made["reads"] == [{"run": reports[0].run, "side": "a"}]
    own = field_of(before, "a", "note")
    assert (own["value"], own["since"], own["run"], own["rule"]) == ("old", at(world, 1), reports[0].run, "first seen")
    (after,) = then(store, "it", "b1", at(world, 3))
    note = next(one for one in after["agreed"] if one["row"] == "note")
    assert (note["value"], note["since"], note["run"], note["rule"]) == ("new", at(world, 3), reports[2].run, "edited")
    assert (note["source"], note["reads"]) == ("b", [{"run": reports[2].run, "side": "b"}])
    assert field_of(after, "b", "note")["event"] == "edited"
    written = field_of(after, "a", "note")
    assert (written["event"], written["reads"]) == ("updated", [{"run": reports[2].run, "side": "b"}])
    assert "note changed in b" in written["rule"]
    assert field_of(after, "a", "name")["since"] == at(world, 1)


def test_what_has_ended_can_still_be_asked_for(make: Make) -> None:
    world, record, reports = edited_world(make)
    (ended,) = then(world.project.store, "it", record, world.now.isoformat())
    assert (ended["state"], ended["sides"]["a"]["held"], ended["sides"]["b"]["held"]) == ("ended", False, False)
    assert (ended["sides"]["a"]["gone"]["event"], ended["sides"]["b"]["gone"]["event"]) == ("gone", "deleted")
    assert ended["sides"]["b"]["gone"]["reads"] == [{"run": reports[3].run, "side": "a"}]
    (before,) = then(world.project.store, "it", record, at(world, 3))
    assert before["state"] == "live"
    assert field_of(before, "b", "note")["value"] == "new"


def test_what_changed_along_with_a_write_is_told_too(make: Make) -> None:
    world = make("a", "b", caps=Caps(delta=Support.YES, tombstones=Support.YES, stamped=Support.YES))
    record = world.apps["a"].add(name="Review", note="old", place="here")
    world.run()
    early = world.now.isoformat()
    world.apps["a"].edit(record, note="new")
    edits = iter([{"place": "there"}])

    def just_before(_moment: str, what: str) -> None:
        if what == "update":
            for edit in edits:  # an app that refuses no stale write: the answer to ours shows the edit
                world.apps["b"].edit("b1", **edit)

    world.apps["b"].fault = just_before
    world.run()
    store = world.project.store
    assert replayed(store, "it") == []
    (was,) = then(store, "it", record, early)
    (now,) = then(store, "it", record, world.now.isoformat())
    assert (field_of(was, "b", "place")["value"], field_of(now, "b", "place")["value"]) == ("here", "there")
    assert field_of(now, "b", "place")["event"] == "along"


def test_a_record_that_was_not_there_yet_and_one_that_never_was(make: Make) -> None:
    world, _, _ = edited_world(make)
    early = world.now.isoformat()
    world.now += timedelta(hours=1)
    later = world.apps["b"].add(name="Late")
    world.run()
    (thing,) = then(world.project.store, "it", later, early)
    assert (thing["state"], thing["sides"]["b"]["held"]) == ("not yet", False)
    with pytest.raises(TravelError, match="has no record 'x9'"):
        then(world.project.store, "it", "x9", early)
    with pytest.raises(TravelError, match="begins at"):
        then(world.project.store, "it", later, "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00", "2026-11-23T23:59:59.999999+00:00"),
        ("2026-11-23T14:05", "2026-11-23T14:05:00+00:00", "2026-11-23T14:05:59.999999+00:00"),
        ("2026-11-23 14:05:06", "2026-11-23T14:05:06+00:00", "2026-11-23T14:05:06.999999+00:00"),
        ("2026-11-23T14:05:06.25+01:00", "2026-11-23T13:05:06.250000+00:00", "2026-11-23T13:05:06.250000+00:00"),
        ("2026-11-23t14:05z", "2026-11-23T14:05:00+00:00", "2026-11-23T14:05:59.999999+00:00"),
    ],
)
def test_a_moment_is_utc_unless_it_says_otherwise_and_meant_whole(text: str, first: str, last: str) -> None:
    assert (instant(text, end=False), instant(text, end=True)) == (first, last)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-11-23T25:00", "20261123", "2026-W48-1"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InstantError, match="is no moment"):
        instant(text, end=True)
