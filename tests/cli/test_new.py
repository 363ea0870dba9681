"""`syncline new` without a mapping: what is proposed, told and written. How it fares: tests/propose/test_travel.py."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack

import pytest

from connectors import connect
from engine.yamlfile import load_mapping
from sandbox import start

CUSTOMERS = [(number, "Ann", f"Example{number}", f"ann{number}@example.org", "10115", "Berlin") for number in range(3)]


@pytest.fixture
def accounts(folder, syncline):
    """Connects stand-ins; each is asked for as app or app:object."""
    with ExitStack() as stack:

        def connected(name, app):
            server = stack.enter_context(start(app))
            settings = {"base_url": server.url, "token": server.token}
            words = [f"{key}={value}" for key, value in settings.items()]
            assert syncline("connect", app, "--name", name, "--set", *words).code == 0
            return connect(app, settings, sleep=lambda _: None)

        yield connected


@pytest.fixture
def table(folder, syncline):
    """A database that nobody described, with customers."""
    columns = "id integer primary key, vorname text, last_name text, e_mail text unique, zip text, city text, size text"
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute(f"create table customers ({columns})")
        shop.executemany("insert into customers values (?, ?, ?, ?, ?, ?, 'XL')", CUSTOMERS)
    assert syncline("connect", "sql", "--name", "shop", "--set", f"url=sqlite:///{folder}/shop.db").code == 0
    return "shop:customers"


def test_a_table_whose_columns_tell_their_meaning_by_name(syncline, accounts, table):
    google = accounts("me", "google_contacts")
    said = syncline("new", "shop", "--side", "google=me", "--side", f"shop={table}", "--json")
    assert said.code == 0, said.err
    found = {row["row"]: row["sides"]["shop"] for row in said.doc["rows"]}
    assert found == {
        "given_name": "vorname", "family_name": "last_name", "email": "e_mail", "address": ["city", "zip"]
    }  # fmt: skip
    assert "shop.vorname by name" in said.doc["rows"][0]["reason"]
    assert {"id", "size"} <= {one["field"] for one in said.doc["left"] if one["side"] == "shop"}
    assert syncline("check", "shop").code == 0
    assert syncline("run", "shop", "--direct").code == 0
    assert syncline("plan", "shop").code == 0
    (page, *_) = google.scan("contacts", {})
    assert sorted(one.data["emailAddresses"][0]["value"] for one in page.records) == [each[3] for each in CUSTOMERS]
    assert page.records[0].data["addresses"][0]["postcode"] == "10115"


def test_what_was_decided_is_told_and_a_dry_run_writes_nothing(folder, syncline, accounts, table):
    accounts("hub", "hubspot")
    words = ("new", "people", "--side", "crm=hub:contacts", "--side", f"shop={table}")
    said = syncline(*words, "--dry-run")
    assert said.code == 0
    for part in ("First name: contact.given_name", "left out: crm.lifecyclestage", "fields:\n", "Nothing is written"):
        assert part in said.out
    assert [*(folder / "mappings").iterdir(), *(folder / "deployments").iterdir()] == []
    said = syncline(*words)
    assert "Next: syncline check people" in said.out
    assert load_mapping(folder / "mappings" / "people.yaml").match
    assert "{connection: hub}" in (folder / "deployments" / "people.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["a=hub", "b=other"], "Several things could be kept the same: a (hubspot) has contacts, companies, deals"),
        (["a=hub", "b=other"], "such as: --side a=hub:contacts --side b=other:contacts"),
        (["a=hub:deals", "b=other:products"], "no kind of thing in common: a (hubspot) has deals"),
        (["a=hub:contacts", "b=hubb"], "There is no connection 'hubb'. Did you mean 'hub'?"),
        (["a=hub:contcts", "b=other:contacts"], "HubSpot has no object 'contcts'"),
        (["a=hub:contacts"], "two sides or more"),
        (["a=hub:", "b=other"], "--side takes side=CONNECTION or side=CONNECTION:OBJECT, not 'a=hub:'"),
        (["a=hub:contacts", "a=other:contacts"], "--side names 'a' twice"),
        (["to=hub:contacts", "b=other:contacts"], "A side cannot be called 'to'"),
        (["a=hub:deals", "b=hub:deals"], "Two sides are the same place"),
    ],
)
def test_what_cannot_be_proposed(folder, syncline, accounts, words, sentence):
    accounts("hub", "hubspot")
    accounts("other", "hubspot")
    said = syncline("new", "it", *(part for word in words for part in ("--side", word)))
    assert said.code == 1
    assert sentence in said.err
    assert [*(folder / "mappings").iterdir(), *(folder / "deployments").iterdir()] == []


def test_names_that_are_taken(folder, syncline, accounts):
    for name in ("hub", "other"):
        accounts(name, "hubspot")
    sides = ("--side", "a=hub:deals", "--side", "b=other:deals")
    assert "There is a mapping 'hubspot-mailchimp' already" in syncline("new", "hubspot-mailchimp", *sides).err
    assert syncline("new", "deals", *sides).code == 0
    before = (folder / "mappings" / "deals.yaml").read_text()
    assert "There is a sync 'deals' already" in syncline("new", "deals", *sides).err
    (folder / "deployments" / "deals.yaml").unlink()
    assert "There is a mapping 'deals' already" in syncline("new", "deals", *sides).err
    assert (folder / "mappings" / "deals.yaml").read_text() == before
    said = syncline("new", "more", "--mapping", "deals", "--dry-run", *sides)
    assert said.code == 1 and "--dry-run" in said.err
