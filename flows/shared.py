"""A project that is opened once in this process for all who work on it at a time: a flow, its tasks, other runs.

So what was compiled for its database, and the connections to it, serve them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from flows.project import Project

_lock = Lock()
_open: dict[Path, tuple[Project, int]] = {}
"""Folder -> its project, and how many use it."""


@contextmanager
def shared(root: Path) -> Iterator[Project]:
    """The project in exactly this folder; it is closed when nobody uses it any more. Raises ProjectError."""
    folder = root.resolve()
    with _lock:
        project, users = _open.get(folder) or (Project.at(root), 0)
        _open[folder] = (project, users + 1)
    try:
        yield project
    finally:
        with _lock:
            project, users = _open.pop(folder)
            if users > 1:
                _open[folder] = (project, users - 1)
            else:
                project.close()
