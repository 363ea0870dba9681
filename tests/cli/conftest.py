"""A project folder of its own for every test, and the command line called as a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import start
from syncline.cli import main


@dataclass
class Said:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def doc(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in ("STATE_URL", "KEY", "SNAPSHOTS", "LOG_LEVEL", "PROJECT", "DEBUG"):
        monkeypatch.delenv(f"SYNCLINE_{name}", raising=False)
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "no-prefect"))


@pytest.fixture
def syncline(capsys) -> Callable[..., Said]:
    """Runs one command in this process."""

    def call(*words: str | Path) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def folder(tmp_path, syncline, monkeypatch) -> Path:
    """A new project; commands run in it."""
    path = tmp_path / "project"
    assert syncline("init", path).code == 0
    monkeypatch.chdir(path)
    return path


@pytest.fixture(scope="module")
def google():
    """Its stand-in."""
    with start("google_calendar") as server:
        yield server


@pytest.fixture
def connected(folder, google, syncline) -> Path:
    """A project with one account."""
    said = syncline(
        "connect", "google_calendar", "--name", "me", "--set", f"base_url={google.url}", f"token={google.token}"
    )
    assert said.code == 0, said.err
    return folder
