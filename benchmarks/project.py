"""A project with one sync, its runs measured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figure import Clock, Figure, peak_memory
from benchmarks.timed import Timed
from flows import direct
from flows.project import Project
from flows.report import RunReport
from flows.session import Session

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Measured:
    """The sync `it` of a new project over these apps (side -> connector)."""

    def __init__(self, root: Path, mapping: str, apps: Mapping[str, Any]) -> None:
        for folder in ("mappings", "deployments"):
            (root / folder).mkdir(parents=True)
        places = "\n".join(f"  {side}: {{connection: {side}}}" for side in apps)
        (root / "deployments" / "it.yaml").write_text(f"sync: it\nmapping: {mapping}\nsides:\n{places}\n")
        self.root, self.apps, self.now = root, dict(apps), START
        self.in_apps = Clock()

    def run(self, name: str, **options: Any) -> tuple[Figure, RunReport]:
        """One run as the command makes it: the project is opened, and closed at the end."""
        self.now += timedelta(minutes=1)
        self.in_apps.wall = self.in_apps.processor = 0.0
        total = Clock()
        with total.running():
            project = Project.at(self.root)
            apps: dict[str, Any] = {side: Timed(app, self.in_apps) for side, app in self.apps.items()}
            report = direct.run(project, "it", session=Session(project, "it", lambda: self.now, apps), **options)
            project.close()
        if report.status != "done":
            raise RuntimeError(f"{name}: the run ended as {report.as_json()}")
        return Figure(name, self._times(total)), report

    def _times(self, total: Clock) -> dict[str, float | int]:
        return {
            "seconds": round(total.wall, 2),
            "engine_seconds": round(total.wall - self.in_apps.wall, 2),
            "engine_cpu_seconds": round(total.processor - self.in_apps.processor, 2),
            "peak_mb": peak_memory(),
        }
