"""SQL over the state, the history and the snapshots, in DuckDB, on copies: nothing asked here can change anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project import Project

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from polars import DataFrame

SECRET = frozenset({"connections"})
"""Tables that hold sealed secrets: not shown, sealed or not."""


class QueryError(Exception):
    """A query that DuckDB does not accept, with its reason."""


def ask(project: Project, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows. Only the tables whose names the query has are read."""
    import duckdb

    words = set(re.findall(r"\w+", query.lower()))
    with duckdb.connect() as base:
        _tables(base, project, words)
        _snapshots(base, Path(project.settings.snapshots), words)
        base.execute("SET enable_external_access = false")
        try:
            found = base.execute(query)
            return [column[0] for column in found.description or []], found.fetchall()
        except duckdb.Error as error:
            raise QueryError(f"The query was not understood: {str(error).strip().splitlines()[0]}.") from None


class _Stream:
    """An Arrow stream of a frame: DuckDB takes it as it is, where it would want pyarrow for the frame itself."""

    def __init__(self, frame: DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def _tables(base: DuckDBPyConnection, project: Project, words: set[str]) -> None:
    """The state's tables, documents as JSON text."""
    from engine.store.tables import metadata

    for name in sorted(words & (metadata.tables.keys() - SECRET)):
        base.register("incoming", _Stream(_frame(project, name)))
        base.execute(f"create table {name} as select * from incoming")  # noqa: S608 - a name of ours
        base.unregister("incoming")


def _frame(project: Project, name: str) -> DataFrame:
    import polars as pl
    from sqlalchemy import text

    with project.store.read() as session:
        found = session.execute(text(f"select * from {name}"))  # noqa: S608 - a name of ours
        names = list(found.keys())
        frame = pl.DataFrame([tuple(row) for row in found], schema=names, orient="row", infer_schema_length=None)
    return frame.cast({pl.Null: pl.String})


def _snapshots(base: DuckDBPyConnection, folder: Path, words: set[str]) -> None:
    """snapshot_SYNC_SIDE: the latest reading of each side that the query names."""
    latest: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.parquet"), key=lambda one: one.stat().st_mtime):
        latest[view_name(path, folder)] = path
    for name, path in latest.items():
        if name in words:
            base.execute(f"create table {name} as select * from read_parquet(?)", [str(path)])  # noqa: S608 - \w only


def view_name(path: Path, folder: Path) -> str:
    """SNAPSHOTS/SYNC/RUN/SIDE.parquet -> snapshot_sync_side."""
    sync = path.relative_to(folder).parts[0]
    return re.sub(r"\W", "_", f"snapshot_{sync}_{path.stem}".lower())
