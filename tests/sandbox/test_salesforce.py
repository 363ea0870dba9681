"""The stand-in of Salesforce, driven by simple-salesforce."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceError

from sandbox import start

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
KEY = {"name": "SynclineKey__c", "type": "string", "length": 64, "externalId": True, "unique": True, "idLookup": True}


class Org:
    """The stand-in, a client for it, and plain HTTP."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self.api = Salesforce(instance_url=url, session_id=token, version="68.0")
        self.api.base_url = self.api.base_url.replace("https", "http")
        self.http = http
        self.Contact, self.Account = self.of("Contact"), self.of("Account")

    def of(self, name: str) -> Any:
        found = getattr(self.api, name)
        found.base_url = found.base_url.replace("https", "http")
        return found

    def create(self, **fields: Any) -> str:
        return str(self.Contact.create({"LastName": "Lovelace", **fields})["id"])

    def query(self, soql: str, **more: Any) -> list[Any]:
        return list(self.api.query(soql, **more)["records"])

    def collection(self, method: str, **body: Any) -> list[Any]:
        return list(self.api.restful("composite/sobjects", method=method, json=body))

    def control(self, path: str, **body: Any) -> None:
        assert self.http.post(f"/_control/{path}", json=body).status_code == 200

    def set(self, **values: Any) -> None:
        assert self.http.post("/_salesforce/set", json=values).status_code == 200


@pytest.fixture
def org() -> Iterator[Org]:
    with start("salesforce") as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers) as http:
            org = Org(server.url, server.token, http)
            yield org
            org.api.session.close()


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[int, dict[str, Any]]:
    """Status and first error of the refusal that a call must meet."""
    with pytest.raises(SalesforceError) as caught:
        call(*arguments, **named)
    return caught.value.status, caught.value.content[0]


def test_one_record(org):
    id = org.create(FirstName=" Ada ", Title="", Birthdate="1815-12-10")
    read = org.Contact.get(id)
    assert len(id) == 18 and id.startswith("003")
    assert (read["Name"], read["FirstName"], read["Title"], read["Birthdate"]) == (
        "Ada Lovelace", "Ada", None, "1815-12-10",
    )  # fmt: skip
    assert read["SystemModstamp"].endswith(".000+0000")
    assert org.Contact.update(id[:15], {"FirstName": None}) == 204
    assert org.Contact.get(id)["Name"] == "Lovelace"
    assert org.Contact.delete(id) == 204
    assert refusal(org.Contact.get, id)[0] == 404
    assert refusal(org.Contact.update, id, {"Title": "x"})[1]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize(
    ("fields", "code", "about"),
    [
        ({"LastName": None}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"Name": "Ada"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ({"AccountId": "003gL0000000001AAA"}, "MALFORMED_ID", ["AccountId"]),
        ({"Nothing__c": "x"}, "INVALID_FIELD", None),
        ({"Birthdate": "soon"}, "JSON_PARSER_ERROR", None),
        ({"Title": "King"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION", ["Title"]),
    ],
)
def test_wrong_values_are_named(org, fields, code, about):
    org.set(forbid={"Title": "King"})
    status, error = refusal(org.Contact.create, {"LastName": "Lovelace", **fields})
    assert (status, error["errorCode"], error.get("fields")) == (400, code, about)


def test_describe_and_own_fields(org):
    org.set(define=[["Contact", {"name": "Score__c", "type": "double", "scale": 1}]])
    colours = {"name": "Colours__c", "type": "multipicklist", "values": ["red", "blue"], "restrictedPicklist": True}
    org.set(define=[["Contact", colours]])
    org.set(define=[["Contact", {"name": "Seen__c", "type": "datetime"}]])
    fields = {each["name"]: each for each in org.Contact.describe()["fields"]}
    assert (fields["LastName"]["length"], fields["LastName"]["nillable"]) == (80, False)
    assert fields["AccountId"]["referenceTo"] == ["Account"] and not fields["Name"]["updateable"]
    assert [each["value"] for each in fields["Colours__c"]["picklistValues"]] == ["red", "blue"]
    id = org.create(Score__c=1.25, Colours__c="blue;red", Seen__c="2026-11-02T13:00:00.7+01:00")
    read = org.Contact.get(id)
    assert (read["Score__c"], read["Colours__c"], read["Seen__c"]) == (1.3, "red;blue", "2026-11-02T12:00:00.000+0000")
    assert refusal(org.create, Colours__c="green")[1]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert refusal(org.create, Score__c=10**18)[1]["errorCode"] == "NUMBER_OUTSIDE_VALID_RANGE"
    org.set(define=[["Gear__c", {"name": "Teeth__c", "type": "int"}]])
    made = org.of("Gear__c").create({"Name": "Big", "Teeth__c": 40})
    assert org.query("SELECT Name, Teeth__c FROM Gear__c WHERE Teeth__c > 39")[0]["Name"] == "Big"
    assert made["id"][:3] not in ("001", "003") and "Gear__c" in [
        each["name"] for each in org.api.describe()["sobjects"]
    ]


def test_queries(org):
    names = ["O'Hara", "Lovelace", "Back\\slash", "Percent%"]
    for number, name in enumerate(names):
        org.create(LastName=name, FirstName=f"Nr {number}", Email=f"p{number}@example.org" if number else None)
    for name in names:
        found = org.query(format_soql("SELECT LastName FROM Contact WHERE LastName = {}", name))
        assert [each["LastName"] for each in found] == [name]
    both = format_soql("SELECT Id FROM Contact WHERE LastName IN {} AND NOT Email = null", names)
    assert len(org.query(both)) == 3
    ordered = org.query(
        "SELECT FirstName FROM Contact WHERE FirstName LIKE 'nr%' ORDER BY Email DESC, Id LIMIT 2 OFFSET 1"
    )
    assert [each["FirstName"] for each in ordered] == ["Nr 2", "Nr 1"]
    assert org.api.query("SELECT COUNT() FROM Contact")["totalSize"] == 4
    assert org.query("select id from contact where (lastname = 'lovelace' or firstname = 'nr 0') and isdeleted = false")
    assert len(org.query("SELECT Id FROM Contact WHERE SystemModstamp >= 2020-01-01T00:00:00Z")) == 4


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM Contact WHERE LastName = 'O'Hara'", "MALFORMED_QUERY"),
        ("SELECT Nothing FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE SystemModstamp > '2020-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD"),
    ],
)
def test_queries_that_are_refused(org, soql, code):
    status, error = refusal(org.query, soql)
    assert (status, error["errorCode"]) == (400, code)


def test_pages_keep_to_what_was_there_at_first(org):
    org.control("fill", calendar="Contact", count=2100)
    first = org.api.query("SELECT Id, LastName FROM Contact")
    assert (first["totalSize"], first["done"], len(first["records"])) == (2100, False, 2000)
    org.Contact.update(first["records"][0]["Id"], {"LastName": "Changed"})
    org.create(LastName="New")
    rest = org.api.query_more(first["nextRecordsUrl"].rpartition("/")[2])
    assert rest["done"] and len({each["Id"] for each in (*first["records"], *rest["records"])}) == 2100
    org.control("faults", kind="expire_cursor")
    status, error = refusal(org.api.query_more, first["nextRecordsUrl"].rpartition("/")[2])
    assert (status, error["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_what_changed_and_what_was_deleted(org):
    org.control("now", now=NOON.isoformat())
    kept, lost = org.create(), org.create()
    org.Contact.delete(lost)
    window = NOON - timedelta(minutes=5), NOON + timedelta(minutes=5)
    assert org.Contact.updated(*window)["ids"] == [kept]
    assert [each["id"] for each in org.Contact.deleted(*window)["deletedRecords"]] == [lost]
    assert refusal(org.Contact.deleted, NOON - timedelta(days=16), NOON)[1]["errorCode"] == "INVALID_REPLICATION_DATE"
    assert [each["Id"] for each in org.query("SELECT Id FROM Contact")] == [kept]
    deleted = org.query("SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true", include_deleted=True)
    assert [each["Id"] for each in deleted] == [lost]
    org.control("now", advance=16 * 86_400)
    assert len(org.query("SELECT Id FROM Contact", include_deleted=True)) == 1


def test_an_account_takes_its_contacts_along_and_merges_leave_a_pointer(org):
    account = org.Account.create({"Name": "Engines"})["id"]
    ada = org.create(AccountId=account)
    org.Account.delete(account)
    assert refusal(org.Contact.get, ada)[0] == 404
    one, two = org.create(), org.create()
    org.set(merge=["Contact", one, two])
    soql = format_soql("SELECT IsDeleted, MasterRecordId FROM Contact WHERE Id = {}", two)
    (lost,) = org.query(soql, include_deleted=True)
    assert (lost["IsDeleted"], lost["MasterRecordId"]) == (True, one)


def test_upsert_by_external_id(org):
    org.set(define=[["Contact", KEY]])
    path = "SynclineKey__c/k1"
    made = org.Contact.upsert(path, {"LastName": "Lovelace"}, raw_response=True)
    again = org.Contact.upsert(path, {"LastName": "King"}, raw_response=True)
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    assert org.Contact.get_by_custom_id("SynclineKey__c", "k1")["LastName"] == "King"
    status, error = refusal(org.create, SynclineKey__c="K1")
    assert (status, error["errorCode"]) == (400, "DUPLICATE_VALUE")
    org.set(define=[["Contact", {**KEY, "name": "Loose__c", "unique": False}]])
    org.create(Loose__c="same")
    org.create(Loose__c="same")
    with pytest.raises(SalesforceError) as caught:
        org.Contact.upsert("Loose__c/same", {"LastName": "x"})
    assert caught.value.status == 300 and len(caught.value.content) == 2


def test_collections_half_succeed_or_not_at_all(org):
    org.set(define=[["Contact", KEY]])

    def contact(**fields):
        return {"attributes": {"type": "Contact"}, **fields}

    pair = [contact(LastName="Good"), contact(LastName="x" * 81)]
    good, bad = org.collection("POST", allOrNone=False, records=pair)
    assert good["success"] and not bad["success"]
    assert (bad["errors"][0]["statusCode"], bad["errors"][0]["fields"]) == ("STRING_TOO_LONG", ["LastName"])
    codes = [one["errors"][0]["statusCode"] for one in org.collection("POST", allOrNone=True, records=pair)]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert org.api.query("SELECT COUNT() FROM Contact")["totalSize"] == 1
    org.set(lock={good["id"]: 1})
    records = [contact(id=good["id"], Title="Countess")]
    assert org.collection("PATCH", records=records)[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert org.collection("PATCH", records=records)[0]["success"]
    upsert = {"allOrNone": False, "records": [contact(LastName="One", SynclineKey__c="k1")]}
    path = "composite/sobjects/Contact/SynclineKey__c"
    made, again = (org.api.restful(path, method="PATCH", json=upsert)[0] for _ in range(2))
    assert (made["created"], again["created"], made["id"]) == (True, False, again["id"])
    ids = [good["id"], "003gL000000009zAAA"]
    read = org.api.restful("composite/sobjects/Contact", method="POST", json={"ids": ids, "fields": ["Title"]})
    assert read[0]["Title"] == "Countess" and read[1] is None
    gone = org.api.restful("composite/sobjects", params={"ids": good["id"], "allOrNone": "false"}, method="DELETE")
    assert gone[0]["success"]
    status, error = refusal(org.collection, "POST", records=[contact(LastName="x")] * 201)
    assert (status, error["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_duplicate_rules_name_the_record(org):
    org.set(duplicate_rule=True)
    id = org.create(Email="ada@example.org")
    _, error = refusal(org.create, Email="ADA@example.org")
    assert error["errorCode"] == "DUPLICATES_DETECTED"
    assert error["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"]["Id"] == id


def test_unmodified_since_knows_whole_seconds_only(org):
    org.control("now", now=NOON.isoformat())
    id = org.create()
    org.Contact.update(id, {"Title": "One"})
    headers = {"If-Unmodified-Since": format_datetime(NOON, usegmt=True)}
    assert org.Contact.update(id, {"Title": "Two"}, headers=dict(headers)) == 204
    org.control("now", advance=1)
    org.Contact.update(id, {"Title": "Three"})
    org.Contact.headers = dict(org.api.headers)
    status, error = refusal(org.Contact.update, id, {"Title": "Four"}, headers=dict(headers))
    assert (status, error["errorCode"]) == (412, "PRECONDITION_FAILED")


def test_limits_and_a_bad_session_in_its_own_words(org):
    assert org.api.api_usage == {}
    org.query("SELECT Id FROM Contact")
    assert org.api.api_usage["api-usage"].total == 15000
    org.control("faults", kind="403")
    status, error = refusal(org.query, "SELECT Id FROM Contact")
    assert (status, error["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    org.control("faults", kind="reject_token")
    assert refusal(org.query, "SELECT Id FROM Contact")[1]["errorCode"] == "INVALID_SESSION_ID"


def test_a_state_outlives_a_restart():
    from sandbox.salesforce import Server
    from sandbox.world import new_world

    before, after = Server(new_world("t")), Server(new_world("t"))
    before.seed("Contact", json.dumps([{"LastName": "Lovelace"}]))
    before.fill("Opportunity", 2)
    after.load(json.loads(json.dumps(before.state())))
    assert after.state() == before.state()
    with pytest.raises(ValueError, match="REQUIRED_FIELD_MISSING"):
        before.seed("Contact", json.dumps([{}]))
