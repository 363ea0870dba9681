"""Databases with one table of everything, for the tests of what SQL databases are like."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors import connect
from tests.connectors.desk import Desk
from tests.store.postgres import Postgres, postgres

__all__ = ["postgres"]

SQLITE = """
create table companies (id integer primary key, name text not null);
create table things (
  id integer primary key autoincrement, name varchar(20) not null, code text unique,
  company integer references companies (id), parent integer references things (id),
  state text check (state in ('new', 'it''s old')), price decimal(10, 2) check (price >= 0), weight real, amount int,
  born date, seen datetime, active boolean not null default 0, extra json, photo blob,
  upper text generated always as (upper(name)), updated_at datetime, version integer
);
create table stock (shop text, article integer, amount integer, primary key (shop, article));
create table parts (id char(36) primary key, name text);
create table loose (name text);
create view names as select id, name from things;
"""
POSTGRESQL = """
create table companies (id bigserial primary key, name text not null);
create type state as enum ('new', 'it''s old');
create table things (
  id bigint generated always as identity primary key, name varchar(20) not null, code text unique,
  company bigint references companies (id), parent bigint references things (id) deferrable initially deferred,
  state state, price numeric(10, 2) check (price >= 0), weight double precision, amount int,
  born date, seen timestamp, active boolean not null default false, extra jsonb, photo bytea,
  upper text generated always as (upper(name)) stored, updated_at timestamptz, version int,
  words text[], clock time
);
create table stock (shop text, article integer, amount integer, primary key (shop, article));
create table parts (id uuid primary key, name text);
create table loose (name text);
create view names as select id, name from things;
create schema crm;
create table crm.people (id bigserial primary key, name varchar(9) check (name in ('Ann', 'Bob')));
"""


@dataclass
class Base:
    """A database, as its owner sees it (`tell`) and as a connection does (`desk`)."""

    url: str
    path: Path | None = None

    def tell(self, *statements: str) -> list[tuple[Any, ...]]:
        """Runs statements as another program would; the rows of the last one."""
        if self.path is None:
            with psycopg.connect(self.url.replace("@", ":hush@"), autocommit=True) as connection:
                for statement in statements:
                    cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            return rows
        finally:
            connection.close()

    def desk(self, obj: str = "things", scope: dict[str, Any] | None = None, **settings: str) -> Desk:
        return Desk(connect("sql", {"url": self.url, **settings}), scope or {}, obj)

    @property
    def sqlite(self) -> bool:
        return self.path is not None


KINDS = ["sqlite", "postgresql"]


@pytest.fixture
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    if getattr(request, "param", "postgresql") == "sqlite":
        with sqlite3.connect(tmp_path / "shop.db") as database:
            database.executescript(SQLITE)
        database.close()
        yield Base(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path / "shop.db")
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.empty()
    with psycopg.connect(url) as database:
        database.execute(POSTGRESQL)
    yield Base(url.replace(":hush", ""))
    server.tidy()


both = pytest.mark.parametrize("base", KINDS, indirect=True)
