"""The commands on a state that is damaged, lost or healthy: what doctor says, and what a rebuild does about it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.store.tables import connections, copies
from flows.project import Project
from syncline.cli import main
from tests.sync.world import Make, World, make

__all__ = ["make"]
Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def world(make: Make) -> World:
    world = make("a", "b")
    world.now = datetime.now(UTC) - timedelta(hours=1)  # the commands have this machine's clock
    for number in range(60):
        world.apps["a"].add(name=f"Thing {number}", note="x" * 200)
    world.run()
    return world


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command on the world: exit code, and its JSON or what it said on standard error."""
    monkeypatch.setattr(Project, "connector", lambda _project, name: world.apps[name])

    def call(*words: str) -> tuple[int, Any]:
        world.close()
        capsys.readouterr()
        code = main([*words, "--json", "--project", str(world.root)])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return call


def state(world: World) -> Path:
    return world.root / ".syncline" / "state.db"


def sign_in(world: World) -> None:
    row = {"name": "a", "app": "caldav", "settings": {"url": "x"}, "secrets": b"sealed", "account": "ann"}
    with world.project.store.write() as connection:
        connection.execute(connections.insert().values(**row, created_at="2026-11-23"))


def said_of(findings: list[dict[str, Any]], what: str) -> list[tuple[Any, str]]:
    return [(one["ok"], one["detail"]) for one in findings if one["what"].startswith(what)]


def test_a_damaged_state_is_set_aside_and_rebuilt(world: World, command: Command) -> None:
    world.close()
    state(world).write_bytes(b"not a database at all" * 100)
    code, said = command("run", "it", "--direct")
    assert (code, "syncline rebuild" in said) == (1, True)
    assert command("rebuild", "it", "--dry-run")[0] == 1
    code, report = command("rebuild", "it")
    assert (code, report["writes"]["b"]["create"], report["rebuilt"]["linked"]) == (0, 0, 60)
    assert Path(report["aside"]).name == "state.db.damaged-1"
    assert Path(report["aside"]).read_bytes().startswith(b"not a database")
    assert command("run", "it", "--direct")[1]["writes"]["b"] == {"create": 0, "update": 0, "delete": 0}
    state(world).write_bytes(b"again" * 1000)
    assert Path(command("rebuild", "it")[1]["aside"]).name == "state.db.damaged-2"


def test_sign_ins_that_can_still_be_read_are_kept(world: World, command: Command) -> None:
    sign_in(world)
    world.close()
    with closing(sqlite3.connect(state(world))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        number = connection.execute("select rootpage from sqlite_master where name = 'history'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = bytearray(state(world).read_bytes())
    pages[(number - 1) * size : number * size] = b"\xff" * size
    state(world).write_bytes(pages)
    code, report = command("rebuild", "it")
    assert (code, bool(report["aside"])) == (0, True)
    kept = Project.at(world.root)
    assert [(row["name"], row["secrets"]) for row in kept.store.all(connections)] == [("a", b"sealed")]
    kept.close()


def test_a_state_that_is_only_busy_is_not_set_aside(world: World, command: Command) -> None:
    world.close()
    with closing(sqlite3.connect(state(world), isolation_level=None)) as other:
        other.execute("begin immediate")
        code, report = command("rebuild", "it", "--dry-run", "--force")
        assert (code, report["rebuilt"]["linked"]) == (0, 60)
        other.execute("rollback")
    assert list(state(world).parent.glob("*.damaged-*")) == []


def test_a_rebuild_of_a_healthy_state_is_refused(command: Command) -> None:
    code, said = command("rebuild", "it")
    assert (code, "healthy" in said, "--force" in said) == (1, True, True)


def test_doctor_says_what_does_not_hang_together_and_what_to_do(world: World, command: Command) -> None:
    assert said_of(command("doctor")[1], "links")[0][0] is True
    with closing(sqlite3.connect(state(world))) as connection, connection:
        connection.execute("delete from links")
    code, findings = command("doctor")
    assert code == 1
    ((ok, detail),) = said_of(findings, "state of it")
    assert (ok, detail) == (
        False,
        "120 records whose link does not exist or has ended. What to do: syncline rebuild it",
    )
    assert command("rebuild", "it")[0] == 0
    assert said_of(command("doctor")[1], "links")[0][0] is True


def test_doctor_sees_a_clock_that_is_behind(world: World, command: Command) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    with world.project.store.write() as connection:
        connection.execute(copies.update().where(copies.c.side == "b").values(changed_at=later))
    assert [ok for ok, detail in said_of(command("doctor")[1], "clock") if "b says" in detail] == [False]
