"""QuickBooks: the common suite for customers and items, and what is QuickBooks' own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from connectors.quickbooks.errors import classify
from engine.contract import (
    AuthExpired,
    CursorExpired,
    Deleted,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Refused,
    Stale,
    Transient,
    Write,
)
from sandbox import start
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk

REALM = "9130350000000001"
BASE = f"v3/company/{REALM}"


class QuickBooks(Conformance):
    app = "quickbooks"

    @pytest.fixture
    def settings(self) -> Iterator[dict[str, str]]:
        with start(self.app) as server:
            yield {"base_url": server.url, "token": server.token, "realm_id": REALM}


class TestCustomers(QuickBooks):
    obj = "customers"
    title, other = "CompanyName", "Notes"
    unique = "DisplayName"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"DisplayName": "Ada Lovelace", "CompanyName": "Engines", "Notes": "Poet", "BillCity": "London"}
        return data | {"PrimaryEmailAddr": "ada@example.org", "BillLine": "1 Main Street\nDoor 2"} | changes


class TestItems(QuickBooks):
    obj = "items"
    title, other = "Name", "Description"
    unique = "Name"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"Name": "Gear", "Description": "Brass", "Sku": "G-1", "UnitPrice": 12.5, "Type": "NonInventory"}
        return data | changes


@pytest.fixture
def server() -> Iterator[Any]:
    with start("quickbooks") as running:
        yield running


@pytest.fixture
def api(server: Any) -> Client:
    """What people and other programs do in the company."""
    return Client(server.url, Bearer(server.token))


def setting(server: Any, **values: Any) -> None:
    """What the stand-in is told."""
    body = json.dumps(values).encode()
    with urlopen(Request(f"{server.url}/_quickbooks/set", body, {"Content-Type": "application/json"})) as answer:
        assert answer.status == 200


def desk_of(server: Any, obj: str = "customers", **settings: str) -> Desk:
    given = {"base_url": server.url, "token": server.token, "realm_id": REALM, **settings}
    return Desk(connect("quickbooks", given, sleep=lambda _: None), {}, obj, Control(server.url))


@pytest.fixture
def desk(server: Any) -> Desk:
    return desk_of(server)


def control_of(desk: Desk) -> Control:
    assert desk.control is not None
    return desk.control


def raw(api: Client, id: str, entity: str = "customer") -> dict[str, Any]:
    return dict(api.json("GET", f"{BASE}/{entity}/{id}")[entity.title()])


# --- values ---------------------------------------------------------------------------------------------------------


def test_every_field_goes_there_and_back(desk: Desk) -> None:
    parent = desk.create({"DisplayName": "Parent"}, key="parent").id
    data = {
        "DisplayName": "Ada",
        "Title": "Lady",
        "GivenName": "Augusta",
        "MiddleName": "Ada",
        "FamilyName": "King",
        "Suffix": "I",
        "PrimaryPhone": "+44 20 1234",
        "Mobile": "1",
        "AlternatePhone": "2",
        "Fax": "3",
        "WebAddr": "https://example.org",
        "BillCountrySubDivisionCode": "LND",
        "BillPostalCode": "E1",
        "BillCountry": "UK",
        "ShipLine": "2 Side Street",
        "ShipCity": "Bath",
        "Taxable": False,
        "ResaleNum": "R1",
        "ParentRef": parent,
    }
    made = desk.create(data)
    assert {name: made.data[name] for name in data} == data
    assert made.data["BillLine"] is None and made.data["Balance"] == 0
    empty = {name: None for name in data if name not in ("DisplayName", "Taxable")}
    cleared = desk.update(made, **empty)
    assert {name: cleared.data[name] for name in empty} == empty
    assert (cleared.data["DisplayName"], cleared.data["Taxable"]) == ("Ada", False)


def test_what_is_not_ours_survives_an_update(desk: Desk, api: Client) -> None:
    body = {
        "DisplayName": "Ada",
        "PreferredDeliveryMethod": "Print",
        "Notes": "Poet",
        "BillAddr": {"Lat": "1", "City": "Bath"},
    }
    id = api.json("POST", f"{BASE}/customer", json=body)["Customer"]["Id"]
    changed = desk.update(desk.get(id)[0], BillPostalCode="BA1")
    desk.update(changed, Notes=None)
    after = raw(api, id)
    assert after["PreferredDeliveryMethod"] == "Print" and "Notes" not in after
    assert after["BillAddr"].items() >= {"Lat": "1", "City": "Bath", "PostalCode": "BA1"}.items()


def test_a_street_of_more_lines_than_there_are(desk: Desk) -> None:
    made = desk.create({"DisplayName": "Ada", "BillLine": "1\n\n2\n3\n4\n5\n6"})
    assert made.data["BillLine"] == "1\n2\n3\n4\n5, 6"
    assert desk.update(made, BillLine="One").data["BillLine"] == "One"


def test_amounts_are_in_the_companys_currency_with_two_decimals(server: Any) -> None:
    items = desk_of(server, "items")
    setting(server, currency="CAD")
    price = items.connector.schema("items").fields["UnitPrice"]
    assert (price.currency, price.digits) == ("CAD", 2)
    assert items.create({"Name": "Gear", "UnitPrice": 9.995}).data["UnitPrice"] == 10.0


def test_items_get_the_accounts_of_the_connection(server: Any, api: Client) -> None:
    made = desk_of(server, "items").create({"Name": "Gear", "PurchaseCost": 1.5})
    after = raw(api, made.id, "item")
    assert (after["IncomeAccountRef"]["value"], after["ExpenseAccountRef"]["value"]) == ("1", "3")
    assert made.data["Type"] == "NonInventory"
    services = desk_of(server, "items", income_account="Services")
    assert services.create({"Name": "Help", "Type": "Service"}, key="s").data["IncomeAccountRef"] == "2"
    given = services.create({"Name": "Own", "IncomeAccountRef": "1"}, key="o")
    assert given.data["IncomeAccountRef"] == "1" and given.data["ExpenseAccountRef"] is None
    lost = desk_of(server, "items", income_account="No such account")
    error = lost.error(Write(op=Op.CREATE, key="x", data={"Name": "Lost"}))
    assert isinstance(error, Invalid) and error.field == "IncomeAccountRef" and "income_account" in str(error)


def test_headings_and_bundles_are_no_products(server: Any, api: Client) -> None:
    items = desk_of(server, "items")
    _, cursor = items.scan()
    api.json("POST", f"{BASE}/item", json={"Name": "All gears", "Type": "Category"})
    made = items.create({"Name": "Gear"})
    assert list(items.scan()[0]) == [made.id] == list(items.changes(cursor)[0])


# --- what changed ---------------------------------------------------------------------------------------------------


def test_what_is_made_inactive_or_merged_is_gone(server: Any, desk: Desk, api: Client) -> None:
    kept, hidden, merged = (desk.create({"DisplayName": name}, key=name) for name in ("Kept", "Hidden", "Merged"))
    _, cursor = desk.scan()
    body = {"Id": hidden.id, "SyncToken": "0", "sparse": True, "Active": False}
    api.json("POST", f"{BASE}/customer", json=body)
    setting(server, merge=["Customer", kept.id, merged.id])
    seen, after = desk.changes(cursor)
    assert {id: record.gone for id, record in seen.items()} == {kept.id: False, hidden.id: True, merged.id: True}
    assert desk.changes(after)[0] == {}
    assert [record.gone for record in desk.get(kept.id, hidden.id, merged.id)] == [False, True, True]
    assert list(desk.scan()[0]) == [kept.id]
    api.json("POST", f"{BASE}/customer", json=body | {"SyncToken": "1", "Active": True, "DisplayName": "Back"})
    assert not desk.changes(after)[0][hidden.id].gone


def test_a_company_where_nothing_changes_for_months_is_not_read_anew(desk: Desk) -> None:
    control = control_of(desk)
    control._send("POST", "now", {"now": "2026-01-01T12:00:00+00:00"})
    made = desk.create({"DisplayName": "Ada"})
    _, cursor = desk.scan()
    for _ in range(3):
        control._send("POST", "now", {"advance": 20 * 86_400})
        seen, cursor = desk.changes(cursor)
        assert seen == {}
    changed = desk.update(made, Notes="Poet")
    assert desk.changes(cursor)[0] == {made.id: changed}
    control._send("POST", "now", {"advance": 31 * 86_400})
    with pytest.raises(CursorExpired):
        desk.changes(cursor)


def test_more_changes_than_an_answer_holds(desk: Desk) -> None:
    _, cursor = desk.scan()
    control_of(desk)._send("POST", "fill", {"calendar": "customers", "count": 1001})
    with pytest.raises(CursorExpired, match="1000"):
        desk.changes(cursor)
    control_of(desk)._send("POST", "now", {"advance": 600})
    everything, cursor = desk.scan()
    assert len(everything) == 1001
    assert desk.changes(cursor)[0] == {}


def test_what_is_hidden_while_pages_are_read_moves_no_other(desk: Desk, api: Client) -> None:
    control_of(desk)._send("POST", "fill", {"calendar": "customers", "count": 1500})
    control_of(desk)._send("POST", "now", {"advance": 600})
    request, hidden = Client.request, []

    def hides(self: Client, method: str, url: str, **options: Any) -> Any:
        answer = request(self, method, url, **options)
        if url.endswith("/query") and not hidden:
            hidden.append("1")
            api.json("POST", f"{BASE}/customer", json={"Id": "1", "SyncToken": "0", "sparse": True, "Active": False})
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", hides)
        seen, cursor = desk.scan()
    assert len(seen) == 1500 and desk.changes(cursor)[0]["1"].gone


# --- writes ---------------------------------------------------------------------------------------------------------


def test_more_writes_than_fit_into_a_batch(desk: Desk) -> None:
    made = [desk.create({"DisplayName": f"Nr {number}"}, key=f"k{number}") for number in range(35)]
    updates = [Write(op=Op.UPDATE, key=record.id, id=record.id, data={"Notes": "x"}) for record in made]
    before = desk.connector.requests
    assert all(isinstance(outcome, Done) for outcome in desk.write(*updates).values())
    assert desk.connector.requests - before == 6


def test_a_name_that_is_taken_is_parked_with_who_has_it(desk: Desk, api: Client) -> None:
    vendor = api.json("POST", f"{BASE}/vendor", json={"DisplayName": "Engines"})["Vendor"]["Id"]
    made = desk.create({"DisplayName": "Ada"}, key="ada")
    outcomes = desk.write(
        Write(op=Op.CREATE, key="twin", data={"DisplayName": "engines"}),
        Write(op=Op.CREATE, key="other", data={"DisplayName": "Other"}),
        Write(op=Op.UPDATE, key="renamed", id=made.id, data={"DisplayName": "Engines"}),
    )
    assert isinstance(outcomes["other"], Done)
    for key in ("twin", "renamed"):
        outcome = outcomes[key]
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
        assert outcome.error.field == "DisplayName" and vendor in str(outcome.error)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"DisplayName": "a:b"}, "DisplayName"),
        ({"DisplayName": "a", "PrimaryEmailAddr": "nobody"}, "PrimaryEmailAddr"),
        ({"DisplayName": "a", "Mobile": "1" * 31}, "Mobile"),
        ({"DisplayName": "a", "BillPostalCode": "1" * 32}, None),
        ({"Notes": "nobody's"}, "DisplayName"),
    ],
)
def test_wrong_values_are_parked_with_their_field(desk: Desk, data: dict[str, Any], field: str | None) -> None:
    error = desk.error(Write(op=Op.CREATE, key="new", data=data))
    assert isinstance(error, Invalid) and error.field == field
    assert desk.scan()[0] == {}


def test_an_edit_between_the_look_and_the_write_is_not_lost(desk: Desk, api: Client) -> None:
    made = desk.create({"DisplayName": "Ada"})
    request, edits = Client.request, []

    def edit(self: Client, method: str, url: str, **options: Any) -> Any:
        if url.endswith("/batch") and not edits:
            edits.append(made.id)
            body = {"Id": made.id, "SyncToken": "0", "sparse": True, "Notes": "Theirs"}
            api.json("POST", f"{BASE}/customer", json=body)
        return request(self, method, url, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", edit)
        write = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"Notes": "Ours"})
        assert isinstance(desk.error(write), Stale)
    assert desk.again(made).data["Notes"] == "Theirs"


def test_a_key_that_quickbooks_forgot_makes_no_twin(server: Any, desk: Desk) -> None:
    write = Write(op=Op.CREATE, key="same", data={"DisplayName": "Ada"})
    made = desk.done(write)
    setting(server, forget=True)
    error = desk.error(write)
    assert isinstance(error, Invalid) and error.field == "DisplayName" and f"number {made.id}" in str(error)
    assert list(desk.scan()[0]) == [made.id]


def test_a_create_that_is_answered_from_memory_shows_the_record_as_it_is(desk: Desk) -> None:
    write = Write(op=Op.CREATE, key="same", data={"DisplayName": "Ada"})
    changed = desk.update(desk.done(write), Notes="Poet")
    assert desk.done(write) == changed
    desk.delete(changed)
    assert isinstance(desk.error(write), Deleted)


def test_a_lost_answer_to_an_update_is_heard_again(desk: Desk) -> None:
    made = desk.create({"DisplayName": "Ada"})
    control_of(desk).fault("drop_after_commit", path="/batch")
    assert desk.update(made, Notes="Poet").data["Notes"] == "Poet"


def test_a_record_that_was_made_but_cannot_be_read_again_is_in_doubt(desk: Desk) -> None:
    control_of(desk).fault("429", times=10, path="/query")
    error = desk.error(Write(op=Op.CREATE, key="new", data={"DisplayName": "Ada"}))
    assert isinstance(error, Transient) and error.landed is None
    control_of(desk).calm()
    assert list(desk.scan()[0]) == [desk.create({"DisplayName": "Ada"}, key="new").id]


def test_what_is_inactive_is_not_written_to(desk: Desk) -> None:
    made = desk.create({"DisplayName": "Ada"})
    desk.delete(made)
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"Notes": "x"}))
    assert isinstance(error, Missing)


# --- the account ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_that_changes_is_kept(server: Any) -> None:
    grants = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": "http://127.0.0.1:1/"}
    with httpx.Client(base_url=server.url) as http:
        asked = {"response_type": "code", "client_id": "app", "redirect_uri": "http://127.0.0.1:1/"}
        back = httpx.URL(http.get("/oauth2/authorize", params=asked).headers["location"])
        first = http.post("/oauth2/token", data=grants | {"code": back.params["code"]}).json()["refresh_token"]
    stored: list[Any] = []
    settings = {"base_url": server.url, "realm_id": REALM, "client_id": "app", "refresh_token": first}
    settings["token_url"] = f"{server.url}/oauth2/token"
    connector = connect("quickbooks", settings, stored.append, sleep=lambda _: None)
    assert connector.check() == f"Stand-in Ltd ({REALM})"
    Control(server.url).fault("reject_token")
    connector.check()
    assert len({first, *(each["refresh_token"] for each in stored)}) == 3


def test_another_company_is_refused(server: Any) -> None:
    with pytest.raises(Refused, match="realm_id"):
        desk_of(server, realm_id="42").connector.check()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "3200", AuthExpired),
        (403, "3100", Refused),
        (429, "3001", Transient),
        (503, "10000", Transient),
        (400, "5010", Stale),
        (400, "10000", Transient),
        (400, "2010", Invalid),
    ],
)
def test_refusals(status: int, code: str, error: type[Exception]) -> None:
    request = httpx.Request("GET", "http://127.0.0.1/v3")
    body = {"fault": {"error": [{"message": "m", "detail": "Property Name:Foo is wrong", "code": code}], "type": "t"}}
    found = classify(httpx.Response(status, json=body, request=request))
    assert type(found) is error
    if isinstance(found, Transient) and status == 429:
        assert found.wait and found.wait.total_seconds() == 60 and found.landed is False
    if isinstance(found, Invalid):
        assert found.field == "Foo"
