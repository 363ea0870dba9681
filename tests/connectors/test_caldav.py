"""The CalDAV connector on real servers, Radicale and Xandikos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import uuid4

import httpx
import pytest

from connectors import connect
from engine.contract import CursorExpired, Failed, Op, Record, Stale, Write
from tests.connectors.caldav_servers import DavServer
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.dav_corpus import CORPUS
from tests.connectors.desk import Desk
from tests.connectors.flaky import Flaky


class CalDavConformance(CalendarConformance):
    app = "caldav"
    weekly: ClassVar[Any] = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]
    start = "dtstart"
    end = "dtend"

    @pytest.fixture
    def scope_of(self, settings: dict[str, str]) -> dict[str, Any]:
        return {"calendar": f"Calendar {uuid4().hex[:8]}", "create": True}

    @pytest.fixture
    def flaky(self) -> Iterator[Flaky]:
        flaky = Flaky()
        yield flaky
        flaky.close()

    @pytest.fixture
    def desk(self, settings: dict[str, str], scope_of: dict[str, Any], flaky: Flaky) -> Desk:
        return Desk(connect(self.app, settings, transport=flaky, sleep=lambda _: None), scope_of)

    # --- the suite's tests of a misbehaving server, with the trouble made on the way ------------------------------

    def test_a_forgotten_cursor_asks_for_a_scan(self, desk: Desk) -> None:
        _, cursor = desk.scan()
        mark = json.loads(cursor)
        forgotten = json.dumps(mark | {"token": mark["token"][:-8] + "deadbeef"})
        for lost in (forgotten, json.dumps(mark | {"calendar": "Other"}), "not a cursor"):
            with pytest.raises(CursorExpired):
                desk.changes(lost)
        assert desk.changes(desk.scan()[1])[0] == {}

    def test_reading_writes_nothing(self, desk: Desk, flaky: Flaky) -> None:
        made = desk.create(self.series(self.moved(), self.cancelled()))
        flaky.methods.clear()
        _, cursor = desk.scan()
        desk.changes(cursor)
        desk.again(made)
        assert set(flaky.methods) <= {"GET", "PROPFIND", "REPORT"}

    def test_too_many_calls_are_survived(self, desk: Desk, flaky: Flaky) -> None:
        desk.scan()
        flaky.refuse = [httpx.Response(429, headers={"Retry-After": "1"}) for _ in range(2)]
        made = desk.create(self.sample())
        flaky.refuse = [httpx.Response(503) for _ in range(2)]
        assert desk.scan()[0] == {made.id: made}

    def test_a_lost_answer_to_a_create_makes_no_second_record(self, desk: Desk, flaky: Flaky) -> None:
        desk.scan()
        flaky.lose = 1
        made = desk.create(self.sample(), key="lost-answer")
        assert desk.create(self.sample(), key="lost-answer") == made
        assert list(desk.scan()[0]) == [made.id]

    def test_a_lost_answer_to_an_update_is_read_again(self, desk: Desk, flaky: Flaky) -> None:
        made = desk.create(self.sample())
        flaky.lose = 1
        write = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"summary": "Landed"})
        outcome = desk.one(write)
        assert isinstance(outcome, Failed) and isinstance(outcome.error, Stale)
        assert desk.again(made).data["summary"] == "Landed"

    def test_no_mail_is_ever_sent(self, desk: Desk, flaky: Flaky, settings: dict[str, str]) -> None:
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
        upload(desk, settings, f"{name}.ics", text)
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
        url = desk_url(desk).replace("/x.ics", "/t1.ics")
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{task}\r\nEND:VCALENDAR\r\n"
        reply = httpx.put(url, content=text, auth=login(settings), headers={"Content-Type": "text/calendar"})
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
        upload(desk, settings, "meeting.ics", text.replace("SUMMARY", guests, 1))
        (meeting,) = desk.get("meeting.ics")
        for write in (
            Write(op=Op.UPDATE, key="u", id=meeting.id, if_version=meeting.version, data={"summary": "New"}),
            Write(op=Op.DELETE, key="d", id=meeting.id, if_version=meeting.version),
        ):
            assert "would mail the guests" in str(desk.error(write))
        assert desk.again(meeting) == meeting


def login(settings: dict[str, str]) -> tuple[str, str]:
    return settings["username"], settings["password"]


def desk_url(desk: Desk) -> str:
    """Where a resource x.ics of the desk's calendar is, from its cursor."""
    return str(json.loads(desk.scan()[1])["url"]) + "x.ics"


def upload(desk: Desk, settings: dict[str, str], name: str, text: str) -> None:
    """As another program would."""
    url = desk_url(desk).replace("/x.ics", f"/{name}")
    httpx.put(
        url, content=text.encode(), auth=login(settings), headers={"Content-Type": "text/calendar; charset=utf-8"}
    ).raise_for_status()


def stored(desk: Desk, settings: dict[str, str], record: Record) -> str:
    """The text on the server, unfolded."""
    url = desk_url(desk).replace("x.ics", record.id)
    return httpx.get(url, auth=login(settings)).raise_for_status().text.replace("\r\n ", "")


def timeless(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries without descriptions of their own: they are what the edit is about."""
    return [{name: value for name, value in entry.items() if name != "description"} for entry in entries]
