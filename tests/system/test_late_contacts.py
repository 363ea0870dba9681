"""Two Google Contacts accounts whose feeds show every change minutes late: nothing is doubled, lost or undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from flows import direct
from flows.project import Project
from flows.session import Session
from sandbox import Running, start

APP = "google_contacts"
MAPPING = """\
name: people
about: The same people in both accounts.
sides:
  a: {app: google_contacts, object: contacts}
  b: {app: google_contacts, object: contacts}
match: [[first, last]]
fields:
  first: {a: givenName, b: givenName}
  last:  {a: familyName, b: familyName}
  notes: {a: notes, b: notes}
"""
SYNC = "sync: it\nmapping: people\nsides:\n  a: {connection: a}\n  b: {connection: b}\n"
LATE = timedelta(seconds=150)


class Late:
    """Both accounts, the sync between them, and people who work in the accounts. Clocks stand still between runs."""

    def __init__(self, root: Path, servers: dict[str, Running]) -> None:
        for name, text in (("mappings/people.yaml", MAPPING), ("deployments/it.yaml", SYNC)):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
        self.project = Project.at(root)
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self._servers = servers
        self.http = {side: Client(each.url, Bearer(each.token)) for side, each in servers.items()}
        for side in servers:
            self.own(side, "_contacts/lag", seconds=LATE.total_seconds())
        self.wait(0)

    def own(self, side: str, where: str, /, **body: Any) -> None:
        self.http[side].request("POST", where, json=body)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for side in self.http:
            self.own(side, "_control/now", now=self.now.isoformat())

    def run(self, seconds: int, *, full: bool = False) -> int:
        """A run some time later: its writes."""
        self.wait(seconds)
        given = {side: {"base_url": each.url, "token": each.token} for side, each in self._servers.items()}
        apps = {side: connect(APP, settings, sleep=lambda _: None) for side, settings in given.items()}
        report = direct.run(self.project, "it", session=Session(self.project, "it", lambda: self.now, apps), full=full)
        return sum(sum(ops.values()) for ops in report.writes.values())

    def people(self, side: str) -> dict[str, Any]:
        """By first name, as a direct read shows them."""
        params = {"personFields": "names,biographies,metadata", "pageSize": "1000"}
        page = self.http[side].json("GET", "v1/people/me/connections", params=params)
        found = page.get("connections", [])
        assert len({person["names"][0]["givenName"] for person in found}) == len(found), "somebody is there twice"
        return {person["names"][0]["givenName"]: person for person in found}

    def notes(self) -> dict[str, str | None]:
        """First name -> notes, the same in both."""
        both = [
            {name: each.get("biographies", [{}])[0].get("value") for name, each in self.people(side).items()}
            for side in self.http
        ]
        assert both[0] == both[1]
        return both[0]

    def edit(self, side: str, name: str, notes: str) -> None:
        person = self.people(side)[name]
        body = {"metadata": person["metadata"], "biographies": [{"value": notes}]}
        path = f"v1/{person['resourceName']}:updateContact"
        self.http[side].request("PATCH", path, params={"updatePersonFields": "biographies"}, json=body)


@pytest.fixture
def late(tmp_path: Path) -> Iterator[Late]:
    with start(APP) as a, start(APP) as b:
        world = Late(tmp_path, {"a": a, "b": b})
        people = [{"names": [{"givenName": name, "familyName": "Example"}]} for name in ("Ada", "Bob", "Cem")]
        world.own("a", "_control/seed", calendar="primary", ics=json.dumps(people))
        world.own("b", "_control/seed", calendar="primary", ics=json.dumps(people[:1]))
        assert world.run(200) == 2
        yield world
        world.project.close()


def test_lists_that_do_not_show_our_own_writes_yet(late: Late) -> None:
    assert [late.run(20, full=True), late.run(20), late.run(20, full=True), late.run(200), late.run(20)] == [0] * 5
    assert set(late.notes()) == {"Ada", "Bob", "Cem"}


def test_edits_that_show_late_and_one_after_the_other(late: Late) -> None:
    late.run(200)
    late.edit("a", "Ada", "one")
    late.run(30)
    late.edit("a", "Ada", "two")
    late.edit("b", "Bob", "three")
    late.run(130, full=True)
    late.edit("a", "Ada", "four")
    late.run(60)
    late.run(60, full=True)
    late.run(200)
    assert late.notes() == {"Ada": "four", "Bob": "three", "Cem": None}
    assert [late.run(10), late.run(200, full=True)] == [0, 0]


def test_a_create_in_doubt_that_is_not_listed_yet_and_a_delete(late: Late) -> None:
    late.run(200)
    late.http["a"].request("POST", "v1/people:createContact", json={"names": [{"givenName": "Dora"}]})
    late.own("b", "_control/faults", kind="drop_after_commit", method="POST", path="batchCreate")
    late.run(170)
    late.run(10, full=True)
    late.run(10)
    late.run(200)
    assert set(late.notes()) == {"Ada", "Bob", "Cem", "Dora"}
    late.http["b"].request("DELETE", f"v1/{late.people('b')['Cem']['resourceName']}:deleteContact")
    late.run(10, full=True)
    late.run(200)
    assert set(late.notes()) == {"Ada", "Bob", "Dora"}
    assert late.run(10) == 0
