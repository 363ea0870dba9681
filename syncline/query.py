"""SQL over the state, the history and the snapshots, in DuckDB, on copies: nothing asked here can change anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from engine.problem import MappingError
from flows.project import Project, ProjectError
from syncline.views import VIEWS, create

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from polars import DataFrame

    from flows.place import File

SECRET = frozenset({"connections"})
"""Tables that hold sealed secrets: not shown, sealed or not."""
DEPTH = 3
"""Snapshots are at SYNC/RUN/FILE."""
PREFIX = "snapshot_"
READERS = 16
"""Notes that are fetched at once: over a network each takes its time."""


class QueryError(Exception):
    """A query that DuckDB does not accept, with its reason."""


def ask(project: Project, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows. Only the tables whose names the query has are read."""
    import duckdb

    words = set(re.findall(r"\w+", query.lower()))
    views = sorted(words & VIEWS.keys())
    with duckdb.connect() as base:
        _tables(base, project, words.union(*(VIEWS[name].reads for name in views)))
        for name in views:
            base.execute(create(name))
        _snapshots(base, project, words)
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
    """The state's tables, documents as JSON text, and what is computed from them."""
    from engine.store.tables import metadata

    known = metadata.tables.keys() - SECRET
    for name in sorted(words & (known | SOURCES.keys())):
        frame = _frame(project, name) if name in known else SOURCES[name](project)
        _table(base, name, frame)


def _table(base: DuckDBPyConnection, name: str, frame: DataFrame) -> None:
    base.register("incoming", _Stream(frame))
    base.execute(f"create table {name} as select * from incoming")  # noqa: S608 - a name of ours, \w only
    base.unregister("incoming")


def _frame(project: Project, name: str) -> DataFrame:
    """A table as it is; a column without a value takes its type from the definition."""
    import polars as pl
    from sqlalchemy import Boolean, Integer, text

    from engine.store.tables import metadata

    kinds = {Integer: pl.Int64, Boolean: pl.Boolean}
    types = {one.name: kinds.get(type(one.type), pl.String) for one in metadata.tables[name].columns}
    with project.store.read() as session:
        found = session.execute(text(f"select * from {name}"))  # noqa: S608 - a name of ours
        names = list(found.keys())
        frame = pl.DataFrame([tuple(row) for row in found], schema=names, orient="row", infer_schema_length=None)
    return frame.with_columns(pl.col(column).cast(kind) for column, kind in types.items() if column in names)


def _records(project: Project) -> DataFrame:
    """Every record of every sync with its state. A sync that has no file any more has no titles."""
    import polars as pl

    from engine.accounting import explain
    from engine.store.tables import sides
    from flows.view import titles

    found = sorted({row["sync"] for row in project.store.all(sides)})
    names = ("sync", "side", "id", "link", "title", "state", "reason", "since")
    rows = []
    for sync in found:
        try:
            title = titles(project, sync)
        except (ProjectError, MappingError):
            title = None
        rows += [{"sync": sync, **row} for row in explain(project.store, sync, None, title)]
    return pl.DataFrame([[row[name] for name in names] for row in rows], dict.fromkeys(names, pl.String), orient="row")


def _readings(project: Project) -> DataFrame:
    """The notes beside the snapshots."""
    import polars as pl

    from engine.snapshot import note_of

    notes = sorted(_kept(project, ".json"), key=lambda one: one.parts)
    rows = []
    with ThreadPoolExecutor(READERS) as readers:
        for one, note in zip(notes, readers.map(note_of, [one.path for one in notes]), strict=True):
            told = (note.side, note.kind, note.records, note.requests, note.error)
            rows.append((*one.parts[:2], *told, "/".join(one.parts).removesuffix("json") + "parquet"))
    schema: dict[str, type[pl.DataType]] = dict.fromkeys(("sync", "run", "side", "kind"), pl.String)
    schema |= {"records": pl.Int64, "requests": pl.Int64, "error": pl.String, "file": pl.String}
    return pl.DataFrame(rows, schema, orient="row")


SOURCES: Mapping[str, Callable[[Project], DataFrame]] = {"_records": _records, "_readings": _readings}
"""What views read besides the tables."""


def _snapshots(base: DuckDBPyConnection, project: Project, words: set[str]) -> None:
    """snapshot_SYNC_SIDE: the latest reading of each side that the query names."""
    if not any(word.startswith(PREFIX) for word in words):
        return
    from engine.snapshot import frame_of

    readings = sorted(_kept(project, ".parquet"), key=lambda one: one.written)
    latest = {view_name(one): one for one in readings}
    for name in sorted(words & latest.keys()):
        _table(base, name, frame_of(latest[name].path))


def _kept(project: Project, suffix: str) -> list[File]:
    """The files of snapshots of one kind."""
    from flows.place import files, place

    found = files(place(project.settings.snapshots))
    return [one for one in found if one.path.suffix == suffix and len(one.parts) == DEPTH]


def view_name(one: File) -> str:
    """SNAPSHOTS/SYNC/RUN/SIDE.parquet -> snapshot_sync_side."""
    return re.sub(r"\W", "_", f"{PREFIX}{one.parts[0]}_{one.path.stem}".lower())
