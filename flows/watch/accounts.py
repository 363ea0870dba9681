"""Connections that are kept open from one look to the next; each is used by one thread at a time."""

from __future__ import annotations

from connectors import App
from flows.project import Project

USES = 100
"""A connector is made anew after so many looks: some remember for life what tables or calendars there are."""


class Accounts:
    """A connector for each connection of a project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kept: dict[str, tuple[str, App, int]] = {}

    def get(self, name: str) -> App:
        """The account, made anew where somebody has signed in again. Raises ProjectError, AppError."""
        found = self._project.connection(name)
        made_at, app, uses = self._kept.pop(name, ("", None, 0))
        if app is None or made_at != found.created_at or found.paused or uses == USES:
            app, uses = self._project.connector(name), 0
        self._kept[name] = (found.created_at, app, uses + 1)
        return app

    def drop(self, name: str) -> None:
        """Something went wrong there: the next look begins anew."""
        self._kept.pop(name, None)
