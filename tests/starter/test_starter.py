"""`syncline connector new`: what it lays down is a whole connector, which passes the suite that all of them pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syncline.cli import main
from syncline.docs import ROOT

SHARED = ("conformance.py", "control.py", "desk.py")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As much of the source as a connector needs."""
    for name in ("connectors", "engine", "sandbox"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "connectors").mkdir(parents=True)
    for name in SHARED:
        shutil.copy(ROOT / "tests" / "connectors" / name, tmp_path / "tests" / "connectors" / name)
    shutil.copy(ROOT / "tests" / "connectors" / "test_folders.py", tmp_path / "tests" / "connectors")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(clone: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", *words], cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_it_lays_down_passes_the_suite_and_the_checks(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connector", "new", "acme_crm"]) == 0
    assert "pytest tests/connectors/test_acme_crm.py" in capsys.readouterr().out
    told = ran(clone, "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors/test_acme_crm.py")
    assert "passed" in told and "failed" not in told and "skipped" not in told
    ran(clone, "pytest", "-q", "-p", "no:cacheprovider", "-k", "acme_crm", "tests/connectors/test_folders.py")
    new = [str(path.relative_to(clone)) for path in clone.rglob("*acme_crm*")]
    ran(clone, "ruff", "format", "--check", *new)
    ran(clone, "ruff", "check", *new)


@pytest.mark.parametrize(("name", "reason"), [("Acme-CRM", "small letters"), ("caldav", "is there already")])
def test_a_name_that_does_not_do_is_refused(
    clone: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    assert main(["connector", "new", name]) == 1
    assert reason in capsys.readouterr().err


def test_it_wants_the_source_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["connector", "new", "acme_crm"]) == 1
    assert "Clone it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
