"""The Outlook connector against its stand-in."""

from __future__ import annotations

from typing import ClassVar

from tests.connectors.conformance import ConnectorConformance

ZONE = "W. Europe Standard Time"


class TestOutlookCalendar(ConnectorConformance):
    """Everything every connector does."""

    app = "outlook_calendar"
    scope: ClassVar = {"calendar": "primary"}
    title, body, zone = "subject", "body", ZONE
    weekly: ClassVar = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": "2026-11-02", "recurrenceTimeZone": ZONE},
    }
