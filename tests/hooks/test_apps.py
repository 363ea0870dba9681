"""From an edit in an app to the ping, and from the ping to the run that looks there: with apps that call over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest

from connectors import connect
from connectors.mailchimp.hooks import HOOK
from engine.contract import Invalid, Missing
from engine.store.outside import hooks
from engine.store.tables import inbox
from flows import direct
from flows.hooks import Hooks
from flows.project import Project
from sandbox import Running, start
from sandbox.quickbooks.server import REALM
from sandbox.shopify.server import SECRET
from studio.receiver import app as receiver
from tests.hooks.reception import serving
from tests.hooks.senders import AT
from tests.system.test_crm_and_mailing import MAPPING

SYNCS = {
    "crm": ("people", {"crm": "hubspot", "news": "mailchimp"}),
    "shop": ("shopify-quickbooks-customers", {"shopify": "shopify", "quickbooks": "quickbooks"}),
    "meet": ("google-outlook-meetings", {"google": "google_calendar", "outlook": "outlook_calendar"}),
}
"""Sync -> mapping, and the app of each side."""
MORE: dict[str, dict[str, str]] = {
    "hubspot": {"client_secret": "hubspot's secret"},
    "shopify": {"client_secret": SECRET, "client_id": "app"},
    "quickbooks": {"realm_id": REALM, "verifier_token": "intuit's token"},
}
CONTACTS, MEMBERS = "crm/v3/objects/contacts", "3.0/lists/a1b2c3d4e5/members"
EVENTS = "calendar/v3/calendars/primary/events"
CUSTOMER = """mutation($input: CustomerInput!) { customerCreate(input: $input) {
  customer { id } userErrors { message } } }"""


class House:
    """One of the syncs, its apps, and the receiver that they call. Connections are called as the apps."""

    def __init__(self, root: Path, stack: ExitStack, sync: str) -> None:
        mapping, sides = SYNCS[sync]
        for folder in ("mappings", "deployments"):
            (root / folder).mkdir()
        (root / "mappings" / "people.yaml").write_text(MAPPING)
        places = "".join(f"  {side}: {{connection: {app}}}\n" for side, app in sides.items())
        (root / "deployments" / f"{sync}.yaml").write_text(f"sync: {sync}\nmapping: {mapping}\nsides:\n{places}")
        self.project = Project.at(root)
        stack.callback(self.project.close)
        self.heard: Queue[frozenset[str]] = Queue()
        self.url = stack.enter_context(serving(receiver(self.project, self.heard.put)))
        self.apps: dict[str, Running] = {app: stack.enter_context(start(app)) for app in sides.values()}
        for app, running in self.apps.items():
            given = {"base_url": running.url, "token": running.token, **MORE.get(app, {})}
            self.project.save_connection(app, app, given, connect(app, given).check(), AT)
        self.hooks = Hooks(self.project, self.url)

    def key(self, connection: str) -> str:
        (row,) = self.project.store.all(hooks, hooks.c.connection == connection)
        return str(row["key"])

    def address(self, connection: str) -> str:
        return f"{self.url}/hooks/{self.key(connection)}"

    def call(self, name: str, method: str, path: str, body: Any = None) -> Any:
        """Somebody at work in an app."""
        token = self.apps[name].token
        headers = {"Authorization": f"Bearer {token}", "X-Shopify-Access-Token": token}
        reply = httpx.request(method, f"{self.apps[name].url}/{path}", headers=headers, json=body)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def tell(self, name: str, hook: list[Any]) -> None:
        """Somebody enters the address at the app."""
        httpx.post(f"{self.apps[name].url}/_{name}/set", json={"hook": hook}).raise_for_status()

    def run(self, sync: str) -> int:
        """Its writes."""
        report = direct.run(self.project, sync)
        assert not report.errors, report.errors
        return sum(sum(ops.values()) for ops in report.writes.values())

    def inbox(self) -> list[tuple[str, str, str | None]]:
        return [(row["sync"], row["side"], row["record"]) for row in self.project.store.all(inbox)]

    def until(self, *row: str | None) -> None:
        """The ping has come: the receiver tells of it once it is stored."""
        while row not in self.inbox():
            assert self.heard.get(timeout=20) == {row[0]}


OpenHouse = Callable[[str], House]


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[OpenHouse]:
    with ExitStack() as stack:
        yield lambda sync: House(tmp_path, stack, sync)


def test_an_edit_pings_and_the_next_run_answers(open_house: OpenHouse) -> None:
    """HubSpot's webhook is made by hand, Mailchimp's by us. What a run writes pings, too, and is nothing new."""
    house = open_house("crm")
    house.hooks.tend()
    house.tell("hubspot", [house.address("hubspot"), "hubspot's secret"])
    person = {"properties": {"email": "ada@example.org", "firstname": "Ada", "lastname": "King"}}
    made = house.call("hubspot", "POST", CONTACTS, person)["id"]
    house.until("crm", "crm", made)
    assert house.run("crm") >= 1
    (member,) = house.call("mailchimp", "GET", MEMBERS)["members"]
    assert member["full_name"] == "Ada King"
    house.call("mailchimp", "PATCH", f"{MEMBERS}/{member['id']}", {"merge_fields": {"LNAME": "Lovelace"}})
    house.until("crm", "news", None)
    assert house.run("crm") == 1
    assert (
        house.call("hubspot", "GET", f"{CONTACTS}/{made}?properties=lastname")["properties"]["lastname"] == "Lovelace"
    )
    house.until("crm", "crm", made)
    assert (house.run("crm"), house.inbox()) == (0, [])


def test_a_shop_and_its_books_call_as_well(open_house: OpenHouse) -> None:
    """In both forms that QuickBooks has; what is not synced is left out."""
    house = open_house("shop")
    house.hooks.tend()
    for modern, name in ((False, "Ada"), (True, "Grace")):
        house.tell("quickbooks", [house.address("quickbooks"), "intuit's token", modern])
        item = {"Name": f"{name}'s mug", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
        house.call("quickbooks", "POST", f"v3/company/{REALM}/item", item)
        customer = {"DisplayName": name, "GivenName": name, "FamilyName": "L"}
        made = house.call("quickbooks", "POST", f"v3/company/{REALM}/customer", customer)["Customer"]["Id"]
        house.until("shop", "quickbooks", made)
    assert len(house.inbox()) == 2
    assert house.run("shop") == 2
    given = {"query": CUSTOMER, "variables": {"input": {"firstName": "Alan", "lastName": "T"}}}
    alan = house.call("shopify", "POST", "admin/api/2026-07/graphql.json", given)["data"]["customerCreate"]["customer"]
    house.until("shop", "shopify", alan["id"].rpartition("/")[2])


def test_an_app_that_signs_with_another_secret_is_not_heard(open_house: OpenHouse) -> None:
    house = open_house("crm")
    house.hooks.tend()
    for secret, name in (("another", "eve"), ("hubspot's secret", "ada")):
        house.tell("hubspot", [house.address("hubspot"), secret])
        made = house.call("hubspot", "POST", CONTACTS, {"properties": {"email": f"{name}@example.org"}})["id"]
    house.until("crm", "crm", made)
    assert len(house.inbox()) == 1


def test_mailchimps_webhook_is_there_once_and_then_no_more(open_house: OpenHouse) -> None:
    house = open_house("crm")

    def there() -> list[Any]:
        return list(house.call("mailchimp", "GET", "3.0/lists/a1b2c3d4e5/webhooks")["webhooks"])

    house.hooks.tend()
    (entry,) = [each for each in house.hooks.book.all() if each.place.connection == "mailchimp"]
    address, secret = house.hooks.address(entry), house.hooks.book.secret(entry, HOOK)
    connector: Any = house.project.connector("mailchimp")
    again = connector.subscribe("members", {}, address, secret)
    assert [each["url"] for each in there()] == [f"{address}?secret={secret}"]
    assert connector.renew(again.id, "members", {}, address, secret).id == again.id
    with pytest.raises(Invalid, match="could not connect"):
        connector.subscribe("members", {}, address, "not what the receiver knows")
    connector.unsubscribe(again.id)
    connector.unsubscribe(again.id)
    with pytest.raises(Missing):
        connector.renew(again.id, "members", {}, address, secret)
    assert there() == [] and house.hooks.end() == [] == house.project.store.all(hooks)


def test_calendars_call_without_saying_what(open_house: OpenHouse) -> None:
    """Graph's handshake and Google's first message come while the subscription is being made."""
    house = open_house("meet")
    house.hooks.tend()
    assert {row["error"] for row in house.project.store.all(hooks)} == {None}
    times = {
        name: {"dateTime": f"2026-12-01T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    house.call("outlook_calendar", "POST", "v1.0/me/events", {"subject": "Standup", **times})
    house.until("meet", "outlook", None)
    assert house.run("meet") == 1
    (event,) = house.call("google_calendar", "GET", EVENTS)["items"]
    house.call("google_calendar", "PATCH", f"{EVENTS}/{event['id']}", {"summary": "Review"})
    house.until("meet", "google", None)
    assert house.run("meet") == 1
    assert [each["subject"] for each in house.call("outlook_calendar", "GET", "v1.0/me/events")["value"]] == ["Review"]
