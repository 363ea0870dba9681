"""The stand-in of HubSpot, driven by HubSpot's own client library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    PublicGdprDeleteInput,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.properties import PropertyCreate
from hubspot.utils.signature import Signature

from sandbox import start
from tests.connectors.hook_receiver import letters

__all__ = ["letters"]

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@dataclass
class Portal:
    """The stand-in, HubSpot's client for it, and plain HTTP."""

    api: Any
    http: httpx.Client

    def create(self, **properties: Any) -> Any:
        given = SimplePublicObjectInputForCreate(properties=properties, associations=[])
        return self.api.crm.contacts.basic_api.create(simple_public_object_input_for_create=given)

    def update(self, id: str, **properties: Any) -> Any:
        given = SimplePublicObjectInput(properties=properties)
        return self.api.crm.contacts.basic_api.update(contact_id=id, simple_public_object_input=given)

    def get(self, id: str, **query: Any) -> Any:
        return self.api.crm.contacts.basic_api.get_by_id(contact_id=id, **query)

    def search(self, obj: str = "contacts", **asked: Any) -> Any:
        request = PublicObjectSearchRequest(**asked)
        return getattr(self.api.crm, obj).search_api.do_search(public_object_search_request=request)

    def control(self, path: str, **body: Any) -> None:
        assert self.http.post(f"/_control/{path}", json=body).status_code == 200

    def set(self, **values: Any) -> None:
        assert self.http.post("/_hubspot/set", json=values).status_code == 200


def refusal(call: Any, *arguments: Any, **named: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of the refusal that a call must meet."""
    try:
        call(*arguments, **named)
    except Exception as error:  # noqa: BLE001 - each API of the client has an ApiException of its own
        return error.status, json.loads(error.body)  # type: ignore[attr-defined]
    raise AssertionError("it was not refused")


@pytest.fixture
def portal() -> Iterator[Portal]:
    with start("hubspot") as server, httpx.Client(base_url=server.url, headers=bearer(server.token)) as http:
        yield Portal(HubSpot(access_token=server.token, host=server.url), http)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_record_is_made_read_changed_and_binned(portal):
    made = portal.create(email=" Ada@Example.ORG ", firstname="Ada")
    assert made.properties["email"] == "ada@example.org"
    changed = portal.update(made.id, firstname="", lastname="Lovelace")
    assert (changed.properties["firstname"], changed.properties["lastname"]) == (None, "Lovelace")
    assert changed.updated_at > made.updated_at
    portal.api.crm.contacts.basic_api.archive(contact_id=made.id)
    assert refusal(portal.get, made.id)[0] == 404
    listed = portal.api.crm.contacts.basic_api.get_page(archived=True)
    assert [(each.id, each.archived) for each in listed.results] == [(made.id, True)]


def test_only_the_properties_that_were_asked_for_come(portal):
    made = portal.create(email="ada@example.org", city="London")
    assert set(portal.get(made.id).properties) == {
        "email", "firstname", "lastname", "hs_object_id", "createdate", "lastmodifieddate",
    }  # fmt: skip
    assert portal.get(made.id, properties=["city"]).properties["city"] == "London"


def test_an_address_is_one_contact(portal):
    made = portal.create(email="ada@example.org")
    status, body = refusal(portal.create, email="ADA@example.org")
    assert (status, body["category"]) == (409, "CONFLICT")
    assert body["message"] == f"Contact already exists. Existing ID: {made.id}"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("email", "nobody", "INVALID_EMAIL"),
        ("lifecyclestage", "Genius", "INVALID_OPTION"),
        ("no_such_thing", "1", "PROPERTY_DOESNT_EXIST"),
        ("createdate", "2026-01-01", "READ_ONLY_VALUE"),
        ("city", "x" * 65_537, "STRING_TOO_LONG"),
    ],
)
def test_wrong_values_are_named(portal, name, value, code):
    status, body = refusal(portal.create, **{name: value})
    assert (status, body["category"]) == (400, "VALIDATION_ERROR")
    assert [(each["code"], each["context"]["propertyName"]) for each in body["errors"]] == [(code, [name])]


def test_a_stage_of_life_goes_back_only_after_it_was_cleared(portal):
    made = portal.create(email="ada@example.org", lifecyclestage="customer")
    assert portal.update(made.id, lifecyclestage="lead").properties["lifecyclestage"] == "customer"
    portal.update(made.id, lifecyclestage="")
    assert portal.update(made.id, lifecyclestage="lead").properties["lifecyclestage"] == "lead"


def test_own_properties(portal):
    core = portal.api.crm.properties.core_api

    def define(name, type_, field, **more):
        given = {"name": name, "label": name, "group_name": "contactinformation", "type": type_, "field_type": field}
        return core.create(object_type="contacts", property_create=PropertyCreate(**given, **more))

    define("born", "date", "date")
    define("seen", "datetime", "date")
    define("code", "string", "text", has_unique_value=True)
    options = [{"label": word.title(), "value": word} for word in ("red", "blue")]
    define("colours", "enumeration", "checkbox", options=options)
    made = portal.create(born="1572480000000", seen="2026-11-02T13:00:00+01:00", code="A1", colours="red")
    names = ["born", "seen", "code", "colours"]
    read = portal.get(made.id, properties=names).properties
    assert [read[name] for name in names] == ["2019-10-31", "2026-11-02T12:00:00.000Z", "A1", "red"]
    portal.update(made.id, colours=";blue")
    assert portal.get(made.id, properties=names).properties["colours"] == "red;blue"
    assert refusal(portal.create, code="A1")[1]["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert refusal(portal.update, made.id, born="1572480000001")[1]["errors"][0]["code"] == "INVALID_DATE"
    assert {each.name: each.has_unique_value for each in core.get_all(object_type="contacts").results}["code"]
    portal.set(may_define=False)
    assert refusal(define, "more", "string", "text")[1]["category"] == "MISSING_SCOPES"


def creates(*inputs: dict[str, Any], trace: bool) -> Any:
    rows = [
        {"properties": each, "associations": []} | ({"objectWriteTraceId": str(number)} if trace else {})
        for number, each in enumerate(inputs)
    ]
    return BatchInputSimplePublicObjectBatchInputForCreate(inputs=rows)


def test_a_batch_with_trace_ids_half_succeeds_and_one_without_fails_whole(portal):
    batch = portal.api.crm.contacts.batch_api
    wrong = ({"email": "ada@example.org"}, {"email": "nobody"})
    status, body = refusal(
        batch.create, batch_input_simple_public_object_batch_input_for_create=creates(*wrong, trace=False)
    )
    assert status == 400 and "INVALID_EMAIL" in body["message"]
    assert portal.search().total == 0
    both = batch.create(batch_input_simple_public_object_batch_input_for_create=creates(*wrong, trace=True))
    assert [each.properties["email"] for each in both.results] == ["ada@example.org"]
    assert (both.num_errors, both.errors[0].context) == (1, {"objectWriteTraceId": ["1"]})


def test_batches_tell_what_is_not_there(portal):
    batch = portal.api.crm.contacts.batch_api
    made = portal.create(email="ada@example.org")
    wanted = BatchReadInputSimplePublicObjectId(
        inputs=[{"id": made.id}, {"id": "404"}], properties=["email"], properties_with_history=[]
    )
    read = batch.read(batch_read_input_simple_public_object_id=wanted)
    assert [each.id for each in read.results] == [made.id]
    assert read.errors[0].context == {"ids": ["404"]}
    given = [{"id": made.id, "properties": {"city": "Bath"}}, {"id": "404", "properties": {"city": "Bath"}}]
    done = batch.update(
        batch_input_simple_public_object_batch_input=BatchInputSimplePublicObjectBatchInput(inputs=given)
    )
    assert [each.id for each in done.results] == [made.id] and done.errors[0].context == {"ids": ["404"]}
    many = [{"id": str(number)} for number in range(101)]
    too_many = BatchInputSimplePublicObjectId(inputs=many)
    assert refusal(batch.archive, batch_input_simple_public_object_id=too_many)[0] == 400


def test_search_filters_sorts_and_ends_at_ten_thousand(portal):
    portal.control("fill", calendar="companies", count=10_001)
    modified = "hs_lastmodifieddate"
    found = portal.search("companies", limit=200, sorts=["name"], properties=["name"])
    assert found.total == 10_001 and found.paging.next.after == "200"
    assert found.results[0].properties["name"] == "Number 0"
    last = portal.http.post("/crm/v3/objects/companies", json={"properties": {"name": "Last"}}).json()
    since = [{"filters": [{"propertyName": modified, "operator": "GTE", "value": last["updatedAt"]}]}]
    assert [each.id for each in portal.search("companies", filter_groups=since).results] == [last["id"]]
    assert portal.search("companies", limit=1, sorts=[f"-{modified}"]).results[0].id == last["id"]
    status, body = refusal(portal.search, "companies", limit=200, after="9900")
    assert status == 400 and "10000" in body["message"]
    assert refusal(portal.search, "companies", limit=201)[0] == 400
    assert refusal(portal.search, "companies", sorts=["name", modified])[0] == 400


def test_the_index_is_late_and_not_in_order(portal):
    portal.control("now", now=NOON.isoformat())
    portal.set(lag=60)
    slow = portal.create(email="slow@example.org")
    portal.set(lag=0)
    quick = portal.create(email="quick@example.org")
    assert slow.updated_at < quick.updated_at
    assert [each.id for each in portal.search().results] == [quick.id]
    portal.control("now", advance=61)
    assert {each.id for each in portal.search().results} == {quick.id, slow.id}


def test_merged_ids_lead_to_the_new_record(portal):
    first, second = portal.create(email="ada@example.org"), portal.create(email="al@example.org", city="Bath")
    merge = PublicMergeInput(primary_object_id=first.id, object_id_to_merge=second.id)
    merged = portal.api.crm.contacts.basic_api.merge(public_merge_input=merge)
    assert merged.id not in {first.id, second.id}
    names = ["email", "city", "hs_merged_object_ids"]
    for old in (first, second):
        read = portal.get(old.id, properties=names)
        assert read.id == merged.id
        assert [read.properties[name] for name in names] == ["ada@example.org", "Bath", f"{first.id};{second.id}"]
    assert [each.id for each in portal.search().results] == [merged.id]
    assert portal.api.crm.contacts.basic_api.get_page(archived=True).results == []


def test_an_erased_contact_leaves_nothing(portal):
    made = portal.create(email="ada@example.org")
    given = PublicGdprDeleteInput(object_id=made.id)
    portal.api.crm.contacts.basic_api.purge(public_gdpr_delete_input=given)
    assert portal.api.crm.contacts.basic_api.get_page(archived=True).results == []


def test_associations_have_one_primary_company(portal):
    api = portal.api.crm.associations.v4.batch_api
    ada = portal.create(email="ada@example.org").id
    names = ("Analytical", "Difference")
    one, two = (
        portal.http.post("/crm/v3/objects/companies", json={"properties": {"name": name}}).json()["id"]
        for name in names
    )

    def tie(company, type_id):
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
        pair = {"from": {"id": ada}, "to": {"id": company}, "types": [spec]}
        api.create("contacts", "companies", BatchInputPublicAssociationMultiPost(inputs=[pair]))

    def read():
        asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": ada}])
        (result,) = api.get_page("contacts", "companies", asked).results
        return {each.to_object_id: {kind.type_id for kind in each.association_types} for each in result.to}

    tie(one, 279)
    assert read() == {one: {1, 279}}
    tie(two, 1)
    assert read() == {one: {279}, two: {1, 279}}
    assert portal.get(ada, properties=["associatedcompanyid"]).properties["associatedcompanyid"] == two
    seen = portal.get(ada, associations=["companies"]).associations["companies"].results
    assert {(each.id, each.type) for each in seen} == {
        (one, "contact_to_company_unlabeled"), (two, "contact_to_company"), (two, "contact_to_company_unlabeled"),
    }  # fmt: skip


def test_deals_have_pipelines_and_need_a_stage(portal):
    (first, second) = portal.api.crm.pipelines.pipelines_api.get_all(object_type="deals").results
    assert (first.label, second.label) == ("Sales Pipeline", "Renewals")
    assert "closedwon" in {stage.id for stage in first.stages}
    given = SimplePublicObjectInputForCreate(properties={"dealname": "Engine"}, associations=[])
    status, body = refusal(portal.api.crm.deals.basic_api.create, simple_public_object_input_for_create=given)
    assert status == 400 and "dealstage" in body["message"]


def test_throttling_and_a_bad_token_in_its_own_words(portal):
    portal.control("faults", kind="429")
    with pytest.raises(ApiException) as caught:
        portal.api.crm.contacts.basic_api.get_page()
    assert json.loads(caught.value.body)["policyName"] == "TEN_SECONDLY_ROLLING"
    portal.control("faults", kind="reject_token")
    assert refusal(portal.api.crm.contacts.basic_api.get_page)[0] == 401


def test_an_app_is_called_and_the_call_is_signed(portal, letters):
    """HubSpot's own library is asked whether it is; the address has characters that HubSpot decodes before it signs."""
    address, told = letters
    portal.set(hook=[f"{address}?a=%28b%29", "secret"])
    ada, grace = portal.create(email="ada@example.org"), portal.create(email="grace@example.org")
    portal.update(ada.id, firstname="Ada", lastname="King")
    portal.http.post("/crm/v3/objects/contacts/merge", json={"primaryObjectId": ada.id, "objectIdToMerge": grace.id})
    seen = []
    for count in (1, 1, 2, 1):
        headers, body = told.get(timeout=5)
        events = json.loads(body)
        assert len(events) == count
        seen += [(each["subscriptionType"], each.get("objectId"), each.get("propertyName")) for each in events]
        given = {name.lower(): value for name, value in headers.items()}
        said = {"http_uri": f"{address}?a=(b)", "timestamp": given["x-hubspot-request-timestamp"]}
        signature = given["x-hubspot-signature-v3"]
        assert Signature.is_valid(signature, "secret", body.decode(), signature_version="v3", **said)
        assert not Signature.is_valid(signature, "other", body.decode(), signature_version="v3", **said)
    assert seen == [
        ("contact.creation", int(ada.id), None),
        ("contact.creation", int(grace.id), None),
        ("contact.propertyChange", int(ada.id), "firstname"),
        ("contact.propertyChange", int(ada.id), "lastname"),
        ("contact.merge", None, None),
    ]


def test_a_state_outlives_a_restart(portal):
    from sandbox.hubspot import Server
    from sandbox.world import new_world

    before, after = Server(new_world("t")), Server(new_world("t"))
    before.seed("contacts", json.dumps([{"email": "ada@example.org"}]))
    before.fill("deals", 2)
    after.load(json.loads(json.dumps(before.state())))
    assert after.state() == before.state()
    with pytest.raises(ValueError, match="INVALID_EMAIL"):
        before.seed("contacts", json.dumps([{"email": "nobody"}]))
