"""Sync files: what loads, what is refused, and that a written one loads again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.mapping import Mapping
from engine.problem import MappingError
from engine.yamlfile import load_deployment, save_deployment

FULL = """\
sync: team
mapping: google-outlook-meetings
sides:
  google: {connection: work, scope: {calendar: Team}}
  outlook: {connection: office, zone: Europe/Berlin}
schedule: {every: 5m, full: 03:00, zone: Europe/Berlin}
brakes: {deletes: 5}
task_runner: dask
paused: true
"""
SHORT = "sync: team\nmapping: m\nsides:\n  a: {connection: x}\n  b: {connection: y}\n"


def load(folder: Path, text: str) -> Deployment:
    path = folder / "team.yaml"
    path.write_text(text, encoding="utf-8")
    return load_deployment(path)


def model() -> Mapping:
    sides = {
        "google": {"app": "g", "object": "events", "scope": {"calendar": "primary", "from": "2026"}},
        "outlook": {"app": "o", "object": "events", "zone": "UTC"},
    }
    fields = {"title": {"google": "summary", "outlook": "subject"}}
    brakes = {"updates": 7}
    return Mapping.model_validate({"name": "m", "sides": sides, "match": [], "fields": fields, "brakes": brakes})


def test_a_sync_names_what_differs_from_its_mapping(tmp_path: Path) -> None:
    sync = load(tmp_path, FULL)
    assert sync.side(model(), "google").scope == {"calendar": "Team", "from": "2026"}
    assert [sync.side(model(), side).zone for side in ("google", "outlook")] == [None, "Europe/Berlin"]
    limits = sync.limits(model())
    assert [limits.deletes.of(0), limits.updates.of(0), limits.blanked.of(0)] == [5, 7, 10]
    assert sync.schedule is not None
    assert (sync.schedule.interval, sync.schedule.full, sync.task_runner, sync.paused) == (
        timedelta(minutes=5),
        "03:00",
        "dask",
        True,
    )
    assert sync.check_sides(model()) == []


def test_a_sync_needs_no_more_than_connections(tmp_path: Path) -> None:
    sync = load(tmp_path, SHORT)
    assert (sync.schedule, sync.brakes, sync.task_runner, sync.paused) == (None, None, "threads", False)
    assert [problem.text for problem in sync.check_sides(model())] == [
        "mapping 'm' has no side 'a'; it has google and outlook",
        "mapping 'm' has no side 'b'; it has google and outlook",
        "side 'google' of the mapping has no connection",
        "side 'outlook' of the mapping has no connection",
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("mapping: m\n", "", "1: the sync has no 'mapping'"),
        ("mapping: m", "maping: m", "2: unknown key 'maping' in the sync; did you mean 'mapping'?"),
        ("{connection: y}", "{conection: y}", "5: unknown key 'conection' in side 'b'; did you mean 'connection'?"),
        ("{connection: y}", "y", "5: side 'b' should be a block of keys, not 'y'"),
        ("  b: {connection: y}\n", "", "3: a sync needs two sides or more"),
        ("mapping: m", "mapping: m\nschedule: {every: 5s}", "3: 'every' in 'schedule' should be 10s or more, not 5s"),
        (
            "mapping: m",
            "mapping: m\nschedule: {every: 5 minutes}",
            "3: 'every' in 'schedule' should be a period such as 30s, 5m, 2h or 1d, not '5 minutes'",
        ),
        (
            "mapping: m",
            "mapping: m\nschedule: {full: 25:00}",
            "3: 'full' in 'schedule' should be a time of day such as 03:00, not '25:00'",
        ),
        (
            "mapping: m",
            "mapping: m\nschedule: {ever: 5m}",
            "3: unknown key 'ever' in 'schedule'; did you mean 'every'?",
        ),
        (
            "mapping: m",
            "mapping: m\ntask_runner: thread",
            "3: 'task_runner' in the sync should be threads, dask or ray, not 'thread'; did you mean 'threads'?",
        ),
        ("mapping: m", "mapping: m\npaused: 'yes'", "3: 'paused' in the sync should be true or false, not 'yes'"),
        (
            "mapping: m",
            "mapping: m\nbrakes: {deletes: x}",
            "3: 'deletes' in 'brakes' should be a limit such as 10, 5%, max(10, 2%) or unlimited, not 'x'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(MappingError) as caught:
        load(tmp_path, SHORT.replace(old, new, 1))
    assert f"team.yaml:{sentence}" in str(caught.value).replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize("text", [FULL, SHORT])
def test_a_written_sync_loads_again_and_says_what_its_keys_mean(tmp_path: Path, text: str) -> None:
    sync = load(tmp_path, text)
    path = tmp_path / "deployments" / "team.yaml"
    save_deployment(path, sync)
    assert load_deployment(path) == sync
    written = path.read_text(encoding="utf-8")
    for key in ("sync", "mapping", "sides", "schedule", "brakes", "paused"):
        assert f"{key}:" in written
    assert written.count("#") >= 6


def test_a_sync_is_never_overwritten_by_chance(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    first, second = load(tmp_path, SHORT), load(tmp_path, SHORT.replace("connection: y", "connection: z"))
    path.unlink()
    save_deployment(path, first)
    with pytest.raises(MappingError, match="is there already"):
        save_deployment(path, second)
    assert load_deployment(path) == first
    save_deployment(path, second, replace=True)
    assert load_deployment(path) == second
    assert [found.name for found in tmp_path.iterdir()] == ["team.yaml"]
