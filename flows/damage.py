"""A state file that is damaged is set aside, never deleted; the sign-ins that can still be read from it are kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.store import put
from engine.store.tables import connections
from flows.project import Project

COLUMNS = tuple(column.name for column in connections.columns)


def set_aside(project: Project) -> Path | None:
    """Moves a damaged SQLite state to state.db.damaged-N and starts anew; where it is now, or None where all is well.

    A state that is only locked, or PostgreSQL's, is left as it is. Comes before the project's store is opened.
    """
    path = damaged_state(project)
    if path is None:
        return None
    number = next(n for n in range(1, 10_000) if not path.with_name(f"{path.name}.damaged-{n}").exists())
    aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    for tail in ("-wal", "-shm"):  # they belong to it: beside a new file they would damage that
        beside = path.with_name(path.name + tail)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + tail))
    rows = list(_sign_ins(aside))
    with project.store.write() as connection:
        put(connection, connections, rows)
    return aside


def damaged_state(project: Project) -> Path | None:
    """The project's state file, where that is a SQLite file and damaged."""
    place = project.settings.state_url
    path = Path(place.removeprefix("sqlite:///"))
    return path if place.startswith("sqlite:///") and path.is_file() and _damaged(path) else None


def _damaged(path: Path) -> bool:
    """Whether SQLite says that the file is no database, or that its pages do not fit together."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:  # locked, or not ours to read: the store says so when it is opened
        return False
    except sqlite3.DatabaseError:
        return True


def _sign_ins(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with closing(sqlite3.connect(path)) as connection:
            for row in connection.execute(f"select {', '.join(COLUMNS)} from connections"):  # noqa: S608 - our names
                found = dict(zip(COLUMNS, row, strict=True))
                yield {**found, "settings": json.loads(found["settings"])}
    except (sqlite3.DatabaseError, ValueError):
        return
