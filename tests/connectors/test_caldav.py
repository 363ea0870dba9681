"""The CalDAV connector on real servers, Radicale and Xandikos."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from engine.contract import Op, Write
from tests.connectors.caldav_servers import DavServer
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.dav_conformance import DavConformance, stored, upload
from tests.connectors.dav_corpus import CORPUS
from tests.connectors.desk import Desk


class CalDavConformance(DavConformance, CalendarConformance):
    app = "caldav"
    weekly: ClassVar[Any] = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]
    start = "dtstart"
    end = "dtend"

    def test_no_mail_is_ever_sent(self, desk: Desk, settings: dict[str, str]) -> None:  # type: ignore[override]
        """No server here has a mailer: what counts is that each guest is stored as none of the server's business."""
        people = self.people()
        made = desk.create(self.series(self.moved(), attendees=people))
        assert made.data["attendees"] == people
        changed = desk.update(made, attendees=people[:1])
        assert changed.data["attendees"] == people[:1] and changed.data["occurrences"] == [self.moved()]
        text = stored(desk, settings, changed)
        assert text.count("ATTENDEE") == text.count("SCHEDULE-AGENT=NONE") == 2, "the series and its changed occurrence"
        assert "ORGANIZER" not in text

    # --- what real calendars hold ------------------------------------------------------------------------------------

    @pytest.mark.parametrize("name", CORPUS)
    def test_real_world_series_stay_intact(self, desk: Desk, settings: dict[str, str], name: str) -> None:
        text, expected = CORPUS[name]
        _, cursor = desk.scan()
        upload(desk, settings, f"{name}.ics", text).raise_for_status()
        seen = desk.changes(cursor)[0][f"{name}.ics"]
        assert {field: seen.data[field] for field in expected} == expected
        assert desk.scan()[0] == {f"{name}.ics": seen}
        edited = desk.update(seen, description="Noted")
        kept = seen.data.keys() - {"description", "occurrences"}
        assert {field: edited.data[field] for field in kept} == {field: seen.data[field] for field in kept}
        assert timeless(edited.data["occurrences"]) == timeless(seen.data["occurrences"])
        assert "X-KEPT:here" in stored(desk, settings, edited)

    def test_a_task_is_no_event(self, desk: Desk, settings: dict[str, str]) -> None:
        _, cursor = desk.scan()
        task = "BEGIN:VTODO\r\nUID:t1\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Do\r\nEND:VTODO"
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{task}\r\nEND:VCALENDAR\r\n"
        reply = upload(desk, settings, "t1.ics", text)
        if reply.is_success:  # calendars made for events may refuse it
            assert desk.changes(cursor)[0] == {} and desk.scan()[0] == {}
        else:
            assert reply.status_code in (403, 409, 412, 415)


class TestRadicale(CalDavConformance):
    @pytest.fixture
    def settings(self, radicale: DavServer) -> dict[str, str]:
        return radicale.settings

    def test_check_says_who_is_where(self, desk: Desk) -> None:
        assert desk.connector.check() == "alice at 127.0.0.1"


class TestXandikos(CalDavConformance):
    test_a_wrong_sign_in_asks_for_a_new_one = None  # it has no sign-in of its own

    @pytest.fixture
    def settings(self, xandikos: DavServer) -> dict[str, str]:
        return xandikos.settings

    def test_a_meeting_whose_guests_the_server_would_tell_is_not_touched(
        self, desk: Desk, settings: dict[str, str]
    ) -> None:
        """Xandikos announces RFC 6638 scheduling."""
        desk.scan()
        text, _ = CORPUS["weekly"]
        guests = "ORGANIZER:mailto:alice@example.org\r\nATTENDEE:mailto:bob@example.org\r\nSUMMARY"
        upload(desk, settings, "meeting.ics", text.replace("SUMMARY", guests, 1)).raise_for_status()
        (meeting,) = desk.get("meeting.ics")
        for write in (
            Write(op=Op.UPDATE, key="u", id=meeting.id, if_version=meeting.version, data={"summary": "New"}),
            Write(op=Op.DELETE, key="d", id=meeting.id, if_version=meeting.version),
        ):
            assert "would mail the guests" in str(desk.error(write))
        assert desk.again(meeting) == meeting


def timeless(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries without descriptions of their own: they are what the edit is about."""
    return [{name: value for name, value in entry.items() if name != "description"} for entry in entries]
