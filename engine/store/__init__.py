"""The store: all state, in SQLite (WAL) or PostgreSQL, behind one small class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, inspect, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from engine.store.outside import metadata  # which has the tables of both modules
from engine.store.trouble import sentence

HEAD = "0003"
"""The newest tables; versions are numbered, so that a later one is known to be later."""
PATIENCE = 30
"""Seconds to wait for another process that writes, or for a PostgreSQL that does not answer."""
MEMORY = "sqlite:///:memory:"
"""A state that ends with its process: one connection, for one thread, so that no read may begin within a write."""
_MANY: dict[str, Any] = {"pool_size": 10, "max_overflow": 40}
"""Connections: a watcher's looks, runs and receiver share one store, and whoever waits to write has one."""
_in_memory = count(1)


class StoreError(Exception):
    """The state cannot be used. The message says which, why, and what to do next."""


class Store:
    """One database. `read()` and `write()` give connections; a write is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.place = str(engine.url)
        """Tells this state from others."""
        if self.place == MEMORY:
            self.place += f"#{next(_in_memory)}"
        self._writing = engine.execution_options(write=True)
        self._reading = engine if self.sqlite else engine.execution_options(isolation_level="REPEATABLE READ")

    @classmethod
    def open(cls, url: str) -> Store:
        """Opens and, where needed, creates or upgrades the tables. Raises StoreError."""
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        try:
            if url.startswith("sqlite:///") and ":memory:" not in url:
                Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            store = cls(_engine(url))
        except (OSError, ArgumentError, ImportError) as error:
            raise StoreError(sentence(error, url.rpartition("@")[2])) from error
        try:
            store._migrate()
        except BaseException as error:
            store.close()
            if isinstance(error, SQLAlchemyError):
                raise StoreError(sentence(error, store.engine.url)) from error
            raise
        return store

    @classmethod
    def memory(cls) -> Store:
        """An empty state in memory, at once: its tables are copied, not migrated."""
        engine = _engine(MEMORY)
        event.listen(engine, "connect", lambda dbapi, _record: _blank().backup(dbapi))
        return cls(engine)

    def clear(self) -> None:
        """Begins anew, for a state from `memory()`; what was compiled for its statements stays."""
        self.engine.dispose()

    def _migrate(self) -> None:
        if self.sqlite:
            with self.engine.connect() as connection:
                connection.execute(text("PRAGMA schema_version"))  # says "not a database" for a damaged file
        if not inspect(self.engine).has_table("alembic_version"):
            current = ""
        else:
            with self.engine.connect() as connection:
                current = connection.execute(text("select version_num from alembic_version")).scalar() or ""
        if current > HEAD:
            raise StoreError(
                f"The state at {self.engine.url.render_as_string(hide_password=True)} was made by a newer Syncline "
                f"(tables {current}, this one knows {HEAD}). Update Syncline, or put a backup of the state in place."
            )
        if current != HEAD:
            from engine.store.upgrade import upgrade

            upgrade(self.engine)

    def close(self) -> None:
        """Gives back all connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state and changes nothing. Raises StoreError."""
        with self._explained(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it, or nothing. Raises StoreError."""
        with self._explained(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what is wrong with the database into a StoreError; a defect of ours stays what it is."""
        try:
            yield
        except (IntegrityError, ProgrammingError, DataError):
            raise
        except (DatabaseError, PoolTimeout) as error:
            raise StoreError(sentence(error, self.engine.url)) from error

    def rows(self, query: Any, **values: Any) -> list[dict[str, Any]]:
        """All rows of a query, as dicts; `values` are those of its parameters."""
        with self.read() as connection:
            return [dict(row) for row in connection.execute(query, values).mappings()]

    def all(self, table: Table, *where: Any) -> list[dict[str, Any]]:
        """All rows of a table that fulfil the conditions."""
        return self.rows(select(table).where(*where))


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, replace: bool = True) -> None:
    """Inserts rows, and updates those whose primary key is there already (or leaves them); all have the same keys."""
    if rows:
        connection.execute(_putting(connection.dialect.name, table, tuple(rows[0]), replace), list(rows))


def revise(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Updates the rows with these primary keys; all have the same keys, and what is not named stays."""
    if rows:
        keys = {column.name for column in table.primary_key}
        named = [{f"at_{name}" if name in keys else name: value for name, value in row.items()} for row in rows]
        connection.execute(_revising(table), named)


# Making a statement anew takes longer than carrying it out.
@lru_cache(maxsize=256)
def _putting(dialect: str, table: Table, names: tuple[str, ...], replace: bool) -> Any:
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    if rest and replace:
        return statement.on_conflict_do_update(index_elements=keys, set_=rest)
    return statement.on_conflict_do_nothing(index_elements=keys)


@lru_cache(maxsize=64)
def _revising(table: Table) -> Any:
    return update(table).where(*(column == bindparam(f"at_{column.name}") for column in table.primary_key))


def chunks(items: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Slices of at most `size`: databases bound the number of parameters."""
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        patience = {"connect_timeout": max(2, PATIENCE), "tcp_user_timeout": 1000 * PATIENCE}  # seconds, milliseconds
        return create_engine(url, pool_pre_ping=True, **_MANY, connect_args=patience)
    pool = {"poolclass": StaticPool} if url == MEMORY else _MANY
    engine = create_engine(url, connect_args={"timeout": PATIENCE, "check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def _prepare(dbapi: Any, _record: object) -> None:
        dbapi.isolation_level = None  # transactions are begun by us, below: the driver's own start too late
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={PATIENCE * 1000:.0f}",
        ):
            dbapi.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")

    return engine


@lru_cache(maxsize=1)
def _blank() -> Any:
    """A SQLite database of the newest tables with nothing in them."""
    engine = _engine(MEMORY)
    metadata.create_all(engine)
    with engine.connect() as connection:
        return connection.connection.driver_connection


__all__ = ["HEAD", "Store", "StoreError", "chunks", "metadata", "put", "revise"]
