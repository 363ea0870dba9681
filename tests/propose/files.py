"""A database and a folder of files that nobody described: only the names of their columns tell what they mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

Settings = dict[str, str]
MEANS: Mapping[str, str] = {
    "vorname": "contact.given_name", "last_name": "contact.family_name", "e_mail": "contact.email",
    "tel": "contact.phone", "mobile": "contact.mobile", "street": "contact.street", "zip": "contact.postcode",
    "town": "contact.city", "country": "contact.country", "organisation": "contact.company",
    "position": "contact.job_title", "dob": "contact.birthday", "remarks": "contact.notes",
    "item_name": "product.name", "article_number": "product.sku", "unit_price": "product.price",
    "details": "product.description", "brand": "product.vendor", "ean": "product.barcode",
}  # fmt: skip
"""Column -> what somebody who reads its name takes it for."""
KINDS = {"people": "contact", "wares": "product"}
"""Table or file -> kind of what is in it."""


def columns(name: str) -> list[str]:
    return [column for column, entry in MEANS.items() if entry.startswith(f"{KINDS[name]}.")]


def database(folder: Path, table: str) -> Settings:
    path = folder / f"{table}.db"
    named = ", ".join(f"{column} {'decimal(12, 2)' if column == 'unit_price' else 'text'}" for column in columns(table))
    with sqlite3.connect(path) as made:
        made.execute(f"create table {table} (id integer primary key autoincrement, {named}, size text)")
    made.close()
    return {"url": f"sqlite:///{path}"}


def sheet(folder: Path, file: str) -> Settings:
    (folder / "files").mkdir()
    (folder / "files" / f"{file}.csv").write_text(",".join(["id", *columns(file), "size"]) + "\n")
    return {"folder": str(folder / "files"), "keys": "made", "text": "zip,tel,mobile,ean"}


MAKERS: Mapping[str, Callable[[Path, str], Settings]] = {"sql": database, "csv": sheet}
