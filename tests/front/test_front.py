"""The front of a run: what is read and when, whose record it is, and what pings are worth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine.contract import Caps, Support, Transient
from engine.holds import listed
from engine.store import Store, StoreError
from engine.store.tables import copies, inbox
from flows import direct, work
from tests.front.dated import Dated
from tests.sync.memory import Crash
from tests.sync.world import Make, World, make, only, told

__all__ = ["make"]
UNSTAMPED = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, batch=5)


def dated(tmp_path: Path, **options: Any) -> World:
    return World(tmp_path / "dated", {name: Dated(name, **options) for name in "ab"})


def ping(world: World, side: str, record: str | None) -> None:
    with world.project.store.write() as connection:
        connection.execute(insert(inbox).values(sync="it", side=side, record=record, at=world.now.isoformat()))


def pings(world: World) -> list[str | None]:
    return [row["record"] for row in world.project.store.all(inbox)]


def fails_once(moment: str, what: str, error: BaseException) -> Callable[[str, str], None]:
    left = [error]

    def fault(at: str, about: str) -> None:
        if left and (at, about) == (moment, what):
            raise left.pop()

    return fault


# pings


def test_pings_are_answered_by_the_run_that_reads_their_side(make: Make) -> None:
    world = make("a", "b")
    record = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].edit(record, note="new")
    for named in (record, record, None, "unknown"):
        ping(world, "a", named)
    assert told(world.run()) == 1
    assert pings(world) == []
    ping(world, "a", record)  # late: what it tells of is known already
    assert told(world.run()) == 0
    assert pings(world) == []


def test_a_ping_that_comes_while_its_side_is_read_stays(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    world.run()
    ping(world, "a", "a1")
    world.apps["a"].fault = lambda _moment, what: ping(world, "a", None) if what == "changes" else None
    world.run()
    assert pings(world) == [None]


def test_a_ping_to_a_side_that_cannot_be_read_stays(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    world.run()
    ping(world, "a", "a1")
    world.apps["a"].fault = fails_once("before", "changes", Transient("down"))
    world.run()
    assert pings(world) == ["a1"]
    world.run()
    assert pings(world) == []


# ids


def test_an_id_used_again_is_another_record(tmp_path: Path) -> None:
    world = dated(tmp_path)
    record = world.apps["a"].add(name="Old", note="budget")
    world.run()
    world.apps["a"].remove(record)
    world.apps["a"].reuse(record, 60, name="New", note="party")
    report = world.run()
    assert (report.writes["b"]["delete"], report.writes["b"]["create"]) == (1, 1)
    assert only(world.apps["b"])["name"] == "New"
    assert told(world.run()) == 0
    world.apps["a"].edit(record, note="dinner")
    world.run()
    assert only(world.apps["b"])["note"] == "dinner"
    world.close()


def test_an_edit_of_the_old_record_stands_beside_the_new_one(tmp_path: Path) -> None:
    world = dated(tmp_path)
    record = world.apps["a"].add(name="Old", note="budget")
    world.run()
    world.apps["a"].remove(record)
    world.apps["a"].reuse(record, 60, name="New")
    world.apps["b"].edit("b1", note="still needed")
    world.run()
    for app in world.apps.values():
        assert sorted(row["name"] for row in app.live().values()) == ["New", "Old"]
    assert told(world.run()) == 0
    world.close()


def test_a_record_we_make_may_get_the_id_of_a_deleted_one(tmp_path: Path) -> None:
    """The app gives the id away before we have heard of the deletion."""
    world = dated(tmp_path)
    world.apps["a"].add(name="Old")
    world.run()
    app, app_add = world.apps["b"], world.apps["b"].add

    def taken(**data: Any) -> str:
        del app.rows["b1"]
        record = app_add(**data)
        app.rows["b1"] = app.rows.pop(record)
        app.made["b1"] = 60
        return "b1"

    app.add = taken
    world.apps["a"].add(name="New")
    world.run()
    app.add = app_add
    world.run()
    assert only(world.apps["a"])["name"] == only(app)["name"] == "New"
    assert told(world.run()) == 0
    world.close()


@pytest.mark.parametrize("cursor", [True, False])
def test_a_record_restored_before_its_deletion_has_travelled_keeps_its_link(make: Make, cursor: bool) -> None:
    """Presence always counts: without another time of creation it is what people see under that id now."""
    world = make("a", "b", extra="deletes: never")
    record = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].remove(record)
    world.run()
    world.apps["a"].edit(record, note="new")
    world.apps["a"].rows[record].gone = False
    world.run(full=not cursor)
    assert only(world.apps["b"])["note"] == "new"
    assert len(world.apps["a"].live()) == 1
    assert told(world.run()) == 0


def test_what_is_there_but_not_listed_comes_to_rest(tmp_path: Path) -> None:
    world = dated(tmp_path)
    records = [world.apps["a"].add(name=f"Thing {number}") for number in range(4)]
    world.run()
    world.apps["a"].unlisted.add(records[0])

    def state() -> tuple[str, bool]:
        (row,) = world.project.store.all(copies, copies.c.side == "a", copies.c.id == records[0])
        return row["present"], row["missing_since"] is not None

    world.run(full=True)
    world.run()
    for _ in range(2):
        assert told(world.run(full=True)) == 0
        assert state() == ("yes", True)
    world.apps["a"].unlisted.clear()
    world.run(full=True)
    assert state() == ("yes", False)
    world.apps["a"].unlisted.add(records[0])
    world.run(full=True)
    world.run(full=True)
    world.apps["a"].remove(records[0])
    world.run(full=True)
    world.run(full=True)
    assert len(world.apps["b"].live()) == 3
    world.close()


# writes in doubt


def test_a_create_in_doubt_holds_back_only_what_it_may_have_made(make: Make) -> None:
    world = make("a", "b", caps=UNSTAMPED)
    world.apps["a"].add(name="Review")
    world.apps["b"].fault = fails_once("before", "create", Transient("no answer"))
    world.run()
    for name in ("Review", "Review", "Dinner"):
        world.apps["b"].add(name=name)
    world.run()
    assert sorted(row["name"] for row in world.apps["a"].live().values()) == ["Dinner", "Review"]
    assert [hold["kind"] for hold in listed(world.project.store)] == ["doubt"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("stamped", [Support.YES, Support.NO])
def test_what_is_not_wanted_any_more_is_not_made(make: Make, moment: str, stamped: Support) -> None:
    """The create may have landed: then it is found and withdrawn; it is never sent once more."""
    caps = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES, stamped=stamped, batch=5)
    world = make("a", "b", caps=caps)
    world.apps["b"].add(name="Other")
    record = world.apps["a"].add(name="Secret", note="x")
    world.apps["b"].fault = fails_once(moment, "create", Transient("no answer"))
    world.run()
    world.apps["a"].remove(record)
    made = world.apps["b"].writes
    for _ in range(5):
        world.run()
    assert world.apps["b"].writes == made + (moment == "after")  # the deletion
    for app in world.apps.values():
        assert {row["name"] for row in app.live().values()} == {"Other"}
    assert (told(world.run()), listed(world.project.store)) == (0, [])


def test_a_crash_leaves_one_create_in_doubt_where_none_can_be_found_again(make: Make) -> None:
    world = make("a", "b", caps=UNSTAMPED)
    for number in range(4):
        world.apps["a"].add(name=f"Thing {number}")
    world.apps["b"].fault = fails_once("before", "create", Crash())
    with suppress(Crash):
        world.run()
    world.run()
    assert len(listed(world.project.store)) == 1
    assert len(world.apps["b"].live()) == 3


def test_a_run_that_cannot_even_say_that_it_broke_off_tells_the_first_error(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> None:
        raise StoreError("the state is gone")

    world = make("a", "b")
    with monkeypatch.context() as patched:
        patched.setattr(work.record, "end", broken)
        world.apps["a"].fault = fails_once("before", "scan", ZeroDivisionError("the first error"))
        with pytest.raises(ZeroDivisionError, match="the first error"):
            world.run()
    world.run()  # the lease was given back


# several syncs


@pytest.mark.parametrize("at", ["before", "after"])
def test_two_syncs_that_create_in_one_place_at_once_make_one_record(make: Make, at: str) -> None:
    """A-B, C-A and B-C: what is new in A comes to B from both, each unaware of the other's create."""
    world = make("a", "b", "c")
    for name, sides in {"ab": "ab", "ca": "ca", "bc": "bc"}.items():
        _sync(world, name, sides, ", ".join(f"{side}: {{connection: {side}}}" for side in sides))
    world.apps["a"].add(name="Review")
    _run(world, "ca")
    inner: list[int] = []

    def meanwhile(moment: str, what: str) -> None:
        if (moment, what) == (at, "create") and not inner:
            inner.append(1)
            inner[0] = told(_run(world, "bc"))

    world.apps["b"].fault = meanwhile
    _run(world, "ab")
    world.apps["b"].fault = lambda _moment, _what: None
    assert inner == [0]
    for _ in range(3):
        for name in ("ab", "bc", "ca"):
            _run(world, name)
    assert [len(app.live()) for app in world.apps.values()] == [1, 1, 1]
    assert [told(_run(world, name)) for name in ("ab", "bc", "ca")] == [0, 0, 0]


def _sync(world: World, name: str, sides: str, places: str) -> None:
    cells = "{" + ", ".join(f"{side}: name" for side in sides) + "}"
    at = "\n".join(f"  {side}: {{app: caldav, object: things}}" for side in sides)
    text = f"name: {name}\nabout: Some of it.\nsides:\n{at}\nmatch: [[uid]]\nfields:\n  title: {cells}\n"
    (world.root / "mappings" / f"{name}.yaml").write_text(text)
    (world.root / "deployments" / f"{name}.yaml").write_text(f"sync: {name}\nmapping: {name}\nsides: {{{places}}}\n")


def _run(world: World, name: str) -> Any:
    world.now += timedelta(seconds=40)
    session = direct.Session(world.project, name, lambda: world.now, dict(world.apps))
    return direct.run(world.project, name, session=session)


# the state in memory


def test_a_whole_run_with_the_state_in_memory(make: Make) -> None:
    world = make("a", "b")
    world.project.__dict__["store"] = store = Store.memory()
    for _ in range(2):
        for app in world.apps.values():
            app.rows.clear()
        record = world.apps["a"].add(name="Review", note="old")
        world.run()
        world.apps["a"].edit(record, note="new")
        assert told(world.run()) == 1
        assert told(world.run()) == 0
        store.clear()
    assert store.rows(select(copies)) == []


def test_a_state_in_memory_by_its_address(make: Make) -> None:
    world = make("a", "b")
    world.project.__dict__["store"] = Store.open("sqlite:///:memory:")
    world.apps["a"].add(name="Review")
    assert (told(world.run()), told(world.run())) == (1, 0)


def test_states_in_memory_know_nothing_of_each_other() -> None:
    one, other = Store.memory(), Store.memory()
    with one.write() as connection:
        connection.execute(insert(inbox).values(sync="it", side="a", at="now"))
    assert (len(one.all(inbox)), len(other.all(inbox))) == (1, 0)
    assert one.place != other.place
    one.close()
    other.close()
