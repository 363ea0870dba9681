"""Mailchimp: the common suite, and what is Mailchimp's own: consent, archives, merge fields, tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.mailchimp import consent
from connectors.mailchimp.consent import MaySubscribe
from engine.contract import CursorExpired, Deleted, Done, Failed, Invalid, Op, Refused, Support, Transient, Write
from sandbox import start
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk

SCOPE = {"audience": "Newsletter"}
LIST = "/3.0/lists/a1b2c3d4e5"


class TestMembers(Conformance):
    app = "mailchimp"
    obj = "members"
    scope = SCOPE
    wrong_scope: ClassVar = {"audience": "Nobody"}
    title, other = "LNAME", "FNAME"
    unique = "email_address"
    idle = 2  # those that changed, and the archived ones

    @pytest.fixture
    def settings(self) -> Iterator[dict[str, str]]:
        with start(self.app) as server:
            yield {"base_url": server.url, "password": server.token}

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"email_address": "ada@example.org", "FNAME": "Ada", "LNAME": "Lovelace", "tags": ["maths"]}
        return data | changes

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        """Mailchimp forgets none; one of another audience is not used."""
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            desk.changes(json.dumps(json.loads(cursor) | {"scope": {"audience": "Other"}}))


@pytest.fixture
def server() -> Iterator[Any]:
    with start("mailchimp") as running:
        yield running


@pytest.fixture
def api(server: Any) -> Iterator[httpx.Client]:
    """What people and other programs do in the account."""
    with httpx.Client(base_url=server.url, auth=("user", server.token)) as client:
        yield client


def desk_of(server: Any, **settings: str) -> Desk:
    given = {"base_url": server.url, "token": server.token, **settings}
    return Desk(connect("mailchimp", given, sleep=lambda _: None), SCOPE, "members", Control(server.url))


@pytest.fixture
def desk(server: Any) -> Desk:
    return desk_of(server)


def person(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"email_address": f"person{number}@example.org", "LNAME": "Person"} | more


def add(api: httpx.Client, address: str, status: str) -> str:
    answer = api.post(f"{LIST}/members", json={"email_address": address, "status": status})
    return str(answer.json()["contact_id"])


def mails(desk: Desk) -> int:
    assert desk.control is not None
    return int(desk.control.log()["mail"])


# --- consent ----------------------------------------------------------------------------------------------------


def test_a_new_member_is_in_no_campaign_unless_it_is_said(desk: Desk) -> None:
    assert desk.create(person(1), key="a").data["status"] == "transactional"
    assert desk.create(person(2, status="unsubscribed"), key="b").data["status"] == "unsubscribed"
    assert mails(desk) == 0


@pytest.mark.parametrize("status", ["subscribed", "pending"])
def test_a_sync_subscribes_nobody_by_itself(desk: Desk, status: str) -> None:
    error = desk.error(Write(op=Op.CREATE, key="new", data=person(status=status)))
    assert isinstance(error, Invalid) and error.field == "status" and "may_subscribe" in str(error)
    assert desk.scan()[0] == {} and mails(desk) == 0


@pytest.mark.parametrize("before", ["unsubscribed", "transactional", "pending", "cleaned"])
def test_consent_is_not_raised_without_leave(desk: Desk, api: httpx.Client, before: str) -> None:
    id = add(api, "ada@example.org", before)
    mailed = mails(desk)
    error = desk.error(Write(op=Op.UPDATE, key="u", id=id, data={"status": "subscribed", "LNAME": "Lovelace"}))
    assert isinstance(error, Invalid) and error.field == "status"
    (seen,) = desk.get(id)
    assert (seen.data["status"], seen.data["LNAME"], mails(desk)) == (before, None, mailed)


def test_lowering_consent_is_always_done(desk: Desk, api: httpx.Client) -> None:
    one, two = (add(api, f"{name}@example.org", "subscribed") for name in ("one", "two"))
    (first, second) = desk.get(one, two)
    assert desk.update(first, status="unsubscribed").data["status"] == "unsubscribed"
    assert desk.update(second, status="transactional").data["status"] == "unsubscribed"


def test_with_leave_people_are_subscribed_but_not_those_who_said_no(server: Any, api: httpx.Client) -> None:
    desk = desk_of(server, may_subscribe="yes")
    made = desk.create(person(status="subscribed"))
    assert made.data["status"] == "subscribed"
    api.post("/_mailchimp/themselves", json={"email": "person0@example.org", "status": "unsubscribed"})
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"status": "subscribed"}))
    assert isinstance(error, Invalid) and error.field == "status" and "compliance" in str(error)
    assert mails(desk) == 0


def test_people_can_be_asked_instead(server: Any, api: httpx.Client) -> None:
    desk = desk_of(server, may_subscribe="ask")
    made = desk.create(person(status="subscribed"))
    assert (made.data["status"], mails(desk)) == ("pending", 1)
    assert desk.update(made, status="subscribed").data["status"] == "pending"
    assert mails(desk) == 1, "they were asked already"
    api.post("/_mailchimp/themselves", json={"email": "person0@example.org", "status": "unsubscribed"})
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"status": "pending"}))
    assert isinstance(error, Invalid) and mails(desk) == 1, "who said no is not asked again"


def test_a_wrong_setting_is_told(server: Any) -> None:
    with pytest.raises(Refused, match="no, ask or yes"):
        desk_of(server, may_subscribe="perhaps")


@pytest.mark.parametrize("allowed", list(MaySubscribe))
@pytest.mark.parametrize("before", [None, "subscribed", "unsubscribed", "cleaned", "pending", "transactional"])
def test_nothing_said_changes_no_status(before: str | None, allowed: MaySubscribe) -> None:
    assert consent.status(None, before, allowed) == ("transactional" if before is None else None)
    assert before is None or consent.status(before, before, allowed) is None


# --- members ----------------------------------------------------------------------------------------------------


def test_all_kinds_of_merge_fields(desk: Desk, api: httpx.Client) -> None:
    for tag, type_, options in (
        ("POINTS", "number", {}),
        ("SINCE", "date", {}),
        ("COLOUR", "dropdown", {"choices": ["red", "blue"]}),
        ("COMPANY", "text", {}),
    ):
        api.post(f"{LIST}/merge-fields", json={"name": tag.title(), "tag": tag, "type": type_, "options": options})
    fields = desk.connector.schema("members").fields
    shapes = {name: (field.type, field.dialect, field.means) for name, field in fields.items()}
    assert (
        shapes.items()
        >= {
            "POINTS": ("number", "", ""),
            "SINCE": ("date", "", ""),
            "COLOUR": ("choice", "", ""),
            "COMPANY": ("text", "", "contact.company"),
            "ADDRESS": ("address", "", "contact.address"),
            "BIRTHDAY": ("date", "vcard", "contact.birthday"),
        }.items()
    )
    place = {"street": "Street 1\nBack door", "city": "Berlin", "region": "BE", "postcode": "10115", "country": "DE"}
    values = {"POINTS": 7, "SINCE": "2026-11-02", "COLOUR": "red", "BIRTHDAY": "--1210", "ADDRESS": place, "vip": True}
    made = desk.create(person(**values))
    assert {name: made.data[name] for name in values} == values
    cleared = desk.update(made, POINTS=None, ADDRESS=None, BIRTHDAY=None)
    assert [cleared.data[name] for name in ("POINTS", "ADDRESS", "BIRTHDAY", "COLOUR")] == [None, None, None, "red"]
    error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"ADDRESS": place | {"postcode": None}}))
    assert isinstance(error, Invalid) and error.field == "ADDRESS"


def test_a_field_that_the_audience_lacks_is_parked(desk: Desk) -> None:
    error = desk.error(Write(op=Op.CREATE, key="new", data=person(NOWHERE="x")))
    assert isinstance(error, Invalid) and error.field == "NOWHERE"


def test_another_address_is_the_same_record(desk: Desk) -> None:
    made = desk.create(person(1))
    _, cursor = desk.scan()
    moved = desk.update(made, email_address="new@example.org")
    assert moved.id == made.id and desk.changes(cursor)[0] == {made.id: moved}
    other = desk.create(person(2), key="other")
    error = desk.error(Write(op=Op.UPDATE, key="u2", id=other.id, data={"email_address": "NEW@example.org"}))
    assert isinstance(error, Invalid) and error.field == "email_address"


def test_tags_are_added_and_taken_away(desk: Desk, api: httpx.Client) -> None:
    made = desk.create(person(tags=["old", "kept"]))
    assert desk.update(made, tags=["kept", "new"]).data["tags"] == ["kept", "new"]
    assert desk.update(made, tags=[], LNAME="Other").data["tags"] == []


def test_an_address_that_is_there_is_parked(desk: Desk, api: httpx.Client) -> None:
    add(api, "Person1@example.org", "subscribed")
    outcomes = desk.write(
        Write(op=Op.CREATE, key="there", data=person(1)),
        Write(op=Op.CREATE, key="new", data=person(2)),
        Write(op=Op.CREATE, key="twice", data=person(2)),
        Write(op=Op.CREATE, key="none", data={"LNAME": "Nobody"}),
    )
    assert isinstance(outcomes["new"], Done)
    for key in ("there", "twice", "none"):
        failed = outcomes[key]
        assert isinstance(failed, Failed) and isinstance(failed.error, Invalid), key
        assert failed.error.field == "email_address"


def test_a_member_that_may_be_ours_is_in_doubt_while_it_cannot_be_read(desk: Desk) -> None:
    assert desk.control is not None
    made = desk.create(person(), key="ours")
    desk.control.fault("429", times=10, method="GET")
    error = desk.error(Write(op=Op.CREATE, key="ours", data=person()))
    assert isinstance(error, Transient) and error.landed is None
    desk.control.calm()
    assert desk.create(person(), key="ours") == made


def test_one_wrong_value_does_not_stop_the_other_new_members(desk: Desk) -> None:
    outcomes = desk.write(
        Write(op=Op.CREATE, key="bad", data=person(1, LNAME="x" * 256)), Write(op=Op.CREATE, key="good", data=person(2))
    )
    bad = outcomes["bad"]
    assert isinstance(outcomes["good"], Done)
    assert isinstance(bad, Failed) and isinstance(bad.error, Invalid) and bad.error.field == "LNAME"


def test_archived_members_are_gone_and_those_deleted_for_good_too(desk: Desk, api: httpx.Client) -> None:
    one, two = (desk.create(person(number), key=str(number)) for number in (1, 2))
    _, cursor = desk.scan()
    api.delete(f"{LIST}/members/{one.id}")
    api.post(f"{LIST}/members/{two.id}/actions/delete-permanent")
    seen, _ = desk.changes(cursor)
    assert set(seen) == {one.id} and seen[one.id].gone
    assert all(record.gone for record in desk.get(one.id, two.id)) and desk.scan()[0] == {}
    assert isinstance(desk.error(Write(op=Op.CREATE, key="1", data=person(1))), Deleted)
    archived = desk.error(Write(op=Op.CREATE, key="other", data=person(1)))
    assert isinstance(archived, Invalid) and "archive" in str(archived)
    forgotten = desk.error(Write(op=Op.CREATE, key="2", data=person(2)))
    assert isinstance(forgotten, Invalid) and "permanently deleted" in str(forgotten)


def test_more_members_than_a_page_shows(desk: Desk) -> None:
    assert desk.control is not None
    _, cursor = desk.scan()
    desk.control._send("POST", "fill", {"calendar": "primary", "count": 1_010})
    records, _ = desk.scan()
    assert len(records) == 1_010
    before = desk.connector.requests
    assert {record.id: record for record in desk.get(*list(records)[:600])} == dict(list(records.items())[:600])
    assert desk.connector.requests - before < 10, "they are looked up in the list"
    assert set(desk.changes(cursor)[0]) == set(records)


def test_nothing_slips_through_while_others_edit(desk: Desk, api: httpx.Client) -> None:
    """What is edited between two pages moves to the end."""
    assert desk.control is not None
    _, cursor = desk.scan()
    for number in range(5):
        at = f"2026-11-23T12:0{number}:00+00:00"
        desk.control._send("POST", "now", {"now": at})
        members = [{"email_address": f"{number}-{each}@example.org"} for each in range(250)]
        desk.control._send("POST", "seed", {"calendar": "primary", "ics": json.dumps(members)})
    request, edited = Client.request, []

    def edits(self: Client, method: str, url: str, **options: Any) -> Any:
        answer = request(self, method, url, **options)
        if url.endswith("/members") and len(edited) < 100:
            for each in range(len(edited), len(edited) + 50):
                edited.append(each)
                api.patch(f"{LIST}/members/0-{each}@example.org", json={"vip": True})
        return answer

    desk.control._send("POST", "now", {"now": "2026-11-23T12:10:00+00:00"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", edits)
        seen, _ = desk.changes(cursor)
    assert len(seen) == 1_250 and len(edited) == 100


def test_an_account_with_several_audiences_wants_one_named(desk: Desk, server: Any) -> None:
    assert desk.control is not None
    desk.control._send(
        "POST", "seed", {"calendar": "Customers", "ics": json.dumps([{"email_address": "a@example.org"}])}
    )
    with pytest.raises(Refused, match=r"several audiences.*Newsletter.*Customers"):
        list(desk.connector.scan("members", {}))
    (page, _) = desk.connector.scan("members", {"audience": "Customers"})
    assert [record.data["email_address"] for record in page.records] == ["a@example.org"]


def test_without_a_stamp(server: Any, api: httpx.Client) -> None:
    desk = desk_of(server, stamp="no")
    assert desk.connector.caps.stamped is Support.NO and type(desk.connector).caps.stamped is Support.YES
    assert desk.create(person()).stamp is None
    assert len(api.get(f"{LIST}/merge-fields").json()["merge_fields"]) == 5
