"""A CRM and a mailing tool, through the engine: HubSpot's contacts and the members of a Mailchimp audience."""

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
from engine import holds
from flows import direct
from flows.project import Project
from flows.session import Session
from sandbox import Running, start

MAPPING = """\
name: people
about: The CRM's contacts are members of the audience.
sides:
  crm:  {app: hubspot, object: contacts}
  news: {app: mailchimp, object: members, scope: {audience: Newsletter}}
match: [[email]]
fields:
  email: {crm: email, news: email_address}
  first: {crm: firstname, news: FNAME}
  last:  {crm: lastname, news: LNAME}
  phone: {crm: phone, news: PHONE}
"""
SYNC = "sync: it\nmapping: people\nsides:\n  crm: {connection: crm}\n  news: {connection: news}\n"
CONTACTS = "crm/v3/objects/contacts"
MEMBERS = "3.0/lists/a1b2c3d4e5/members"
APPS = {"crm": "hubspot", "news": "mailchimp"}
People = dict[str, tuple[str | None, str | None]]


class Accounts:
    """Both accounts, the sync between them, and people who work in them. Clocks stand still between runs."""

    def __init__(self, root: Path, servers: dict[str, Running]) -> None:
        for name, text in (("mappings/people.yaml", MAPPING), ("deployments/it.yaml", SYNC)):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text(text)
        self.project = Project.at(root)
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self._servers = servers
        self.http = {side: Client(each.url, Bearer(each.token)) for side, each in servers.items()}
        self.wait(0)

    def send(self, side: str, method: str, path: str, **body: Any) -> Any:
        return self.http[side].json(method, path, json=body)

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for side in self.http:
            self.send(side, "POST", "_control/now", now=self.now.isoformat())

    def run(self, seconds: int = 300, *, full: bool = False) -> int:
        """A run some time later: its writes."""
        self.wait(seconds)
        given = {side: {"base_url": each.url, "token": each.token} for side, each in self._servers.items()}
        apps = {side: connect(APPS[side], settings, sleep=lambda _: None) for side, settings in given.items()}
        report = direct.run(self.project, "it", session=Session(self.project, "it", lambda: self.now, apps), full=full)
        assert not report.errors, report
        return sum(sum(ops.values()) for ops in report.writes.values())

    def merge_there_too(self) -> None:
        """A person answers the one hold that there is."""
        (hold,) = holds.listed(self.project.store, "it")
        assert hold["kind"] == "merge"
        holds.answer(self.project.store, hold["id"], {"value": "release"}, self.now.isoformat())

    def contact(self, email: str, **more: str) -> str:
        return str(self.send("crm", "POST", CONTACTS, properties={"email": email, **more})["id"])

    def contacts(self) -> People:
        """By address: first and last name."""
        page = self.http["crm"].json("GET", CONTACTS, params={"limit": "100"})
        shown = [each["properties"] for each in page["results"]]
        return {each["email"]: (each["firstname"], each["lastname"]) for each in shown}

    def members(self) -> People:
        page = self.http["news"].json("GET", MEMBERS, params={"count": "100"})
        shown = {each["email_address"]: each["merge_fields"] for each in page["members"]}
        return {email: (names["FNAME"] or None, names["LNAME"] or None) for email, names in shown.items()}

    def same(self) -> set[str]:
        """The addresses, where both have the same people."""
        assert self.contacts() == self.members()
        return set(self.contacts())

    def statuses(self) -> dict[str, str]:
        page = self.http["news"].json("GET", MEMBERS, params={"count": "100"})
        return {each["email_address"]: each["status"] for each in page["members"]}


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with start("hubspot") as crm, start("mailchimp") as news:
        made = Accounts(tmp_path, {"crm": crm, "news": news})
        yield made
        made.project.close()
        for client in made.http.values():
            client.close()


def people(number: int) -> str:
    return f"p{number}@example.org"


def test_edits_deletions_and_merges(accounts: Accounts) -> None:
    ids = [accounts.contact(people(number), firstname="F", lastname=str(number)) for number in range(5)]
    seeded = [{"email_address": people(number), "merge_fields": {"LNAME": str(number)}} for number in range(3, 7)]
    accounts.send("news", "POST", "_control/seed", calendar="primary", ics=json.dumps(seeded))
    assert accounts.run() > 0
    assert accounts.run() == 0
    assert accounts.same() == {people(number) for number in range(7)}
    assert accounts.statuses()[people(0)] == "transactional" and accounts.statuses()[people(6)] == "subscribed"

    accounts.send("crm", "PATCH", f"{CONTACTS}/{ids[2]}", properties={"email": "new@example.org", "lastname": "Two"})
    accounts.send("news", "PATCH", f"{MEMBERS}/{people(3)}", merge_fields={"FNAME": "Three"})
    accounts.send("crm", "POST", f"{CONTACTS}/merge", primaryObjectId=ids[0], objectIdToMerge=ids[1])
    accounts.http["news"].request("DELETE", f"{MEMBERS}/{people(6)}")
    assert accounts.run() > 0
    assert accounts.run() == 0
    assert accounts.members().keys() - accounts.contacts().keys() == {people(1)}, "a merge is nobody's deletion"
    accounts.merge_there_too()
    assert accounts.run() == 1
    assert accounts.same() == {people(0), "new@example.org", *(people(number) for number in (3, 4, 5))}
    assert accounts.contacts()[people(3)] == ("Three", "3") and accounts.members()["new@example.org"] == ("F", "Two")

    accounts.send("crm", "POST", f"{CONTACTS}/gdpr-delete", objectId=ids[4])
    assert accounts.run() == 0, "it leaves no trace"
    accounts.run(full=True)
    accounts.run(full=True)
    assert accounts.same() == {people(0), "new@example.org", people(3), people(5)}
    assert accounts.run() == 0


def test_an_index_that_is_late_doubles_and_undoes_nothing(accounts: Accounts) -> None:
    accounts.send("crm", "POST", "_hubspot/set", lag=150)
    ids = [accounts.contact(people(number), lastname=str(number)) for number in range(3)]
    accounts.run(60)
    accounts.send("news", "PATCH", f"{MEMBERS}/{people(0)}", merge_fields={"LNAME": "Theirs"})
    accounts.run(60)
    accounts.send("crm", "PATCH", f"{CONTACTS}/{ids[1]}", properties={"lastname": "Ours"})
    more = json.dumps([{"email_address": people(3), "merge_fields": {"LNAME": "3"}}])
    accounts.send("news", "POST", "_control/seed", calendar="primary", ics=more)
    for _ in range(6):
        accounts.run(60)
    assert accounts.run(60) == 0
    assert accounts.same() == {people(number) for number in range(4)}
    assert accounts.contacts()[people(0)] == (None, "Theirs") and accounts.members()[people(1)] == (None, "Ours")
