"""The contacts stand-in, driven by Google's own client and its discovery document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import start
from sandbox.google_contacts.fields import DERIVED, READABLE, SINGLETONS, WRITABLE
from sandbox.google_contacts.listing import ACCEPTED

MASK = "names,emailAddresses,phoneNumbers,addresses,birthdays,biographies,memberships,clientData,metadata"
ADA = {"names": [{"givenName": "Ada", "familyName": "Lovelace"}], "emailAddresses": [{"value": "ada@example.org"}]}


@dataclass
class People:
    """Google's client at a stand-in of its own, and plain HTTP to it."""

    api: Any
    http: httpx.Client

    def create(self, **fields: Any) -> Any:
        return self.api.people().createContact(body=ADA | fields, personFields=MASK).execute()

    def update(self, person: Any, mask: str, **fields: Any) -> Any:
        body = {"metadata": person["metadata"], **fields}
        calls = self.api.people()
        call = calls.updateContact(
            resourceName=person["resourceName"], body=body, updatePersonFields=mask, personFields=MASK
        )
        return call.execute()

    def get(self, name: str) -> Any:
        return self.api.people().get(resourceName=name, personFields=MASK).execute()

    def delete(self, name: str) -> None:
        self.api.people().deleteContact(resourceName=name).execute()

    def list(self, **more: Any) -> Any:
        calls = self.api.people().connections()
        return calls.list(resourceName="people/me", personFields=MASK, requestSyncToken=True, **more).execute()

    def own(self, path: str, **body: Any) -> Any:
        reply = self.http.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def refusal(self, call: Callable[[], Any]) -> tuple[int, str]:
        """Status and status word, or the reason where there is one."""
        from googleapiclient.errors import HttpError

        with pytest.raises(HttpError) as refused:
            call()
        error = json.loads(refused.value.content)["error"]
        return error["code"], next(
            (each["reason"] for each in error.get("details", []) if "reason" in each), error["status"]
        )


@pytest.fixture
def people() -> Iterator[People]:
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    with start("google_contacts") as server:
        signed_in = Credentials(token=server.token)
        options = {"api_endpoint": f"{server.url}/"}
        api = build("people", "v1", credentials=signed_in, static_discovery=True, client_options=options)
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as http:
            yield People(api, http)
        api.close()


def discovery() -> Any:
    import googleapiclient

    folder = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    return json.loads((folder / "people.v1.json").read_text(encoding="utf-8"))


def test_every_method_parameter_and_member_is_in_googles_discovery_document() -> None:
    known = discovery()
    for name, accepted in ACCEPTED.items():
        *resources, method = name.split(".")
        at = known
        for resource in resources:
            at = at["resources"][resource]
        assert accepted <= set(at["methods"][method].get("parameters", {})), name
    schemas = known["schemas"]
    for field, members in WRITABLE.items():
        entry = schemas[schemas["Person"]["properties"][field]["items"]["$ref"]]["properties"]
        assert members <= {name for name in entry if not entry[name].get("readOnly")}, field
        assert members | DERIVED.get(field, set()) | {"metadata", "formattedType"} >= set(entry), field
    text = known["resources"]["people"]["methods"]["updateContact"]["parameters"]["updatePersonFields"]["description"]
    assert set(WRITABLE) == {line.strip("* ") for line in text.split(" * ")[1:]}
    assert all(f"* {name}" in schemas["Person"]["description"] or name in text for name in SINGLETONS)
    assert set(schemas["Person"]["properties"]) >= READABLE


def test_a_contact_comes_back_as_google_spells_it(people: People) -> None:
    made = people.create(
        phoneNumbers=[{"value": "+49 (30) 123-456", "type": "work"}, {"value": "030 1"}],
        addresses=[{"streetAddress": "Main St 1", "city": "Berlin", "postalCode": "10115", "type": "home"}],
        emailAddresses=[{"value": ""}, {"value": "ada@example.org", "type": "home"}],
        biographies=[{"value": "Notes"}],
    )
    assert made["names"][0]["displayName"] == "Ada Lovelace"
    assert [phone.get("canonicalForm") for phone in made["phoneNumbers"]] == ["+4930123456", None]
    assert made["phoneNumbers"][0]["metadata"]["primary"] and "primary" not in made["phoneNumbers"][1]["metadata"]
    assert made["addresses"][0]["formattedValue"] == "Main St 1\n10115 Berlin"
    assert [(mail["value"], mail["formattedType"]) for mail in made["emailAddresses"]] == [("ada@example.org", "Home")]
    assert made["biographies"][0]["contentType"] == "TEXT_PLAIN"
    groups = [each["contactGroupMembership"]["contactGroupResourceName"] for each in made["memberships"]]
    assert groups == ["contactGroups/myContacts"]
    assert people.get(made["resourceName"]) == made
    loose = people.create(names=[{"unstructuredName": "Grace Brewster Hopper"}])["names"][0]
    assert (loose["givenName"], loose["familyName"]) == ("Grace Brewster", "Hopper")


@pytest.mark.parametrize(
    "fields",
    [
        {"names": [{"givenName": "A"}, {"givenName": "B"}]},
        {"biographies": [{"value": "A"}, {"value": "B"}]},
        {"birthdays": [{"date": {"year": 2026, "month": 2, "day": 30}}]},
        {"birthdays": [{"date": {"day": 3}}]},
        {"emailAddresses": [{"address": "ada@example.org"}]},
        {"emailAddress": []},
        {"names": [{"givenName": "x" * 1025}]},
        {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/friends"}}]},
        {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/none"}}]},
    ],
)
def test_refused_bodies(people: People, fields: dict[str, Any]) -> None:
    assert people.refusal(lambda: people.create(**fields)) == (400, "INVALID_ARGUMENT")
    assert "connections" not in people.list()


def test_an_update_needs_the_etag_of_the_source_and_replaces_what_the_mask_names(people: People) -> None:
    made = people.create(phoneNumbers=[{"value": "1"}])
    assert people.refusal(lambda: people.update({**made, "metadata": {}}, "names"))[0] == 400
    changed = people.update(made, "emailAddresses,phoneNumbers", emailAddresses=[{"value": "new@example.org"}])
    assert [mail["value"] for mail in changed["emailAddresses"]] == ["new@example.org"]
    assert "phoneNumbers" not in changed and changed["names"] == made["names"]
    assert changed["metadata"]["sources"][0]["etag"] != made["metadata"]["sources"][0]["etag"]
    stale = people.refusal(lambda: people.update(made, "names", names=[{"givenName": "Other"}]))
    assert stale == (400, "FAILED_PRECONDITION")
    assert people.refusal(lambda: people.update(changed, "memberships", memberships=[])) == (400, "INVALID_ARGUMENT")
    assert people.refusal(lambda: people.update(changed, "photos"))[0] == 400
    people.delete(made["resourceName"])
    assert people.refusal(lambda: people.get(made["resourceName"])) == (404, "NOT_FOUND")
    assert people.refusal(lambda: people.update(changed, "names")) == (404, "NOT_FOUND")


def test_a_sync_token_shows_what_changed_and_what_was_deleted(people: People) -> None:
    kept, lost = people.create(), people.create()
    first = people.list(pageSize=1)
    assert "nextSyncToken" not in first
    token = people.list(pageSize=1, pageToken=first["nextPageToken"])["nextSyncToken"]
    assert "connections" not in people.list(pageSize=1, syncToken=token)
    changed = people.update(kept, "names", names=[{"givenName": "Augusta"}])
    people.delete(lost["resourceName"])
    seen = people.list(syncToken=token)["connections"]
    assert seen[0] == changed
    assert seen[1]["metadata"]["deleted"] and seen[1]["resourceName"] == lost["resourceName"]
    assert [person["resourceName"] for person in people.list()["connections"]] == [kept["resourceName"]]


def test_a_sync_token_ends_a_week_after_its_full_sync(people: People) -> None:
    people.own("/_control/now", now="2026-11-02T00:00:00Z")
    token = people.list()["nextSyncToken"]
    people.own("/_control/now", now="2026-11-08T00:00:00Z")
    later = people.list(syncToken=token)["nextSyncToken"]
    people.own("/_control/now", now="2026-11-09T00:00:01Z")
    assert people.refusal(lambda: people.list(syncToken=later)) == (400, "EXPIRED_SYNC_TOKEN")
    people.own("/_control/faults", kind="expire_cursor")
    fresh = people.list()["nextSyncToken"]
    assert people.refusal(lambda: people.list(syncToken=fresh)) == (400, "EXPIRED_SYNC_TOKEN")
    calls = people.api.people().connections()
    other = calls.list(resourceName="people/me", personFields="names", syncToken=fresh)
    assert people.refusal(other.execute) == (400, "INVALID_ARGUMENT")


def test_requests_that_sync_may_lag_behind(people: People) -> None:
    people.own("/_control/now", now="2026-11-02T00:00:00Z")
    people.own("/_contacts/lag", seconds=120)
    made = people.create()
    token = people.list()["nextSyncToken"]
    assert "connections" not in people.list(), "a full sync lags too"
    plain = people.api.people().connections().list(resourceName="people/me", personFields="names").execute()
    assert len(plain["connections"]) == 1
    people.own("/_control/now", advance=100)
    people.update(made, "names", names=[{"givenName": "Augusta"}])
    people.own("/_control/now", advance=30)
    (seen,) = people.list(syncToken=token)["connections"]
    assert seen["names"][0]["givenName"] == "Ada", "the first version, not the second"


def test_a_merged_contact_tells_its_former_names(people: People) -> None:
    kept, lost = people.create(), people.create(emailAddresses=[{"value": "other@example.org"}])
    token = people.list()["nextSyncToken"]
    people.own("/_contacts/merge", **{"from": lost["resourceName"], "into": kept["resourceName"]})
    (seen,) = people.list(syncToken=token)["connections"]
    assert seen["metadata"]["previousResourceNames"] == [lost["resourceName"]]
    assert [mail["value"] for mail in seen["emailAddresses"]] == ["ada@example.org", "other@example.org"]
    (again,) = (
        people.api.people().getBatchGet(resourceNames=[lost["resourceName"]], personFields=MASK).execute()["responses"]
    )
    assert again["requestedResourceName"] == lost["resourceName"]
    assert again["person"]["resourceName"] == kept["resourceName"]


def test_batches_are_all_or_nothing(people: People) -> None:
    api = people.api.people()
    good, bad = {"contactPerson": ADA}, {"contactPerson": {"names": [{}, {"givenName": "A"}, {"givenName": "B"}]}}
    both = {"contacts": [good, bad], "readMask": MASK}
    assert people.refusal(api.batchCreateContacts(body=both).execute)[0] == 400
    two = {"contacts": [good, good], "readMask": MASK}
    made = [each["person"] for each in api.batchCreateContacts(body=two).execute()["createdPeople"]]
    sent = {each["resourceName"]: {"metadata": each["metadata"], "names": [{"givenName": "Eve"}]} for each in made}
    batch = {"contacts": sent, "updateMask": "names", "readMask": MASK}
    done = api.batchUpdateContacts(body=batch).execute()["updateResult"]
    assert {each["person"]["names"][0]["givenName"] for each in done.values()} == {"Eve"}
    assert people.refusal(api.batchUpdateContacts(body=batch).execute) == (400, "FAILED_PRECONDITION")
    names = [each["resourceName"] for each in made]
    lost = api.batchDeleteContacts(body={"resourceNames": [*names, "people/c1"]})
    assert people.refusal(lost.execute) == (404, "NOT_FOUND")
    api.batchDeleteContacts(body={"resourceNames": names}).execute()
    replies = api.getBatchGet(resourceNames=names, personFields="names").execute()["responses"]
    assert [each["httpStatusCode"] for each in replies] == [404, 404]
    too_many = {"contacts": [good] * 201, "readMask": MASK}
    assert people.refusal(api.batchCreateContacts(body=too_many).execute)[0] == 400
    assert people.http.get("/_control/log").json()["writes"] == 6


def test_groups(people: People) -> None:
    groups = people.api.contactGroups()
    made = groups.create(body={"contactGroup": {"name": "Chess"}}).execute()
    assert people.refusal(groups.create(body={"contactGroup": {"name": "chess"}}).execute) == (409, "ALREADY_EXISTS")
    ada, name = people.create()["resourceName"], made["resourceName"]
    members = groups.members()
    told = members.modify(resourceName=name, body={"resourceNamesToAdd": [ada, "people/c1"]}).execute()
    assert told == {"notFoundResourceNames": ["people/c1"]}
    assert groups.get(resourceName=name, maxMembers=5).execute()["memberResourceNames"] == [ada]
    out = {"resourceNamesToRemove": [ada]}
    members.modify(resourceName="contactGroups/myContacts", body=out).execute()
    told = members.modify(resourceName=name, body=out).execute()
    assert told == {"canNotRemoveLastContactGroupResourceNames": [ada]}
    etag = groups.update(resourceName=name, body={"contactGroup": {"name": "Go"}}).execute()["etag"]
    assert etag != made["etag"]
    assert people.refusal(groups.delete(resourceName="contactGroups/starred").execute)[0] == 400
    listed = groups.list(pageSize=5).execute()
    more = groups.list(pageSize=5, pageToken=listed["nextPageToken"]).execute()["contactGroups"]
    assert [group["name"] for group in more if group["groupType"] == "USER_CONTACT_GROUP"] == ["Go"]
    groups.delete(resourceName=name, deleteContacts=True).execute()
    assert people.refusal(lambda: people.get(ada)) == (404, "NOT_FOUND")


def test_refusals_of_the_shell_are_in_googles_words(people: People) -> None:
    people.own("/_control/faults", kind="429", retry_after=3)
    assert people.refusal(people.list) == (429, "RATE_LIMIT_EXCEEDED")
    wrong = people.http.get("/v1/people/me", headers={"Authorization": "Bearer wrong"})
    assert wrong.json()["error"]["status"] == "UNAUTHENTICATED"
    assert people.http.get("/v1/people/me/connections", params={"personField": "names"}).status_code == 400
    assert people.http.get("/v1/people/me", params={"personFields": "emailAddresses"}).json()["emailAddresses"]


def test_the_state_outlives_a_restart(people: People) -> None:
    from sandbox.google_contacts import Server
    from sandbox.world import new_world

    first, second = Server(new_world("t")), Server(new_world("t"))
    first.fill("Chess", 3)
    second.load(json.loads(json.dumps(first.state())))
    assert second.state() == first.state() and len(second.book.table.rows) == 3
