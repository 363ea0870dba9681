"""The CalDAV connector on real servers, Radicale and Xandikos."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

import pytest

from tests.connectors.caldav_servers import DavServer, radicale, xandikos  # noqa: F401 - fixtures
from tests.connectors.conformance import ConnectorConformance

WEEKLY = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]


class CalDavConformance(ConnectorConformance):
    app = "caldav"
    weekly: ClassVar[Any] = WEEKLY
    start = "dtstart"
    end = "dtend"
    controlled = False

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        return {"calendar": f"Calendar {uuid4().hex[:8]}", "create": True}


class TestRadicale(CalDavConformance):
    @pytest.fixture
    def settings(self, radicale: DavServer) -> dict[str, str]:
        return radicale.settings


class TestXandikos(CalDavConformance):
    test_a_wrong_sign_in_asks_for_a_new_one = None  # it has no sign-in of its own

    @pytest.fixture
    def settings(self, xandikos: DavServer) -> dict[str, str]:
        return xandikos.settings
