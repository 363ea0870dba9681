"""What SQL databases are like: columns of every kind, constraints, other programs that write at the same time."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from engine.contract import (
    CursorExpired,
    Deleted,
    Done,
    Failed,
    Invalid,
    Op,
    Refused,
    Stale,
    Write,
)
from tests.connectors.sql_world import SQLITE, Base, base, both
from tests.store.postgres import postgres

__all__ = ["base", "postgres"]


# --- the schema -------------------------------------------------------------------------------------------------------


@both
def test_the_schema_is_what_the_table_says(base: Base) -> None:
    fields = base.desk().connector.schema("things").fields
    kinds = {name: (field.type, field.dialect) for name, field in fields.items()}
    assert kinds["name"] == ("text", "") and fields["name"].max_length == 20 and fields["name"].required
    assert kinds["price"] == ("number", "text") and fields["price"].digits == 2
    assert (kinds["amount"], fields["amount"].digits, kinds["weight"]) == (("number", ""), 0, ("number", ""))
    assert (kinds["born"], kinds["seen"], kinds["active"]) == (("date", ""), ("instant", ""), ("bool", ""))
    assert fields["state"].choices == {"new": "new", "it's old": "it's old"} and kinds["state"] == ("choice", "")
    assert kinds["company"] == ("ref", "") and fields["company"].refers == "companies"
    assert fields["code"].unique and not fields["name"].unique
    read_only = {name for name, field in fields.items() if not field.writable}
    assert {"id", "upper", "updated_at"} <= read_only and not fields["active"].required
    assert "photo" not in fields, "binary columns are left out"


def test_tables_of_other_schemas_are_named_with_them(base: Base) -> None:
    desk = base.desk("crm.people")
    made = desk.create({"name": "Ann"})
    assert desk.scan()[0] == {made.id: made}
    assert desk.connector.schema("crm.people").fields["name"].choices == {"Ann": "Ann", "Bob": "Bob"}
    with pytest.raises(Refused, match=r"Did you mean crm\.people\? There are: companies, crm\.people"):
        desk.connector.schema("crm.peple")


@both
def test_values_of_every_kind_come_back(base: Base) -> None:
    (company,) = base.tell("insert into companies (name) values ('Acme') returning id")[0]
    desk = base.desk(zone="Europe/Berlin")
    data = {"name": "Zoë", "code": "007", "company": str(company), "state": "it's old", "price": "1234567.10"}
    data |= {"weight": 0.5, "amount": -3, "born": "1985-04-12", "active": True}
    data |= {"seen": "2026-11-23T09:30:00Z", "extra": '{"a": [1, null]}'}
    made = desk.create(data)
    assert {name: made.data[name] for name in data} == data
    assert str(base.tell("select seen from things")[0][0]) == "2026-11-23 10:30:00", "stored in the connection's zone"
    assert desk.again(made) == made and desk.scan()[0] == {made.id: made}
    emptied = desk.update(made, **dict.fromkeys(set(data) - {"name", "active"}))
    assert {emptied.data[name] for name in set(data) - {"name", "active"}} == {None}


def test_lists_of_words_and_read_only_kinds(base: Base) -> None:
    desk = base.desk()
    made = desk.create({"name": "a", "words": ["x", "y"]})
    assert made.data["words"] == ["x", "y"] and made.data["clock"] is None
    base.tell("update things set clock = '10:30', seen = 'infinity', words = null")
    seen = desk.again(made).data
    assert (seen["clock"], seen["words"]) == ("10:30:00", []) and "seen" not in seen, "no time we know: unread"


def test_sqlite_values_of_any_type_stop_nothing(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "odd.db") as database:
        database.executescript(SQLITE)
        database.execute("insert into things (name, born, price, active) values (7, 'soon', 'much', 'perhaps')")
        database.execute("insert into things (name, seen) values ('b', '2026-11-23T10:00:00+02:00')")
    database.close()
    first, second = Base(f"sqlite:///{tmp_path / 'odd.db'}").desk().scan()[0].values()
    assert first.data["name"] == "7" and not {"born", "price", "active"} & set(first.data)
    assert second.data["seen"] == "2026-11-23T08:00:00Z"


WRONG: list[tuple[str, dict[str, object]]] = [
    ("active", {"name": "a", "active": None}),
    ("name", {"name": "a" * 21}),
    ("price", {"name": "a", "price": "-1"}),
    ("price", {"name": "a", "price": "cheap"}),
    ("amount", {"name": "a", "amount": 1.5}),
    ("company", {"name": "a", "company": "77"}),
    ("parent", {"name": "a", "parent": "77"}),
    ("code", {"name": "a", "code": "taken"}),
    ("state", {"name": "a", "state": "unheard of"}),
    ("upper", {"name": "a", "upper": "A"}),
    ("nonsense", {"name": "a", "nonsense": "A"}),
    ("seen", {"name": "a", "seen": "2026-11-23T10:00:00"}),
    ("name", {"name": "a\0"}),
]


@both
def test_what_a_row_cannot_be_is_parked_with_its_field(base: Base) -> None:
    desk = base.desk()
    desk.create({"name": "other", "code": "taken"})
    bad = [Write(op=Op.CREATE, key=f"bad {n}", data=data) for n, (_, data) in enumerate(WRONG)]
    outcomes = desk.write(*bad, Write(op=Op.CREATE, key="good", data={"name": "good"}))
    for write, (field, data) in zip(bad, WRONG, strict=True):
        outcome = outcomes[write.key]
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid), (data, outcome)
        foreign = base.sqlite and field in ("company", "parent")  # SQLite does not say which reference is broken
        assert outcome.error.field == (None if foreign else field), data
    assert isinstance(outcomes["good"], Done) and len(desk.scan()[0]) == 2


@both
def test_a_text_that_may_not_be_null_is_emptied(base: Base) -> None:
    desk = base.desk()
    made = desk.create({"name": "a"})
    assert desk.update(made, name=None).data["name"] is None
    assert base.tell("select name from things") == [("",)]


# --- keys -------------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("changes", ["scan", "trigger"])
def test_keys_of_several_columns(base: Base, changes: str) -> None:
    desk = base.desk("stock", changes=changes)
    made = desk.create({"shop": 'Ber"lin', "article": 7, "amount": 1})
    assert made.id == '["Ber\\"lin","7"]'
    changed = desk.update(made, amount=2)
    moved = Write(op=Op.UPDATE, key="k", id=made.id, if_version=changed.version, data={"article": 8})
    error = desk.error(moved)
    assert isinstance(error, Invalid) and error.field == "article"
    if changes == "trigger":
        _, cursor = desk.scan()
        base.tell("update stock set article = 8")
        seen, _ = desk.changes(cursor)
        assert {id: record.gone for id, record in seen.items()} == {made.id: True, '["Ber\\"lin","8"]': False}
    assert desk.get("nonsense", '["one"]')[0].gone


@both
def test_a_row_that_the_database_gives_no_key_gets_one_of_ours(base: Base) -> None:
    desk = base.desk("parts")
    made = desk.create({"name": "bolt"}, key="k1")
    assert len(made.id) == 36 and desk.again(made).data["name"] == "bolt"
    other = desk.create({"name": "nut"}, key="k2")
    assert other.id != made.id


@both
def test_rows_that_nothing_tells_apart_need_a_key(base: Base) -> None:
    desk = base.desk("loose")
    with pytest.raises(Refused, match=r"scope: \{key: COLUMN\}"):
        desk.scan()
    assert desk.connector.schema("loose").fields["name"].type == "text"
    base.tell("insert into loose values ('a')")
    assert list(base.desk("loose", {"key": "name"}).scan()[0]) == ["a"]
    with pytest.raises(Refused, match="no column nix"):
        base.desk("loose", {"key": "nix"}).scan()


@both
@pytest.mark.parametrize("changes", ["scan", "trigger"])
def test_views_are_read_and_written_where_the_database_allows_it(base: Base, changes: str) -> None:
    base.tell("insert into things (name) values ('a')")
    desk = base.desk("names", {"key": "id"}, changes=changes)
    (record,) = [one for page in desk.connector.scan("names", desk.scope) for one in page.records]
    outcome = desk.one(Write(op=Op.UPDATE, key="u", id=record.id, if_version=record.version, data={"name": "b"}))
    if base.sqlite:
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
    else:
        assert isinstance(outcome, Done) and base.tell("select name from things") == [("b",)]
    with pytest.raises(CursorExpired):
        desk.changes('{"scope": {"key": "id"}, "place": "1", "now": "", "mark": ""}')


# --- other programs ---------------------------------------------------------------------------------------------------


@both
def test_what_others_write_is_seen_by_the_log(base: Base) -> None:
    desk = base.desk(changes="trigger")
    _, start = desk.scan()
    base.tell("insert into things (name) values ('a'), ('b'), ('c')")
    seen, cursor = desk.changes(start)
    assert sorted(record.data["name"] for record in seen.values()) == ["a", "b", "c"]
    base.tell("update things set amount = 5 where name = 'a'", "delete from things where name = 'b'")
    seen, cursor = desk.changes(cursor)
    assert sorted((one.data.get("amount"), one.gone) for one in seen.values() if not one.gone) == [(5, False)]
    assert sum(one.gone for one in seen.values()) == 1 and len(seen) == 2
    assert desk.changes(cursor)[0] == {}


def test_a_transaction_that_ends_late_is_not_overlooked(base: Base) -> None:
    desk = base.desk(changes="trigger")
    desk.scan()
    with psycopg.connect(base.url.replace("@", ":hush@")) as slow:
        slow.execute("insert into things (name) values ('slow')")
        base.tell("insert into things (name) values ('quick')")
        scanned, cursor = desk.scan()
        assert [one.data["name"] for one in scanned.values()] == ["quick"]
        assert desk.changes(cursor)[0] == {}
    seen, after = desk.changes(cursor)
    assert [one.data["name"] for one in seen.values()] == ["slow"]
    assert desk.changes(after)[0] == {}


@both
def test_a_log_that_was_begun_anew_is_no_place_to_resume_from(base: Base) -> None:
    desk = base.desk(changes="trigger")
    _, cursor = desk.scan()
    if base.sqlite:
        base.tell(*(f"drop trigger syncline_{act}_things" for act in ("insert", "update", "delete")))
    else:
        base.tell("drop trigger syncline_rows on things", "drop trigger syncline_emptied on things")
    base.tell("insert into things (name) values ('unseen')")
    with pytest.raises(CursorExpired, match="No triggers"):
        desk.changes(cursor)
    assert [one.data["name"] for one in desk.scan()[0].values()] == ["unseen"], "and installs them again"
    with pytest.raises(CursorExpired, match="begun anew"):
        desk.changes(cursor)


@both
def test_an_old_cursor_is_not_resumed_from_a_log_that_is_cut(base: Base) -> None:
    desk = base.desk(changes="trigger")
    _, cursor = desk.scan()
    base.tell("insert into things (name) values ('a')")
    at = "'2020-01-01 00:00:00'"
    base.tell(f"update syncline_changes set at = {at} where row_key is not null")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    old = cursor.replace(today, f"{datetime.now(UTC) - timedelta(days=40):%Y-%m-%d}")
    assert old != cursor
    with pytest.raises(CursorExpired):
        desk.changes(old)
    _, fresh = desk.scan()
    assert base.tell("select count(*) from syncline_changes where row_key is not null") == [(0,)]
    assert desk.changes(fresh)[0] == {}


def test_emptying_a_table_at_a_stroke_asks_for_a_scan(base: Base) -> None:
    desk = base.desk(changes="trigger")
    desk.create({"name": "a"})
    _, cursor = desk.scan()
    base.tell("truncate things")
    with pytest.raises(CursorExpired):
        desk.changes(cursor)
    assert desk.scan()[0] == {}


@both
def test_a_key_whose_row_was_deleted_is_known(base: Base) -> None:
    desk = base.desk(changes="trigger")
    made = desk.create({"name": "a"}, key="same")
    base.tell("delete from things")
    assert isinstance(desk.error(Write(op=Op.CREATE, key="same", data={"name": "a"})), Deleted)
    assert desk.again(made).gone


def test_sqlite_gives_a_number_to_another_row(tmp_path: Path) -> None:
    """The stamp does not go over to it, and where there is a time of creation, that tells."""
    with sqlite3.connect(tmp_path / "odd.db") as database:
        database.execute("create table t (id integer primary key, name text, created_at datetime)")
    database.close()
    base = Base(f"sqlite:///{tmp_path / 'odd.db'}", tmp_path / "odd.db")
    desk = base.desk("t", changes="trigger")
    made = desk.create({"name": "mine", "created_at": "2026-11-23T10:00:00Z"}, key="k")
    base.tell("delete from t", "insert into t values (1, 'theirs', '2026-11-24 10:00:00')")
    theirs = desk.again(made)
    assert (theirs.id, made.stamp, theirs.stamp) == (made.id, "k", None)
    assert theirs.created_at != made.created_at and theirs.created_at is not None


@both
def test_somebody_was_faster(base: Base) -> None:
    desk = base.desk()
    made = desk.create({"name": "a"})
    base.tell("update things set amount = 1")
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"name": "b"}))
    assert isinstance(error, Stale)


@both
def test_our_writes_tell_other_programs_that_the_row_has_changed(base: Base) -> None:
    desk = base.desk(version_column="version")
    made = desk.create({"name": "a"})
    changed = desk.update(made, name="b")
    assert (made.data["version"], changed.data["version"]) == (1, 2)
    assert changed.changed_at is not None and abs(changed.changed_at - datetime.now(UTC)) < timedelta(hours=1)
    left = base.desk(updated_column="none").update(changed, name="c")
    assert left.changed_at is None and left.data["updated_at"] == changed.data["updated_at"]


@both
def test_reading_leaves_no_trace(base: Base) -> None:
    base.tell("insert into things (name) values ('a')")
    desk = base.desk()
    for id in desk.scan()[0]:
        desk.get(id)
    desk.connector.check()
    names = "select name from sqlite_master" if base.sqlite else "select table_name from information_schema.tables"
    assert not [name for (name,) in base.tell(names) if name.startswith("syncline")]
