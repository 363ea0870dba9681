"""Salesforce: the common suite for several objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors import connect
from engine.contract import (
    CursorExpired,
)
from tests.connectors.conformance import Conformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk
from tests.connectors.salesforce_world import STAMP, server, setting

__all__ = ["server"]


class Salesforce(Conformance):
    app = "salesforce"

    @pytest.fixture
    def settings(self, server: Any) -> Iterator[dict[str, str]]:
        yield {"base_url": server.url, "token": server.token, "stamp_field": STAMP}

    @pytest.fixture
    def desk(self, settings: dict[str, str], scope_of: dict[str, Any]) -> Desk:
        """Described already, as in a run."""
        connector = connect(self.app, settings, sleep=lambda _: None)
        connector.schema(self.obj)
        return Desk(connector, scope_of, self.obj, Control(settings["base_url"]))

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk, control: Control) -> None:
        """Salesforce forgets no cursor, but it empties its bin: an old one may have missed deletions."""
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            desk.changes(json.dumps(json.loads(cursor) | {"looked": "2026-01-01T00:00:00+00:00"}))


class TestContacts(Salesforce):
    obj = "Contact"
    title, other = "LastName", "Department"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@example.org", "Department": "Analysis"}
        return data | {"Birthdate": "1815-12-10"} | changes


class TestOpportunities(Salesforce):
    obj = "Opportunity"
    title, other = "Name", "Description"

    def sample(self, **changes: Any) -> dict[str, Any]:
        data = {"Name": "Engine", "Description": "Brass", "Amount": 12.5, "CloseDate": "2026-12-01"}
        return {**data, "StageName": "Prospecting", "Probability": 10.0} | changes


class TestOwnObjects(Salesforce):
    obj = "Gear__c"
    title, other = "Name", "Metal__c"

    @pytest.fixture
    def settings(self, server: Any) -> Iterator[dict[str, str]]:
        fields = [{"name": "Metal__c", "type": "string", "length": 100}, {"name": "Cast__c", "type": "datetime"}]
        setting(server, define=[["Gear__c", field] for field in fields])
        yield {"base_url": server.url, "token": server.token, "stamp_field": STAMP}

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {"Name": "Big", "Metal__c": "Brass", "Cast__c": "2026-11-02T12:00:00Z"} | changes


class TestWithoutAnExternalId(TestContacts):
    """An org to which nothing of ours was added."""

    @pytest.fixture
    def settings(self, server: Any) -> Iterator[dict[str, str]]:
        yield {"base_url": server.url, "token": server.token}
