"""Shopify: a shop that is large, slow or in trouble; signing in; webhooks."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors import connect
from connectors.http import Client
from connectors.shopify import feed
from connectors.shopify.errors import classify
from engine.contract import AuthExpired, Missing, Op, Refused, Support, Transient, Write
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.hook_receiver import call, letters
from tests.connectors.shopify_shop import SECRET, api, desks, server

__all__ = ["api", "desks", "letters", "server"]


@pytest.mark.parametrize(
    ("obj", "data", "mutation"),
    [("products", {"title": "Mug"}, "productSet"), ("customers", {"lastName": "Ada"}, "customerCreate")],
)
def test_a_lost_answer_to_the_create_itself(
    desks: dict[str, Desk], obj: str, data: dict[str, Any], mutation: str
) -> None:
    """The first try is in doubt, and the second finds what it made."""
    desk, request = desks[obj], Client.request

    def loses(self: Client, method: str, url: str, **options: Any) -> Any:
        if mutation in options["json"]["query"]:
            assert desk.control is not None
            desk.control.fault("drop_after_commit")
        return request(self, method, url, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", loses)
        error = desk.error(Write(op=Op.CREATE, key="lost", data=data))
    assert isinstance(error, Transient) and error.landed is None
    found = desk.create(data, key="lost")
    assert found.stamp == "lost" and list(desk.scan()[0]) == [found.id]


def test_an_update_of_which_a_part_has_landed_is_in_doubt(desks: dict[str, Desk]) -> None:
    """Too many calls surely had no effect; the mutation before had one."""
    desk, request = desks["products"], Client.request
    made = desk.create({"title": "Mug", "price": "5"})

    def throttled(self: Client, method: str, url: str, **options: Any) -> Any:
        if "productVariantsBulkUpdate" in options["json"]["query"]:
            assert desk.control is not None
            desk.control.fault("429", times=4)
        return request(self, method, url, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", throttled)
        error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"title": "Cup", "price": "6"}))
    assert isinstance(error, Transient) and error.landed is None and error.wait
    assert (desk.again(made).data["title"], desk.again(made).data["price"]) == ("Cup", "5.00")


def test_a_token_that_may_not_define_is_told_what_to_do(desks: dict[str, Desk], server: Any) -> None:
    request = Client.request

    def denied(self: Client, method: str, url: str, **options: Any) -> Any:
        if "metafieldDefinitionCreate" in options["json"]["query"]:
            assert desks["products"].control is not None
            desks["products"].control.fault("403")
        return request(self, method, url, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", denied)
        with pytest.raises(Refused, match="write_products, or set stamp=no"):
            desks["products"].create({"title": "Mug"})
    settings = {"base_url": server.url, "token": server.token, "stamp": "no"}
    plain = connect("shopify", settings, sleep=lambda _: None)
    assert plain.caps.stamped is Support.NO and type(plain).caps.stamped is Support.YES
    assert Desk(plain, {}, "products").create({"title": "Mug"}).stamp is None
    assert Desk(plain, {}, "customers").create({"lastName": "Ada"}).stamp is None


def test_the_wait_is_worked_out_from_the_bucket(desks: dict[str, Desk], api: httpx.Client, server: Any) -> None:
    made = desks["products"].create({"title": "Mug"})
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        desks["products"].control._send("POST", "now", {"advance": seconds})  # type: ignore[union-attr]

    desks["products"].control._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})  # type: ignore[union-attr]
    slow = connect("shopify", {"base_url": server.url, "token": server.token}, sleep=sleep)
    slow.schema("products")
    api.post("/_shopify/set", json={"level": 0, "rate": 50})
    assert [record.id for record in slow.get("products", {}, [made.id])] == [made.id]
    assert waits == [2.0], "65 points, 50 in a second"


def test_what_the_index_shows_late_is_found(desks: dict[str, Desk], api: httpx.Client) -> None:
    desk = desks["customers"]
    assert desk.control is not None
    desk.control._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})
    desk.create({"lastName": "Early"}, key="early")
    _, cursor = desk.scan()
    api.post("/_shopify/set", json={"lag": 60})
    desk.control._send("POST", "now", {"advance": 50})
    late = desk.create({"lastName": "Late"}, key="late")
    seen, cursor = desk.changes(cursor)
    assert seen == {}
    desk.control._send("POST", "now", {"advance": 61})
    quick = desk.create({"lastName": "Quick"}, key="quick")
    api.post("/_shopify/set", json={"lag": 0})
    seen, cursor = desk.changes(cursor)
    assert set(seen) == {late.id, quick.id}
    assert desk.changes(cursor)[0] == {}


def test_lists_longer_than_cursors_lead(desks: dict[str, Desk], api: httpx.Client, monkeypatch: Any) -> None:
    desk = desks["customers"]
    assert desk.control is not None
    desk.control._send("POST", "now", {"now": "2026-11-02T12:00:00+00:00"})
    _, cursor = desk.scan()
    desk.control._send("POST", "fill", {"calendar": "customers", "count": 230})
    desk.control._send("POST", "now", {"advance": 5})
    desk.control._send("POST", "seed", {"calendar": "customers", "ics": json.dumps([{"lastName": "Last"}] * 20)})
    api.post("/_shopify/set", json={"reach": 120})
    monkeypatch.setattr(feed, "REACH", 100)
    assert len(desk.scan()[0]) == 250
    assert len(desk.changes(cursor)[0]) == 250


def test_deletions_show_only_in_a_scan_or_by_a_ping(desks: dict[str, Desk]) -> None:
    desk = desks["products"]
    made = desk.create({"title": "Mug"})
    _, cursor = desk.scan()
    desk.delete(made)
    assert desk.changes(cursor)[0] == {} and desk.scan()[0] == {}
    assert desk.again(made).gone


# --- sign-in and webhooks ---


def test_an_app_signs_in_as_itself_and_renews_its_token(server: Any) -> None:
    kept: list[Any] = []
    settings = {"base_url": server.url, "client_id": "app", "client_secret": SECRET}
    connector = connect("shopify", settings, kept.append, sleep=lambda _: None)
    assert connector.check() == "Stand-in Ltd (stand-in.myshopify.com)"
    assert len(kept) == 1 and set(kept[0]) == {"token"}
    Control(server.url).revoke()
    assert connector.check() and len(kept) == 2
    lost = connect("shopify", {"base_url": server.url, "token": "wrong"}, sleep=lambda _: None)
    with pytest.raises(AuthExpired, match="syncline connect"):
        lost.check()


def test_webhooks_name_the_record(desks: dict[str, Desk], letters: Any, server: Any, api: httpx.Client) -> None:
    address, told = letters
    desk = desks["products"]
    connector: Any = desk.connector
    made = connector.subscribe("products", {}, address, "ours")
    assert connector.subscribe("products", {}, address, "ours").id == made.id
    assert made.until.tzinfo and connector.renew(made.id, "products", {}, address, "ours").until.tzinfo
    api.post("/_shopify/set", json={"times": 2})
    mug = desk.create({"title": "Mug"})
    desk.delete(mug)
    topics, numbers = [], []
    for _ in range(4):
        headers, body = told.get(timeout=5)
        topics.append(headers["X-Shopify-Topic"])
        heard = connector.hook.judge(call(headers, body), SECRET)
        assert heard.look == {"products": (mug.id,)}
        numbers.append(heard.delivery)
    assert topics == ["products/create"] * 2 + ["products/delete"] * 2
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]
    connector.unsubscribe(made.id)
    connector.unsubscribe(made.id)
    with pytest.raises(Missing):
        connector.renew(made.id, "products", {}, address, "ours")
    plain: Any = connect("shopify", {"base_url": server.url, "token": server.token}, sleep=lambda _: None)
    with pytest.raises(Refused, match="client_secret"):
        plain.subscribe("products", {}, address, "ours")


@pytest.mark.parametrize(
    ("status", "body", "error", "landed"),
    [
        (200, {"errors": [{"message": "m", "extensions": {"code": "THROTTLED"}}]}, Transient, False),
        (200, {"errors": [{"message": "m", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, Transient, None),
        (200, {"errors": [{"message": "m", "extensions": {"code": "ACCESS_DENIED"}}]}, Refused, None),
        (200, {"errors": [{"message": "Field 'x' doesn't exist"}]}, Refused, None),
        (402, {"errors": "Payment Required"}, Transient, False),
        (404, {"errors": "Not Found"}, Refused, None),
        (430, {}, Refused, None),
    ],
)
def test_refusals(status: int, body: dict[str, Any], error: type[Exception], landed: bool | None) -> None:
    request = httpx.Request("POST", "http://127.0.0.1/admin")
    found = classify(httpx.Response(status, json=body, request=request))
    assert type(found) is error
    if isinstance(found, Transient):
        assert found.landed is landed
