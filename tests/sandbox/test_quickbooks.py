"""The stand-in of QuickBooks, driven by python-quickbooks and Intuit's own sign-in client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, ObjectNotFoundException, QuickbooksException
from quickbooks.objects import Account, Customer, EmailAddress, Item

from sandbox import start
from tests.connectors.hook_receiver import letters

__all__ = ["letters"]
REALM = "9130350000000001"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Books:
    """The stand-in, the client for it, and plain HTTP."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self.url, self.http = url, http
        self.auth = self.signed_in(access_token=token)
        self.qb = QuickBooks(auth_client=self.auth, refresh_token="r", company_id=REALM, minorversion=75)
        self.qb.sandbox = True

    def signed_in(self, **tokens: str) -> Any:
        return AuthClient("app", "secret", "http://127.0.0.1:1/callback", f"{self.url}/.well-known/openid", **tokens)

    def customer(self, name: str, **members: Any) -> Any:
        made = Customer()
        made.DisplayName = name
        for member, value in members.items():
            setattr(made, member, value)
        return made.save(qb=self.qb)

    def post(self, path: str, body: Any, **params: str) -> Any:
        return self.http.post(f"/v3/company/{REALM}/{path}", json=body, params=params).json()

    def control(self, path: str, **body: Any) -> None:
        assert self.http.post(f"/_control/{path}", json=body).status_code == 200

    def set(self, **values: Any) -> None:
        assert self.http.post("/_quickbooks/set", json=values).status_code == 200


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with start("quickbooks") as server:
        monkeypatch.setattr(QuickBooks, "sandbox_api_url_v3", f"{server.url}/v3")
        headers = {"Authorization": f"Bearer {server.token}", "Accept": "application/json"}
        with httpx.Client(base_url=server.url, headers=headers) as http:
            books = Books(server.url, server.token, http)
            yield books
            books.qb.session.close()
            books.auth.close()


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    """Code and detail of the refusal that a call must meet."""
    with pytest.raises(QuickbooksException) as caught:
        call(*arguments, **named)
    return caught.value.error_code, caught.value.detail


def test_one_customer(books):
    email = EmailAddress()
    email.Address = "ada@example.org"
    made = books.customer(" Ada Lovelace ", GivenName="Ada", PrimaryEmailAddr=email)
    assert (made.DisplayName, made.SyncToken, made.Active) == ("Ada Lovelace", "0", True)
    made.GivenName = "Augusta"
    changed = made.save(qb=books.qb)
    assert (changed.SyncToken, changed.GivenName) == ("1", "Augusta")
    code, detail = refusal(made.save, qb=books.qb)
    assert code == 5010 and "same time" in detail
    read = Customer.get(int(made.Id), qb=books.qb)
    assert read.PrimaryEmailAddr.Address == "ada@example.org" and read.to_dict() == changed.to_dict()
    with pytest.raises(ObjectNotFoundException):
        Customer.get(404, qb=books.qb)


def test_a_sparse_update_keeps_what_it_does_not_name_and_a_full_one_does_not(books):
    id = books.customer("Ada", Notes="Poet", CompanyName="Engines").Id
    sparse = books.post("customer", {"Id": id, "SyncToken": "0", "sparse": True, "Notes": "Analyst"})["Customer"]
    assert (sparse["Notes"], sparse["CompanyName"]) == ("Analyst", "Engines")
    full = books.post("customer", {"Id": id, "SyncToken": "1", "DisplayName": "Ada"})["Customer"]
    assert "Notes" not in full and "CompanyName" not in full


@pytest.mark.parametrize(
    ("members", "code", "element"),
    [
        ({"DisplayName": "a:b"}, "2040", "DisplayName"),
        ({"DisplayName": ""}, "2020", "DisplayName"),
        ({"DisplayName": "x" * 501}, "2050", "DisplayName"),
        ({"DisplayName": "a", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210", "PrimaryEmailAddr"),
        ({"DisplayName": "a", "Nothing": 1}, "2010", "Nothing"),
        ({"DisplayName": "a", "PrimaryPhone": {"FreeFormNumber": "1" * 31}}, "2050", "PrimaryPhone"),
    ],
)
def test_wrong_values_are_named(books, members, code, element):
    (error,) = books.post("customer", members)["Fault"]["Error"]
    assert (error["code"], error["element"]) == (code, element)


def test_names_are_shared_by_customers_and_vendors(books):
    id = books.post("vendor", {"DisplayName": "Engines"})["Vendor"]["Id"]
    code, detail = refusal(books.customer, "ENGINES")
    assert code == 6240 and f"Id={id}" in detail


def test_what_is_inactive_is_hidden_and_its_name_is_free(books):
    made = books.customer("Ada")
    made.Active = False
    gone = made.save(qb=books.qb)
    assert gone.DisplayName == "Ada (deleted)"
    assert Customer.all(qb=books.qb) == []
    assert [each.Id for each in Customer.filter(Active=False, qb=books.qb)] == [made.Id]
    both = Customer.where("Active IN (true, false)", qb=books.qb)
    assert [each.Id for each in both] == [made.Id]
    again = books.customer("Ada")
    again.Active = False
    assert again.save(qb=books.qb).DisplayName == "Ada (deleted-1)"
    assert not Customer.get(int(made.Id), qb=books.qb).Active


def test_items_need_an_account_and_keep_two_decimals(books):
    income = Account.filter(AccountType="Income", qb=books.qb)[0]
    item = Item()
    item.Name, item.Type, item.UnitPrice, item.Sku = "Gear", "NonInventory", 9.995, "G-1"
    code, detail = refusal(item.save, qb=books.qb)
    assert code == 2020 and "IncomeAccountRef" in detail
    item.IncomeAccountRef = income.to_ref()
    made = item.save(qb=books.qb)
    assert (made.UnitPrice, made.Sku) == (10.0, "G-1")
    assert Item.filter(Name="Gear", qb=books.qb)[0].Sku is None, "only told where it is named"
    assert Item.all(qb=books.qb)[0].Sku == "G-1"


def test_queries(books):
    for number in range(5):
        books.customer(f"O'Hara {number}", Notes=f"Nr {number}")
    page = Customer.all(order_by="DisplayName DESC", start_position="2", max_results=2, qb=books.qb)
    assert [each.DisplayName for each in page] == ["O'Hara 3", "O'Hara 2"]
    assert Customer.filter(DisplayName="O'Hara 4", qb=books.qb)[0].Notes == "Nr 4"
    assert len(Customer.choose(["1", "3"], field="Id", qb=books.qb)) == 2
    assert Customer.count("DisplayName LIKE 'o%'", qb=books.qb) == 5
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    assert Customer.where(f"MetaData.LastUpdatedTime > '{later}'", qb=books.qb) == []
    assert refusal(Customer.where, "DisplayName = 'O'Hara'", qb=books.qb)[0] == 4000
    assert refusal(Customer.all, max_results=1001, qb=books.qb)[0] == 4000
    assert refusal(Customer.query, "SELECT * FROM Nothing", qb=books.qb)[0] == 4001


def test_what_changed(books):
    books.control("now", now=NOON.isoformat())
    kept, gone, merged = (books.customer(name) for name in ("Kept", "Gone", "Merged"))
    gone.Active = False
    gone.save(qb=books.qb)
    books.set(merge=["Customer", kept.Id, merged.Id])
    seen = {each["Id"]: each for each in cdc(books, NOON)["Customer"]}
    assert seen[kept.Id]["Active"] and not seen[gone.Id]["Active"] and seen[merged.Id]["status"] == "Deleted"
    told = change_data_capture([Customer, Item], NOON.isoformat(), qb=books.qb)
    assert len(told.Customer._object_list) == 3 and not hasattr(told, "Item")
    assert cdc(books, NOON + timedelta(seconds=1)) == {}
    books.control("now", advance=31 * 86_400)
    answer = books.http.get(
        f"/v3/company/{REALM}/cdc", params={"entities": "Customer", "changedSince": NOON.isoformat()}
    )
    assert answer.status_code == 400
    books.control("fill", calendar="Customer", count=1001)
    assert len(cdc(books, NOON + timedelta(days=31))["Customer"]) == 1000


def cdc(books: Books, since: datetime) -> Any:
    params = {"entities": "Customer", "changedSince": since.isoformat()}
    (answer,) = books.http.get(f"/v3/company/{REALM}/cdc", params=params).json()["CDCResponse"]
    return answer["QueryResponse"][0]


def test_a_request_id_gets_the_answer_it_got_before(books):
    made = books.post("customer", {"DisplayName": "Ada"}, requestid="r1")
    again = books.post("customer", {"DisplayName": "Ada"}, requestid="r1")
    assert made == again and Customer.count(qb=books.qb) == 1
    books.set(forget=True)
    forgotten = books.post("customer", {"DisplayName": "Ada"}, requestid="r1")
    assert forgotten["Fault"]["Error"][0]["code"] == "6240"


def test_a_batch_half_succeeds(books):
    def named(name):
        customer = Customer()
        customer.DisplayName = name
        return customer

    told = batch_create([named("Ada"), named("a:b")], qb=books.qb)
    assert [each.DisplayName for each in told.successes] == ["Ada"]
    assert told.faults[0].Error[0].code == "2040"
    items = [{"bId": str(number), "operation": "create", "Customer": {}} for number in range(31)]
    assert books.post("batch", {"BatchItemRequest": items})["Fault"]["Error"][0]["code"] == "1040"


def test_signing_in_and_a_refresh_token_that_changes(books):
    auth = books.signed_in()
    address = auth.get_authorization_url([Scopes.ACCOUNTING])
    answer = parse_qs(urlsplit(books.http.get(address).headers["location"]).query)
    assert answer["realmId"] == [REALM]
    auth.get_bearer_token(answer["code"][0], realm_id=REALM)
    first = auth.refresh_token
    auth.refresh()
    assert auth.refresh_token != first
    with pytest.raises(Exception, match="invalid_grant"):
        auth.refresh(refresh_token=first)
    auth.close()


def test_refusals_of_the_gateway(books):
    books.control("faults", kind="429")
    with pytest.raises(QuickbooksException):
        Customer.all(qb=books.qb)
    books.control("faults", kind="reject_token")
    with pytest.raises(AuthorizationException):
        Customer.all(qb=books.qb)
    answer = books.http.get("/v3/company/42/companyinfo/42")
    assert answer.status_code == 403 and answer.json()["fault"]["error"][0]["code"] == "3100"


def test_a_state_outlives_a_restart():
    from sandbox.quickbooks import Server
    from sandbox.world import new_world

    before, after = Server(new_world("t")), Server(new_world("t"))
    before.seed("customers", json.dumps([{"DisplayName": "Ada"}]))
    before.fill("Item", 2)
    after.load(json.loads(json.dumps(before.state())))
    assert after.state() == before.state()
    with pytest.raises(ValueError, match="6240"):
        before.seed("customers", json.dumps([{"DisplayName": "ada"}]))


def test_an_app_is_called_and_the_call_is_signed(books, letters):
    """In both forms; QuickBooks' library is asked whether it is."""
    address, told = letters
    books.set(hook=[address, "verifier", False])
    ada, grace = books.customer("Ada"), books.customer("Grace")
    books.set(merge=["Customer", ada.Id, grace.Id], hook=[address, "verifier", True])
    books.customer("Alan")
    seen = []
    for _ in range(4):
        headers, body = told.get(timeout=5)
        signature = {name.lower(): value for name, value in headers.items()}["intuit-signature"]
        assert books.qb.validate_webhook_signature(body.decode(), signature, "verifier")
        assert not books.qb.validate_webhook_signature(body.decode(), signature, "another")
        seen.append(json.loads(body))
    ((first,), (second,)) = (each["eventNotifications"][0]["dataChangeEvent"]["entities"] for each in seen[:2])
    assert [(each["name"], each["id"], each["operation"]) for each in (first, second)] == [
        ("Customer", ada.Id, "Create"),
        ("Customer", grace.Id, "Create"),
    ]
    assert [(each["type"], each["intuitentityid"]) for (each,) in seen[2:]] == [
        ("qbo.customer.merged.v1", ada.Id),
        ("qbo.customer.created.v1", "3"),
    ]
