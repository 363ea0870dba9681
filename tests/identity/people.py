"""Address books in memory whose fields a test can change, and a sync of two or three of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from engine import holds
from engine.contract import Failed, Field, Invalid, Op, Outcome, Page, Record, Schema, Write
from tests.sync.memory import MemoryApp
from tests.sync.world import World

FIELDS = {
    "name": Field(type="text", means="contact.full_name"),
    "email": Field(type="email", means="contact.email"),
    "phone": Field(type="phone", means="contact.phone"),
    "web": Field(type="url", means="contact.website"),
    "note": Field(type="text", means="contact.notes"),
    "stage": Field(type="choice", choices={"lead": "Lead", "customer": "Customer"}),
}
EMAILS = Field(type="emails", means="contact.emails", many=True)
THEN = "2026-11-23T12:30:00+00:00"


@dataclass
class Book(MemoryApp):
    """One account. What is no field now is neither shown nor taken."""

    fields: dict[str, Field] = field(default_factory=lambda: dict(FIELDS))
    merged: dict[str, str] = field(default_factory=dict)
    """Records that are part of another one now."""
    asked: int = 0
    """How often the schema was read."""

    def add(self, **data: Any) -> str:
        record = super().add(**data)
        self.rows[record].data = {**dict.fromkeys(self.fields), **data}
        return record

    def change(self, name: str, **attributes: Any) -> None:
        """Somebody changes a field's definition."""
        self.fields[name] = replace(self.fields[name], **attributes)

    def merge(self, lost: str, into: str) -> None:
        """Somebody makes one record of two; what the survivor lacks it gets."""
        mine, theirs = self.rows[lost].data, self.rows[into].data
        self.remove(lost)
        self.merged[lost] = into
        self.edit(into, **{name: mine[name] for name, value in theirs.items() if not value and mine.get(name)})

    def schema(self, obj: str) -> Schema:
        self.asked += 1
        return Schema(dict(self.fields))

    def scan(self, obj: str, scope: Mapping[str, Any]) -> Iterator[Page]:
        for page in super().scan(obj, scope):
            yield Page([self._shown(one) for one in page.records], page.cursor)

    def changes(self, obj: str, scope: Mapping[str, Any], cursor: str) -> Iterator[Page]:
        for page in super().changes(obj, scope, cursor):
            yield Page([self._shown(one) for one in page.records], page.cursor)

    def get(self, obj: str, scope: Mapping[str, Any], ids: Sequence[str]) -> Iterator[Record]:
        yield from map(self._shown, super().get(obj, scope, ids))

    def write(self, obj: str, scope: Mapping[str, Any], writes: Sequence[Write]) -> Iterator[Outcome]:
        for write in writes:
            wrong = self._wrong(write)
            yield from [Failed(write.key, wrong)] if wrong else super().write(obj, scope, [write])

    def _wrong(self, write: Write) -> Invalid | None:
        lacking = [name for name, one in self.fields.items() if one.required and not write.data.get(name)]
        strange = [name for name in write.data if name not in self.fields]
        if strange or (lacking and write.op is Op.CREATE):
            return Invalid(f"{(strange or lacking)[0]} is wrong", field=(strange or lacking)[0])
        return None

    def _shown(self, record: Record) -> Record:
        data = {} if record.gone else {name: record.data.get(name) for name in self.fields}
        return replace(record, data=data, merged_into=self.merged.get(record.id))


@dataclass
class People(World):
    """A sync whose mapping is written by the test: `extra` is everything but the sides and the rows."""

    rows: tuple[str, ...] = ("name", "email", "phone", "note")
    cells: dict[str, str] = field(default_factory=dict)
    """Row -> how it is written, where not `{a: row, b: row}`."""

    def write_mapping(self, extra: str) -> None:
        sides = "\n".join(f"  {side}: {{app: caldav, object: things}}" for side in self.apps)
        rows = "\n".join(f"  {row}: {self.cells.get(row) or self._cell(row)}" for row in self.rows)
        text = f"name: things\nabout: People.\nsides:\n{sides}\nfields:\n{rows}\n{extra}\n"
        (self.root / "mappings" / "things.yaml").write_text(text)

    def _cell(self, row: str) -> str:
        return "{" + ", ".join(f"{side}: {row}" for side in self.apps) + "}"

    def holds(self, kind: str) -> list[dict[str, Any]]:
        """The open holds of a kind."""
        return [one for one in holds.listed(self.project.store, "it") if one["kind"] == kind]

    def answer(self, hold: dict[str, Any], **said: Any) -> None:
        holds.answer(self.project.store, hold["id"], said, THEN)

    def names(self, side: str) -> list[str]:
        """What the records of a side are called, in order."""
        return sorted(str(row["name"]) for row in self.apps[side].live().values())

    def linked(self) -> set[frozenset[str]]:
        """The records that belong together, as sets of ids."""
        found: dict[str, set[str]] = {}
        for row in self.project.store.rows(LINKED):
            found.setdefault(row["link"], set()).add(row["id"])
        return {frozenset(ids) for ids in found.values()}


def _linked() -> Any:
    from sqlalchemy import select

    from engine.store.tables import copies

    return select(copies.c.link, copies.c.id).where(copies.c.link.is_not(None), copies.c.present != "gone")


LINKED = _linked()
Meet = Callable[..., People]


@pytest.fixture
def meet(tmp_path: Path) -> Iterator[Meet]:
    worlds: list[People] = []

    def build(*names: str, extra: str = "match: [[email]]", **options: Any) -> People:
        apps = {name: Book(name) for name in names}
        worlds.append(People(tmp_path / f"p{len(worlds)}", apps, extra, **options))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()
