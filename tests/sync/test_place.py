"""Snapshots in places that are no folders of this machine."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from engine.snapshot import Note, SnapshotError, describe, frame_of
from flows import pruning
from flows.place import files, folder, place, ready
from syncline.doctor import examine
from syncline.errors import explain
from syncline.query import ask
from tests.sync.world import Make, World, make, only, told

__all__ = ["make"]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A store of files in memory, with nothing in it."""
    location = f"memory://snapshots-{uuid4().hex}"
    monkeypatch.setenv("SYNCLINE_SNAPSHOTS", location)
    yield location
    MemoryFileSystem.store.clear()


def names(location: str) -> list[str]:
    return sorted(one.path.name for one in files(place(location)))


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    return ask(world.project, query)[1]


def test_runs_plans_and_their_applying_keep_all_they_read_there(make: Make, store: str) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    assert told(world.run()) == 1
    world.apps["a"].edit(first, note="new")
    plan = world.plan()
    assert told(world.apply(plan.plan)) == 1
    assert only(world.apps["b"])["note"] == "new"
    assert told(world.run()) == 0
    assert {"a.parquet", "a.json", "b.json"} <= set(names(store))
    assert not (world.root / ".syncline" / "snapshots").exists()
    assert not list(world.root.rglob("*.parquet"))


def test_they_can_be_asked_with_sql(make: Make, store: str) -> None:
    world = make("a", "b")
    first = world.apps["a"].add(name="Review", note="old")
    world.run()
    world.apps["a"].edit(first, note="new")
    world.run()
    ((data,),) = rows(world, "select data from snapshot_it_a")
    assert '"note":"new"' in data
    seen = rows(world, "select sync, side, kind, records, file from v_snapshots where side = 'a' and kind = 'scan'")
    ((sync, side, kind, records, file),) = seen
    assert (sync, side, kind, records) == ("it", "a", "scan", 1)
    assert frame_of(place(store) / file).get_column("id").to_list() == [first]


def test_what_is_old_is_removed_though_folders_have_no_times(make: Make, store: str) -> None:
    world = make("a", "b")
    runs = []
    for number in range(3):
        world.apps["a"].add(name=f"Thing {number}")
        runs.append(world.run(full=True).run)
    for path, file in MemoryFileSystem.store.items():
        days = next((30 - 10 * at for at, run in enumerate(runs) if f"/{run}/" in path), None)
        if days is not None:
            file.created = world.now - timedelta(days=days)
    below = place(store) / "it"
    assert {one.parts[0] for one in files(below)} == set(runs)
    pruning.snapshots(below, timedelta(days=15), world.now)
    assert {one.parts[0] for one in files(below)} == {runs[2]}
    pruning.snapshots(below, timedelta(days=0), world.now)
    assert {one.parts[0] for one in files(below)} == {runs[2]}


def test_the_end_of_a_run_removes_what_is_old(make: Make, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNCLINE_SNAPSHOT_DAYS", "0")
    world = make("a", "b")
    world.apps["a"].add(name="Thing")
    first = world.run(full=True).run
    world.now += timedelta(days=400)
    world.run(full=True)
    world.now += timedelta(days=400)
    last = world.run(full=True).run
    left = {one.parts[1] for one in files(place(store))}
    assert last in left
    assert first not in left


def test_two_machines_share_one_place(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    location = f"file://{tmp_path}/shared"
    monkeypatch.setenv("SYNCLINE_SNAPSHOTS", location)
    monkeypatch.setenv("SYNCLINE_STATE_URL", f"sqlite:///{tmp_path}/state.db")
    one, two = make("a", "b"), make("a", "b")
    two.apps = one.apps
    one.apps["a"].add(name="Review")
    with_plan = one.plan().plan
    assert {file.parts[1] for file in files(place(location))} == {with_plan}
    assert told(two.apply(with_plan)) == 1
    assert told(one.run()) == 0
    assert rows(one, "select run, side, file from v_snapshots") == rows(two, "select run, side, file from v_snapshots")
    assert rows(two, "select count(*) from snapshot_it_a") == [(1,)]


def test_a_path_travels_to_another_process(tmp_path: Path) -> None:
    path = folder(f"file://{tmp_path}", "it", "run") / "a.parquet"
    describe(path, Note("a", "scan", None, "ann", records=7))
    code = (
        "import pickle, sys; from engine.snapshot import note_of; print(note_of(pickle.load(sys.stdin.buffer)).records)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(path), capture_output=True, check=True)
    assert done.stdout.strip() == b"7"


def test_plain_folders_are_plain_paths_and_need_no_library(tmp_path: Path) -> None:
    assert type(place(str(tmp_path))) is type(tmp_path)
    code = (
        f"import sys; from flows.place import ready, folder, files; ready({str(tmp_path)!r}); "
        f"folder({str(tmp_path)!r}, 'it'); print(sorted({{'fsspec', 'upath'}} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("nowhere://bucket/x", ["SYNCLINE_SNAPSHOTS=nowhere://bucket/x", "s3://bucket/snapshots"]),
        ("s3://bucket/x", ["SYNCLINE_SNAPSHOTS=s3://bucket/x", "pip install s3fs", "folder that all machines"]),
        ("gs://bucket/x", ["pip install gcsfs"]),
        ("abfs://ann:secret@host/x", ["abfs://ann:***@host/x", "pip install adlfs"]),
    ],
)
def test_a_bad_location_is_said_so_before_anything_is_read(
    make: Make, monkeypatch: pytest.MonkeyPatch, location: str, words: list[str]
) -> None:
    for package in ("s3fs", "gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setenv("SYNCLINE_SNAPSHOTS", location)
    world = make("a", "b")
    said = refused(world)
    assert [word for word in words if word not in said] == []
    assert "secret" not in said
    assert [app.requests for app in world.apps.values()] == [0, 0]
    assert said in [one["detail"] for one in examine(world.root) if one["what"] == "snapshots"]


def test_a_store_that_does_not_let_us_write_is_said_so_before_anything_is_read(
    make: Make, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make("a", "b")
    assert [one["ok"] for one in examine(world.root) if one["what"] == "snapshots"] == [True]
    assert names(store) == []
    monkeypatch.setattr(MemoryFileSystem, "_open", denied)
    said = refused(world)
    assert store in said
    assert [app.requests for app in world.apps.values()] == [0, 0]
    assert "AccessDenied: no such key" in said
    assert "syncline doctor" in said
    found = {one["what"]: one for one in examine(world.root)}
    assert (found["snapshots"]["ok"], found["snapshots"]["detail"]) == (False, said)


def test_a_store_that_fails_later_settles_nothing_and_the_next_run_goes_on(
    make: Make, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Review")
    ready(store)
    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "_open", denied)
        assert "AccessDenied" in refused(world)
    assert told(world.run()) == 1


def test_rows_that_a_shared_place_does_not_show_yet_are_not_taken_for_deleted(make: Make, store: str) -> None:
    path = folder(store, "it", "run") / "a.parquet"
    describe(path, Note("a", "scan", None, "ann", records=0))
    assert frame_of(path).height == 0
    describe(path, Note("a", "scan", None, "ann", records=7))
    with pytest.raises(SnapshotError, match=r"a\.parquet"):
        frame_of(path)


class AccessDenied(Exception):
    """What the library of a store raises: neither ours nor the system's."""


def denied(*_: Any, **__: Any) -> Any:
    raise AccessDenied("no such key\nmore")


def refused(world: World) -> str:
    """What a run says that cannot keep its snapshots; it has written nothing."""
    before = {name: app.live() for name, app in world.apps.items()}
    with pytest.raises(SnapshotError) as raised:
        world.run()
    assert {name: app.live() for name, app in world.apps.items()} == before
    return explain(raised.value)
