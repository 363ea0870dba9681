"""What a run costs, counted in statements and rows, never in seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from engine.store import Store, metadata
from tests.store.postgres import Postgres
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told

LARGE = ("copies", "copy_keys", "links", "changes", "history")
"""Tables that grow with the records or with time."""


@contextmanager
def watched() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not statement.startswith("PRAGMA"):
            seen.append((statement, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[Any]:
    worlds = []

    def make(records: int) -> World:
        world = World(tmp_path / f"p{len(worlds)}", {name: MemoryApp(name) for name in "ab"})
        for number in range(records):
            world.apps["a"].add(name=f"Thing {number}", note="budget")
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


def settled(world: World) -> World:
    world.run()
    while told(world.run()):
        pass
    return world


def test_an_idle_run_scans_no_large_table(new_world: Any) -> None:
    world = settled(new_world(30))
    with watched() as seen:
        assert told(world.run()) == 0
    assert len(seen) > 20
    with world.project.store.engine.connect() as connection:
        plans = {
            (step[3], statement)
            for statement, parameters in seen
            if statement.split()[0] in ("SELECT", "UPDATE", "DELETE")
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    assert [plan for plan in plans if any(plan[0] == f"SCAN {table}" for table in LARGE)] == []


def test_an_idle_run_costs_the_same_whatever_there_is(new_world: Any) -> None:
    counts = []
    for records in (10, 100):
        world = settled(new_world(records))
        with watched() as seen:
            world.run()
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_run_with_changes_looks_through_no_large_table(new_world: Any) -> None:
    """Not by its sync alone, which all rows of most states have."""
    world = settled(new_world(30))
    world.apps["a"].add(name="New")
    world.apps["a"].edit("a1", note="new")
    world.apps["a"].rows["a2"].data.pop("place")
    world.apps["a"].edit("a2", name="Other")
    world.apps["b"].remove("b3")
    with watched() as seen:
        world.run()
        world.apps["a"].edit("a2", place="There again")
        world.run()
    with world.project.store.engine.connect() as connection:
        plans = {
            (step[3], statement)
            for statement, parameters in seen
            if statement.split()[0] in ("SELECT", "UPDATE", "DELETE") and "CASE WHEN" not in statement  # accounting
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        }
    whole = re.compile(rf"(SCAN|SEARCH) ({'|'.join(LARGE)})( USING INDEX \w+ \(sync=\?\))?$")
    assert [plan for plan in plans if whole.match(plan[0]) and "copies_failed" not in plan[0]] == []


@pytest.mark.parametrize("what", ["create", "update"])
def test_a_batch_costs_the_same_whatever_is_in_it(new_world: Any, what: str) -> None:
    """Up to fifty changes are one batch."""
    counts = []
    for changed in (4, 12):
        world = settled(new_world(40)) if what == "update" else new_world(changed)
        for record in list(world.apps["a"].live())[: changed if what == "update" else 0]:
            world.apps["a"].edit(record, note="new")
        with watched() as seen:
            assert told(world.run()) == changed
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("table", ["copies", "links", "changes", "copy_keys"])
def test_postgresql_looks_records_up_by_their_key_before_it_has_statistics(postgres: Postgres, table: str) -> None:
    store = Store.open(postgres.fresh())
    keys = [column.name for column in metadata.tables[table].primary_key]
    where = " and ".join(f"{name} = {1 if name == 'rule' else repr('x')}" for name in keys)
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"explain update {table} set sync = 'y' where {where}").scalars()
        plan = "\n".join(rows)
    store.close()
    assert f"using {table}_pkey" in plan or f"on {table}_pkey" in plan, plan
