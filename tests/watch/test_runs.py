"""From a reason to a run: many become one, one at a time, nothing is forgotten."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from typing import Any

from engine import holds
from engine.contract import Transient
from engine.store.lease import Lease
from engine.store.tables import sides
from flows import direct
from tests.sync.memory import Crash
from tests.sync.world import only
from tests.watch.lookout import Lookout, OnCall, Watch, watch

__all__ = ["watch"]


def test_a_ping_becomes_a_run_at_once_and_is_answered_by_it(watch: Watch) -> None:
    it = watch()
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a", "a1")
    assert it.goes_on() == 1
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.pinged() == 0
    assert it.said("run")[0].endswith("; a said so)")


def test_a_ping_that_another_process_has_stored_is_found_within_a_second(watch: Watch) -> None:
    it = watch()
    it.watcher.hear = lambda syncs=(): None  # type: ignore[method-assign]
    it.ping("a")
    assert it.goes_on(1) == 1


def test_many_pings_become_one_run(watch: Watch) -> None:
    it = watch("poll: 1h", runs=OnCall())
    for number in range(50):
        it.ping("ab"[number % 2], f"x{number}")
    it.goes_on()
    assert len(it.runs.jobs) == 1  # type: ignore[attr-defined]
    it.runs.do()  # type: ignore[attr-defined]
    assert it.goes_on(30) == 0
    assert it.pinged() == 0


def test_a_change_rests_until_nobody_types_any_more_but_not_for_ever(watch: Watch) -> None:
    it = watch("poll: 1h, delay: 10s")
    it.ping("a")
    assert it.goes_on(9) == 0
    it.ping("a")
    assert it.goes_on(9) == 0
    assert it.goes_on(1) == 1
    for _ in range(3):
        it.ping("a")
        assert it.goes_on(9) == 0
    it.ping("a")
    assert it.goes_on(3) == 1, "three times the delay, at most"


def test_what_is_told_during_a_run_and_not_read_by_it_makes_one_run_more(watch: Watch) -> None:
    it = watch("poll: 1h")
    later = [lambda: it.ping("a"), lambda: it.ping("a")]

    def during() -> None:
        for act in later:
            act()
        later.clear()

    it.during = during
    it.ping("a")
    assert it.goes_on(60) == 2
    assert it.goes_on(60) == 0


def test_what_a_run_reads_after_it_was_told_needs_no_run_more(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.before = lambda _: it.ping("b") if len(it.ran) == 1 else None
    it.ping("a")
    assert it.goes_on(60) == 1


def test_pings_of_our_own_writes_are_looked_at_and_start_no_run(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.during = lambda: it.ping("b", "b1") if len(it.ran) == 1 else None
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a", "a1")
    assert it.goes_on(1) == 1
    it.ping("b", "b1")
    assert it.goes_on(10) == 0
    assert it.pinged() == 0, "the look has answered them"
    it.world.apps["b"].edit("b1", note="edited there")
    it.ping("b", "b1")
    assert it.goes_on(1) == 1
    assert only(it.world.apps["a"])["note"] == "edited there"


def test_a_ping_during_a_look_is_looked_at_once_more(watch: Watch) -> None:
    """The look may have read before the edit."""
    it = watch("poll: 1h")
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    assert it.goes_on(1) == 1
    edits = [lambda: it.world.apps["b"].edit("b1", note="edited there")]
    changes = it.world.apps["b"].changes

    def read_before(*args: Any) -> Any:
        pages = list(changes(*args))
        for edit in edits:
            edit()
            it.ping("b", "b1")
            it.watcher._runs.hear(it.world.now)
        edits.clear()
        return iter(pages)

    it.world.apps["b"].changes = read_before
    it.ping("b", "b1")
    assert it.goes_on(2) == 1
    assert only(it.world.apps["a"])["note"] == "edited there"


def test_one_run_of_a_sync_at_a_time_and_not_more_than_allowed_at_all(watch: Watch) -> None:
    runs = OnCall()
    it = watch("poll: 1h, every: 1d", runs=runs)
    (it.world.root / ".env").write_text("SYNCLINE_WATCH_RUNS=2\n")
    it.world.project.__dict__.pop("settings")
    it.anew()
    text = (it.world.root / "deployments" / "it.yaml").read_text()
    for name in ("one", "two", "three"):
        (it.world.root / "deployments" / f"{name}.yaml").write_text(text.replace("sync: it", f"sync: {name}"))
    it.goes_on(5)
    it.ping("a")
    it.goes_on(5)
    assert len(runs.jobs) == 2
    it.watcher.desk.carry = lambda sync, full: _ended(it, sync)
    for _ in range(4):
        runs.do()
        it.goes_on(1)
        assert len(runs.jobs) <= 2
    assert sorted(it.ran) == [("it", False), ("one", False), ("three", False), ("two", False)]


def _ended(it: Lookout, sync: str) -> Any:
    """A run that had nothing to do."""
    from flows.report import RunReport

    it.ran.append((sync, False))
    return RunReport("x", writes={"a": {}, "b": {}})


def test_a_run_that_somebody_else_makes_is_waited_for(watch: Watch) -> None:
    it = watch("poll: 1h")
    other = Lease.take(it.world.project.store, "it", lambda: it.world.now, holder="another:1:x")
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    it.goes_on(12)
    assert it.said("run") == it.said("trouble") == []
    other.give_back()
    it.goes_on(6)
    assert only(it.world.apps["b"])["note"] == "edited"


def test_a_side_that_fails_in_a_run_is_tried_again_less_and_less_often(watch: Watch) -> None:
    it = watch("poll: 1h")

    def down(_moment: str, what: str) -> None:
        raise Transient("b has a problem.", landed=False)

    it.world.apps["b"].fault = down
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    assert 5 <= it.goes_on(900) <= 8
    it.world.apps["b"].fault = lambda _moment, _what: None
    assert it.goes_on(300) == 1
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.goes_on(3000) == 0


def test_pings_of_a_side_that_is_down_start_no_runs_in_vain(watch: Watch) -> None:
    it = watch("poll: 1h")

    def down(_moment: str, what: str) -> None:
        raise Transient("b has a problem.", landed=False)

    it.world.apps["b"].fault = down
    it.ping("b")
    assert it.goes_on() == 1
    for _ in range(20):
        it.ping("b")
        assert it.goes_on(1) == 0
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    assert it.goes_on() == 1, "the other sides go on"
    it.world.apps["b"].fault = lambda _moment, _what: None
    it.goes_on(120)
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.pinged() == 0


def test_a_sync_that_cannot_run_is_told_once_and_again_when_it_can(watch: Watch) -> None:
    it = watch("poll: 1h")
    file = it.world.root / "deployments" / "it.yaml"
    text = file.read_text()
    file.write_text(text.replace("mapping: things", "mapping: thinks"))
    it.goes_on(60)
    (said,) = it.said("trouble")
    assert "There is no mapping 'thinks'" in said
    assert "Did you mean 'things'" in said
    file.write_text(text)
    it.goes_on(10)
    assert it.said("well") == ["It can be used again."]


def test_syncs_that_are_added_paused_and_removed_are_noticed(watch: Watch) -> None:
    it = watch("poll: 10s, every: 1h")
    file = it.world.root / "deployments" / "it.yaml"
    it.schedule("poll: 10s, every: 1h", "paused: true")
    it.goes_on(4)
    before = it.requests()
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a")
    assert it.goes_on(600) == 0
    assert it.requests() == before
    it.schedule("poll: 10s, every: 1h")
    it.goes_on(4)
    assert only(it.world.apps["b"])["note"] == "edited"
    shutil.move(file, it.world.root / "elsewhere")
    it.goes_on(4)
    before = it.requests()
    assert it.goes_on(600) == 0
    assert it.requests() == before


def test_a_mapping_that_changes_is_run_for(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.world.write_mapping("conflicts: ask")
    assert it.goes_on(4) == 1
    assert it.goes_on(600) == 0


def test_a_mapping_that_has_changed_while_nobody_watched_is_run_for(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.world.write_mapping("conflicts: ask")
    it.anew()
    assert it.goes_on() == 1
    assert it.said("run")[0].endswith("; its mapping has changed)")


def test_an_answer_of_a_person_is_acted_on_at_once(watch: Watch) -> None:
    it = watch("poll: 1h")
    it.world.write_mapping("conflicts: ask")
    it.goes_on(4)
    it.world.apps["a"].edit("a1", note="mine")
    it.world.apps["b"].edit("b1", note="yours")
    it.ping("a")
    it.goes_on(10)
    (hold,) = holds.listed(it.world.project.store, "it")
    holds.answer(it.world.project.store, hold["id"], {"take": "a"}, it.world.now.isoformat())
    assert it.goes_on(4) == 1
    assert only(it.world.apps["b"])["note"] == "mine"
    assert it.goes_on(60) == 0


def test_everything_is_read_at_its_time_of_day_once(watch: Watch) -> None:
    it = watch('poll: 1h, full: "14:00", zone: Europe/Berlin')  # it is 13:02 there
    assert it.goes_on(3300) == 0
    it.goes_on(300)
    assert it.ran == [("it", True)]
    assert it.goes_on(7200) == 0
    it.anew()
    assert it.goes_on(7200) == 0


def test_a_sync_without_a_schedule_waits_for_a_person_to_run_it_first(watch: Watch) -> None:
    it = watch("poll: 10s")
    text = (it.world.root / "deployments" / "it.yaml").read_text().replace("sync: it", "sync: two")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("schedule"))
    (it.world.root / "deployments" / "two.yaml").write_text(text)
    it.goes_on(30)
    (it.world.root / "deployments" / "two.yaml").write_text(f"{text}\n# a remark\n")
    it.goes_on(300)
    assert it.ran == []
    said = it.said("waiting")[0]
    assert "syncline plan two" in said


def test_nothing_is_lost_when_it_is_killed(watch: Watch) -> None:
    """Before a run, and in the midst of one."""
    it = watch("poll: 1h", runs=OnCall())
    it.world.apps["a"].edit("a1", note="edited")
    it.ping("a", "a1")
    it.goes_on()
    it.runs.jobs.clear()  # type: ignore[attr-defined]
    it.runs = Lookout(it.world).runs

    def kill(moment: str, what: str) -> None:
        if (moment, what) == ("before", "update"):
            raise Crash

    it.world.apps["b"].fault = kill
    it.anew()
    it.during = lambda: None
    it.goes_on()
    assert only(it.world.apps["b"])["note"] == "budget"
    it.world.apps["b"].fault = lambda _moment, _what: None
    it.anew()
    assert it.goes_on() == 1
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.world.apps["b"].writes == 2
    assert it.goes_on(7200) <= 1


def test_a_run_by_hand_is_no_news(watch: Watch) -> None:
    it = watch("poll: 10s")
    it.world.apps["a"].edit("a1", note="edited")
    direct.run(it.world.project, "it", session=it.world.session())
    assert it.goes_on(600) == 0


def test_an_edit_that_a_plan_has_read_is_written(watch: Watch) -> None:
    it = watch("poll: 10s")
    assert it.goes_on(60) == 0
    it.world.apps["a"].edit("a1", note="edited")
    it.world.plan()
    assert only(it.world.apps["b"])["note"] != "edited"
    assert it.goes_on(120) >= 1
    assert only(it.world.apps["b"])["note"] == "edited"
    assert it.goes_on(600) == 0


def test_a_deletion_that_only_a_ping_tells_of_is_not_taken_for_an_echo(watch: Watch) -> None:
    """The ping comes when one of our own writes has just been made there, and the app lists no deletions."""
    it = watch("poll: 1h")
    it.world.apps["a"].edit("a1", note="edited")
    it.world.apps["a"].add(name="Another")
    it.ping("a")
    assert it.goes_on(1) == 1
    it.world.apps["b"].remove("b1")
    it.world.apps["b"].rows["b1"].changed = 0
    it.ping("b", "b1")
    assert it.goes_on(10) == 2, "what is missing is looked at twice"
    assert only(it.world.apps["a"])["name"] == "Another"
    assert it.goes_on(3600) == 0


def test_a_look_that_shows_nothing_new_counts_as_a_reading(watch: Watch) -> None:
    it = watch("poll: 10s")
    it.goes_on(1)
    before = it.world.project.store.all(sides)
    assert it.goes_on(600) == 0
    for row, former in zip(it.world.project.store.all(sides), before, strict=True):
        assert it.world.now - datetime.fromisoformat(row["read_at"]) < timedelta(minutes=7)
        assert (row["cursor"], row["scanned_at"]) == (former["cursor"], former["scanned_at"])
