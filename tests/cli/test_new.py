"""`syncline new` without a mapping: two accounts of any kind are in sync without a hand edit."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack

import pytest

from connectors import connect
from engine.bound import Bound
from engine.contract import Op, Write
from engine.yamlfile import load_mapping
from sandbox import start

ADA = {"street": "Main St 1", "city": "Berlin", "postcode": "10115", "country": "Germany"}
PAIRS = {
    "contacts": (
        ("google_contacts", {
            "givenName": "Ada", "familyName": "Lovelace", "company": "Engines", "notes": "Met in Room 1",
            "emailAddresses": [{"value": "ada@example.org", "label": "work"}],
            "phoneNumbers": [{"value": "+49 30 901820", "label": "mobile"}],
            "addresses": [{"label": "home", **ADA}], "birthday": {"year": 1985, "month": 12, "day": 10},
        }),
        ("outlook_contacts", {
            "displayName": "Bob Example", "givenName": "Bob", "surname": "Example", "jobTitle": "Baker",
            "emailAddresses": [{"value": "bob@example.org", "label": "work"}],
            "phones": [{"value": "+49 30 901821", "label": "work"}],
            "categories": ["Friends"], "businessHomePage": "https://example.org",
        }),
    ),
    "people": (
        ("hubspot:contacts", {
            "firstname": "Ada", "lastname": "Lovelace", "email": "ada@example.org", "phone": "+4930901820",
            "mobilephone": "+4915112345678", "address": "Main St 1", "city": "Berlin", "zip": "10115",
        }),
        ("google_contacts", {
            "givenName": "Bob", "familyName": "Example", "company": "Bakers",
            "emailAddresses": [{"value": "bob@example.org", "label": "work"}],
            "phoneNumbers": [{"value": "+49 30 90182", "label": "work"}, {"value": "+49 30 90183", "label": "mobile"}],
            "addresses": [{"label": "home", **ADA}],
        }),
    ),
    "tasks": (
        ("google_tasks", {"title": "Budget", "notes": "Room 1", "due": "2026-11-23", "status": "needsAction"}),
        ("microsoft_todo", {
            "title": "Plan", "body": "<p>Ask Ada</p>", "status": "completed", "importance": "high",
            "dueDateTime": "2026-11-24", "categories": ["Red"],
        }),
    ),
    "meetings": (
        ("google_calendar", {
            "summary": "Review", "description": "Bring the <b>plans</b>.", "location": "Room 4",
            "start": {"dateTime": "2026-11-24T09:00:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-11-24T10:00:00", "timeZone": "Europe/Berlin"},
            "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU"],
        }),
        ("outlook_calendar", {
            "subject": "Lunch", "body": "With Ann", "showAs": "free", "sensitivity": "private",
            "start": {"dateTime": "2026-11-25T12:00:00", "timeZone": "W. Europe Standard Time"},
            "end": {"dateTime": "2026-11-25T13:00:00", "timeZone": "W. Europe Standard Time"},
        }),
    ),
    "products": (
        ("hubspot:products", {
            "name": "Chair", "hs_sku": "C-1", "description": "To sit on", "price": "49.5",
            "hs_url": "https://example.org/chair",
        }),
        ("hubspot:products", {"name": "Table", "hs_sku": "T-1", "price": "120", "hs_product_type": "inventory"}),
    ),
}  # fmt: skip
"""Kind -> app (and object) of two sides, each with the record that only it has."""
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


def given(app, obj, **data):
    """A record that somebody made there."""
    (outcome,) = app.write(obj, {}, [Write(op=Op.CREATE, key=f"made-{len(data)}", data=data)])
    return outcome.record


def shown(bound, apps):
    """Side -> what its records show in the sync's own terms, in the rows that go all ways."""
    rows = [name for name, row in bound.rows.items() if row.targets == set(bound.names)]
    found = {}
    for side, app in apps.items():
        pages = app.scan(bound.mapping.sides[side].object, {})
        records = [bound.get(side, record.data) for page in pages for record in page.records]
        key = next(row for row in ("sku", "email", "emails", "title") if row in rows)
        found[side] = {str(one[key]): {row: one.get(row) for row in rows} for one in records}
    return found


@pytest.mark.parametrize("kind", PAIRS)
def test_from_nothing_to_a_sync(folder, syncline, accounts, kind):
    places, apps, words = dict(zip("ab", PAIRS[kind], strict=True)), {}, []
    for side, (place, record) in places.items():
        app, _, obj = place.partition(":")
        apps[side] = accounts(side, app)
        given(apps[side], obj or apps[side].objects[0], **record)
        words += ["--side", f"{side}={side}{f':{obj}' if obj else ''}"]
    made = syncline("new", kind, *words, "--json")
    assert made.code == 0, made.err
    assert syncline("check", kind).code == 0
    assert syncline("plan", kind).code == 2
    first = syncline("run", kind, "--direct", "--json")
    assert first.code == 0, first.out
    assert first.doc["writes"]["a"]["create"] == first.doc["writes"]["b"]["create"] == 1
    assert syncline("plan", kind).code == 0
    again = syncline("run", kind, "--direct", "--full", "--json").doc
    assert not any(count for ops in again["writes"].values() for count in ops.values())

    mapping = load_mapping(folder / "mappings" / f"{kind}.yaml")
    bound = Bound(mapping, {side: app.schema(mapping.sides[side].object) for side, app in apps.items()})
    seen = shown(bound, apps)
    assert len(seen["a"]) == 2
    assert seen["a"] == seen["b"]


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
