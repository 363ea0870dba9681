"""The stand-in of Mailchimp, driven by Mailchimp's own client library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from mailchimp_marketing import Client
from mailchimp_marketing.api_client import ApiClientError

from sandbox import start
from tests.connectors.hook_receiver import letters

__all__ = ["letters"]
LIST = "a1b2c3d4e5"


@dataclass
class Audience:
    """The stand-in's audience through Mailchimp's client, and plain HTTP."""

    api: Any
    http: httpx.Client

    def add(self, address: str = "ada@example.org", status: str = "subscribed", **more: Any) -> Any:
        return self.api.add_list_member(LIST, {"email_address": address, "status": status} | more)

    def themselves(self, address: str, status: str) -> None:
        assert self.http.post("/_mailchimp/themselves", json={"email": address, "status": status}).status_code == 200

    def control(self, path: str, **body: Any) -> None:
        assert self.http.post(f"/_control/{path}", json=body).status_code == 200

    def mails(self) -> int:
        return int(self.http.get("/_control/log").json()["mail"])


def refusal(call: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
    with pytest.raises(ApiClientError) as refused:
        call(*arguments, **named)
    body: dict[str, Any] = json.loads(refused.value.text)
    assert body["status"] == refused.value.status_code
    return body


@pytest.fixture
def audience() -> Iterator[Audience]:
    with start("mailchimp") as server, httpx.Client(base_url=server.url) as http:
        client = Client({"api_key": server.token, "server": "us1"})
        client.api_client.host = f"{server.url}/3.0"
        yield Audience(client.lists, http)


def test_a_member_is_found_by_hash_address_and_contact_id(audience):
    made = audience.add("Ada@Example.org", merge_fields={"FNAME": " Ada ", "NOWHERE": "x"})
    assert made["email_address"] == "Ada@Example.org" and made["merge_fields"]["FNAME"] == "Ada"
    assert made["id"] == md5(b"ada@example.org").hexdigest()
    for key in (made["id"], "ada@example.org", made["contact_id"]):
        assert audience.api.get_list_member(LIST, key) == made
    assert refusal(audience.api.get_list_member, LIST, "nobody@example.org")["title"] == "Resource Not Found"
    assert refusal(audience.add, "ada@example.ORG")["title"] == "Member Exists"


def test_another_address_is_the_same_member_under_another_hash(audience):
    made = audience.add()
    moved = audience.api.update_list_member(LIST, made["contact_id"], {"email_address": "al@example.org"})
    assert moved["contact_id"] == made["contact_id"] and moved["id"] != made["id"]
    assert refusal(audience.api.get_list_member, LIST, "ada@example.org")["status"] == 404


def test_put_gives_a_new_member_its_status_and_leaves_that_of_others(audience):
    made = audience.api.set_list_member(
        LIST, "a@example.org", {"email_address": "a@example.org", "status_if_new": "pending"}
    )
    assert made["status"] == "pending" and audience.mails() == 1
    again = {"email_address": "a@example.org", "status_if_new": "subscribed", "vip": True}
    assert audience.api.set_list_member(LIST, made["id"], again)["status"] == "pending"


def test_who_unsubscribed_is_not_subscribed_by_others(audience):
    made = audience.add()
    audience.themselves("ada@example.org", "unsubscribed")
    change = audience.api.update_list_member
    assert refusal(change, LIST, made["id"], {"status": "subscribed"})["title"] == "Member In Compliance State"
    assert change(LIST, made["id"], {"status": "pending"})["status"] == "pending"
    audience.themselves("ada@example.org", "cleaned")
    assert refusal(change, LIST, made["id"], {"status": "pending"})["title"] == "Member In Compliance State"


def test_archived_members_are_listed_apart_and_deleted_ones_never_come_back(audience):
    made = audience.add()
    audience.api.delete_list_member(LIST, made["id"])
    assert audience.api.get_list_members_info(LIST)["members"] == []
    (archived,) = audience.api.get_list_members_info(LIST, status="archived")["members"]
    assert archived["contact_id"] == made["contact_id"] and archived["status"] == "archived"
    assert refusal(audience.api.delete_list_member, LIST, made["id"])["status"] == 405
    audience.api.delete_list_member_permanent(LIST, made["id"])
    assert refusal(audience.add)["title"] == "Forgotten Email Not Subscribed"


def test_a_batch_half_succeeds(audience):
    audience.add("there@example.org")
    members = [{"email_address": f"{name}@example.org", "status": "subscribed"} for name in ("there", "new")]
    done = audience.api.batch_list_members(LIST, {"members": [*members, {"email_address": "nobody"}]})
    assert [each["email_address"] for each in done["new_members"]] == ["new@example.org"]
    assert [each["error_code"] for each in done["errors"]] == ["ERROR_CONTACT_EXISTS", "ERROR_GENERIC"]
    again = audience.api.batch_list_members(LIST, {"members": [members[0] | {"vip": True}], "update_existing": True})
    assert [each["vip"] for each in again["updated_members"]] == [True]
    too_many = {"members": [members[0]] * 501}
    assert "500" in refusal(audience.api.batch_list_members, LIST, too_many)["detail"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ADDRESS": {"addr1": "Street 1", "city": "Berlin", "zip": "10115"}}, "merge_fields.ADDRESS"),
        ({"BIRTHDAY": "1815-12-10"}, "merge_fields.BIRTHDAY"),
        ({"LNAME": "x" * 256}, "merge_fields.LNAME"),
        ({"COLOUR": "green"}, "merge_fields.COLOUR"),
    ],
)
def test_wrong_merge_values_are_named(audience, values, field):
    options = {"choices": ["red", "blue"]}
    audience.api.add_list_merge_field(LIST, {"name": "Colour", "tag": "COLOUR", "type": "radio", "options": options})
    assert [each["field"] for each in refusal(audience.add, merge_fields=values)["errors"]] == [field]


def test_required_merge_fields_can_be_passed_over(audience):
    given = {"name": "Company", "tag": "COMPANY", "type": "text", "required": True}
    audience.api.add_list_merge_field(LIST, given)
    assert refusal(audience.add)["errors"][0]["field"] == "merge_fields.COMPANY"
    body = {"email_address": "ada@example.org", "status": "subscribed"}
    assert audience.api.add_list_member(LIST, body, skip_merge_validation=True)["merge_fields"]["COMPANY"] == ""
    assert len(audience.api.get_list_merge_fields(LIST)["merge_fields"]) == 6


def test_tags_are_set_one_by_one(audience):
    made = audience.add(tags=["old", "kept"])
    tags = [{"name": "new", "status": "active"}, {"name": "OLD", "status": "inactive"}]
    audience.api.update_list_member_tags(LIST, made["id"], {"tags": tags})
    assert [tag["name"] for tag in audience.api.get_list_member(LIST, made["id"])["tags"]] == ["kept", "new"]


def test_what_changed_since_is_told_in_whole_seconds(audience):
    audience.control("now", now="2026-11-02T12:00:00+00:00")
    early = audience.add("early@example.org")
    audience.control("now", advance=10)
    late = audience.add("late@example.org")
    assert (early["last_changed"], late["last_changed"]) == ("2026-11-02T12:00:00+00:00", "2026-11-02T12:00:10+00:00")

    def since(at):
        return [
            each["email_address"] for each in audience.api.get_list_members_info(LIST, since_last_changed=at)["members"]
        ]

    assert since(early["last_changed"]) == ["late@example.org"] and since(late["last_changed"]) == []
    newest = audience.api.get_list_members_info(LIST, sort_field="last_changed", sort_dir="DESC", count=1)
    assert (newest["members"], newest["total_items"]) == ([late], 2)
    too_many = audience.http.get(f"/3.0/lists/{LIST}/members", params={"count": 1001}, auth=("user", "mailchimp-token"))
    assert too_many.status_code == 400


def test_throttling_and_a_wrong_key_in_its_own_words(audience):
    audience.control("faults", kind="429")
    assert refusal(audience.api.get_all_lists)["title"] == "Too Many Requests"
    audience.control("faults", kind="reject_token")
    assert refusal(audience.api.get_all_lists)["title"] == "API Key Invalid"


def test_a_state_outlives_a_restart():
    from sandbox.mailchimp import Server
    from sandbox.world import new_world

    before, after = Server(new_world("t")), Server(new_world("t"))
    before.seed("Customers", json.dumps([{"email_address": "ada@example.org"}]))
    before.fill("primary", 2)
    after.load(json.loads(json.dumps(before.state())))
    assert after.state() == before.state()
    with pytest.raises(ValueError, match="Member Exists"):
        before.seed("Customers", json.dumps([{"email_address": "ada@example.org"}]))


def test_an_audience_calls_whom_it_was_told_to_call(audience, letters):
    """Not signed, not for tags, and only for what was asked for; the address must answer."""
    address, told = letters
    asked = {"events": {"subscribe": True, "profile": True, "unsubscribe": True}, "sources": {"api": True}}
    assert (
        "could not connect"
        in refusal(audience.api.create_list_webhook, LIST, {"url": "http://127.0.0.1:9", **asked})["detail"]
    )
    made = audience.api.create_list_webhook(LIST, {"url": f"{address}?secret=x", **asked})
    assert "multiple WebHooks" in refusal(audience.api.create_list_webhook, LIST, {"url": made["url"]})["detail"]
    assert [each["id"] for each in audience.api.get_list_webhooks(LIST)["webhooks"]] == [made["id"]]
    audience.add()
    audience.api.update_list_member_tags(LIST, "ada@example.org", {"tags": [{"name": "VIP", "status": "active"}]})
    audience.api.update_list_member(LIST, "ada@example.org", {"merge_fields": {"LNAME": "King"}})
    audience.themselves("ada@example.org", "unsubscribed")
    audience.add("grace@example.org")
    audience.api.delete_list_member(LIST, "grace@example.org")
    forms = [parse_qs(told.get(timeout=5)[1].decode()) for _ in range(4)]
    assert [(form["type"][0], form["data[email]"][0].partition("@")[0]) for form in forms] == [
        ("subscribe", "ada"),
        ("profile", "ada"),
        ("subscribe", "grace"),
        ("unsubscribe", "grace"),
    ]
    assert audience.api.get_list_webhook(LIST, made["id"])["sources"] == {"user": False, "admin": False, "api": True}
    audience.api.delete_list_webhook(LIST, made["id"])
    assert refusal(audience.api.delete_list_webhook, LIST, made["id"])["status"] == 404
