"""SQL databases that are locked, away, or not as the settings say."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest

import connectors
from connectors import connect
from connectors.sql import ddl
from engine.contract import (
    AuthExpired,
    Op,
    Refused,
    Support,
    Transient,
    Write,
)
from tests.connectors.sql_world import SQLITE, Base, base, both
from tests.store.postgres import Postgres, postgres

__all__ = ["base", "postgres"]


def test_a_locked_file_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.executescript(SQLITE)
    monkeypatch.setattr("connectors.sql.database.PATIENCE", 0)
    desk = Base(f"sqlite:///{tmp_path / 'shop.db'}").desk()
    database.execute("begin immediate")
    with pytest.raises(Transient) as caught:
        desk.one(Write(op=Op.CREATE, key="k", data={"name": "a"}))
    assert caught.value.landed is False
    database.rollback()
    database.close()
    assert desk.create({"name": "a"}).data["name"] == "a"


def test_a_row_that_somebody_holds_is_tried_again(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sql.database.PATIENCE", 0.05)
    desk = base.desk()
    made = desk.create({"name": "a"})
    with psycopg.connect(base.url.replace("@", ":hush@")) as slow:
        slow.execute("update things set amount = 1")
        with pytest.raises(Transient) as caught:
            desk.update(made, name="b")
        slow.rollback()
    assert caught.value.landed is False and "lock timeout" in str(caught.value)
    assert desk.update(made, name="b").data["name"] == "b"


def test_signing_in(base: Base, postgres: Postgres) -> None:
    rules = postgres.home / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("host all ann 127.0.0.1/32 scram-sha-256\n" + before)
    base.tell("create role ann login password 'sesame'", "select pg_reload_conf()")
    base.tell("grant select on things to ann")
    try:
        url = base.url.replace("syncline@", "")
        right = connect("sql", {"url": url, "username": "ann", "password": "sesame"})
        assert right.check().startswith("state")
        wrong = connect("sql", {"url": url, "username": "ann", "password": "not-the-secret"})
        with pytest.raises(AuthExpired) as caught:
            wrong.check()
        assert "not-the-secret" not in str(caught.value)
        with pytest.raises(AuthExpired):
            connect("sql", {"url": url, "username": "ann"}).check()
        write = Write(op=Op.CREATE, key="k", data={"name": "a"})
        with pytest.raises(Refused, match="permission denied for table things"):
            list(right.write("things", {}, [write]))
        logging = connect("sql", {"url": url, "username": "ann", "password": "sesame", "changes": "trigger"})
        with pytest.raises(Refused, match="administrator"):
            list(logging.scan("things", {}))
    finally:
        rules.write_text(before)
        base.tell("drop owned by ann", "drop role ann", "select pg_reload_conf()")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"url": "mysql://localhost/x"}, "not the address of a database"),
        ({"url": "nonsense"}, "not the address of a database"),
        ({"url": "postgresql://me:hush-hush@localhost/x"}, "url holds a password"),
        ({"url": "sqlite:///relative.db"}, "whole path"),
        ({"url": "sqlite:////nowhere/at/all.db"}, "There is no file /nowhere/at/all.db"),
        ({"url": "sqlite:////etc/hostname"}, "not a database"),
        ({"url": "sqlite:////x", "changes": "guess"}, "scan or trigger"),
        ({"url": "sqlite:////x", "zone": "Mars/Base"}, "time zone"),
    ],
)
def test_wrong_settings_are_refused_in_words(settings: dict[str, str], said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        connect("sql", settings).check()
    assert "hush-hush" not in str(caught.value)


def test_a_server_that_does_not_answer_is_tried_again() -> None:
    with pytest.raises(Transient, match=r"x at 127\.0\.0\.1") as caught:
        connect("sql", {"url": "postgresql://127.0.0.1:9/x", "password": "hush-hush"}).check()
    assert caught.value.landed is False and "hush-hush" not in str(caught.value)


def test_a_database_that_is_not_there_is_refused(postgres: Postgres) -> None:
    with pytest.raises(Refused, match="does not exist"):
        connect("sql", {"url": postgres.url("nowhere").replace(":hush", "")}).check()


@both
def test_what_a_connection_can_do_hangs_on_its_settings(base: Base) -> None:
    def graded(**settings: str) -> tuple[Support, Support]:
        caps = base.desk(**settings).connector.caps
        return caps.delta, caps.stamped

    assert graded() == (Support.NO, Support.NO)
    assert graded(changes="trigger") == (Support.YES, Support.YES)
    assert graded(stamp_column="code") == (Support.NO, Support.YES)
    with pytest.raises(Refused, match="has no column nix"):
        base.desk(stamp_column="nix").scan()


def test_the_page_tells_the_administrator_what_to_run() -> None:
    page = (Path(connectors.__file__).parent / "sql" / "README.md").read_text(encoding="utf-8")
    for statement in [
        *ddl.postgresql("public"),
        *ddl.on_postgresql("public", "public", "customers", "customers", ["id"]),
    ]:
        assert statement + ";" in page
    for statement in [*ddl.SQLITE, *ddl.on_sqlite("customers", "customers", ["id"])]:
        assert statement + ";" in page
