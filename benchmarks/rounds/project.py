"""The project under test: a sync over the three servers, its runs as processes of their own, and what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from engine.store.tables import history
from flows.project import Project
from syncline.cli import main as syncline

APPS = {"google": "google_calendar", "outlook": "outlook_calendar", "caldav": "caldav"}


@dataclass
class Process:
    """A run under way."""

    popen: subprocess.Popen[str]

    @property
    def over(self) -> bool:
        return self.popen.poll() is not None

    def kill(self) -> None:
        self.popen.send_signal(signal.SIGKILL)

    def end(self) -> dict[str, Any] | None:
        """What it reports; None where it was killed. Raises RuntimeError where it ended with a defect.

        A first run that cannot read an app's fields ends without a report: it says why, and that is all it can do.
        """
        said, errors = self.popen.communicate()
        if self.popen.returncode == -signal.SIGKILL:
            return None
        try:
            found: dict[str, Any] = json.loads(said)
        except ValueError as error:
            last = errors.strip().rpartition("\n")[2]
            if last.startswith("engine.contract."):
                return {"status": "failed", "read": {}, "writes": {}, "errors": {"all": last}}
            raise RuntimeError(f"a run ended with {self.popen.returncode}: {errors[-4000:]}") from error
        return found


@dataclass(frozen=True)
class Synced:
    """`folder` is the project, with the sync `it`."""

    folder: Path

    def set_up(self, settings: Mapping[str, Mapping[str, str]], mapping: str) -> None:
        self._say("init", str(self.folder), project=False)
        for side, values in settings.items():
            words = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
            self._say("connect", APPS[side], "--name", side, *words)
        sides = [word for side in settings for word in ("--side", f"{side}={side}")]
        self._say("new", "it", "--mapping", mapping, *sides)

    def begin(self) -> Process:
        words = [sys.executable, "-m", "syncline", "run", "it", "--direct", "--json", "--project", str(self.folder)]
        where = {**os.environ, "SYNCLINE_DEBUG": "1"}  # a defect shows where it is
        return Process(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=where))

    def status(self) -> dict[str, dict[str, int]]:
        """Side -> state -> records."""
        found = json.loads(self._say("status", "it", "--json"))["it"]
        return {side: counted["records"] for side, counted in found.items()}

    def holds(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._say("holds", "it", "--json"))
        return found

    def release(self, hold: str) -> None:
        """A person looks at what a brake stopped, and lets it go."""
        self._say("resolve", hold, "release")

    def gave_way(self) -> list[dict[str, Any]]:
        """The values that lost to others: rows of history."""
        project = Project.at(self.folder)
        try:
            return project.store.rows(select(history).where(history.c.event == "lost"))
        finally:
            project.close()

    def _say(self, *words: str, project: bool = True) -> str:
        given = [*words, "--project", str(self.folder)] if project else list(words)
        with redirect_stdout(StringIO()) as said:
            code = syncline(given)
        if code not in (0, 2):
            raise RuntimeError(f"syncline {' '.join(given)}: {said.getvalue()}")
        return said.getvalue()
