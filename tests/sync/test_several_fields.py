"""Rows of several native fields on a side, and fields of which several rows own a part each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.contract import Field, Schema
from engine.history import query
from tests.sync.memory import MemoryApp
from tests.sync.world import World, only, told
from tests.undo.rig import take_back

MAPPING = """\
name: things
sides:
  crm: {app: caldav, object: things}
  book: {app: caldav, object: things}
match: [[mail]]
fields:
  mail: {crm: email, book: email}
"""
JOINED = "  name: {crm: [firstname, lastname], book: full_name}\n"
PARTED = """\
  first: {crm: firstname, book: full_name, via: {book: [{part: given}]}}
  last: {crm: lastname, book: full_name, via: {book: [{part: family}]}}
"""
FIELDS = {
    "email": Field(type="text", means="contact.email"),
    "firstname": Field(type="text", means="contact.given_name"),
    "lastname": Field(type="text", means="contact.family_name"),
    "full_name": Field(type="text", means="contact.full_name"),
}


class Contacts(MemoryApp):
    def schema(self, obj: str) -> Schema:
        return Schema(FIELDS)


@pytest.fixture(params=[JOINED, PARTED], ids=["joined", "parted"])
def world(request: Any, tmp_path: Path) -> Any:
    found = World(tmp_path, {"crm": Contacts("crm"), "book": Contacts("book")})
    (found.root / "mappings" / "things.yaml").write_text(MAPPING + request.param)
    yield found
    found.close()


def crm(world: World) -> tuple[Any, Any]:
    record = only(world.apps["crm"])
    return record.get("firstname"), record.get("lastname")


def test_a_name_of_two_fields_and_of_one(world: World) -> None:
    world.apps["crm"].add(email="ann@example.com", firstname="Ann", lastname="van der Berg")
    world.run()
    assert only(world.apps["book"])["full_name"] == "Ann van der Berg"
    assert told(world.run()) == 0
    world.apps["book"].edit("book1", full_name="Ann Smith")
    world.run()
    assert crm(world) == ("Ann", "Smith")
    assert told(world.run()) == 0
    world.apps["crm"].edit("crm1", firstname="Anna")
    report = world.run()
    assert told(report) == 1 and only(world.apps["book"])["full_name"] == "Anna Smith"
    assert told(world.run()) == 0
    assert {side: counts["in_sync"] for side, counts in world.status().items()} == {"crm": 1, "book": 1}


def test_a_name_that_the_rules_would_part_otherwise_stays(world: World) -> None:
    world.apps["crm"].add(email="gabo@example.com", firstname="Gabriel", lastname="García Márquez")
    world.run()
    assert only(world.apps["book"])["full_name"].split() == ["Gabriel", "García", "Márquez"]
    assert told(world.run()) == 0 and told(world.run(full=True)) == 0
    assert crm(world) == ("Gabriel", "García Márquez")


def test_edits_on_both_sides_at_once(world: World) -> None:
    world.apps["crm"].add(email="ann@example.com", firstname="Ann", lastname="Smith")
    world.run()
    world.apps["crm"].edit("crm1", firstname="Anna")
    world.apps["book"].edit("book1", full_name="Ann Smythe")
    world.run()
    assert " ".join(map(str, crm(world))) == only(world.apps["book"])["full_name"]
    lost = [row for row in query(world.project.store, "it") if row["event"] == "lost"]
    if "last" in world.session().mapping.fields:
        assert crm(world) == ("Anna", "Smythe") and not lost
    else:
        assert len(lost) == 1
    assert told(world.run()) == 0


def test_a_name_is_taken_away_and_comes_back(world: World) -> None:
    world.apps["crm"].add(email="ann@example.com", firstname="Ann", lastname="Smith")
    world.run()
    world.apps["book"].edit("book1", full_name=None)
    world.run()
    assert crm(world) == (None, None)
    assert told(world.run()) == 0
    world.apps["crm"].edit("crm1", lastname="Smith")
    world.run()
    assert only(world.apps["book"])["full_name"].strip(",") == "Smith"
    assert told(world.run()) == 0


def test_undo_gives_back_what_was_there(world: World) -> None:
    world.apps["crm"].add(email="ann@example.com", firstname="Ann", lastname="Smith")
    world.run()
    world.apps["crm"].edit("crm1", lastname="Jones")
    world.apps["book"].edit("book1", full_name="Ann Smith")
    report = world.run()
    assert only(world.apps["book"])["full_name"] == "Ann Jones"
    take_back(world, report.run)
    assert (crm(world), only(world.apps["book"])["full_name"]) == (("Ann", "Smith"), "Ann Smith")
    assert told(world.run()) == 0
