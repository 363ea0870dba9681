"""The suite of all connectors, on a real SQLite and a real PostgreSQL, with and without the log of changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest

from tests.connectors.conformance import Conformance
from tests.store.postgres import Postgres, postgres

__all__ = ["postgres"]

SQLITE = """
create table companies (id integer primary key, name text not null);
create table customers (
  id integer primary key autoincrement, name varchar(60000) not null, note text, price decimal(10, 2), born date,
  seen datetime, active boolean, company integer references companies (id), state text check (state in ('new', 'old')),
  photo blob, made_with text, updated_at datetime
);
"""
POSTGRESQL = """
create table companies (id bigserial primary key, name text not null);
create table customers (
  id bigserial primary key, name varchar(60000) not null, note text, price numeric(10, 2), born date, seen timestamptz,
  active boolean, company bigint references companies (id), state text check (state in ('new', 'old')),
  photo bytea, made_with text, updated_at timestamp
);
"""


class Tables(Conformance):
    app = "sql"
    obj = "customers"
    title, other = "name", "note"
    controlled = False
    more: ClassVar[dict[str, str]] = {"changes": "trigger"}

    def sample(self, **changes: Any) -> dict[str, Any]:
        own = {"name": "Budget", "note": "Room 1", "price": "12.50", "born": "1985-04-12", "active": True}
        return own | {"seen": "2026-11-23T10:00:00Z", "state": "new", "company": None} | changes

    # A database has no control plane and a file no sign-in: test_sql_manners.py has these.
    test_a_wrong_sign_in_asks_for_a_new_one = None
    test_a_forgotten_cursor_asks_for_a_scan = None
    test_reading_writes_nothing = None
    test_too_many_calls_are_survived = None
    test_a_lost_answer_to_a_create_makes_no_second_record = None
    test_no_mail_is_ever_sent = None


class TestSQLite(Tables):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, str]:
        with sqlite3.connect(tmp_path / "shop.db") as database:
            database.executescript(SQLITE)
        database.close()
        return {"url": f"sqlite:///{tmp_path / 'shop.db'}", **self.more}


class TestSQLiteScanned(TestSQLite):
    more: ClassVar = {"changes": "scan", "stamp_column": "made_with"}


class TestPostgreSQL(Tables):
    @pytest.fixture
    def settings(self, postgres: Postgres) -> Iterator[dict[str, str]]:
        url = postgres.empty()
        with psycopg.connect(url) as database:
            database.execute(POSTGRESQL)
        yield {"url": url.replace(":hush", ""), **self.more}
        postgres.tidy()


class TestPostgreSQLScanned(TestPostgreSQL):
    more: ClassVar = {"changes": "scan"}
