"""`syncline history` and `syncline sql` at the command line: what is printed, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from syncline.cli import main
from tests.sync.world import Make, World, make

__all__ = ["make"]
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(make: Make) -> World:
    """A record made on one day, edited in b on the next, deleted in a on the third."""
    world = make("a", "b", extra="brakes: {deletes: 100%}")
    record = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.now += timedelta(days=1)
    world.apps["b"].edit("b1", note="new")
    world.run()
    world.now += timedelta(days=1)
    world.apps["a"].remove(record)
    world.run()
    return world


@pytest.fixture
def say(world: World, capsys: pytest.CaptureFixture[str]) -> Say:
    """One command in the world's project: its exit code, and what it printed."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*words, "--project", str(world.root)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def doc(said: tuple[int, str, str]) -> Any:
    assert said[0] == 0, said[2]
    return json.loads(said[1])


def test_history_lists_what_people_did_and_what_was_agreed_the_latest_first(say: Say) -> None:
    rows = doc(say("history", "it", "--json"))
    events = [row["event"] for row in rows]
    assert events[:2] == ["deleted", "gone"]
    assert {"edited", "agreed", "updated", "created"} <= set(events)
    _, table, _ = say("history", "it")
    line = next(line for line in table.splitlines() if " edited " in line and " b1 " in line)
    assert line.split()[:8] == ["2026-11-24", "12:02:00", "edited", "b", "b1", "note", "old", "new"]
    assert "2 fields" in next(line for line in table.splitlines() if " gone " in line)


def test_history_is_narrowed_by_record_event_and_time(say: Say) -> None:
    assert {row["event"] for row in doc(say("history", "it", "--event", "updated", "--json"))} == {"updated"}
    later = doc(say("history", "it", "--since", "2026-11-25", "--json"))
    earlier = doc(say("history", "it", "--until", "2026-11-24", "--json"))
    assert len(later) + len(earlier) == len(doc(say("history", "it", "--json")))
    assert {row["event"] for row in later} == {"gone", "deleted"}
    assert doc(say("history", "it", "--record", "b1", "--json")) == doc(say("history", "it", "--json"))
    assert doc(say("history", "it", "--record", "b9", "--json")) == []


def test_what_there_was_at_a_moment(say: Say) -> None:
    (thing,) = doc(say("history", "it", "--record", "a1", "--at", "2026-11-23", "--json"))
    assert {side: one["record"] for side, one in thing["sides"].items()} == {"a": "a1", "b": "b1"}
    notes = [field["value"] for one in thing["sides"].values() for field in one["fields"] if field["field"] == "note"]
    assert notes == ["old", "old"]
    code, table, _ = say("history", "it", "--record", "a1", "--at", "2026-11-24T14:00+01:00")
    assert (code, "live" in table, "written by Syncline: note changed in b" in " ".join(table.split())) == (
        0,
        True,
        True,
    )
    _, ended, _ = say("history", "it", "--record", "a1", "--at", "2026-11-25")
    assert "ended" in ended
    assert "(not there any more)" in ended


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--at", "2026-11-24"], 3, "--at needs --record"),
        (["--at", "2026-11-24", "--record", "a1", "--event", "edited"], 3, "--at needs --record"),
        (["--at", "soon", "--record", "a1"], 3, "'soon' is no moment"),
        (["--since", "2026-99-99"], 3, "is no moment"),
        (["--event", "dreamt"], 3, "dreamt"),
        (["--at", "2026-11-24", "--record", "a9"], 1, "has no record 'a9'"),
        (["--at", "2025-11-24", "--record", "a1"], 1, "SYNCLINE_HISTORY_DAYS"),
    ],
)
def test_what_cannot_be_told_is_said_with_the_reason(say: Say, words: list[str], code: int, why: str) -> None:
    found, out, err = say("history", "it", *words)
    assert (found, out) == (code, "")
    assert why in err


def test_sql_shows_times_as_they_are_and_scripts_get_objects(say: Say) -> None:
    query = "select started_at, creates from v_runs order by 1"
    _, table, _ = say("sql", query)
    assert "2026-11-23 12:01:00" in table
    assert '"2026' not in table
    rows = doc(say("sql", query, "--json"))
    assert rows[0] == {"started_at": "2026-11-23 12:01:00", "creates": 1}
    assert say("sql", query, "--format", "csv")[1].splitlines()[1] == "2026-11-23 12:01:00,1"
    assert say("sql", "select * from v_nothing")[0] == 1
