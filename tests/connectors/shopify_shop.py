"""A shop for tests: the stand-in, the connector at it, and people at work in Shopify itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors import connect
from sandbox import start
from sandbox.shopify.server import SECRET
from tests.connectors.control import Control
from tests.connectors.desk import Desk

__all__ = ["SECRET", "api", "define", "desks", "run", "server"]


@pytest.fixture
def server() -> Iterator[Any]:
    with start("shopify") as running:
        yield running


@pytest.fixture
def desks(server: Any) -> dict[str, Desk]:
    settings = {"base_url": server.url, "token": server.token, "client_secret": SECRET, "client_id": "app"}
    connector = connect("shopify", settings, sleep=lambda _: None)
    control = Control(server.url)
    return {obj: Desk(connector, {}, obj, control) for obj in connector.objects}


@pytest.fixture
def api(server: Any) -> Iterator[httpx.Client]:
    """What people and other programs do in the shop."""
    with httpx.Client(base_url=server.url, headers={"X-Shopify-Access-Token": server.token}) as client:
        yield client


def run(api: httpx.Client, query: str, **variables: Any) -> Any:
    answer = api.post("/admin/api/2026-07/graphql.json", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    (value,) = answer["data"].values()
    assert not (value or {}).get("userErrors"), value
    return value


def define(api: httpx.Client, owner: str, key: str, type_: str, **rules: str) -> None:
    given = {"namespace": "custom", "key": key, "name": key.title(), "ownerType": owner, "type": type_}
    given["validations"] = [{"name": name, "value": value} for name, value in rules.items()]  # type: ignore[assignment]
    mutation = """mutation($given: MetafieldDefinitionInput!) {
      metafieldDefinitionCreate(definition: $given) { userErrors { message } } }"""
    run(api, mutation, given=given)
