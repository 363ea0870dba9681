"""Every record is in one state, and the reason of each state is a sentence that says what it waits for."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import update

from engine import holds
from engine.accounting import STATES, explain, faults
from engine.contract import AuthExpired, Caps, Failed, Invalid, Support, Transient, Write
from engine.store.tables import copies, links
from flows.view import titles
from tests.sync.memory import Crash, MemoryApp
from tests.sync.world import Make, World, make

__all__ = ["make"]
SCANNED = Caps(delta=Support.NO, guarded=Support.YES, stamped=Support.YES)
BLIND = Caps(delta=Support.YES, tombstones=Support.YES, guarded=Support.YES)


def told(world: World, state: str) -> dict[str, str]:
    """Side and title -> reason."""
    rows = explain(world.project.store, "it", state, titles(world.project, "it"))
    return {f"{row['side']} {row['title']}": row["reason"] for row in rows}


def strike(app: MemoryApp, moment: str, what: str, error: BaseException) -> None:
    def fault(when: str, asked: str) -> None:
        if (when, asked) == (moment, what):
            raise error

    app.fault = fault


def calm(app: MemoryApp) -> None:
    app.fault = lambda _moment, _what: None


def test_what_is_in_sync_needs_no_reason(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    world.run()
    rows = explain(world.project.store, "it", title=titles(world.project, "it"))
    assert [(row["side"], row["title"], row["state"], row["reason"]) for row in rows] == [
        ("a", "T", "in_sync", ""),
        ("b", "T", "in_sync", ""),
    ]
    assert len({row["link"] for row in rows}) == 1


def test_a_write_that_may_have_landed(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    strike(world.apps["b"], "after", "create", Transient("no answer"))
    world.run()
    assert "b did not say whether it was written" in told(world, "pending")["a T"]


def test_a_side_that_cannot_be_read_is_named(make: Make) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="T")
    world.run()
    strike(world.apps["b"], "before", "changes", AuthExpired("sign in to b again"))
    world.apps["a"].edit(first, note="n")
    world.run()
    reason = told(world, "pending")["a T"]
    assert "b could not be read (sign in to b again)" in reason


def test_a_side_that_cannot_be_written_is_named(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    strike(world.apps["b"], "before", "create", Transient("b asks for less", landed=False))
    world.run()
    assert told(world, "pending")["a T"] == "not written to b yet: b asks for less"


def test_a_plan_that_nobody_carried_out(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    world.plan()
    assert told(world, "pending") == {"a T": "planned for b, and not sent yet"}


def test_a_new_record_of_a_run_that_broke_off(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    strike(world.apps["b"], "before", "scan", Crash())
    with suppress(Crash):
        world.run()
    calm(world.apps["b"])
    strike(world.apps["b"], "before", "create", Crash())
    with suppress(Crash):
        world.run()
    assert list(told(world, "pending")) == ["a T"]


def test_a_new_record_beside_a_create_in_doubt(make: Make) -> None:
    world = make("a", "b", caps=BLIND)
    world.apps["a"].add(name="T", note="n")
    strike(world.apps["b"], "before", "create", Transient("no answer"))
    world.run()
    calm(world.apps["b"])
    reasons = told(world, "held") | told(world, "pending")
    assert "a T" in reasons
    assert all(reasons.values())


def test_a_record_that_is_not_listed_any_more(make: Make) -> None:
    world = make("a", "b", caps=SCANNED)
    for number in range(20):
        world.apps["a"].add(name=f"T{number}")
    world.run()
    away = world.apps["b"].rows.pop("b1").data["name"]
    world.run()
    assert "b does not show it any more" in told(world, "pending")[f"b {away}"]
    (row,) = explain(world.project.store, "it", "pending")
    assert (row["id"], bool(row["since"])) == ("b1", True)


def test_an_outage_waits_for_a_person(make: Make) -> None:
    world = make("a", "b", caps=SCANNED)
    for number in range(3):
        world.apps["a"].add(name=f"T{number}")
    world.run()
    world.apps["b"].outage = True
    world.run()
    reasons = told(world, "held")
    assert len(reasons) == 3
    assert all("outage" in reason for reason in reasons.values())


def test_a_conflict_and_its_answer(make: Make) -> None:
    world = make("a", "b", extra="conflicts: ask")
    first = world.apps["a"].add(name="T", note="old")
    world.run()
    world.apps["a"].edit(first, note="mine")
    world.apps["b"].edit("b1", note="yours")
    world.run()
    assert "note was changed on a and b" in told(world, "conflict")["b T"]
    (hold,) = holds.listed(world.project.store, "it")
    holds.answer(world.project.store, hold["id"], {"take": "b"}, world.now.isoformat())
    assert told(world, "pending")["a T"] == "a person has answered; the next run acts on it"


def test_records_that_match_several(make: Make) -> None:
    world = make("a", "b")
    for app, count in (("a", 1), ("b", 2)):
        for _ in range(count):
            world.apps[app].add(name="T")
    world.run()
    assert set(told(world, "ambiguous")) == {"a T", "b T"}
    assert all("a person is asked" in reason for reason in told(world, "ambiguous").values())


def test_a_brake_says_what_it_stops(make: Make) -> None:
    world = make("a", "b", "c", extra="brakes: {creates: 0}")
    world.apps["a"].add(name="T")
    world.run()
    assert "brake" in told(world, "held")["a T"]


def test_what_the_filter_leaves_out_on_all_sides_of_its_link(make: Make) -> None:
    world = make("a", "b", "c", extra="only: {a: {not: {field: kind, is: private}}}")
    first = world.apps["a"].add(name="T")
    world.run()
    world.apps["a"].edit(first, kind="private")
    world.run()
    reasons = told(world, "excluded")
    assert set(reasons) == {"a T", "b T", "c T"}
    assert len(set(reasons.values())) == 1


def test_a_refused_record_of_three_sides(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make("a", "b", "c")
    world.apps["a"].add(name="T", note="poison")
    app = world.apps["c"]
    write = app._apply

    def refuse(one: Write) -> Any:
        return Failed(one.key, Invalid("no such note", field="note")) if one.data.get("note") else write(one)

    monkeypatch.setattr(app, "_apply", refuse)
    world.run()
    assert told(world, "failed") == dict.fromkeys(("a T", "b T"), "c refused it: no such note")
    assert all(row["since"] for row in explain(world.project.store, "it", "failed"))


def test_a_value_that_no_lens_can_read_parks_its_record(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T", people={"not": "a list"})
    world.apps["a"].add(name="U")
    world.run()
    failed = told(world, "failed")
    assert set(failed) == {"a T"}
    assert "its values could not be read" in failed["a T"]
    assert world.status()["b"]["in_sync"] == 1


def test_a_deleted_record_leaves_no_state_behind(make: Make) -> None:
    world = make("a", "b", "c")
    first = world.apps["a"].add(name="T")
    world.run()
    world.apps["a"].remove(first)
    world.run()
    assert [counts["total"] for counts in world.status().values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        (links, {"dirty": True, "open": False}, "no run will look at it"),
        (links, {"ended": "2026-11-23"}, "has ended"),
        (links, {"failed": True, "open": True}, "failed without an error"),
        (copies, {"excluded": ""}, "has no reason"),
    ],
)
def test_what_does_not_add_up_is_found(make: Make, table: Any, values: dict[str, Any], said: str) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="T")
    world.run()
    with world.project.store.engine.begin() as connection:
        connection.execute(update(table).values(**values))
    assert said in " ".join(faults(world.project.store, "it"))


def test_the_command_lists_title_link_and_reason(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from syncline.cli import main

    world = make("a", "b")
    world.apps["a"].add(name="T")
    world.plan()
    assert main(["status", "it", "--explain", "pending", "--json", "--project", str(world.root)]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["sync"], row["side"], row["title"], row["reason"]) == (
        "it",
        "a",
        "T",
        "planned for b, and not sent yet",
    )
    assert row["link"]
    assert main(["status", "--explain", "pending", "--project", str(world.root)]) == 0
    assert "planned for b" in " ".join(capsys.readouterr().out.split())
    assert set(world.status()["a"]) == {*STATES, "total"}
