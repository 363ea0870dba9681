"""The options and arguments that commands share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows import tracing
from flows.logs import OURS, Lines
from flows.project import Project

ProjectDir = Annotated[
    Path | None,
    Parameter(
        name="--project",
        env_var="SYNCLINE_PROJECT",
        help="The project folder. Without it, the one of the working folder or the nearest above it.",
    ),
]
AsJson = Annotated[bool, Parameter(name="--json", show_default=False, help="Print JSON for scripts instead of tables.")]
Limit = Annotated[int, Parameter(help="At most so many, the latest first.")]
SyncName = Annotated[str, Parameter(help="The sync, as its file in deployments/ is called.")]
NAMES = (*OURS, "studio", "syncline")
"""Whose lines are logged."""


@contextmanager
def opened(folder: Path | None) -> Iterator[Project]:
    """The project to work on; what it opened is given back at the end."""
    project = Project.at(folder) if folder is not None else Project.find()
    _log(project.settings.log_level, project.settings.log_format)
    tracing.start()
    try:
        yield project
    finally:
        project.close()


def _log(level: str, form: str) -> None:
    """To standard error. The handler has the level, for Prefect's loggers have levels of their own.

    Of other libraries warnings only: httpx would log each address, and some ask for records by their values.
    """
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if handler.name == "syncline"]:
        root.removeHandler(former)
    handler = logging.StreamHandler()
    handler.name = "syncline"
    handler.setLevel(level)
    handler.addFilter(lambda line: line.levelno >= logging.WARNING or line.name.partition(".")[0] in NAMES)
    handler.setFormatter(Lines() if form == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(min(root.level, handler.level))
    if level == "DEBUG":  # Prefect gives our loggers a level where they have none
        for name in NAMES:
            logging.getLogger(name).setLevel(level)
