"""The views of `syncline sql`: what they say, and that the reference says the same of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flows.project import Project
from syncline.docs import ROOT
from syncline.query import QueryError, ask
from syncline.views import VIEWS
from tests.sync.world import Make, World, make

__all__ = ["make"]


def named(world: World, side: str, name: str) -> str:
    """The id of a record there."""
    return next(record for record, data in world.apps[side].live().items() if data["name"] == name)


@pytest.fixture
def world(make: Make) -> World:
    """One record in sync and edited once, one in conflict, one that a person excluded by rule, one deleted."""
    world = make(
        "a", "b", extra="conflicts: ask\nbrakes: {deletes: 100%}\nonly: {a: {not: {field: place, is: hidden}}}"
    )
    app = world.apps["a"]
    first, second, third = (app.add(name=name, note="old") for name in ("First", "Second", "Third"))
    world.run()
    app.edit(first, note="new", people=[{"email": "ann@example.com"}])
    app.edit(second, note="mine")
    world.apps["b"].edit(named(world, "b", "Second"), note="yours")
    app.remove(third)
    app.add(name="Fourth", place="hidden")
    world.run()
    return world


def rows(project: Project, query: str) -> list[dict[str, Any]]:
    columns, found = ask(project, query)
    return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_has_just_the_columns_and_types_that_are_told(world: World, name: str) -> None:
    told = [(column, kind) for column, (kind, _) in VIEWS[name].columns.items()]
    assert [(row["column_name"], row["column_type"]) for row in rows(world.project, f"describe {name}")] == told
    assert rows(world.project, f"select * from {name}")


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_has_them_in_a_project_that_never_ran(make: Make, name: str) -> None:
    project = make("a", "b").project
    told = [(column, kind) for column, (kind, _) in VIEWS[name].columns.items()]
    assert [(row["column_name"], row["column_type"]) for row in rows(project, f"describe {name}")] == told
    assert rows(project, f"select * from {name}") == []


def test_the_reference_tells_of_every_view_and_column() -> None:
    page = (ROOT / "docs/reference/sql.md").read_text(encoding="utf-8")
    sections = re.split(r"^##+ ", page, flags=re.MULTILINE)
    for name, view in VIEWS.items():
        (section,) = [one for one in sections if one.startswith(f"{name}\n")]
        assert re.findall(r"^\| `(\w+)` \| (\w+) \| .+ \|$", section, re.MULTILINE) == [
            (column, kind) for column, (kind, _) in view.columns.items()
        ]


def test_every_query_of_the_reference_can_be_asked(world: World) -> None:
    page = (ROOT / "docs/reference/sql.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL) + re.findall(r'\$ syncline sql "(.*?)"', page)
    assert len(queries) > 3
    for query in queries:
        ask(world.project, query)


def test_runs_and_holds_come_with_counts_and_values(world: World) -> None:
    first, second = rows(world.project, "select * from v_runs order by started_at")
    assert (first["creates"], first["updates"], first["deletes"], first["holds"]) == (3, 0, 0, 0)
    assert (second["creates"], second["updates"], second["deletes"], second["holds"]) == (0, 1, 1, 1)
    assert (second["status"], second["mapping"]) == ("waiting", 1)
    (hold,) = rows(world.project, "select * from v_holds")
    assert (hold["kind"], hold["state"], hold["field"]) == ("conflict", "open", "note")
    values = rows(world.project, "select side, value ->> '$' as value, changed_at from v_hold_values order by 1")
    assert [(row["side"], row["value"]) for row in values] == [("a", "mine"), ("b", "yours")]
    assert all(row["changed_at"].startswith("2026-11-01T") for row in values)


def test_records_and_values_say_what_status_says(world: World) -> None:
    counted = rows(world.project, "select side, state, count(*) as n from v_records group by 1, 2")
    status = world.status()
    assert {(row["side"], row["state"]): row["n"] for row in counted} == {
        (side, state): n for side, states in status.items() for state, n in states.items() if n and state != "total"
    }
    reasons = "select title, reason from v_records where state = 'excluded'"
    assert [(row["title"], "place" in row["reason"]) for row in rows(world.project, reasons)] == [("Fourth", True)]
    record = named(world, "b", "First")
    note = f"select value ->> '$' as v from v_values where side = 'b' and record = '{record}' and field = 'note'"
    assert rows(world.project, note) == [{"v": "new"}]
    agreed = "select count(*) as n from v_agreed where field = 'title' and ended_at is null"
    assert rows(world.project, agreed) == [{"n": 2}]


def test_history_and_snapshots_name_runs_that_are_there(world: World) -> None:
    lost = "select * from v_history h left join v_runs r using (run) where r.run is null or h.mapping <> r.mapping"
    assert rows(world.project, lost) == []
    (first,) = rows(world.project, "select * from v_snapshots where side = 'a' and kind = 'scan'")
    assert first["records"] == 3
    assert (Path(world.project.settings.snapshots) / first["file"]).exists()


@pytest.mark.parametrize("query", ["select * from connections", "select secrets from v_runs", "drop table v_runs, x"])
def test_secrets_are_not_there(world: World, query: str) -> None:
    with pytest.raises(QueryError):
        ask(world.project, query)


def test_nothing_is_changed_by_asking(world: World) -> None:
    before = world.status()
    ask(world.project, "select * from copies, links")
    ask(world.project, "delete from copies")
    assert rows(world.project, "select count(*) > 0 as there from copies") == [{"there": True}]
    assert world.status() == before
