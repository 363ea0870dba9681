"""One database: how it is opened, its transactions, and what they are counted as."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.sql.trouble import named
from engine.contract import Refused, Transient

PATIENCE = 20
"""Seconds to wait for a lock that somebody else holds."""
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite"}


class Database:
    """Transactions of one database, each on a connection of its own. Every failure leaves as an `AppError`."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        url = _url(settings["url"], settings.get("username", ""), settings.get("password", ""))
        self.sqlite = url.get_backend_name() == "sqlite"
        self.label = Path(url.database or "").name if self.sqlite else f"{url.database} at {url.host}"
        self.transactions = 0
        self._secret = url.password or ""
        self._file = Path(url.database or "") if self.sqlite else None
        self._engine = sa.create_engine(url, poolclass=NullPool, connect_args=_arguments(sqlite=self.sqlite))
        if self.sqlite:
            sa.event.listen(self._engine, "connect", _on_connect)
            sa.event.listen(self._engine, "begin", _on_begin)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One snapshot of the data, however long it is read."""
        how: dict[str, Any] = {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._begin(how) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end; what fails before surely had no effect."""
        with self._begin({"writing": True}) as connection:
            if not self.sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
                connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
            yield connection

    @contextmanager
    def _begin(self, how: dict[str, Any]) -> Iterator[sa.Connection]:
        if self._file is not None and not self._file.is_file():
            raise Refused(f"There is no file {self._file}. Check url: sqlite:////whole/path/to/file.db")
        self.transactions += 1
        ended = False
        try:
            with self._engine.connect().execution_options(**how) as connection, connection.begin():
                yield connection
                ended = True
        except SQLAlchemyError as error:
            failure = named(error, self.label, self._secret)
            if isinstance(failure, Transient):
                failure.landed = None if ended else False  # a commit that breaks off may have been done
            raise failure from None  # the cause's message may hold the values of the row


def _url(text: str, username: str, password: str) -> URL:
    try:
        url = make_url(text)
        driver = DRIVERS[url.get_backend_name()]
    except (ArgumentError, KeyError):
        raise Refused(
            "url is not the address of a database Syncline speaks. Write postgresql://HOST:5432/DATABASE or "
            "sqlite:////whole/path/to/file.db"
        ) from None
    if url.password:
        raise Refused("url holds a password: give it as a setting of its own, password=- (it is then kept encrypted).")
    if driver == "sqlite":
        if not Path(url.database or "").is_absolute():
            raise Refused("url names no file by its whole path. Write sqlite:////whole/path/to/file.db")
        return url
    return url.set(drivername=driver, username=username or url.username, password=password or None)


def _arguments(*, sqlite: bool) -> dict[str, Any]:
    if sqlite:
        return {"timeout": PATIENCE, "check_same_thread": False}
    return {"connect_timeout": 15, "application_name": "syncline", "options": "-c timezone=UTC -c datestyle=ISO"}


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, below
    connection.execute("PRAGMA foreign_keys = ON")


def _on_begin(connection: sa.Connection) -> None:
    """A writer takes its lock at once: what it read first must still be true when it writes."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN")
