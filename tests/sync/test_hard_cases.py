"""Hard cases of a run: late joiners, withdrawn copies, slow apps, new ids, doubts, poison values, lasting answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from engine import holds
from engine.contract import AppError, AuthExpired, Caps, Missing, Op, Page, Record, Support, Transient
from engine.history import query
from engine.store.lease import Busy
from flows import direct
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make, only, told

PRIVATE = "only: {a: {not: {field: kind, is: private}}}\nleaving: delete-copy"


__all__ = ["make"]


def named(app: MemoryApp, name: str) -> str:
    (record,) = [record for record, row in app.live().items() if row["name"] == name]
    return record


def waiting(world: World) -> list[dict[str, Any]]:
    return holds.listed(world.project.store, "it")


def say(world: World, hold: dict[str, Any], said: dict[str, Any]) -> None:
    holds.answer(world.project.store, hold["id"], said, world.now.isoformat())


def healthy(_moment: str, _what: str) -> None:
    """No fault."""


def once(app: MemoryApp, moment: str, what: str, error: AppError) -> None:
    struck: list[str] = []

    def fault(when: str, asked: str) -> None:
        if (when, asked) == (moment, what) and not struck:
            struck.append(asked)
            raise error

    app.fault = fault


def down(_moment: str, _what: str) -> None:
    raise AuthExpired("sign in again")


def test_a_side_that_comes_later_is_filled_and_its_values_conflict(make: Make) -> None:
    world = make("a", "b", extra="conflicts: ask")
    world.apps["a"].add(name="T", note="mine", place="Room 4")
    world.apps["b"].add(name="T", note="yours")
    world.apps["b"].fault = down
    world.run()
    world.apps["b"].fault = healthy
    world.run()
    assert only(world.apps["b"])["place"] == "Room 4"
    assert [hold["row"] for hold in waiting(world)] == ["note"]


def test_the_newer_value_wins_over_one_that_joins_later(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="T", note="mine")
    world.apps["b"].add(name="T", note="yours")
    world.apps["a"].rows[first].changed = 1000
    world.apps["b"].fault = down
    world.run()
    world.apps["b"].fault = healthy
    world.run()
    assert only(world.apps["a"])["note"] == only(world.apps["b"])["note"] == "mine"
    assert "yours" in [row["before"] for row in query(world.project.store, "it") if row["event"] == "lost"]


def test_what_leaves_the_filter_is_withdrawn_and_comes_back_and_the_original_stays(make: Make) -> None:
    world = make("a", "b", extra=PRIVATE)
    first = world.apps["a"].add(name="T", note="n")
    for number in range(3):
        world.apps["a"].add(name=f"Other {number}")
    world.run()
    once(world.apps["b"], "after", "delete", Transient("no answer", landed=None))
    world.apps["a"].edit(first, kind="private")
    world.run()
    world.apps["b"].fault = healthy
    world.run()
    assert len(world.apps["b"].live()) == 3
    world.apps["a"].edit(first, kind=None)
    world.run()
    world.run()
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 4
    assert told(world.run()) == 0


def test_a_withdrawn_copy_that_somebody_edited_is_kept(make: Make) -> None:
    world = make("a", "b", extra=PRIVATE)
    first = world.apps["a"].add(name="T", note="n")
    world.run()
    world.apps["b"].edit("b1", note="typed here")
    world.apps["a"].edit(first, kind="private")
    world.run()
    world.run()
    assert only(world.apps["b"])["note"] == "typed here"


@pytest.mark.parametrize("stamped", [Support.YES, Support.NO])
def test_a_slow_app_does_not_outlast_the_lease(make: Make, stamped: Support) -> None:
    world = make("a", "b", caps=Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=stamped))
    for number in range(6):
        world.apps["a"].add(name=f"T{number}")
    refused = []

    def slow(moment: str, what: str) -> None:
        if (moment, what) == ("before", "create"):
            world.now += timedelta(seconds=40)
            try:
                direct.run(world.project, "it", session=world.session())
            except Busy:
                refused.append(what)

    world.apps["b"].fault = slow
    world.run()
    assert len(refused) == 6
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 6


@pytest.mark.parametrize("delta", [Support.YES, Support.NO])
def test_records_under_new_ids_are_not_doubled(make: Make, delta: Support) -> None:
    world = make("a", "b", caps=Caps(delta=delta, tombstones=delta, guarded=Support.YES, stamped=Support.YES))
    for number in range(20):
        world.apps["a"].add(name=f"T{number}")
    world.run()
    rows = dict(world.apps["a"].rows)
    for record in rows:
        if delta is Support.YES:
            world.apps["a"].remove(record)
        else:
            del world.apps["a"].rows[record]
    for row in rows.values():
        world.apps["a"].add(**row.data)
    for _ in range(3):
        world.run()
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 20


@pytest.mark.parametrize("error", [AuthExpired("sign in again"), Missing("404 from a proxy")])
def test_a_create_in_doubt_stays_in_doubt_until_it_is_heard_of(make: Make, error: AppError) -> None:
    world = make("a", "b")
    world.apps["a"].add(note="no title, so nothing to match by")
    once(world.apps["b"], "after", "create", Transient("no answer", landed=None))
    world.run()
    once(world.apps["b"], "before", "create", error)
    world.run()
    world.apps["b"].fault = healthy
    world.run()
    world.run()
    assert len(world.apps["a"].live()) == len(world.apps["b"].live()) == 1


def test_releasing_an_outage_looks_at_each_record_first(make: Make) -> None:
    world = make("a", "b", caps=Caps(guarded=Support.YES, stamped=Support.YES))
    for number in range(20):
        world.apps["a"].add(name=f"T{number}")
    world.run()
    whole, archived = world.apps["a"].scan, {f"a{number}" for number in range(1, 16)}

    def scan(obj: str, scope: dict[str, Any]) -> Iterator[Page]:
        for page in whole(obj, scope):
            yield Page([record for record in page.records if record.id not in archived], page.cursor)

    world.apps["a"].scan = scan  # type: ignore[method-assign]
    world.run()
    (hold,) = waiting(world)
    say(world, hold, {"value": "release"})
    for _ in range(3):
        world.run()
    assert len(world.apps["b"].live()) == 20


def test_a_filter_field_that_was_not_read_is_as_it_was(make: Make) -> None:
    world = make("a", "b", extra="only: {a: {field: kind, is: public}}\nleaving: delete-copy")
    first = world.apps["a"].add(name="T", kind="public")
    world.run()
    whole = world.apps["a"]._record

    def partial(record: str) -> Record:
        found = whole(record)
        data = {name: value for name, value in found.data.items() if name != "kind"}
        return Record(found.id, found.version, data, found.changed_at, found.gone)

    world.apps["a"]._record = partial  # type: ignore[method-assign]
    world.apps["a"].edit(first, note="new")
    world.run()
    assert only(world.apps["b"])["note"] == "new"


def test_a_release_outlives_a_side_that_is_down_and_a_crash(make: Make) -> None:
    world = make("a", "b")
    ids = [world.apps["a"].add(name=f"T{number}") for number in range(140)]
    world.run()
    for record in ids[:130]:
        world.apps["a"].edit(record, note="m")
    world.run()
    (hold,) = waiting(world)
    say(world, hold, {"value": "release"})
    world.apps["b"].fault = down
    world.run()
    count = []

    def kill(_moment: str, what: str) -> None:
        count.append(what)
        if count.count("update") == 55:
            raise Crash

    world.apps["b"].fault = kill
    with suppress(Crash):
        world.run()
    world.apps["b"].fault = healthy
    world.run()
    assert waiting(world) == []
    assert [row["note"] for row in world.apps["b"].live().values()].count("m") == 130


def test_a_person_is_asked_when_a_linked_record_is_as_likely(make: Make) -> None:
    world = make("a", "b", extra="creates: never")
    world.apps["a"].add(name="R", note="1")
    world.run()
    world.apps["a"].add(name="R", note="2")
    world.apps["b"].add(name="R")
    world.run()
    (hold,) = waiting(world)
    say(world, hold, {"value": "a:a1=b:b1"})
    world.run()
    assert only(world.apps["b"])["note"] == "1"


def test_a_poison_record_stops_no_other(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Bad", people={"not": "a list"})
    world.apps["a"].add(name="Good")
    world.run()
    assert only(world.apps["b"])["name"] == "Good"
    assert world.status()["a"]["failed"] == 1


def test_a_conflict_can_be_left_as_it_is(make: Make) -> None:
    world = make("a", "b", extra="conflicts: ask")
    first = world.apps["a"].add(name="T", note="old")
    world.run()
    world.apps["a"].edit(first, note="mine")
    world.apps["b"].edit("b1", note="yours")
    world.run()
    (hold,) = waiting(world)
    say(world, hold, {"skip": True})
    assert told(world.run()) == 0
    assert (only(world.apps["a"])["note"], only(world.apps["b"])["note"]) == ("mine", "yours")
    assert waiting(world) == []


def test_answers_that_do_not_fit_are_refused(make: Make) -> None:
    world = make("a", "b")
    for number in range(40):
        world.apps["a"].add(name=f"T{number}")
    world.run()
    for number in range(30):
        world.apps["a"].edit(f"a{number + 1}", note="m")
    world.run()
    (hold,) = waiting(world)
    with pytest.raises(holds.HoldError, match="release"):
        say(world, hold, {"value": "yes"})
    with pytest.raises(holds.HoldError, match="release"):
        say(world, hold, {"take": "a"})
    assert len(waiting(world)) == 1


def test_without_deletions_the_other_sides_go_on(make: Make) -> None:
    world = make("a", "b", "c", extra="deletes: never")
    first = world.apps["a"].add(name="T", note="n")
    world.run()
    world.apps["a"].remove(first)
    world.run()
    world.apps["b"].edit(named(world.apps["b"], "T"), note="new")
    world.run()
    assert only(world.apps["c"])["note"] == "new"
    assert world.apps["a"].live() == {}
    assert told(world.run()) == 0


def test_a_run_whose_app_takes_no_write_at_all_has_failed(make: Make) -> None:
    world = make("a", "b")
    for number in range(3):
        world.apps["a"].add(name=f"T{number}")

    def busy(moment: str, what: str) -> None:
        if (moment, what) == ("before", Op.CREATE):
            raise Transient("b is busy", landed=False)

    world.apps["b"].fault = busy
    report = world.run()
    assert (report.status, report.errors) == ("failed", {"b": "no write went through: b is busy"})
    world.apps["b"].fault = healthy
    report = world.run()
    assert (report.status, report.errors, told(report)) == ("done", {}, 3)
