"""An org of Salesforce's stand-in, and who works in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from connectors import connect
from sandbox import start
from tests.connectors.control import Control
from tests.connectors.desk import Desk

STAMP = "SynclineKey__c"
KEY = {"name": STAMP, "type": "string", "length": 255, "externalId": True, "unique": True, "idLookup": True}
OBJECTS = ("Contact", "Account", "Opportunity", "Product2", "Gear__c")


@pytest.fixture
def server() -> Iterator[Any]:
    with start("salesforce") as running:
        setting(running, define=[[obj, KEY] for obj in OBJECTS])
        yield running


def setting(server: Any, **values: Any) -> None:
    """What an administrator, or other people, do in the org."""
    body = json.dumps(values).encode()
    with urlopen(Request(f"{server.url}/_salesforce/set", body, {"Content-Type": "application/json"})) as answer:
        assert answer.status == 200


def desk_of(server: Any, obj: str, **settings: str) -> Desk:
    given = {"base_url": server.url, "token": server.token, "stamp_field": STAMP, **settings}
    return Desk(connect("salesforce", given, sleep=lambda _: None), {}, obj, Control(server.url))


@pytest.fixture
def contacts(server: Any) -> Desk:
    return desk_of(server, "Contact")


def person(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"LastName": f"Person {number}", "Email": f"person{number}@example.org"} | more


def control_of(desk: Desk) -> Control:
    assert desk.control is not None
    return desk.control
