"""Connections that are kept open from one look to the next; each is used by one thread at a time."""

from __future__ import annotations

from connectors import App
from flows.project import Project


class Accounts:
    """A connector for each connection of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kept: dict[str, tuple[str, App]] = {}

    def get(self, name: str) -> App:
        """The account, made anew where somebody has signed in again. Raises ProjectError, AppError."""
        found = self._project.connection(name)
        made_at, app = self._kept.get(name, ("", None))
        if app is None or made_at != found.created_at or found.paused:
            self._kept.pop(name, None)
            app = self._project.connector(name)
            self._kept[name] = (found.created_at, app)
        return app
