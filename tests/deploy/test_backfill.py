"""What a backfill covers: a range of days, some sides, or just a look."""

from __future__ import annotations

from datetime import date

import pytest

from engine.contract import Op, Transient
from engine.record import runs_of
from flows import backfill
from flows.project import ProjectError
from flows.report import PlanReport, RunReport
from flows.shards import Part
from tests.sync.world import Make, World, make

__all__ = ["make"]


def fill(world: World, part: Part) -> RunReport:
    return backfill.run(world.project, "it", part, direct=True, session=world.session())


def look(world: World, part: Part) -> PlanReport:
    return backfill.plan(world.project, "it", part, session=world.session())


def names(world: World, side: str) -> list[str]:
    return sorted(one["name"] for one in world.apps[side].live().values())


def test_only_the_sides_that_were_chosen_are_written_and_the_next_run_writes_the_rest(make: Make) -> None:
    world = make("a", "b", "c")
    world.apps["a"].add(name="Review")
    report = fill(world, Part(sides=frozenset({"b"})))
    assert (report.writes["b"]["create"], report.writes["c"]["create"]) == (1, 0)
    assert (names(world, "b"), names(world, "c")) == (["Review"], [])
    world.run()
    assert names(world, "c") == ["Review"]
    assert len(names(world, "b")) == 1


def test_a_dry_run_writes_nothing_and_its_plan_can_be_applied(make: Make) -> None:
    world = make("a", "b", "c")
    world.apps["a"].add(name="Review")
    plan = look(world, Part(sides=frozenset({"c"})))
    assert [(change["side"], change["op"], change["title"]) for change in plan.changes] == [("c", "create", "Review")]
    assert (names(world, "b"), names(world, "c")) == ([], [])
    assert runs_of(world.project.store)[0]["kind"] == "plan"
    world.apply(plan.plan)
    assert (names(world, "b"), names(world, "c")) == ([], ["Review"])


def test_a_range_and_sides_that_mean_nothing_are_refused_before_anything_is_read(make: Make) -> None:
    world = make("alpha", "beta")
    for part, said in (
        (Part(date(2026, 2, 1), date(2026, 1, 1)), r"ends \(2026-01-01\) before it begins \(2026-02-01\)"),
        (Part(sides=frozenset({"alfa"})), "no side 'alfa'.*alpha"),
    ):
        with pytest.raises(ProjectError, match=said):
            fill(world, part)
    assert [app.requests for app in world.apps.values()] == [0, 0]


def test_records_without_a_day_take_part_only_where_no_range_is_asked_for(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    with pytest.raises(ProjectError, match=r"have no day to tell a range by.*Leave the range out"):
        fill(world, Part(first=date(2026, 1, 1)))
    assert fill(world, Part()).writes["b"]["create"] == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(), "everything"),
        (Part(date(2026, 1, 1), date(2026, 2, 1)), "2026-01-01 to 2026-02-01"),
        (Part(first=date(2026, 1, 1)), "from 2026-01-01"),
        (Part(last=date(2026, 1, 1)), "up to 2026-01-01"),
    ],
)
def test_a_range_in_words(part: Part, words: str) -> None:
    assert part.words == words


def test_a_backfill_whose_app_asks_to_wait_has_failed_and_can_be_run_again(make: Make) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")

    def busy(_moment: str, what: str) -> None:
        if what == Op.CREATE:
            raise Transient("b is busy.", landed=False)

    world.apps["b"].fault = busy
    report = fill(world, Part())
    again = "What was written is known: run the backfill again."
    assert (report.status, report.errors) == ("failed", {"b": f"1 could not be written yet. b is busy. {again}"})
    world.apps["b"].fault = lambda _moment, _what: None
    assert fill(world, Part()).writes["b"]["create"] == 1
