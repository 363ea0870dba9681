"""Tasks through the CalDAV connector on real servers, Radicale and Xandikos."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors import connect
from engine.contract import Op, Write
from tests.connectors.caldav_servers import DavServer
from tests.connectors.dav_conformance import DavConformance, address, login, stored, upload
from tests.connectors.dav_fake import ics
from tests.connectors.desk import Desk

TASK = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VTODO
UID:t1
DTSTAMP:20261101T000000Z
SUMMARY:Do
DTSTART;TZID=Europe/Berlin:20261120T083000
DUE;TZID=Europe/Berlin:20261123T093000
PRIORITY:2
PERCENT-COMPLETE:40
RELATED-TO:t0
X-KEPT:here
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Do
TRIGGER;RELATED=END:-PT15M
END:VALARM
END:VTODO
END:VCALENDAR
""".replace("\n", "\r\n")
EVENT = ics("DTSTAMP:20261101T000000Z", "DTSTART:20261123T090000Z", "SUMMARY:Meet")


class TaskConformance(DavConformance):
    app = "caldav"
    obj = "tasks"
    title, other = "summary", "description"

    def sample(self, **changes: Any) -> dict[str, Any]:
        return {
            "summary": "Budget",
            "description": "Room 1\nand on",
            "dtstart": "2026-11-20",
            "due": "2026-11-23",
            "status": "IN-PROCESS",
            "completed": None,
            "percent_complete": 50,
            "priority": "1",
            "categories": ["work", "a, b"],
            "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO"],
        } | changes

    def test_what_other_programs_wrote_stays(self, desk: Desk, settings: dict[str, str]) -> None:
        _, cursor = desk.scan()
        upload(desk, settings, "t1.ics", TASK).raise_for_status()
        (task,) = desk.changes(cursor)[0].values()
        assert (task.data["dtstart"], task.data["due"], task.data["priority"]) == ("2026-11-20", "2026-11-23", "2")
        before = stored(desk, settings, task).split("\r\n")
        done = desk.update(task, due="2026-11-30", status="COMPLETED")
        after = stored(desk, settings, done).split("\r\n")
        assert "DUE;TZID=Europe/Berlin:20261130T093000" in after, "the time of day is kept"
        kept = ("DTSTART", "PRIORITY", "RELATED-TO", "X-KEPT", "ACTION", "TRIGGER", "SUMMARY")
        assert [line for line in before if line.startswith(kept)] == [line for line in after if line.startswith(kept)]
        assert (done.data["status"], done.data["percent_complete"]) == ("COMPLETED", 100)
        assert done.data["completed"]

    def test_events_and_tasks_of_one_calendar_are_told_apart(self, settings: dict[str, str], desk: Desk) -> None:
        """A calendar that takes both, as other programs make it."""
        mixed = connect("caldav", settings)
        url = httpx.URL(address(desk, "")).join("../mixed/")
        httpx.request("MKCALENDAR", url, auth=login(settings)).raise_for_status()
        scope = {"calendar": url.path}
        tasks, events = Desk(mixed, scope, "tasks"), Desk(mixed, scope, "events")
        marks = [one.scan()[1] for one in (tasks, events)]
        upload(tasks, settings, "t1.ics", TASK).raise_for_status()
        upload(events, settings, "e1.ics", EVENT).raise_for_status()
        made = tasks.create(self.sample())
        assert set(tasks.scan()[0]) == set(tasks.changes(marks[0])[0]) == {"t1.ics", made.id}
        assert set(events.scan()[0]) == set(events.changes(marks[1])[0]) == {"e1.ics"}
        assert "is no event" in str(events.error(Write(op=Op.UPDATE, key="k", id=made.id, data={"summary": "x"})))


class TestRadicale(TaskConformance):
    @pytest.fixture
    def settings(self, radicale: DavServer) -> dict[str, str]:
        return radicale.settings


class TestXandikos(TaskConformance):
    test_a_wrong_sign_in_asks_for_a_new_one = None  # it has no sign-in of its own

    @pytest.fixture
    def settings(self, xandikos: DavServer) -> dict[str, str]:
        return xandikos.settings
