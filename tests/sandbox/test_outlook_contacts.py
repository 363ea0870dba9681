"""The contacts stand-in, driven by the vendor's own client library and by plain HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.graph import STAMP, Graph, signed_in
from tests.sandbox.graph_client import tell_at

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated.*:DeprecationWarning")
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


@pytest.fixture
def graph() -> Iterator[Graph]:
    with signed_in("outlook_contacts") as graph:
        yield graph


def made(graph: Graph, **more: Any) -> Any:
    body = {"givenName": "Ada", "surname": "Lovelace", **more}
    return graph.call("POST", "/me/contacts", 201, json=body, headers=IMMUTABLE)


def at(contact: Any) -> str:
    return f"/me/contacts/{quote(contact['id'], safe='')}"


def changed(graph: Graph, contact: Any, **body: Any) -> Any:
    return graph.call("PATCH", at(contact), json=body)


# --- the vendor's client -----------------------------------------------------------------------------------------


def test_a_contact_is_made_read_changed_and_deleted_by_the_vendors_client() -> None:
    from msgraph.generated.models.contact import Contact
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.physical_address import PhysicalAddress

    async def story(client: Any) -> None:
        born = datetime(1815, 12, 10, tzinfo=UTC)
        home = PhysicalAddress(street="1 St James's Square", city="London", country_or_region="United Kingdom")
        contact = Contact(given_name="Ada", surname="Lovelace", birthday=born, home_address=home)
        contact.email_addresses = [EmailAddress(address="ada@example.org", name="Ada")]
        contact.business_phones = ["+44 20 7946 0001"]
        new = await client.me.contacts.post(contact)
        assert (new.display_name, new.primary_email_address.address) == ("Ada Lovelace", "ada@example.org")
        assert (new.birthday, new.home_address.city) == (datetime(1815, 12, 10, 11, 59, tzinfo=UTC), "London")
        one = client.me.contacts.by_contact_id(new.id)
        assert (await one.patch(Contact(surname="King"))).display_name == "Ada King"
        (only,) = (await client.me.contacts.get()).value
        assert (only.surname, only.business_phones) == ("King", ["+44 20 7946 0001"])
        await one.delete()
        with pytest.raises(ODataError) as caught:
            await one.get()
        assert (caught.value.response_status_code, caught.value.error.code) == (404, "ErrorItemNotFound")

    tell_at("outlook_contacts", story)


def test_delta_rounds_with_the_clients_own_spelling() -> None:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.models.contact import Contact
    from msgraph.generated.models.contact_folder import ContactFolder

    async def story(client: Any) -> None:
        folder = await client.me.contact_folders.post(ContactFolder(display_name="Suppliers"))
        assert [each.id for each in (await client.me.contact_folders.get()).value] == [folder.id]
        inside = client.me.contact_folders.by_contact_folder_id(folder.id).contacts
        for number in range(3):
            await inside.post(Contact(given_name=f"Nr {number}"))
        assert (await client.me.contacts.delta.get()).value == [], "another folder"
        asked: Any = RequestConfiguration()
        asked.headers.add("Prefer", "odata.maxpagesize=2")
        first = await inside.delta.get(request_configuration=asked)
        assert (len(first.value), first.odata_delta_link) == (2, None)
        last = await inside.delta.with_url(first.odata_next_link).get()
        assert [each.given_name for each in last.value] == ["Nr 2"]
        await client.me.contacts.by_contact_id(first.value[0].id).delete()
        later = await inside.delta.with_url(last.odata_delta_link).get()
        assert [each.id for each in later.value] == [first.value[0].id]
        assert later.value[0].additional_data["@removed"] == {"reason": "deleted"}

    tell_at("outlook_contacts", story)


# --- silent changes and limits -----------------------------------------------------------------------------------


def test_a_new_name_overwrites_the_display_name_unless_it_is_sent_along(graph: Graph) -> None:
    ada = made(graph, displayName="Countess")
    assert ada["displayName"] == "Countess"
    assert changed(graph, ada, surname="King")["displayName"] == "Ada King"
    assert changed(graph, ada, surname="Byron", displayName="Countess")["displayName"] == "Countess"
    assert changed(graph, ada, jobTitle="Analyst")["displayName"] == "Countess"


def test_an_address_is_merged_member_by_member(graph: Graph) -> None:
    ada = made(graph, businessAddress={"street": "1 Main St", "city": "London"})
    assert changed(graph, ada, businessAddress={"city": "Bath"})["businessAddress"] == {
        "street": "1 Main St",
        "city": "Bath",
    }
    assert changed(graph, ada, businessAddress=None)["businessAddress"] == {}


@pytest.mark.parametrize(
    "body",
    [
        {"businessPhones": ["1", "2", "3"]},
        {"homePhones": ["1", "2", "3"]},
        {"emailAddresses": [{"address": f"{n}@example.org"} for n in range(4)]},
        {"birthday": "1815-12-10"},
        {"givenName": "x" * 256},
        {"homeAddress": {"planet": "Mars"}},
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_the_property(graph: Graph, body: dict[str, Any]) -> None:
    error = graph.call("POST", "/me/contacts", 400, json=body)["error"]
    assert error["code"] == "ErrorPropertyValidationFailure" and f"'{next(iter(body))}'" in error["message"]
    assert graph.refused("POST", "/me/contacts", 400, json={"shoeSize": 38}) == "RequestBodyRead"


def test_a_birthday_keeps_its_day_in_utc(graph: Graph) -> None:
    assert made(graph, birthday="1815-12-10T23:30:00-02:00")["birthday"] == "1815-12-11T11:59:00Z"


# --- versions, extended properties, moves ------------------------------------------------------------------------


def test_a_stale_version_is_refused(graph: Graph) -> None:
    ada = made(graph)
    changed(graph, ada, surname="King")
    stale = {"If-Match": ada["@odata.etag"]}
    for method in ("PATCH", "DELETE"):
        assert graph.refused(method, at(ada), 412, json={}, headers=stale) == "ErrorIrresolvableConflict"


def test_an_extended_property_is_found_by_and_shown_to_those_who_ask(graph: Graph) -> None:
    stamped = made(graph, singleValueExtendedProperties=[{"id": STAMP, "value": "k'1"}])
    made(graph)
    assert "singleValueExtendedProperties" not in graph.call("GET", at(stamped))
    look = f"singleValueExtendedProperties/any(ep: ep/id eq '{STAMP}' and ep/value eq 'k''1')"
    shown = f"singleValueExtendedProperties($filter=id eq '{STAMP}')"
    (found,) = graph.call("GET", "/me/contacts", params={"$filter": look, "$expand": shown}, headers=IMMUTABLE)["value"]
    assert found["id"] == stamped["id"]
    assert found["singleValueExtendedProperties"] == [{"id": STAMP, "value": "k'1"}]


def test_a_moved_contact_leaves_one_folder_and_comes_into_the_other(graph: Graph) -> None:
    ada = made(graph)
    team = graph.call("POST", "/me/contactFolders", 201, json={"displayName": "Team"})
    _, here = graph.delta("/me/contacts/delta")
    _, there = graph.delta(f"/me/contactFolders/{quote(team['id'], safe='')}/contacts/delta")
    graph.call("POST", "/_outlook/move", json={"id": ada["id"], "folder": "Team"})
    prefer = f"{IMMUTABLE['Prefer']}, odata.maxpagesize=50"
    assert graph.delta(here, Prefer=prefer)[0] == [{"id": ada["id"], "@removed": {"reason": "deleted"}}]
    assert [each["id"] for each in graph.delta(there, Prefer=prefer)[0]] == [ada["id"]]
    assert graph.call("GET", at(ada))["parentFolderId"] == team["id"]
    assert graph.call("GET", "/me/contacts")["value"] == []


def test_delta_takes_a_selection_but_no_expansion(graph: Graph) -> None:
    made(graph)
    items, _ = graph.delta("/me/contacts/delta?$select=surname")
    assert [set(each) for each in items] == [{"@odata.etag", "id", "surname"}]
    graph.call("GET", "/me/contacts/delta", 400, params={"$expand": "x"})


def test_a_forgotten_token_starts_a_new_round(graph: Graph) -> None:
    _, link = graph.delta("/me/contacts/delta")
    graph.control("POST", "faults", kind="expire_cursor")
    assert graph.refused("GET", link, 410) == "syncStateNotFound"
    assert graph.delta(link)[0] == []


def test_lists_are_filtered_ordered_and_paged(graph: Graph) -> None:
    for name in ("Bea", "Ada", "Cleo"):
        made(graph, givenName=name)
    first = graph.call("GET", "/me/contacts", params={"$top": 2, "$orderby": "givenName", "$count": "true"})
    assert ([each["givenName"] for each in first["value"]], first["@odata.count"]) == (["Ada", "Bea"], 3)
    rest = graph.call("GET", first["@odata.nextLink"])
    assert [each["givenName"] for each in rest["value"]] == ["Cleo"] and "@odata.nextLink" not in rest
    only = graph.call("GET", "/me/contacts", params={"$filter": "givenName eq 'Ada'"})["value"]
    assert len(only) == 1


def test_state_survives_a_restart(graph: Graph) -> None:
    from sandbox.outlook_contacts import Server
    from sandbox.world import new_world

    first, second = Server(new_world("t")), Server(new_world("t"))
    first.seed("Team", '[{"givenName": "Ada", "id": "x"}]')
    first.fill("primary", 2)
    second.load(dict(first.state()))
    assert second.state() == first.state()
