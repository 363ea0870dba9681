"""The suite of all connectors on a folder of files, and what files are like."""

from __future__ import annotations

import os
import zipfile
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
from openpyxl import Workbook, load_workbook

from connectors import connect
from engine.contract import CursorExpired, Done, Failed, Invalid, Missing, Op, Refused, Stale, Transient, Write
from tests.connectors.conformance import Conformance
from tests.connectors.desk import Desk

START = "id,name,note,price,zip,born,active\r\n"


class Files(Conformance):
    app = "csv"
    obj = "customers"
    title, other = "name", "note"
    controlled = False

    # A folder has neither a sign-in nor a control plane, and a file does not tell what has changed in it.
    test_a_wrong_sign_in_asks_for_a_new_one = None
    test_a_forgotten_cursor_asks_for_a_scan = None
    test_reading_writes_nothing = None
    test_too_many_calls_are_survived = None
    test_a_lost_answer_to_a_create_makes_no_second_record = None
    test_no_mail_is_ever_sent = None

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"name": "Budget", "note": "Room 1", "zip": "01067", "born": "1985-04-12"} | changes

    def test_changes_resume_from_a_cursor(self, desk: Desk) -> None:
        _, cursor = desk.scan()
        assert desk.changes(cursor) == ({}, cursor)
        desk.create(self.sample())
        with pytest.raises(CursorExpired):
            desk.changes(cursor)


class TestCsv(Files):
    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, str]:
        (tmp_path / "customers.csv").write_text(START, newline="")
        return {"folder": str(tmp_path)}


class TestExcel(Files):
    text: ClassVar = "Zoë & 東京 <b> 👩‍👩‍👧 \u202bעברית\u202c; a, b\\n"

    @pytest.fixture
    def settings(self, tmp_path: Path) -> dict[str, str]:
        book = Workbook()
        book.active.append(START.strip().split(","))
        book.save(tmp_path / "customers.xlsx")
        return {"folder": str(tmp_path)}

    def test_over_long_text_is_stored_or_parked(self, desk: Desk) -> None:
        write = Write(op=Op.CREATE, key="long", data=self.sample(name="ü" * 70_000))
        assert isinstance(desk.error(write), Invalid) and desk.scan()[0] == {}


def desk(folder: Path, obj: str = "customers", scope: dict[str, Any] | None = None, **settings: str) -> Desk:
    return Desk(connect("csv", {"folder": str(folder), **settings}), scope or {}, obj)


def put(folder: Path, data: bytes | str, name: str = "customers.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def sheet(folder: Path, *rows: list[Any], name: str = "customers.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return folder / name


# --- the file stays as it is ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'id;name\n1;"A;b"\n2;Bob', b'id;name\n1;"A;b"\n2;New'),
        (b'"id"\t"name"\r\n"1"\t"A"\r\n"2"\t"B"\r\n', b'"id"\t"name"\r\n"1"\t"A"\r\n"2"\t"New"\r\n'),
        (b"id,name,odd\n1, A ,x\n\n2,B\n", b"id,name,odd\n1, A ,x\n\n2,New,\n"),
        ("\ufeffid,name\r\n1,Zoë\r\n2,B\r\n".encode(), "\ufeffid,name\r\n1,Zoë\r\n2,New\r\n".encode()),
        ("id,name\n1,Zoë\n2,B\n".encode("cp1252"), "id,name\n1,Zoë\n2,New\n".encode("cp1252")),
        ("id,name\n1,Zoë\n2,B\n".encode("utf-16"), "id,name\n1,Zoë\n2,New\n".encode("utf-16")),
        (b'id,name,x\n1,"two\nlines",\n2,"B",7\n', b'id,name,x\n1,"two\nlines",\n2,New,7\n'),
    ],
)
def test_only_the_changed_line_differs(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = put(tmp_path, before)
    at = desk(tmp_path)
    at.update(at.scan()[0]["2"], name="New")
    assert path.read_bytes() == after
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".csv") or "tmp" in one.name] == [path.name]


def test_new_and_deleted_lines(tmp_path: Path) -> None:
    path = put(tmp_path, "id;name\n1;A\n2;B\n3;C")
    at = desk(tmp_path)
    at.delete(at.scan()[0]["2"])
    made = at.create({"name": "D"})
    assert path.read_text() == f"id;name\n1;A\n3;C\n{made.id};D"


def test_rights_and_links_are_kept(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = put(tmp_path, "id,name\n1,A\n")
    path.chmod(0o640)
    (tmp_path / "in" / "customers.csv").symlink_to(path)
    at = desk(tmp_path / "in")
    at.update(at.scan()[0]["1"], name="B")
    assert path.read_text() == "id,name\n1,B\n" and path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "in" / "customers.csv").is_symlink()


# --- columns ----------------------------------------------------------------------------------------------------------


def test_what_columns_are_comes_from_all_their_values(tmp_path: Path) -> None:
    put(
        tmp_path,
        "id,price,zip,plus,born,seen,active,mixed,none\n"
        "1,12.50,01067,+49,1985-04-12,2026-11-23T10:00:00Z,TRUE,7,\n"
        "2,-3,10115,+43,1990-01-31,2026-11-23T10:00:00+01:00,FALSE,x,\n",
    )
    fields = desk(tmp_path).connector.schema("customers").fields
    kinds = {name: field.type for name, field in fields.items()}
    assert kinds == {
        "id": "text",
        "price": "number",
        "zip": "text",
        "plus": "text",
        "born": "date",
        "seen": "instant",
        "active": "bool",
        "mixed": "text",
        "none": "text",
    }
    assert fields["id"].unique and fields["price"].dialect == fields["active"].dialect == "text"
    assert desk(tmp_path, text="price, born").connector.schema("customers").fields["price"].type == "text"
    at = desk(tmp_path)
    record = at.scan()[0]["1"]
    assert (record.data["zip"], record.data["active"], record.data["none"]) == ("01067", "true", None)
    at.update(record, active="false", price="7")
    assert ",FALSE,7," in (tmp_path / "customers.csv").read_text()
    for field, value in (("price", "much"), ("born", "soon"), ("nix", "x"), ("id", "9")):
        error = at.error(Write(op=Op.UPDATE, key="u", id="2", data={field: value}))
        assert isinstance(error, Invalid) and error.field == field


def test_a_letter_that_the_encoding_has_not_is_parked(tmp_path: Path) -> None:
    put(tmp_path, "id,name\n1,Zoë\n".encode("cp1252"))
    at = desk(tmp_path)
    error = at.error(Write(op=Op.UPDATE, key="u", id="1", data={"name": "東京"}))
    assert isinstance(error, Invalid) and error.field == "name"


# --- keys -------------------------------------------------------------------------------------------------------------


def test_lines_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    put(tmp_path, "id,name\n1,A\n,B\n")
    with pytest.raises(Refused, match="line 3: the id is empty"):
        desk(tmp_path).scan()
    put(tmp_path, "id,name\n1,A\n1,B\n")
    with pytest.raises(Refused, match="lines 2 and 3 have the same id '1'"):
        desk(tmp_path, keys="made").scan()
    put(tmp_path, "name\nA\n")
    with pytest.raises(Refused, match=r"no column 'id'.*keys=made"):
        desk(tmp_path).scan()
    assert list(desk(tmp_path, scope={"key": "name"}).scan()[0]) == ["A"]


def test_keys_are_filled_in_where_that_is_wished(tmp_path: Path) -> None:
    path = put(tmp_path, "name;x\nA;1\nB;2\n")
    first = desk(tmp_path, keys="made").scan()[0]
    assert path.read_text() == "name;x;id\n" + "".join(
        f"{r.data['name']};{r.data['x']};{id}\n" for id, r in first.items()
    )
    assert len(first) == 2 and desk(tmp_path, keys="made").scan()[0] == first
    put(tmp_path, path.read_text() + "C;3;\n")
    again = desk(tmp_path, keys="made").scan()[0]
    assert len(again) == 3 and set(first) < set(again)


def test_a_key_that_is_taken_is_parked_and_a_repeated_create_is_one_line(tmp_path: Path) -> None:
    put(tmp_path, "sku,name\nA1,Bolt\n")
    at = desk(tmp_path, key="sku")
    error = at.error(Write(op=Op.CREATE, key="k", data={"sku": "A1", "name": "Nut"}))
    assert isinstance(error, Invalid) and error.field == "sku"
    error = at.error(Write(op=Op.CREATE, key="k", data={"sku": None, "name": "Nut"}))
    assert isinstance(error, Invalid) and error.field == "sku"
    write = Write(op=Op.CREATE, key="k", data={"sku": "A2", "name": "Nut"})
    assert at.done(write) == at.done(write) and len(at.scan()[0]) == 2


# --- other programs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"id,name\n1,A\n2", b'id,name\n1,"A', "id,name\n1,Zoë".encode()[:-1]])
def test_a_half_written_file_is_read_later(tmp_path: Path, data: bytes) -> None:
    put(tmp_path, data)
    with pytest.raises(Transient, match="being written"):
        desk(tmp_path).scan()


def test_a_half_written_workbook_is_read_later(tmp_path: Path) -> None:
    path = sheet(tmp_path, ["id", "name"], ["1", "A"])
    put(tmp_path, path.read_bytes()[:-100], path.name)
    with pytest.raises(Transient, match="being written"):
        desk(tmp_path).scan()


def test_a_file_that_is_open_in_a_program_waits(tmp_path: Path) -> None:
    path = put(tmp_path, "id,name\n1,A\n")
    lock = put(tmp_path, b"", ".~lock.customers.csv#")
    at = desk(tmp_path)
    with pytest.raises(Transient, match="close it") as caught:
        at.one(Write(op=Op.DELETE, key="d", id="1"))
    assert caught.value.landed is False and list(at.scan()[0]) == ["1"]
    lock.unlink()
    at.done(Write(op=Op.DELETE, key="d", id="1"))
    assert path.read_text() == "id,name\n"


def test_another_program_was_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our reading and our replacing the file, somebody saves it: their line stays, ours is written too."""
    path = put(tmp_path, "id,name\n1,A\n2,B\n")
    at = desk(tmp_path)
    record = at.scan()[0]["1"]
    real, theirs = os.fsync, ["id,name\n1,A\n2,Theirs\n"]

    def meanwhile(handle: int) -> None:
        if theirs:
            put(tmp_path, theirs.pop())
        real(handle)

    monkeypatch.setattr("connectors.csv.folder.os.fsync", meanwhile)
    at.update(record, name="Ours")
    assert path.read_text() == "id,name\n1,Ours\n2,Theirs\n"
    put(tmp_path, "id,name\n1,Again\n2,Theirs\n")
    assert isinstance(at.error(Write(op=Op.DELETE, key="d", id="1", if_version=record.version)), Stale)


def test_one_refused_line_leaves_the_others(tmp_path: Path) -> None:
    path = put(tmp_path, "id,name,born\n1,A,1985-04-12\n2,B,\n")
    outcomes = desk(tmp_path).write(
        Write(op=Op.UPDATE, key="bad", id="1", data={"born": "x"}),
        Write(op=Op.UPDATE, key="lost", id="9", data={"name": "x"}),
        Write(op=Op.UPDATE, key="good", id="2", data={"name": "C"}),
    )
    assert isinstance(outcomes["good"], Done) and path.read_text() == "id,name,born\n1,A,1985-04-12\n2,C,\n"
    bad, lost = outcomes["bad"], outcomes["lost"]
    assert isinstance(bad, Failed) and isinstance(bad.error, Invalid)
    assert isinstance(lost, Failed) and isinstance(lost.error, Missing)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "id,name\n1,A\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("connectors.csv.folder.os.fsync", full)
    with pytest.raises(Transient, match="No space left") as caught:
        desk(tmp_path).one(Write(op=Op.DELETE, key="d", id="1"))
    assert caught.value.landed is False and path.read_text() == "id,name\n1,A\n"
    assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".lock")] == ["customers.csv"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("id,name,name\n", "name each column once; name"),
        ("id,name\n1,A,b,c\n", "line 2 has 4 cells"),
        ('id,name\n1,"A"x\n2,B\n', "line 2 cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, data: str, said: str) -> None:
    put(tmp_path, data)
    with pytest.raises(Refused, match=said):
        desk(tmp_path).scan()


def test_folders_and_files_that_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, "id\n", "a.csv")
    put(tmp_path, "id\n", "b.csv")
    put(tmp_path, "id\n", "b.txt")
    with pytest.raises(Refused, match=r"has no file nix\. It has: a, b"):
        desk(tmp_path, "nix").scan()
    with pytest.raises(Refused, match=r"b\.csv, b\.txt: which one"):
        desk(tmp_path, "b").scan()
    with pytest.raises(Refused, match="Is the share mounted"):
        desk(tmp_path / "away").connector.check()
    with pytest.raises(Refused, match="whole path"):
        connect("csv", {"folder": "here"})
    with pytest.raises(Refused, match="given or made"):
        desk(tmp_path, keys="perhaps")


# --- Excel ------------------------------------------------------------------------------------------------------------


def test_cells_of_a_workbook_keep_their_types(tmp_path: Path) -> None:
    path = sheet(
        tmp_path,
        ["id", "name", "price", "zip", "born", "ok", "sum"],
        [1, "Ann", 12.5, "01067", date(1985, 4, 12), True, "=C2*2"],
        [2, "Bob", 3, "10115", None, False, "=C3*2"],
    )
    at = desk(tmp_path)
    fields = at.connector.schema("customers").fields
    assert {name: field.type for name, field in fields.items()} == {
        "id": "text",
        "name": "text",
        "price": "number",
        "zip": "text",
        "born": "date",
        "ok": "bool",
    }
    record = at.scan()[0]["1"]
    assert record.data == {
        "id": "1",
        "name": "Ann",
        "price": "12.5",
        "zip": "01067",
        "born": "1985-04-12",
        "ok": "true",
    }
    at.update(record, name="=Ann", price="4", zip="00001", born="1985-04-13", ok="false")
    at.create({"name": "Cid", "born": "1999-12-31"})
    at.delete(at.scan()[0]["2"])
    rows = [[cell.value for cell in row] for row in load_workbook(path).active.iter_rows(min_row=2)]
    assert (
        rows[0][1:4] == ["=Ann", 4, "00001"]
        and rows[0][4].date() == date(1985, 4, 13)
        and rows[0][5:] == [False, "=C2*2"]
    )
    assert load_workbook(path).active["B2"].data_type == "s", "a text, never a formula"
    assert rows[1][1] == "Cid" and len(rows) == 2
    assert [one.data["name"] for one in at.scan()[0].values()] == ["=Ann", "Cid"]


def test_a_sheet_by_name_and_the_others_stay(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["nothing"])
    book.create_sheet("People").append(["id", "name"])
    book.save(tmp_path / "all.xlsx")
    at = desk(tmp_path, "all", {"sheet": "People"})
    made = at.create({"name": "Ann"})
    assert at.scan()[0] == {made.id: made}
    assert load_workbook(tmp_path / "all.xlsx").sheetnames == ["Sheet", "People"]
    with pytest.raises(Refused, match="It has: Sheet, People"):
        desk(tmp_path, "all", {"sheet": "Nix"}).scan()


def test_a_workbook_with_a_chart_is_only_read(tmp_path: Path) -> None:
    path = sheet(tmp_path, ["id", "name"], ["1", "A"])
    with zipfile.ZipFile(path, "a") as parts:
        parts.writestr("xl/charts/chart1.xml", "<c/>")
    at = desk(tmp_path)
    before = path.read_bytes()
    with pytest.raises(Refused, match="charts, which would be lost"):
        at.update(at.scan()[0]["1"], name="B")
    assert path.read_bytes() == before
