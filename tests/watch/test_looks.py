"""Looks: what is found by asking, how often, and at what price."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from engine import meters
from engine.contract import AuthExpired, Caps, Refused, Support, Transient
from engine.store.tables import inbox, sides
from flows.project import ProjectError
from flows.watch.glance import glance
from tests.sync.world import only
from tests.watch.lookout import AtOnce, OnCall, Watch, watch

__all__ = ["watch"]


def test_a_change_is_found_by_the_next_look_and_carried_over(watch: Watch) -> None:
    it = watch()
    it.goes_on(600)
    it.world.apps["a"].edit("a1", note="edited")
    assert it.goes_on(330) == 1
    assert only(it.world.apps["b"])["note"] == "edited"
    (line,) = it.said("run")
    assert line.startswith("1 updated (") and line.endswith("; a has changed)")


def test_an_idle_sync_costs_one_request_per_side_and_look_and_no_run(watch: Watch) -> None:
    it = watch("poll: 60s, every: 60s")
    before = it.requests()
    assert it.goes_on(600) == 0
    spent = {side: count - before[side] for side, count in it.requests().items()}
    assert spent == {"a": 10, "b": 10}


def test_the_requests_of_looks_are_counted(watch: Watch) -> None:
    it = watch("poll: 60s, every: 60s")

    def noted() -> float:
        return meters.read(it.world.project.store)["it", "a", "requests"]

    asked, counted = it.requests()["a"], noted()
    assert it.goes_on(600) == 0
    asked, counted = it.requests()["a"] - asked, noted() - counted
    assert asked == 10 and abs(asked - counted) <= 1, "the last one is noted within a minute"


def test_looks_become_rare_while_nothing_happens_and_frequent_with_the_first_change(watch: Watch) -> None:
    it = watch("poll: 10s")
    before = it.requests()["a"]
    it.goes_on(3600)
    asked = it.requests()["a"] - before
    assert 12 <= asked <= 20, "every five minutes in the end"
    it.world.apps["a"].edit("a1", note="edited")
    while not it.goes_on(1):
        pass
    before = it.requests()["a"]
    it.goes_on(60)
    assert it.requests()["a"] - before == 3, "after 10, 15 and 22 seconds"


def test_the_longest_wait_is_what_the_schedule_says(watch: Watch) -> None:
    it = watch("poll: 10s, every: 20m")
    it.goes_on(7200)
    before = it.requests()["a"]
    it.goes_on(7200)
    assert it.requests()["a"] - before == 6


def test_what_a_run_has_written_is_no_news_and_is_listed_once(watch: Watch) -> None:
    it = watch()
    it.world.apps["a"].edit("a1", note="edited")
    assert it.goes_on(120) == 1
    listed = []
    changes = it.world.apps["b"].changes

    def noted(*args: str) -> object:
        for page in changes(*args):  # type: ignore[arg-type]
            listed.append(len(page.records))
            yield page

    it.world.apps["b"].changes = noted
    assert it.goes_on(1800) == 0
    assert sum(listed) == 1
    assert len(listed) > 3


def test_another_version_of_the_same_values_is_no_news(watch: Watch) -> None:
    it = watch()
    it.world.apps["a"].edit("a1", kind="a field that no row of the mapping has")
    assert it.goes_on(600) == 0


def test_deletions_and_records_that_nobody_knows_are_news(watch: Watch) -> None:
    it = watch()
    it.world.apps["a"].add(name="Another")
    assert it.goes_on(100) == 1
    it.world.apps["b"].remove("b1")
    it.goes_on(300)
    assert [data["name"] for data in it.world.apps["a"].live().values()] == ["Another"]


def test_a_cursor_that_has_expired_is_news(watch: Watch) -> None:
    it = watch()
    it.world.apps["a"].expired = True
    assert it.goes_on(100) == 1


def test_a_side_that_cannot_be_asked_is_told_once_waited_for_and_holds_up_no_other(watch: Watch) -> None:
    it = watch("poll: 10s")

    def down(_moment: str, what: str) -> None:
        raise Transient("a has a problem.", wait=timedelta(minutes=10))

    it.world.apps["a"].fault = down
    before = it.requests()
    it.goes_on(590)
    assert it.requests()["a"] - before["a"] == 1
    assert it.requests()["b"] - before["b"] >= 5
    it.goes_on(1300)
    assert it.said("trouble") == ["The account a: a has a problem."]
    it.world.apps["a"].fault = lambda _moment, _what: None
    it.world.apps["a"].edit("a1", note="meanwhile")
    assert it.goes_on(900) == 1
    assert it.said("well") == ["The account a answers again."]


def test_looks_at_one_account_come_one_after_the_other_and_a_slow_one_holds_up_itself(watch: Watch) -> None:
    calls = OnCall()
    it = watch("poll: 10s", names="abc")
    it.looks = calls
    it.anew()
    it.goes_on(2)
    assert len(calls.jobs) == 3, "one for each account"
    calls.do(1)
    calls.do(1)
    it.goes_on(20)
    assert len(calls.jobs) == 3, "b and c are asked again, a has not answered yet"
    calls.do(0)
    it.goes_on(20)
    assert len(calls.jobs) == 3


def test_many_that_wait_for_each_other_are_told_apart_by_chance(watch: Watch) -> None:
    """Waits are a tenth longer or shorter."""
    from flows.watch.pace import Pace

    it = watch()
    pace = Pace(timedelta(seconds=60), timedelta(minutes=5))
    waits = [pace.after(it.world.now, lambda chance=chance: chance) - it.world.now for chance in (0.0, 0.5, 0.99)]
    assert [round(wait.total_seconds()) for wait in waits] == [54, 60, 66]


def test_a_side_whose_app_tells_of_no_changes_is_compared_whole_at_a_pace_of_its_own(watch: Watch) -> None:
    it = watch("poll: 10s, every: 10m", names="abc", caps={"c": Caps(guarded=Support.YES, stamped=Support.YES)})
    before = it.requests()["c"]
    assert it.goes_on(3600) == 0
    assert it.requests()["c"] - before == 6, "everything, six times"
    ids = list(it.world.apps["c"].live())
    it.world.apps["c"].edit(ids[0], name="Other")
    assert it.goes_on(660) == 1
    assert "Other" in {row["name"] for row in it.world.apps["a"].live().values()}
    it.world.apps["c"].remove(ids[0])
    it.world.apps["c"].add(name="New")
    assert it.goes_on(660) >= 1
    assert {row["name"] for row in it.world.apps["a"].live().values()} == {
        row["name"] for row in it.world.apps["c"].live().values()
    }
    assert it.goes_on(3600) == 0


def test_a_side_that_no_run_could_read_so_far_is_tried_at_the_pace_of_failed_runs(watch: Watch) -> None:
    it = watch("poll: 10s")
    with it.world.project.store.write() as connection:
        connection.execute(update(sides).where(sides.c.side == "b").values(read_at=None, cursor=None))

    def refuse(_moment: str, what: str) -> None:
        raise Refused("There is no calendar Work.")

    it.world.apps["b"].fault = refuse
    assert 1 <= it.goes_on(3600) <= 20, "every five minutes in the end"
    it.world.apps["b"].fault = lambda _moment, _what: None
    it.world.apps["b"].edit("b1", note="meanwhile")
    assert it.goes_on(400) == 1
    assert only(it.world.apps["a"])["note"] == "meanwhile"


def test_a_ping_that_comes_during_a_look_stays_whatever_the_clock_of_its_receiver_says(watch: Watch) -> None:
    it = watch()
    a, route = it.world.apps["a"], it.watcher.desk.syncs["it"].spots["a"].route

    def meanwhile(_moment: str, _what: str) -> None:
        if it.pinged() == 1:
            it.world.now -= timedelta(seconds=5)
            it.ping("a", "a1")

    it.ping("a")
    a.fault = meanwhile
    assert not glance(it.world.project.store, route, a, None, lambda: it.world.session().bound.wanted["a"]).news
    assert [row["record"] for row in it.world.project.store.all(inbox)] == ["a1"]


def test_a_side_counts_as_read_when_the_look_began_however_long_it_took(watch: Watch) -> None:
    calls = OnCall()
    it = watch("poll: 60s", looks=calls)

    def read() -> set[datetime]:
        return {datetime.fromisoformat(row["read_at"]) for row in it.world.project.store.all(sides)}

    it.goes_on(60)
    began, by_runs = it.world.now, read()
    it.world.now += timedelta(minutes=10)
    for _ in range(2):  # what the looks have shown is noted within a minute
        while calls.jobs:
            calls.do()
        it.goes_on(60)
    assert max(by_runs) < min(read()) and max(read()) <= began


def test_what_is_wrong_with_an_account_is_told_once_for_all_its_sides(watch: Watch) -> None:
    it = watch("poll: 10s")

    def out(_moment: str, what: str) -> None:
        raise AuthExpired("Sign in again.")

    for app in it.world.apps.values():
        app.fault = out
    it.goes_on(900)
    assert sorted(it.said("trouble")) == ["The account a: Sign in again.", "The account b: Sign in again."]


def test_a_defect_in_a_look_is_told_and_the_others_go_on(watch: Watch, caplog: object) -> None:
    it = watch("poll: 10s", looks=AtOnce())

    def broken(_moment: str, what: str) -> None:
        raise ProjectError("There is no connection 'a'.")

    it.world.apps["a"].fault = broken
    it.goes_on(60)
    it.world.apps["b"].edit("b1", note="meanwhile")
    it.goes_on(60)
    assert it.said("trouble")[0] == "There is no connection 'a'."
    assert it.ran


def test_a_clock_that_is_set_back_makes_nobody_wait(watch: Watch) -> None:
    it = watch("poll: 60s")
    it.world.apps["a"].edit("a1", note="typed")
    it.goes_on(90)
    it.world.now -= timedelta(days=1)
    it.world.apps["a"].edit("a1", note="edited")
    assert it.goes_on(90) == 1
    assert only(it.world.apps["b"])["note"] == "edited"
    it.ping("b")
    assert it.goes_on(20) == 1
    (it.world.root / "deployments" / "it.yaml").write_text("broken")
    it.goes_on(5)
    assert it.said("trouble")
