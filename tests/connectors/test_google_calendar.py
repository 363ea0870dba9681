"""The Google Calendar connector against its stand-in."""

from __future__ import annotations

from typing import ClassVar

from tests.connectors.conformance import ConnectorConformance


class TestGoogleCalendar(ConnectorConformance):
    """Everything every connector does."""

    app = "google_calendar"
    scope: ClassVar = {"calendar": "primary"}
    weekly: ClassVar = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]
