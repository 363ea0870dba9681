"""HubSpot: the common suite for each object, and what is HubSpot's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.hubspot.errors import classify
from engine.contract import CursorExpired, Deleted, Done, Failed, Invalid, Op, Refused, Support, Transient, Write
from sandbox import start
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk


class HubSpot(Conformance):
    app = "hubspot"
    idle = 2  # the search, and the bin

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        """HubSpot forgets no cursor, but it empties its bin: an old one may have missed deletions."""
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            desk.changes(json.dumps(json.loads(cursor) | {"looked": "2026-01-01T00:00:00+00:00"}))


class TestContacts(HubSpot):
    obj = "contacts"
    title, other = "lastname", "jobtitle"
    unique = "email"

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"email": "ada@example.org", "lastname": "Lovelace", "jobtitle": "Analyst"} | changes


class TestDeals(HubSpot):
    obj = "deals"
    title, other = "dealname", "description"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"dealname": "Engine", "description": "Brass", "amount": "12.5", "closedate": "2026-12-01T09:00:00.000Z"}
        return {**data, "dealstage": "qualifiedtobuy", "pipeline": "default"} | changes


class TestProducts(HubSpot):
    obj = "products"
    title, other = "name", "description"

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"name": "Gear", "description": "Brass", "hs_sku": "G-1", "price": "9.9"} | changes


@pytest.fixture
def server() -> Iterator[Any]:
    with start("hubspot") as running:
        yield running


@pytest.fixture
def desks(server: Any) -> dict[str, Desk]:
    connector = connect("hubspot", {"base_url": server.url, "token": server.token}, sleep=lambda _: None)
    control = Control(server.url)
    return {obj: Desk(connector, {}, obj, control) for obj in connector.objects}


@pytest.fixture
def api(server: Any) -> Iterator[httpx.Client]:
    """What people and other programs do in the account."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as client:
        yield client


def person(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"email": f"person{number}@example.org", "lastname": "Person"} | more


def define(api: httpx.Client, name: str, type_: str, shape: str, **more: Any) -> None:
    given = {"name": name, "label": name.title(), "groupName": "contactinformation", "type": type_, "fieldType": shape}
    assert api.post("/crm/v3/properties/contacts", json=given | more).status_code == 201


def test_custom_properties_become_fields_of_our_types(desks: dict[str, Desk], api: httpx.Client) -> None:
    define(api, "born", "date", "date")
    define(api, "member", "bool", "booleancheckbox")
    define(api, "points", "number", "number")
    define(api, "code", "string", "text", hasUniqueValue=True)
    options = [{"value": word, "label": word.title()} for word in ("red", "blue")]
    define(api, "colours", "enumeration", "checkbox", options=options)
    define(api, "colour", "enumeration", "select", options=options)
    define(api, "secret", "string", "text", hidden=True)
    fields = desks["contacts"].connector.schema("contacts").fields
    shapes = {name: (field.type, field.dialect) for name, field in fields.items() if not field.means}
    assert (
        shapes.items()
        >= {
            "born": ("date", ""),
            "member": ("bool", "text"),
            "points": ("number", "text"),
            "code": ("text", ""),
            "colours": ("tags", "semicolon"),
            "colour": ("choice", ""),
        }.items()
    )
    assert fields["code"].unique and fields["colour"].choices == {"red": "Red", "blue": "Blue"}
    assert "secret" not in fields and "createdate" not in fields
    values = {"born": "1815-12-10", "member": "true", "points": "7", "colours": "red;blue", "colour": "red"}
    made = desks["contacts"].create(person(**values))
    assert {name: made.data[name] for name in values} == values


def test_stages_of_several_pipelines_are_told_apart(desks: dict[str, Desk]) -> None:
    fields = desks["deals"].connector.schema("deals").fields
    assert fields["pipeline"].choices == {"default": "Sales Pipeline", "7001": "Renewals"}
    stages = fields["dealstage"].choices or {}
    assert (stages["closedwon"], stages["7003"]) == ("Closed Won", "Closed Won (Renewals)")
    assert desks["products"].connector.schema("products").fields["price"].currency == "EUR"


def test_references_are_set_with_a_new_record_and_changed_later(desks: dict[str, Desk]) -> None:
    one, two = (desks["companies"].create({"name": name}, key=name).id for name in ("One", "Two"))
    ada = desks["contacts"].create(person(1, associatedcompany=one), key="ada")
    bob = desks["contacts"].create(person(2), key="bob")
    assert (ada.data["associatedcompany"], bob.data["associatedcompany"]) == (one, None)
    both = [ada.id, bob.id]
    data = {"dealname": "Engine", "dealstage": "closedwon", "associatedcompany": one, "associatedcontacts": both}
    deal = desks["deals"].create(data)
    assert deal.data.items() >= data.items()
    changed = desks["deals"].update(deal, associatedcompany=two, associatedcontacts=[bob.id])
    assert (changed.data["associatedcompany"], changed.data["associatedcontacts"]) == (two, [bob.id])
    cleared = desks["deals"].update(changed, associatedcompany=None, associatedcontacts=[])
    assert (cleared.data["associatedcompany"], cleared.data["associatedcontacts"]) == (None, [])
    assert desks["deals"].scan()[0] == {deal.id: cleared}
    error = desks["contacts"].error(Write(op=Op.UPDATE, key="u", id=bob.id, data={"associatedcompany": "404"}))
    assert isinstance(error, Invalid) and error.field == "associatedcompany"


def test_a_company_that_was_the_primary_one_stays_associated(desks: dict[str, Desk], api: httpx.Client) -> None:
    one, two = (desks["companies"].create({"name": name}, key=name).id for name in ("One", "Two"))
    ada = desks["contacts"].create(person(associatedcompany=one))
    assert desks["contacts"].update(ada, associatedcompany=two).data["associatedcompany"] == two
    shown = api.get(f"/crm/v3/objects/contacts/{ada.id}", params={"associations": "companies"}).json()
    assert {each["id"] for each in shown["associations"]["companies"]["results"]} == {one, two}


def test_an_association_made_by_people_is_a_change(desks: dict[str, Desk], api: httpx.Client) -> None:
    company = desks["companies"].create({"name": "One"})
    ada = desks["contacts"].create(person())
    _, cursor = desks["contacts"].scan()
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    pair = {"from": {"id": ada.id}, "to": {"id": company.id}, "types": [spec]}
    api.post("/crm/v4/associations/contacts/companies/batch/create", json={"inputs": [pair]})
    seen, _ = desks["contacts"].changes(cursor)
    assert seen[ada.id].data["associatedcompany"] == company.id


def test_an_address_that_is_taken_is_parked_with_the_record_that_has_it(desks: dict[str, Desk]) -> None:
    there = desks["contacts"].create(person(1), key="there")
    outcomes = desks["contacts"].write(
        Write(op=Op.CREATE, key="twin", data=person(1)), Write(op=Op.CREATE, key="other", data=person(2))
    )
    assert isinstance(outcomes["other"], Done)
    twin = outcomes["twin"]
    assert isinstance(twin, Failed) and isinstance(twin.error, Invalid)
    assert twin.error.field == "email" and there.id in str(twin.error)


def test_one_wrong_value_does_not_stop_the_other_updates(desks: dict[str, Desk]) -> None:
    one, two = (desks["contacts"].create(person(number), key=str(number)) for number in (1, 2))
    outcomes = desks["contacts"].write(
        Write(op=Op.UPDATE, key="bad", id=one.id, data={"lifecyclestage": "genius"}),
        Write(op=Op.UPDATE, key="good", id=two.id, data={"city": "Bath"}),
    )
    bad = outcomes["bad"]
    assert isinstance(outcomes["good"], Done)
    assert isinstance(bad, Failed) and isinstance(bad.error, Invalid) and bad.error.field == "lifecyclestage"
    assert "genius" in str(bad.error) and '"isValid"' not in str(bad.error)


def test_a_stage_of_life_can_be_set_back(desks: dict[str, Desk]) -> None:
    made = desks["contacts"].create(person(lifecyclestage="customer"))
    assert desks["contacts"].update(made, lifecyclestage="lead").data["lifecyclestage"] == "lead"


def test_a_lost_answer_to_the_create_itself(desks: dict[str, Desk]) -> None:
    desk = desks["contacts"]
    assert desk.control is not None
    desk.control.fault("drop_after_commit", method="POST", path="batch/create")
    error = desk.error(Write(op=Op.CREATE, key="lost", data=person()))
    assert isinstance(error, Transient) and error.landed is None
    found = desk.create(person(), key="lost")
    assert list(desk.scan()[0]) == [found.id]


def test_a_record_that_was_made_but_cannot_be_read_again_is_in_doubt(desks: dict[str, Desk]) -> None:
    """Refusals that say "no effect" are about the reading; the record is there."""
    desk = desks["contacts"]
    assert desk.control is not None
    desk.control.fault("429", times=10, path="associations")
    error = desk.error(Write(op=Op.CREATE, key="new", data=person()))
    assert isinstance(error, Transient) and error.landed is None
    desk.control.calm()
    found = desk.create(person(), key="new")
    assert list(desk.scan()[0]) == [found.id]


def test_a_key_whose_record_is_in_the_bin_is_a_deletion(desks: dict[str, Desk]) -> None:
    desk = desks["contacts"]
    desk.delete(desk.create(person(), key="same"))
    assert isinstance(desk.error(Write(op=Op.CREATE, key="same", data=person())), Deleted)


def test_a_token_that_may_not_make_the_property_is_told_what_to_do(
    desks: dict[str, Desk], api: httpx.Client, server: Any
) -> None:
    api.post("/_hubspot/set", json={"may_define": False})
    with pytest.raises(Refused, match=r"crm\.schemas\.contacts\.write, or set stamp=no"):
        desks["contacts"].create(person())
    settings = {"base_url": server.url, "token": server.token, "stamp": "no"}
    plain = connect("hubspot", settings, sleep=lambda _: None)
    assert plain.caps.stamped is Support.NO and type(plain).caps.stamped is Support.YES
    assert Desk(plain, {}, "contacts").create(person()).stamp is None


def test_merged_records_are_gone_and_their_heir_is_new(desks: dict[str, Desk], api: httpx.Client) -> None:
    desk = desks["contacts"]
    one, two = (desk.create(person(number), key=str(number)) for number in (1, 2))
    _, cursor = desk.scan()
    ids = {"primaryObjectId": one.id, "objectIdToMerge": two.id}
    heir = api.post("/crm/v3/objects/contacts/merge", json=ids).json()["id"]
    seen, _ = desk.changes(cursor)
    assert set(seen) == {one.id, two.id, heir}
    assert seen[one.id].merged_into == seen[two.id].merged_into == heir
    assert seen[one.id].gone and seen[two.id].gone and seen[heir].data["email"] == one.data["email"]
    looked = desk.get(one.id, two.id, heir)
    assert [(record.gone, record.merged_into) for record in looked] == [(True, heir), (True, heir), (False, None)]


def test_what_the_index_shows_late_is_found_and_what_it_shows_wrong_is_not_believed(
    desks: dict[str, Desk], api: httpx.Client
) -> None:
    desk = desks["contacts"]
    assert desk.control is not None
    desk.control._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})
    made = desk.create(person(1), key="early")
    _, cursor = desk.scan()
    api.post("/_hubspot/set", json={"lag": 60})
    late = desk.create(person(2), key="late")
    api.patch(f"/crm/v3/objects/contacts/{made.id}", json={"properties": {"city": "Bath"}})
    api.post("/_hubspot/set", json={"lag": 0})
    desk.control._send("POST", "now", {"advance": 30})
    quick = desk.create(person(3), key="quick")
    seen, after = desk.changes(cursor)
    assert set(seen) == {quick.id}
    desk.control._send("POST", "now", {"advance": 31})
    seen, after = desk.changes(after)
    assert set(seen) == {late.id, made.id} and seen[made.id].data["city"] == "Bath"
    assert desk.changes(after)[0] == {}


def test_more_changes_than_a_search_shows(desks: dict[str, Desk]) -> None:
    """10,050 companies from one import have one time of change; others follow, each with its own."""
    desk = desks["companies"]
    assert desk.control is not None
    before = desk.create({"name": "Before"}, key="before").id
    _, cursor = desk.scan()
    desk.control._send("POST", "fill", {"calendar": "companies", "count": 10_050})
    writes = [Write(op=Op.CREATE, key=str(number), data={"name": f"After {number}"}) for number in range(450)]
    after = {outcome.record.id for outcome in desk.write(*writes).values() if isinstance(outcome, Done)}
    seen, cursor = desk.changes(cursor)
    assert len(seen) == 10_500 and after <= set(seen) and before not in seen
    assert desk.changes(cursor)[0] == {}


def test_nothing_slips_through_while_others_edit(desks: dict[str, Desk], api: httpx.Client) -> None:
    """What is edited between two pages moves to the end of the search."""
    desk = desks["companies"]
    _, cursor = desk.scan()
    writes = [Write(op=Op.CREATE, key=str(number), data={"name": f"Nr {number}"}) for number in range(500)]
    made = [outcome.record.id for outcome in desk.write(*writes).values() if isinstance(outcome, Done)]
    request, edited = Client.request, []

    def edits(self: Client, method: str, url: str, **options: Any) -> Any:
        answer = request(self, method, url, **options)
        if url.endswith("/search") and len(edited) < 100:
            for id in made[len(edited) : len(edited) + 50]:
                edited.append(id)
                api.patch(f"/crm/v3/objects/companies/{id}", json={"properties": {"city": "Bath"}})
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", edits)
        seen, _ = desk.changes(cursor)
    assert set(seen) == set(made) and len(edited) == 100


def test_an_account_with_more_properties_than_fit_into_an_address(desks: dict[str, Desk], api: httpx.Client) -> None:
    for number in range(70):
        define(
            api,
            f"a_property_with_quite_a_long_name_of_about_ninety_characters_as_some_people_make_them_{number}",
            "string",
            "text",
        )
    made = desks["contacts"].create(person())
    assert desks["contacts"].scan()[0] == {made.id: made}


@pytest.mark.parametrize(
    ("status", "body", "error", "seconds"),
    [
        (429, {"policyName": "DAILY", "message": "You have reached your daily limit."}, Transient, 3600),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, Transient, 10),
        (429, {"policyName": "SECONDLY"}, Transient, 1),
        (477, {}, Transient, 10),
        (403, {"errors": [{"message": "m", "context": {"requiredScopes": ["crm.lists.read"]}}]}, Refused, None),
    ],
)
def test_refusals(status: int, body: dict[str, Any], error: type[Exception], seconds: int | None) -> None:
    request = httpx.Request("GET", "http://127.0.0.1/crm")
    found = classify(httpx.Response(status, json=body, request=request))
    assert type(found) is error
    if isinstance(found, Transient):
        assert found.wait and found.wait.total_seconds() == seconds and found.landed is False
    else:
        assert "crm.lists.read" in str(found)
