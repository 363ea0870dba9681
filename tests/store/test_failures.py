"""What happens when the state cannot be used: one sentence, exit code 1, and nothing lost or doubled afterwards."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import engine.store
from engine.contract import Op, Page, Record
from engine.snapshot import Note, save
from engine.store.lease import Fenced, Lease
from engine.store.tables import changes
from flows.project import Project
from syncline.cli import main
from syncline.errors import explain
from tests.store.postgres import Postgres
from tests.sync.memory import MemoryApp
from tests.sync.world import World, told

LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin immediate")
print("locked", flush=True)
time.sleep(600)
"""
Command = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The command line logs to the standard error of the test it ran in, which is closed afterwards."""
    yield
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.name == "syncline"]:
        root.removeHandler(handler)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two apps in memory; nothing has run."""
    world = World(tmp_path / "project", {"a": MemoryApp("a"), "b": MemoryApp("b")})
    yield world
    world.close()


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command on the world: exit code and what it said on standard error, which is at most one sentence."""
    monkeypatch.setattr(Project, "connector", lambda _project, name: world.apps[name])

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*words, "--project", str(world.root)])
        said = capsys.readouterr().err
        last = said.strip().splitlines()[-1:] or [""]
        assert "Traceback" not in said
        return code, last[0]

    return call


def run(command: Command) -> tuple[int, str]:
    return command("run", "it", "--direct")


def fill(world: World, count: int = 60) -> None:
    for number in range(count):
        world.apps["a"].add(name=f"Thing {number}", note="x" * 200)


def state(world: World) -> Path:
    return world.root / ".syncline" / "state.db"


def settled(world: World, command: Command, count: int) -> None:
    """Everything is there once, and a further run is idle."""
    assert run(command)[0] == 0
    written = {name: app.writes for name, app in world.apps.items()}
    assert run(command)[0] == 0
    assert {name: app.writes for name, app in world.apps.items()} == written
    for app in world.apps.values():
        names = [row["name"] for row in app.live().values()]
        assert sorted(names) == sorted(f"Thing {number}" for number in range(count))


@pytest.mark.parametrize("words", [("status",), ("run", "it", "--direct"), ("history", "it")])
@pytest.mark.parametrize("damage", ["another file", "cut short"])
def test_a_damaged_file_is_named_and_a_backup_goes_on(
    world: World, command: Command, damage: str, words: tuple[str, ...]
) -> None:
    fill(world)
    assert run(command)[0] == 0
    backup = state(world).read_bytes()
    state(world).write_bytes(b"not what it was" * 500 if damage == "another file" else backup[: len(backup) // 2])
    written = world.apps["b"].writes
    code, said = command(*words)
    assert code == 1
    assert str(state(world)) in said
    assert "The file is damaged: put a backup in its place" in said
    assert world.apps["b"].writes == written
    state(world).write_bytes(backup)
    settled(world, command, 60)


def test_without_a_backup_the_next_run_matches_everything_anew(world: World, command: Command) -> None:
    fill(world)
    assert run(command)[0] == 0
    state(world).write_bytes(b"not a database at all" * 100)
    assert run(command)[0] == 1
    state(world).unlink()
    settled(world, command, 60)
    assert (world.apps["a"].writes, world.apps["b"].writes) == (0, 60)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere; nobody may not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def shared_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project in a folder that everybody may read."""
    home = Path(tempfile.mkdtemp(prefix="shared-"))
    home.chmod(0o755)
    world = World(home / "project", {"a": MemoryApp("a"), "b": MemoryApp("b")})
    monkeypatch.setattr(Project, "connector", lambda _project, name: world.apps[name])
    yield world
    world.close()
    for folder in [home, *home.rglob("*/")]:
        folder.chmod(0o755)
    shutil.rmtree(home)


@pytest.mark.parametrize("present", [False, True])
def test_a_folder_that_may_not_be_written(
    shared_world: World, present: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "it", "--direct", "--project", str(shared_world.root)]
    fill(shared_world, 3)
    assert main(words) == 0  # also: whatever it imports may be closed to nobody
    fill(shared_world, 3)
    shared_world.close()
    if not present:
        shutil.rmtree(shared_world.root / ".syncline")
    written = shared_world.apps["b"].writes
    for path in [shared_world.root, *shared_world.root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    capsys.readouterr()
    with unprivileged():
        assert main(words) == 1
    said = capsys.readouterr().err
    assert "permissions" in said
    assert said.count("\n") == 1
    assert shared_world.apps["b"].writes == written


def test_a_full_disk_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at one page after the other, for as long as a run needs more."""
    failed = 0
    for spare in (0, 1, 3, 8, 20, 40, 60):
        world = World(tmp_path / f"p{spare}", {"a": MemoryApp("a"), "b": MemoryApp("b")})
        monkeypatch.setattr(Project, "connector", lambda _project, name, world=world: world.apps[name])
        words = ["run", "it", "--direct", "--project", str(world.root)]
        fill(world, 1)
        assert main(words) == 0
        fill(world, 100)
        with room_for(spare):
            failed += main(words) == 1
        assert main(words) == 0
        written = world.apps["b"].writes
        assert main(words) == 0
        assert world.apps["b"].writes == written
        for app in world.apps.values():
            assert len(set(app.live())) == 101
        world.close()
    assert failed >= 5


@contextmanager
def room_for(pages: int) -> Iterator[None]:
    """SQLite may take so many pages more, and no more."""

    def limit(connection: Any, _record: object) -> None:
        now = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={now + pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_full_disk_is_said_so(world: World, command: Command) -> None:
    fill(world, 1)
    assert run(command)[0] == 0
    fill(world, 200)
    with room_for(3):
        code, said = run(command)
    assert (code, "full" in said, "Free some space" in said) == (1, True, True)


def test_a_full_disk_for_snapshots_is_said_so() -> None:
    with pytest.raises(OSError) as raised:
        save(Path("/dev/full"), [(Page([Record("1", None, {})]), False)], frozenset(), Note("a", "scan", None, "ann"))
    assert explain(raised.value).startswith("The disk is full")


def test_another_process_that_writes(world: World, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.store, "PATIENCE", 0)
    fill(world, 3)
    assert run(command)[0] == 0
    with subprocess.Popen([sys.executable, "-c", LOCK, str(state(world))], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "locked\n"
        code, said = run(command)
        looked = command("status")
        other.kill()
    assert (code, "Another process writes to it: wait" in said) == (1, True)
    assert looked == (0, "")
    settled(world, command, 3)


def test_a_second_run_is_refused_while_one_is_under_way(world: World, command: Command) -> None:
    fill(world, 3)
    second = []

    def meanwhile(moment: str, what: str) -> None:
        if (moment, what) == ("before", Op.CREATE) and not second:
            second.append(run(command))

    world.apps["b"].fault = meanwhile
    assert run(command)[0] == 0
    ((code, said),) = second
    assert (code, "it is being run by" in said) == (1, True)
    settled(world, command, 3)


def test_a_run_that_was_taken_over_sends_and_stores_nothing_more(world: World) -> None:
    fill(world, 120)
    taken: list[Lease] = []

    def take_over(_moment: str, what: str) -> None:
        if what == Op.CREATE and not taken:
            later = world.now + engine.store.lease.TERM * 2
            taken.append(Lease.take(world.project.store, "it", lambda: later, holder="elsewhere:1:abc"))

    world.apps["b"].fault = take_over
    with pytest.raises(Fenced, match="taken over"):
        world.run()
    store = world.project.store
    assert world.apps["b"].writes == 50  # the batch that was on its way
    found = [row["state"] for row in store.all(changes)]
    assert {name: found.count(name) for name in found} == {"sent": 50, "planned": 70}
    taken[0].give_back()
    assert sum(told(world.run()) for _ in range(3)) >= 70
    assert told(world.run()) == 0
    assert len(world.apps["b"].live()) == len(world.apps["a"].live()) == 120


def test_postgresql_that_is_down(world: World, command: Command, postgres: Postgres) -> None:
    (world.root / ".env").write_text(f"SYNCLINE_STATE_URL={postgres.fresh()}\n")
    fill(world, 3)
    assert run(command)[0] == 0
    world.apps["a"].add(name="Thing 3")
    postgres.stop()
    try:
        for words in (("status",), ("run", "it", "--direct")):
            code, said = command(*words)
            assert (code, "Connection refused" in said, "database runs" in said) == (1, True, True)
            assert "hush" not in said
    finally:
        postgres.start()
    settled(world, command, 4)


def test_postgresql_that_restarts_during_a_run(world: World, command: Command, postgres: Postgres) -> None:
    (world.root / ".env").write_text(f"SYNCLINE_STATE_URL={postgres.fresh()}\n")
    fill(world, 120)
    calls = iter(range(10_000))
    world.apps["b"].fault = lambda _moment, _what: postgres.hang_up() if next(calls) == 30 else None
    assert run(command)[0] in (0, 1)
    settled(world, command, 120)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://syncline:hush@127.0.0.1:{port}/nowhere", "does not exist"),
        ("mysql://root:hush@127.0.0.1/db", "Correct SYNCLINE_STATE_URL"),
        ("whatever", "Correct SYNCLINE_STATE_URL"),
    ],
)
def test_an_address_that_is_wrong(world: World, command: Command, postgres: Postgres, url: str, words: str) -> None:
    (world.root / ".env").write_text(f"SYNCLINE_STATE_URL={url.format(port=postgres.port)}\n")
    code, said = command("status")
    assert (code, words in said, "hush" in said) == (1, True, False)
