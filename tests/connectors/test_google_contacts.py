"""The Google Contacts connector against its stand-in: what every connector does, and what is Google's own."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.oauth import Bearer
from engine.contract import (
    AppError,
    CursorExpired,
    Deleted,
    Done,
    Failed,
    Invalid,
    Op,
    Refused,
    Stale,
    Transient,
    Write,
)
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk

MASK = "names,emailAddresses,phoneNumbers,addresses,memberships,userDefined,organizations,metadata"
NAMES: dict[str, Any] = {"givenName": "Ada", "familyName": "Lovelace"}


class Contacts(Conformance):
    """How Google spells it."""

    __test__ = False
    app, obj = "google_contacts", "contacts"
    title, other = "givenName", "notes"
    wrong_scope: ClassVar = {"group": "No such label"}

    def sample(self, **changes: Any) -> dict[str, Any]:
        mails = [{"value": "ada@example.org", "label": "work"}, {"value": "ada@example.com", "label": "Club"}]
        place = {"street": "Main St 1\nBack", "city": "Berlin", "region": None, "postcode": "10115", "country": "DE"}
        return {
            **NAMES,
            "honorificPrefix": "Dr.",
            "emailAddresses": mails,
            "phoneNumbers": [{"value": "030 / 123", "label": "mobile"}],
            "addresses": [{"label": "home", **place}],
            "urls": [{"value": "https://example.org", "label": "other"}],
            "company": "Engines",
            "jobTitle": "Analyst",
            "birthday": {"month": 12, "day": 10},
            "notes": "Met in Room 1",
            "groups": ["Chess", "Maths"],
        } | changes


class TestEveryConnector(Contacts):
    """The common suite."""

    __test__ = True


class TestEveryConnectorUnderALabel(Contacts):
    """The same with one label as the scope."""

    __test__ = True
    scope: ClassVar = {"group": "Friends of ours"}

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        Person(settings).label("Friends of ours")
        return self.scope


class Person:
    """Somebody who uses the contacts beside us, by the plain API."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._http = Client(settings["base_url"], Bearer(settings["token"]))

    def label(self, name: str) -> str:
        made = self._http.json("POST", "v1/contactGroups", json={"contactGroup": {"name": name}})
        return str(made["resourceName"])

    def drop_label(self, name: str) -> None:
        self._http.request("DELETE", f"v1/{name}")

    def create(self, **fields: Any) -> Any:
        body = {"names": [NAMES], **fields}
        return self._http.json("POST", "v1/people:createContact", json=body, params={"personFields": MASK})

    def get(self, name: str) -> Any:
        return self._http.json("GET", f"v1/{name}", params={"personFields": MASK})

    def update(self, name: str, mask: str, **fields: Any) -> Any:
        body = {"metadata": self.get(name)["metadata"], **fields}
        params = {"updatePersonFields": mask, "personFields": MASK}
        return self._http.json("PATCH", f"v1/{name}:updateContact", json=body, params=params)

    def own(self, what: str, **body: Any) -> Any:
        return self._http.json("POST", f"_contacts/{what}", json=body)


# pytest collects inherited tests too, so the app's own tests only borrow the fixtures
class TestGoogle:
    """Google's own."""

    settings = Contacts.settings
    scope_of = Contacts.scope_of
    desk = Contacts.desk
    control = Contacts.control
    app, obj, scope, controlled = Contacts.app, Contacts.obj, Contacts.scope, True

    @pytest.fixture
    def person(self, settings: dict[str, str]) -> Person:
        return Person(settings)

    def sample(self, **changes: Any) -> dict[str, Any]:
        return Contacts().sample(**changes)

    # --- fields ---------------------------------------------------------------------------------------------------

    def test_what_ours_does_not_speak_of_survives_a_write(self, desk: Desk, person: Person) -> None:
        made = person.create(
            emailAddresses=[{"value": "ada@example.org", "displayName": "The Countess"}, {"value": "b@example.org"}],
            addresses=[
                {"streetAddress": "Main 1", "poBox": "77", "country": "Germany", "countryCode": "DE", "type": "home"},
                {"formattedValue": "Old Rd 2, London", "type": "work"},
            ],
            organizations=[{"name": "Engines", "symbol": "ENG", "title": "Analyst"}, {"name": "Former"}],
            relations=[{"person": "Byron", "type": "father"}],
        )
        record = desk.get(made["resourceName"])[0]
        home, work = record.data["addresses"]
        assert work["street"] == "Old Rd 2, London" and work["city"] is None
        changed = desk.update(
            record,
            emailAddresses=[*record.data["emailAddresses"], {"value": "c@example.org", "label": "Club"}],
            addresses=[work, {**home, "street": "Main 2"}],
            company=None,
            familyName="King",
        )
        now = person.get(record.id)
        assert [(mail["value"], mail.get("type")) for mail in now["emailAddresses"]] == [
            ("ada@example.org", None),
            ("b@example.org", None),
            ("c@example.org", "Club"),
        ]
        assert now["emailAddresses"][0]["displayName"] == "The Countess"
        assert "streetAddress" not in now["addresses"][0], "what nobody changed is sent as it was"
        assert (now["addresses"][1]["poBox"], now["addresses"][1]["streetAddress"]) == ("77", "Main 2")
        assert [job.get("name") for job in now["organizations"]] == [None, "Former"]
        assert now["organizations"][0]["symbol"] == "ENG"
        assert changed.data["displayName"] == "Ada King" and changed.data["jobTitle"] == "Analyst"

    def test_the_main_entry_comes_first(self) -> None:
        mails = [{"value": "b@example.org"}, {"value": "a@example.org", "metadata": {"primary": True}}]
        contact = {"resourceName": "people/c1", "emailAddresses": mails, "memberships": [MINE]}
        desk = scripted({"people:batchGet": {"responses": [{"person": contact}]}})
        (record,) = desk.get("people/c1")
        assert [mail["value"] for mail in record.data["emailAddresses"]] == ["a@example.org", "b@example.org"]

    def test_birthdays_with_and_without_a_year(self, desk: Desk) -> None:
        made = desk.create(self.sample(birthday={"year": 1815, "month": 12, "day": 10}))
        assert made.data["birthday"] == {"year": 1815, "month": 12, "day": 10}
        assert desk.update(made, birthday={"month": 12, "day": 11}).data["birthday"] == {"month": 12, "day": 11}
        outcome = desk.one(Write(op=Op.UPDATE, key="u2", id=made.id, data={"birthday": {"month": 2, "day": 31}}))
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid)
        assert outcome.error.field == "birthday"
        assert desk.update(desk.again(made), key="u3", birthday=None).data["birthday"] is None

    def test_custom_fields_are_those_in_use(self, settings: dict[str, str], desk: Desk, person: Person) -> None:
        pairs = [{"key": "No.", "value": "7"}, {"key": "Region", "value": "North"}, {"key": "No.", "value": "8"}]
        made = person.create(userDefined=pairs)["resourceName"]
        record = desk.get(made)[0]
        own = {name: field.label for name, field in desk.connector.schema(desk.obj).fields.items() if "." in name}
        assert own == {"userDefined.No.": "No.", "userDefined.Region": "Region"}
        assert record.data["userDefined.No."] == "7"
        changed = desk.update(record, **{"userDefined.No.": "9", "userDefined.Region": None})
        assert (changed.data["userDefined.No."], changed.data["userDefined.Region"]) == ("9", None)
        assert [(each["key"], each["value"]) for each in person.get(made)["userDefined"]] == [
            ("No.", "9"),
            ("No.", "8"),
        ]
        plain = desk.create(self.sample())
        assert plain.data["userDefined.Region"] is None, "empty, not unread"
        named = connect("google_contacts", {**settings, "custom_fields": "Size, none"}, sleep=lambda _: None)
        assert "userDefined.Size" in named.schema("contacts").fields and named.requests == 0

    # --- labels -----------------------------------------------------------------------------------------------------

    def test_labels_are_made_and_googles_own_stay(self, desk: Desk, person: Person) -> None:
        person.label("Chess")
        starred = [
            {"contactGroupMembership": {"contactGroupResourceName": f"contactGroups/{name}"}} for name in STARRED
        ]
        record = desk.get(person.create(memberships=starred)["resourceName"])[0]
        assert record.data["groups"] == []
        changed = desk.update(record, groups=["Go", "chess"])
        assert changed.data["groups"] == ["Chess", "Go"]
        bare = desk.update(changed, key="u2", groups=[])
        assert bare.data["groups"] == []
        left = {each["contactGroupMembership"]["contactGroupId"] for each in person.get(record.id)["memberships"]}
        assert left == {"myContacts", "starred"}

    def test_a_label_as_the_scope(self, settings: dict[str, str], desk: Desk, person: Person) -> None:
        label, stranger = person.label("Friends"), person.create()["resourceName"]
        friends = Desk(connect("google_contacts", settings, sleep=lambda _: None), {"group": "Friends"}, "contacts")
        made = friends.create(self.sample())
        assert made.data["groups"] == ["Chess", "Maths"], "the scope's own label is no tag"
        found, cursor = friends.scan()
        assert set(found) == {made.id} and friends.get(stranger)[0].gone
        assert set(desk.scan()[0]) == {made.id, stranger}
        bare = friends.update(made, groups=[])
        assert friends.changes(cursor)[0] == {made.id: bare}
        person.update(made.id, "memberships", memberships=[MINE])
        assert friends.changes(cursor)[0][made.id].gone and friends.get(made.id)[0].gone
        person.drop_label(label)
        person.update(stranger, "names", names=[{"givenName": "Eve"}])
        later = Desk(connect("google_contacts", settings, sleep=lambda _: None), {"group": "Friends"}, "contacts")
        with pytest.raises(Refused):
            later.changes(cursor)

    # --- identity -----------------------------------------------------------------------------------------------------

    def test_a_merged_contact_is_gone_under_its_former_name(
        self, settings: dict[str, str], desk: Desk, person: Person
    ) -> None:
        kept, lost = desk.create(self.sample(), key="a"), desk.create(self.sample(givenName="Augusta"), key="b")
        _, cursor = desk.scan()
        person.own("merge", **{"from": lost.id, "into": kept.id})
        seen, _ = desk.changes(cursor)
        assert seen[lost.id].gone and not seen[kept.id].gone
        assert seen[lost.id].merged_into == kept.id
        assert desk.get(lost.id)[0].gone
        assert desk.again(kept) == seen[kept.id]
        desk.connector = connect("google_contacts", settings, sleep=lambda _: None)
        assert desk.create(self.sample(), key="b").id == kept.id, "it has the keys of both"
        moved = person.own("merge", **{"from": kept.id})["resourceName"]
        seen, _ = desk.changes(cursor)
        assert seen[kept.id].gone and seen[moved].data["givenName"] == "Ada"

    def test_a_create_is_found_again_by_its_key_though_the_feed_lags(
        self, settings: dict[str, str], desk: Desk, control: Control, person: Person
    ) -> None:
        person.own("lag", seconds=600)
        control.fault("drop_after_commit", method="POST", path="batchCreate")
        lost = desk.error(Write(op=Op.CREATE, key="lost", data=self.sample()))
        assert isinstance(lost, Transient) and lost.landed is None
        assert desk.scan()[0] == {}, "Google does not show it yet"
        later = Desk(connect("google_contacts", settings, sleep=lambda _: None), {}, "contacts")
        found = later.create(self.sample(), key="lost")
        assert later.update(found, givenName="Augusta").stamp == "lost"
        person.own("lag", seconds=0)
        assert set(desk.scan()[0]) == {found.id}
        later.delete(later.again(found))
        assert isinstance(later.error(Write(op=Op.CREATE, key="lost", data=self.sample())), Deleted)

    # --- batches ------------------------------------------------------------------------------------------------------

    def test_one_bad_contact_does_not_take_a_batch_down(self, desk: Desk) -> None:
        keys = [f"k{number}" for number in range(8)]
        writes = [Write(op=Op.CREATE, key=key, data={"givenName": key}) for key in keys]
        writes[5] = Write(op=Op.CREATE, key="k5", data={"givenName": "x" * 2000})
        outcomes = desk.write(*writes)
        assert isinstance(outcomes["k5"], Failed) and outcomes["k5"].error.field == "givenName"
        made = {key: outcome.record for key, outcome in outcomes.items() if isinstance(outcome, Done)}
        assert len(made) == 7 and all(record.data["givenName"] == record.stamp == key for key, record in made.items())
        before = desk.connector.requests
        stale = Write(op=Op.UPDATE, key="s", id=made["k0"].id, if_version="other", data={"notes": "x"})
        updates = [
            Write(op=Op.UPDATE, key=key, id=at.id, if_version=at.version, data={"notes": key})
            for key, at in made.items()
        ]
        more = desk.write(stale, *updates[1:])
        assert isinstance(more["s"], Failed) and isinstance(more["s"].error, Stale)
        assert desk.connector.requests - before == 2, "one look, one batch"
        deletes = [Write(op=Op.DELETE, key=key, id=at.id) for key, at in made.items()]
        assert all(isinstance(outcome, Done) for outcome in desk.write(*deletes).values())
        assert desk.scan()[0] == {}

    def test_an_edit_between_look_and_write_is_refused(self) -> None:
        contact = {"resourceName": "people/c1", "memberships": [MINE], "metadata": {"sources": [SOURCE]}}
        refusal = {"error": {"code": 400, "status": "FAILED_PRECONDITION", "message": "Stale."}}
        desk = scripted(
            {
                "people:batchGet": {"responses": [{"person": contact}]},
                "people:batchUpdateContacts": httpx.Response(400, json=refusal),
            }
        )
        update = Write(op=Op.UPDATE, key="u", id="people/c1", if_version="e1", data={"givenName": "Eve"})
        assert isinstance(desk.error(update), Stale)

    def test_many_pages(self, desk: Desk, settings: dict[str, str]) -> None:
        assert Client(settings["base_url"]).request(
            "POST", "_control/fill", json={"calendar": "primary", "count": 2100}
        )
        before = desk.connector.requests
        assert len(desk.scan()[0]) == 2100
        assert desk.connector.requests - before == 6, "three pages, and three to find custom fields"

    # --- errors -------------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("status", "word", "reason", "error"),
        [
            (403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", Refused),
            (403, "PERMISSION_DENIED", "SERVICE_DISABLED", Refused),
            (403, "PERMISSION_DENIED", "RATE_LIMIT_EXCEEDED", Transient),
            (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", Transient),
            (400, "INVALID_ARGUMENT", "", Invalid),
            (400, "FAILED_PRECONDITION", "EXPIRED_SYNC_TOKEN", CursorExpired),
            (410, "GONE", "", CursorExpired),
        ],
    )
    def test_reasons_say_what_happens_next(self, status: int, word: str, reason: str, error: type[AppError]) -> None:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
        body = {"error": {"code": status, "message": "No.", "status": word, "details": details}}
        desk = scripted({"people/me/connections": httpx.Response(status, json=body)})
        with pytest.raises(error) as caught:
            desk.scan()
        assert type(caught.value) is error and (reason or word) in str(caught.value)

    def test_a_cursor_of_other_fields_asks_for_a_scan(self, desk: Desk) -> None:
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            desk.changes(cursor.replace("nicknames,", ""))
        with pytest.raises(CursorExpired):
            Desk(desk.connector, {"group": "Friends"}, "contacts").changes(cursor)


STARRED = ("myContacts", "starred")
MINE = {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}
SOURCE = {"type": "CONTACT", "id": "1", "etag": "e1"}


def scripted(answers: dict[str, Any]) -> Desk:
    """A connector at a server with these answers by path."""

    def handler(request: httpx.Request) -> httpx.Response:
        answer = answers.get(request.url.path.removeprefix("/v1/"), {})
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    transport = httpx.MockTransport(handler)
    settings = {"token": "t", "custom_fields": "none"}
    return Desk(connect("google_contacts", settings, transport=transport, sleep=lambda _: None), {}, "contacts")
