"""A table, a CSV file and a view of the same customers, kept the same through the engine."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import connect
from flows import direct
from flows.project import Project
from tests.sync.world import told, watch

MAPPING = """\
name: customers
about: The customers of the shop and of the exchange folder.
sides:
  shop: {app: sql, object: customers}
  file: {app: csv, object: clients}
match: [[mail]]
fields:
  name:  {shop: name,  file: Name}
  mail:  {shop: email, file: Mail}
  limit: {shop: credit, file: Credit}
  since: {shop: since, file: Since}
brakes: {deletes: 50%, updates: 100%}
"""
TABLE = """
create table customers (
  id integer primary key autoincrement, name varchar(40) not null, email text unique, credit decimal(10, 2), since date,
  updated_at datetime
);
insert into customers (name, email, credit, since) values
  ('Ann', 'ann@example.org', 12.5, '2020-01-31'), ('Bob', 'bob@example.org', null, null),
  ('Cid', 'cid@example.org', 7, '2024-02-29');
"""
FILE = """\
key;Name;Mail;Credit;Since;Remark
7;Ann;ann@example.org;12.50;2020-01-31;likes "it"
8;Dora;dora@example.org;3;2021-12-24;
"""


class Office:
    """The project, the table and the file."""

    def __init__(self, root: Path, changes: str) -> None:
        self.table, self.file = root / "shop.db", root / "clients.csv"
        self.tell(*TABLE.split(";\n"))
        self.file.write_text(FILE, newline="")
        for folder in ("mappings", "deployments"):
            (root / folder).mkdir()
        (root / "mappings" / "customers.yaml").write_text(MAPPING)
        (root / "deployments" / "it.yaml").write_text(
            "sync: it\nmapping: customers\nsides:\n  shop: {connection: shop}\n  file: {connection: file}\n"
        )
        self.project = Project.at(root)
        places = {
            "shop": ("sql", {"url": f"sqlite:///{self.table}", "changes": changes}),
            "file": ("csv", {"folder": str(root), "key": "key"}),
        }
        for name, (app, settings) in places.items():
            account = connect(app, settings).check()
            self.project.save_connection(name, app, settings, account, datetime(2026, 11, 23, tzinfo=UTC))
        watch(self.project)

    def tell(self, *statements: str) -> list[Any]:
        database = sqlite3.connect(self.table, isolation_level=None)
        try:
            return [database.execute(one).fetchall() for one in statements if one.strip()][-1]
        finally:
            database.close()

    def rows(self) -> list[Any]:
        return self.tell("select name, email, credit, since from customers order by email")

    def lines(self) -> list[dict[str, str]]:
        with self.file.open(newline="") as stream:
            return sorted(csv.DictReader(stream, delimiter=";"), key=lambda line: line["Mail"])

    def run(self) -> int:
        report = direct.run(self.project, "it")
        return told(report)


@pytest.fixture(params=["scan", "trigger"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path, request.param)
    yield office
    office.project.close()


def test_a_table_and_a_file_are_kept_the_same(office: Office) -> None:
    assert office.run() == 3 and office.run() == 0
    names = ["Ann", "Bob", "Cid", "Dora"]
    assert [row[0] for row in office.rows()] == names == [line["Name"] for line in office.lines()]
    assert office.file.read_text().splitlines()[:3] == FILE.splitlines(), "what did not change stays as it was"

    office.tell("update customers set name = 'Anna' where name = 'Ann'", "delete from customers where name = 'Bob'")
    office.file.write_text(office.file.read_text().replace("Dora", "Dorothea").replace("12.50", "99.90"), newline="")
    for _ in range(3):  # a line that is missing is believed at second sight
        office.run()
    assert office.run() == 0
    assert [(row[0], row[2]) for row in office.rows()] == [("Anna", 99.9), ("Cid", 7), ("Dorothea", 3)]
    assert [line["Name"] for line in office.lines()] == ["Anna", "Cid", "Dorothea"]
    assert office.lines()[0]["Remark"] == 'likes "it"'
