"""References: what names a record by the app's own id names the same thing on the other side, whenever that comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.accounting import explain
from engine.contract import Field, Schema
from flows import direct
from flows.project import Project
from flows.session import Session
from tests.sync.memory import FIELDS, MemoryApp
from tests.sync.world import told, watch

SYNC = "sync: {sync}\nmapping: {sync}\nsides:\n  a: {{connection: a}}\n  b: {{connection: b}}\n"
SIDES = "sides:\n  a: {{app: caldav, object: {sync}}}\n  b: {{app: caldav, object: {sync}}}\nmatch: [[title]]\n"
TITLE = "fields:\n  title: {{a: name, b: name}}\n"
REFERENCE = "  {row}: {{a: {row}, b: {row}}}\n"


class Linked(MemoryApp):
    """An app whose records name others by their ids."""

    refers: dict[str, Field]

    def schema(self, obj: str) -> Schema:
        return Schema({**FIELDS, **self.refers})

    def add(self, **data: Any) -> str:
        return super().add(**dict.fromkeys(self.refers) | data)


def app(name: str, **refers: Field) -> Linked:
    made = Linked(name)
    made.refers = refers
    return made


@dataclass
class Office:
    """Companies and people in two apps, a sync for each kind."""

    root: Path
    rows: dict[str, dict[str, Field]]
    apps: dict[str, dict[str, Linked]] = field(init=False)
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.apps = {kind: {at: app(f"{at}-{kind}-", **rows) for at in "ab"} for kind, rows in self.rows.items()}
        for folder in ("mappings", "deployments"):
            (self.root / folder).mkdir(parents=True)
        for kind, rows in self.rows.items():
            text = f"name: {kind}\n" + (SIDES + TITLE).format(sync=kind)
            text += "".join(REFERENCE.format(row=row) for row in rows)
            (self.root / "mappings" / f"{kind}.yaml").write_text(text)
            (self.root / "deployments" / f"{kind}.yaml").write_text(SYNC.format(sync=kind))
        self.project = Project.at(self.root)

    def run(self, kind: str) -> Any:
        watch(self.project, kind)
        self.now += timedelta(minutes=1)
        session = Session(self.project, kind, lambda: self.now, dict(self.apps[kind]))
        return direct.run(self.project, kind, session=session)

    def named(self, kind: str, side: str, name: str) -> str:
        (found,) = [record for record, data in self.apps[kind][side].live().items() if data["name"] == name]
        return found

    def shows(self, kind: str, side: str, name: str) -> dict[str, Any]:
        return self.apps[kind][side].live()[self.named(kind, side, name)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    company = Field(type="ref", refers="companies")
    made = Office(tmp_path / "p", {"companies": {}, "people": {"company": company}})
    yield made
    made.project.close()


def test_a_reference_names_the_same_thing_on_the_other_side(office: Office) -> None:
    acme = office.apps["companies"]["a"].add(name="Acme")
    office.apps["people"]["a"].add(name="Ann", company=acme)
    office.run("companies")
    office.run("people")
    assert office.shows("people", "b", "Ann")["company"] == office.named("companies", "b", "Acme")
    assert told(office.run("people")) == 0


def test_an_edit_of_a_reference_travels_and_an_emptied_one_is_emptied(office: Office) -> None:
    for name in ("Acme", "Bolt"):
        office.apps["companies"]["a"].add(name=name)
    office.apps["people"]["a"].add(name="Ann", company=office.named("companies", "a", "Acme"))
    office.run("companies")
    office.run("people")
    bolt = office.named("companies", "b", "Bolt")
    office.apps["people"]["b"].edit(office.named("people", "b", "Ann"), company=bolt)
    office.run("people")
    assert office.shows("people", "a", "Ann")["company"] == office.named("companies", "a", "Bolt")
    office.apps["people"]["a"].edit(office.named("people", "a", "Ann"), company=None)
    office.run("people")
    assert office.shows("people", "b", "Ann")["company"] is None


def test_a_reference_to_a_record_that_comes_later_is_deferred(office: Office) -> None:
    acme = office.apps["companies"]["a"].add(name="Acme")
    office.apps["people"]["a"].add(name="Ann", company=acme)
    report = office.run("people")
    assert report.writes["b"]["create"] == 1, "the person does not wait for the company"
    assert office.shows("people", "b", "Ann")["company"] is None
    (waits,) = [one for one in explain(office.project.store, "people", "pending") if one["side"] == "a"]
    assert waits["reason"] == f"waits: company: companies {acme} of a, which no sync has linked yet"
    assert told(office.run("people")) == 0
    office.run("companies")
    office.run("people")
    assert office.shows("people", "b", "Ann")["company"] == office.named("companies", "b", "Acme")
    assert explain(office.project.store, "people", "pending") == []
    assert told(office.run("people")) == 0


def test_an_edit_while_the_reference_waits_is_not_held_up(office: Office) -> None:
    ann = office.apps["people"]["a"].add(name="Ann", company=office.apps["companies"]["a"].add(name="Acme"))
    office.run("people")
    office.apps["people"]["a"].edit(ann, name="Anna")
    assert office.run("people").writes["b"]["update"] == 1
    assert office.shows("people", "b", "Anna")["company"] is None


def test_a_reference_whose_record_is_deleted_on_the_other_side_waits_for_it(office: Office) -> None:
    mapping = office.root / "mappings" / "companies.yaml"
    mapping.write_text(mapping.read_text() + "deletes: never\n")
    acme = office.apps["companies"]["a"].add(name="Acme")
    office.run("companies")
    office.apps["companies"]["b"].remove(office.named("companies", "b", "Acme"))
    office.run("companies")
    office.apps["people"]["a"].add(name="Ann", company=acme)
    office.run("people")
    assert office.shows("people", "b", "Ann")["company"] is None
    reasons = [one["reason"] for one in explain(office.project.store, "people", "pending")]
    assert reasons and all("not on b yet" in reason for reason in reasons)


def test_records_may_refer_to_each_other_in_a_circle(tmp_path: Path) -> None:
    boss = Field(type="ref", refers="people")
    office = Office(tmp_path / "p", {"people": {"boss": boss}})
    people = office.apps["people"]["a"]
    ann = people.add(name="Ann")
    bob = people.add(name="Bob", boss=ann)
    people.edit(ann, boss=bob)
    office.run("people")
    office.run("people")
    shown = {name: office.named("people", "b", name) for name in ("Ann", "Bob")}
    assert office.shows("people", "b", "Ann")["boss"] == shown["Bob"]
    assert office.shows("people", "b", "Bob")["boss"] == shown["Ann"]
    assert told(office.run("people")) == 0
    office.project.close()


def test_a_list_of_references(tmp_path: Path) -> None:
    members = Field(type="ref", refers="people", many=True)
    office = Office(tmp_path / "p", {"people": {}, "deals": {"members": members}})
    people = office.apps["people"]["a"]
    ann, bob = people.add(name="Ann"), people.add(name="Bob")
    office.apps["deals"]["a"].add(name="Big", members=[ann, bob])
    office.run("people")
    office.run("deals")
    at_b = [office.named("people", "b", name) for name in ("Ann", "Bob")]
    assert sorted(office.shows("deals", "b", "Big")["members"]) == sorted(at_b)
    office.apps["deals"]["b"].edit(office.named("deals", "b", "Big"), members=at_b[:1])
    office.run("deals")
    assert office.shows("deals", "a", "Big")["members"] == [ann]
    assert told(office.run("deals")) == 0
    office.project.close()
