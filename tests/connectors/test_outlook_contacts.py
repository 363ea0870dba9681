"""The Outlook contacts connector against its stand-in."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

import httpx
import pytest

from connectors import connect
from connectors.hook import ANY, Forged, Hooked
from connectors.http import MockTransport, Response
from engine.contract import (
    CursorExpired,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Record,
    Stale,
    Transient,
    Write,
)
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.hook_receiver import call, receiver
from tests.sandbox.graph import Graph, signed_in, slashed

__all__ = ["receiver"]
WORK, HOME, MOBILE = "+44 20 7946 0001", "+44 20 7946 0002", "+44 7700 900003"
ADDRESS = {"street": "12 St James's Square", "city": "London", "postcode": "SW1Y 4LB", "country": "United Kingdom"}


class TestOutlookContacts(Conformance):
    """Everything every connector does."""

    app, obj = "outlook_contacts", "contacts"
    title, other = "displayName", "jobTitle"
    scope: ClassVar = {"folder": "primary"}
    wrong_scope: ClassVar = {"folder": "No such folder 7"}

    def sample(self, **changes: Any) -> dict[str, Any]:
        return ada(**changes)


def ada(**changes: Any) -> dict[str, Any]:
    return {
        "displayName": "Ada Lovelace",
        "givenName": "Ada",
        "surname": "Lovelace",
        "jobTitle": "Analyst",
        "emailAddresses": [{"value": "ada@example.org", "label": "work"}, {"value": "a.l@example.com"}],
        "phones": [{"value": MOBILE, "label": "mobile"}, {"value": WORK, "label": "work"}],
        "addresses": [{**ADDRESS, "label": "home"}],
        "birthday": "1815-12-10",
        "categories": ["Friends", "Science"],
        "personalNotes": "First line\nSecond line",
    } | changes


class Box:
    """The connector, somebody in Outlook, and the server's switches."""

    def __init__(self, graph: Graph, token: str) -> None:
        self.graph = graph
        self.settings = {"base_url": graph.url, "token": token}
        self.desk = self.again()
        self.control = Control(graph.url)

    def again(self, **scope: str) -> Desk:
        return Desk(connect("outlook_contacts", self.settings, sleep=lambda _: None), scope, "contacts")

    def raw(self, record: Record) -> Any:
        return self.graph.call("GET", self.path(record), headers={"Prefer": 'IdType="ImmutableId"'})

    def patch(self, record: Record, **body: Any) -> None:
        self.graph.call("PATCH", self.path(record), json=body)

    def path(self, record: Record) -> str:
        return f"/me/contacts/{quote(record.id, safe='')}"


@pytest.fixture
def box() -> Any:
    with signed_in("outlook_contacts") as graph:
        yield Box(graph, graph.token)


# --- telephones and addresses find their places --------------------------------------------------------------------


def test_entries_go_to_the_places_of_their_labels(box: Box) -> None:
    raw = box.raw(box.desk.create(ada()))
    assert (raw["businessPhones"], raw["homePhones"], raw["mobilePhone"]) == ([WORK], [], MOBILE)
    assert raw["homeAddress"]["countryOrRegion"] == "United Kingdom" and raw["businessAddress"] == {}
    assert [each["address"] for each in raw["emailAddresses"]] == ["ada@example.org", "a.l@example.com"]


def test_labels_and_order_that_outlook_lacks_come_back(box: Box) -> None:
    phones = [{"value": HOME, "label": "fax"}, {"value": MOBILE, "label": "mobile"}, {"value": WORK, "label": "mobile"}]
    addresses = [{**ADDRESS, "label": "cottage"}, {"city": "Bath", "label": "work"}]
    made = box.desk.create(ada(phones=phones, addresses=addresses))
    assert box.again().again(made) == made
    assert (made.data["phones"], made.data["addresses"]) == (phones, addresses)
    assert box.raw(made)["businessPhones"] == [HOME, WORK]


def test_what_somebody_moves_in_outlook_has_the_label_of_its_new_place(box: Box) -> None:
    phones = [{"value": HOME, "label": "fax"}, {"value": MOBILE, "label": "mobile"}]
    made = box.desk.create(ada(phones=phones))
    box.patch(made, businessPhones=[], homePhones=[HOME, WORK])
    assert box.desk.again(made).data["phones"] == [
        {"value": MOBILE, "label": "mobile"},
        {"value": HOME, "label": "home"},
        {"value": WORK, "label": "home"},
    ]


def test_a_corrected_street_keeps_the_label_of_its_address(box: Box) -> None:
    made = box.desk.create(ada(addresses=[{**ADDRESS, "label": "cottage"}]))
    box.patch(made, businessAddress={"city": "Bath"})
    assert box.desk.again(made).data["addresses"] == [{**ADDRESS, "city": "Bath", "label": "cottage"}]


def test_a_change_of_a_label_alone_is_kept(box: Box) -> None:
    made = box.desk.create(ada())
    emails = [{"value": "ada@example.org", "label": "home"}, {"value": "a.l@example.com"}]
    assert box.desk.update(made, emailAddresses=emails).data["emailAddresses"] == emails
    assert box.desk.again(made).data["emailAddresses"] == emails


def test_a_removed_member_of_an_address_is_gone(box: Box) -> None:
    made = box.desk.create(ada())
    changed = box.desk.update(made, addresses=[{"city": "London", "label": "home"}])
    assert changed.data["addresses"] == [{"city": "London", "label": "home"}]
    assert box.desk.update(changed, "u2", addresses=[]).data["addresses"] == []


def test_an_address_keeps_the_name_that_outlook_shows(box: Box) -> None:
    made = box.desk.create(ada())
    box.patch(made, emailAddresses=[{"address": "ada@example.org", "name": "Countess"}])
    fresh = box.desk.again(made)
    both = [*fresh.data["emailAddresses"], {"value": "new@example.org"}]
    assert box.raw(box.desk.update(fresh, emailAddresses=both))["emailAddresses"][0]["name"] == "Countess"


@pytest.mark.parametrize(
    "field, entries",
    [
        ("phones", [{"value": f"+44 20 7946 000{n}", "label": "work"} for n in range(6)]),
        ("emailAddresses", [{"value": f"ada{n}@example.org"} for n in range(4)]),
        ("addresses", [{"city": f"City {n}"} for n in range(4)]),
    ],
)
def test_more_entries_than_places_park_the_record(box: Box, field: str, entries: list[dict[str, str]]) -> None:
    error = box.desk.error(Write(op=Op.CREATE, key="k", data=ada(**{field: entries})))
    assert isinstance(error, Invalid) and error.field == field and "do not fit" in str(error)
    assert box.desk.scan()[0] == {}


# --- names, days, texts --------------------------------------------------------------------------------------------


def test_a_new_last_name_leaves_the_display_name_alone(box: Box) -> None:
    made = box.desk.create(ada(displayName="Countess of Lovelace"))
    assert box.desk.update(made, surname="King").data["displayName"] == "Countess of Lovelace"
    assert box.desk.create({"givenName": "Bea", "surname": "Ray"}, "b").data["displayName"] == "Bea Ray"


@pytest.mark.parametrize(
    "stored, day",
    [
        ("1815-12-10T11:59:00Z", "1815-12-10"),
        ("1815-12-10T00:00:00Z", "1815-12-10"),
        ("1815-12-09T22:00:00Z", "1815-12-10"),
        ("1815-12-10T08:00:00Z", "1815-12-10"),
        ("1604-12-10T12:00:00Z", "--1210"),
    ],
)
def test_a_birthday_is_the_day_that_its_writer_meant(box: Box, stored: str, day: str) -> None:
    raw = {"id": "c", "@odata.etag": "1", "parentFolderId": "f", "birthday": stored}

    def answer(request: Any) -> Response:
        return Response(200, json=raw if request.url.path.endswith("/c") else {"value": [raw]})

    connector = connect("outlook_contacts", box.settings, transport=MockTransport(answer))
    (record,) = connector.get("contacts", {}, ["c"])
    assert record.data["birthday"] == day


@pytest.mark.parametrize("written, shown", [("18151210", "1815-12-10"), ("--1210", "--1210"), ("--12-10", "--1210")])
def test_a_birthday_may_lack_the_year(box: Box, written: str, shown: str) -> None:
    made = box.desk.create(ada(birthday=written))
    assert made.data["birthday"] == shown
    box.control.reset()
    assert box.desk.update(made, birthday=written) == made and box.control.log()["writes"] == 0


def test_what_is_no_day_parks_the_record(box: Box) -> None:
    error = box.desk.error(Write(op=Op.CREATE, key="k", data=ada(birthday="soon")))
    assert isinstance(error, Invalid) and error.field == "birthday"


def test_a_refusal_names_the_field(box: Box) -> None:
    error = box.desk.error(Write(op=Op.CREATE, key="k", data=ada(surname="x" * 300)))
    assert isinstance(error, Invalid) and error.field == "surname"


def test_writing_what_is_there_sends_nothing(box: Box) -> None:
    made = box.desk.create(ada())
    box.control.reset()
    assert box.desk.update(made, **ada()) == made
    first, second = made.data["emailAddresses"]
    assert box.desk.update(made, emailAddresses=[first, {**second, "label": None}]) == made
    assert box.control.log()["writes"] == 0


# --- folders -------------------------------------------------------------------------------------------------------


def test_a_contact_that_is_moved_away_is_gone_from_its_folder(box: Box) -> None:
    box.graph.call("POST", "/me/contactFolders", 201, json={"displayName": "Team"})
    team = box.again(folder="team")
    kept, moved = box.desk.create(ada(), "kept"), box.desk.create(ada(), "moved")
    (_, here), (_, there) = box.desk.scan(), team.scan()
    box.graph.call("POST", "/_outlook/move", json={"id": moved.id, "folder": "Team"})
    assert {id: record.gone for id, record in box.desk.changes(here)[0].items()} == {moved.id: True}
    assert {id: record.gone for id, record in team.changes(there)[0].items()} == {moved.id: False}
    assert (box.desk.again(moved).gone, team.again(moved).gone, team.again(kept).gone) == (True, False, True)
    for op in (Op.UPDATE, Op.DELETE):
        outcome = box.desk.one(Write(op=op, key=op, id=moved.id, data={"surname": "X"} if op is Op.UPDATE else {}))
        assert op is Op.DELETE or (isinstance(outcome, Failed) and isinstance(outcome.error, Missing))
    assert team.again(moved).data["surname"] == "Lovelace", "a contact in another folder is not ours to touch"


def test_nothing_is_in_an_empty_folder(box: Box) -> None:
    made = box.desk.create(ada())
    folder = box.graph.call("POST", "/me/contactFolders", 201, json={"displayName": "Team"})
    assert box.again(folder="Team").again(made).gone and box.again(folder=folder["id"]).again(made).gone
    with pytest.raises(CursorExpired):
        box.again(folder="Team").changes(box.desk.scan()[1])


def test_a_cursor_of_another_server_is_not_followed(box: Box) -> None:
    _, cursor = box.desk.scan()
    with pytest.raises(CursorExpired):
        box.desk.changes(cursor.replace("127.0.0.1", "127.0.0.2"))


# --- creates in doubt ----------------------------------------------------------------------------------------------


def test_a_create_whose_answer_was_lost_is_found_at_once(box: Box) -> None:
    box.control.fault("drop_after_commit", method="POST", path="/me/contacts")
    made = box.desk.create(ada())
    assert made.stamp == "key-1" and box.desk.scan()[0] == {made.id: made}


def test_creates_of_a_batch_are_found_whether_one_answer_was_lost_or_all(box: Box) -> None:
    box.control.fault("drop_after_commit", times=23, method="POST", path="/me/contacts")
    writes = [Write(op=Op.CREATE, key=f"k{n}", data=ada(displayName=f"Nr {n}")) for n in range(25)]
    lost = []

    def answer(request: Any) -> Any:
        reply = wire.handle_request(request)
        if b'"method":"POST"' in request.content and not lost:
            lost.append(reply.read())
            raise httpx.ReadError("the connection was closed", request=request)
        return reply

    with httpx.HTTPTransport() as wire:
        box.desk.connector = connect("outlook_contacts", box.settings, transport=MockTransport(answer))
        done = box.desk.write(*writes)
        assert len(lost) == 1 and all(isinstance(outcome, Done) for outcome in done.values())
        assert len(box.desk.scan()[0]) == 25


def test_a_create_that_cannot_be_looked_for_stays_in_doubt(box: Box) -> None:
    box.control.fault("drop_after_commit", method="POST", path="/me/contacts")
    looks = 0

    def answer(request: Any) -> Response:
        nonlocal looks
        looks += request.method == "GET"
        if request.method == "POST" or looks > 1:
            return Response(500, json={"error": {"code": "ErrorInternalServerError", "message": "Oh."}})
        return Response(200, json={"value": []})

    desk = box.again()
    desk.connector = connect("outlook_contacts", box.settings, transport=MockTransport(answer), sleep=lambda _: None)
    outcome = desk.one(Write(op=Op.CREATE, key="k", data=ada()))
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Transient) and outcome.error.landed is None


def test_a_server_that_cannot_filter_by_the_key_is_searched(box: Box) -> None:
    first = box.desk.create(ada(), "same")

    def answer(request: Any) -> Any:
        if "filter=single" in str(request.url):
            return Response(400, json={"error": {"code": "ErrorInvalidUrlQueryFilter", "message": "No."}})
        return wire.handle_request(request)

    with httpx.HTTPTransport() as wire:
        box.desk.connector = connect("outlook_contacts", box.settings, transport=MockTransport(answer))
        assert box.desk.create(ada(), "same") == first


def test_a_lost_answer_to_a_change_never_doubles_it(box: Box) -> None:
    made = box.desk.create(ada())
    box.control.fault("drop_after_commit", method="PATCH")
    outcome = box.desk.one(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"surname": "King"}))
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Stale), "read again: the change is there"
    assert box.desk.again(made).data["surname"] == "King"


# --- webhooks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("default", [True, False])
def test_a_subscription_pings_for_its_folder(box: Box, receiver: Any, default: bool) -> None:
    url, told = receiver
    other = box.again(folder=slashed(box.graph, "/me/contactFolders")["displayName"])
    desk, quiet = (box.desk, other) if default else (other, box.desk)
    connector = desk.connector
    assert isinstance(connector, Hooked)
    connector.subscribe("contacts", desk.scope, url, "first-secret")
    made = connector.subscribe("contacts", desk.scope, url, "secret")
    again = connector.renew(made.id, "contacts", desk.scope, url, "secret")
    assert made.until and again.until and again.until >= made.until and again.id == made.id
    quiet.create(ada())
    desk.create(ada())
    body = told.get(timeout=10)
    assert connector.hook.judge(call(body=body), "secret").look == ANY and told.empty()
    with pytest.raises(Forged):
        connector.hook.judge(call(body=body.replace(b"secret", b"guess!")), "secret")
    connector.unsubscribe(made.id)
    with pytest.raises(Missing):
        connector.renew(made.id, "contacts", desk.scope, url, "secret")
