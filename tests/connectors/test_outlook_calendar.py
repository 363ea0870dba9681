"""The Outlook connector against its stand-in."""

from __future__ import annotations

import json
from queue import Queue
from typing import Any, ClassVar

import httpx
import pytest

from connectors import connect
from connectors.hook import ANY, Forged, Hooked
from connectors.http import MockTransport, Response
from engine.contract import CursorExpired, Failed, Invalid, Missing, Op, Stale, Transient, Write
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.hook_receiver import call, receiver
from tests.connectors.outlook import ZONE, Office, office, sample, timed, weekly

__all__ = ["office", "receiver"]
GUESTS = [{"emailAddress": {"address": "ada@example.org"}, "type": "required"}]


class TestOutlookCalendar(CalendarConformance):
    """Everything every connector does."""

    app = "outlook_calendar"
    scope: ClassVar = {"calendar": "primary"}
    title, body, zone = "subject", "body", ZONE
    weekly: ClassVar = weekly()


def test_times_are_shown_in_the_zone_in_which_they_were_entered(office: Office) -> None:
    zones = {"start": timed("2026-07-01", "09:00", "America/Los_Angeles")}
    zones["end"] = timed("2026-07-01", "19:00", "Europe/Berlin")
    made = office.desk.again(office.desk.create(sample(**zones)))
    assert made.data["start"] == timed("2026-07-01", "09:00", "Pacific Standard Time")
    assert made.data["end"] == timed("2026-07-01", "19:00", ZONE)


def test_an_unknown_zone_parks_the_record(office: Office) -> None:
    data = sample(start=timed("2026-07-01", "09:00", "Mars/Olympus"))
    error = office.desk.error(Write(op=Op.CREATE, key="mars", data=data))
    assert isinstance(error, Invalid) and "Mars/Olympus" in str(error)


def test_an_end_may_be_written_alone(office: Office) -> None:
    made = office.desk.create(sample())
    longer = office.desk.update(made, end=timed("2026-11-02", "11:30"))
    assert (longer.data["start"], longer.data["end"]) == (made.data["start"], timed("2026-11-02", "11:30"))


def test_half_a_change_to_whole_days_is_refused(office: Office) -> None:
    made = office.desk.create(sample())
    write = Write(op=Op.UPDATE, key="u", id=made.id, data={"start": {"date": "2026-11-02"}})
    error = office.desk.error(write)
    assert isinstance(error, Invalid) and error.field == "end"


def test_no_reminder_unless_asked_for(office: Office) -> None:
    made = office.desk.create(sample())
    assert made.data["reminder"] is None
    assert office.desk.update(made, reminder=0).data["reminder"] == 0


def test_fields_that_outlook_sets_are_not_written(office: Office) -> None:
    error = office.desk.error(Write(op=Op.CREATE, key="k", data=sample(organizer="me@example.org")))
    assert isinstance(error, Invalid) and error.field == "organizer"


def test_a_title_that_is_too_long_names_its_field(office: Office) -> None:
    error = office.desk.error(Write(op=Op.CREATE, key="k", data=sample(subject="x" * 256)))
    assert isinstance(error, Invalid) and error.field == "subject"


def test_writing_what_is_there_sends_nothing(office: Office) -> None:
    made = office.desk.create(sample(body="<p>Agenda</p>", recurrence=weekly()))
    office.control.reset()
    same = office.desk.update(made, body="<p>Agenda</p>", **sample(recurrence=weekly(), occurrences=[], attendees=[]))
    assert same == made and office.control.log()["writes"] == 0


def test_a_custom_zone_is_shown_in_utc_and_very_many_exceptions_come_in_pages(office: Office) -> None:
    """Neither happens at the stand-in."""
    at = {"timeZone": "UTC"}
    master = {
        "id": "m", "@odata.etag": "1", "type": "seriesMaster", "recurrence": weekly(zone="tzone://Microsoft/Custom"),
        "start": {"dateTime": "2026-11-02T08:00:00.0000000", **at},
        "end": {"dateTime": "2026-11-02T09:00:00.0000000", **at},
        "originalStartTimeZone": "tzone://Microsoft/Custom",
        "exceptionOccurrences": [],
        "exceptionOccurrences@odata.nextLink": "https://graph.microsoft.com/v1.0/me/events/m/exceptionOccurrences?$skip=1",
    }  # fmt: skip
    late = {"dateTime": "2026-11-09T12:00:00.0000000", **at}
    exception = {"id": "e", "@odata.etag": "2", "type": "exception", "originalStart": "2026-11-09T08:00:00Z",
                 "originalStartTimeZone": "tzone://Microsoft/Custom", "start": late, "end": late}  # fmt: skip

    def answer(request: Any) -> Response:
        more = request.url.path.endswith("exceptionOccurrences")
        return Response(200, json={"value": [exception]} if more else master)

    connector = connect("outlook_calendar", office.settings, transport=MockTransport(answer))
    (record,) = connector.get("events", office.desk.scope, ["m"])
    assert record.data["start"] == timed("2026-11-02", "08:00", "UTC")
    noon = timed("2026-11-09", "12:00", "UTC")
    assert record.data["occurrences"] == [{"original_start": "2026-11-09", "start": noon, "end": noon}]


# --- people -----------------------------------------------------------------------------------------------------


def test_guests_of_a_real_meeting_get_no_mail(office: Office) -> None:
    meeting = office.outlook.add(attendees=GUESTS)
    office.control.reset()
    (record,) = office.desk.get(meeting)
    assert record.data["attendees"][0]["email"] == "ada@example.org"
    for op in (Op.UPDATE, Op.DELETE):
        error = office.desk.error(
            Write(op=op, key=op, id=meeting, data={"subject": "Moved"} if op is Op.UPDATE else {})
        )
        assert isinstance(error, Invalid) and "1 guest" in str(error)
    log = office.control.log()
    assert (log["mail"], log["writes"]) == (0, 0)


def test_mail_is_sent_where_the_connection_allows_it(office: Office) -> None:
    meeting = office.outlook.add(attendees=GUESTS)
    desk = office.again(mail_guests="yes")
    assert desk.done(Write(op=Op.UPDATE, key="u", id=meeting, data={"subject": "Moved"})).data["subject"] == "Moved"


def test_written_people_are_shown_until_somebody_invites_real_ones(office: Office) -> None:
    people = [{"email": "bob@example.org", "name": "Bob", "response": "accepted"}]
    made = office.desk.create(sample(attendees=people))
    assert office.desk.again(made).data["attendees"] == people
    assert office.outlook.events()[0]["attendees"] == []
    office.outlook.patch(made.id, subject="Still ours")
    assert office.desk.again(made).data["attendees"] == people
    office.outlook.patch(made.id, attendees=GUESTS)
    assert [each["email"] for each in office.desk.again(made).data["attendees"]] == ["ada@example.org"]


def test_an_occurrence_has_people_of_its_own(office: Office) -> None:
    own = {"original_start": "2026-11-09", "attendees": [{"email": "eve@example.org"}]}
    made = office.desk.create(sample(recurrence=weekly(), attendees=[{"email": "bob@example.org"}], occurrences=[own]))
    assert made.data["occurrences"] == [own] and office.control.log()["mail"] == 0
    assert office.desk.update(made, subject="Other").data["occurrences"] == [own]
    assert office.desk.update(office.desk.again(made), occurrences=[]).data["occurrences"] == []


# --- changes ----------------------------------------------------------------------------------------------------


def test_what_happens_outside_the_window_is_seen(office: Office) -> None:
    office.desk.scope = {"calendar": "primary", "from": "2026-11-01", "to": "2026-12-01"}
    far = office.outlook.add(**{name: {"dateTime": f"2031-01-01T0{hour}:00:00", "timeZone": "UTC"}
                                for name, hour in (("start", 8), ("end", 9))})  # fmt: skip
    scanned, cursor = office.desk.scan()
    assert set(scanned) == {far}
    office.outlook.patch(far, subject="Changed")
    seen, cursor = office.desk.changes(cursor)
    assert seen[far].data["subject"] == "Changed" and not seen[far].gone
    office.outlook.delete(far)
    assert office.desk.changes(cursor)[0][far].gone


def test_a_cursor_ends_with_its_window(office: Office) -> None:
    _, cursor = office.desk.scan()

    def later(_: Any) -> Response:
        return Response(200, headers={"Date": "Fri, 03 Mar 2034 08:00:00 GMT"}, json={"value": []})

    old = connect("outlook_calendar", office.settings, transport=MockTransport(later))
    with pytest.raises(CursorExpired):
        list(old.changes("events", office.desk.scope, cursor))


@pytest.mark.parametrize("scope", [{"calendar": "Calendar"}, {"calendar": "primary", "from": "2026-01-01"}])
def test_a_cursor_of_another_scope_is_not_followed(office: Office, scope: dict[str, str]) -> None:
    _, cursor = office.desk.scan()
    with pytest.raises(CursorExpired):
        list(office.desk.connector.changes("events", scope, cursor))


@pytest.mark.parametrize(
    "status, code", [(410, "syncStateNotFound"), (400, "resyncRequired"), (404, "SyncStateNotFound")]
)
def test_every_spelling_of_a_reset_asks_for_a_scan(office: Office, status: int, code: str) -> None:
    _, cursor = office.desk.scan()
    reset = MockTransport(lambda _: Response(status, json={"error": {"code": code, "message": "Start again."}}))
    with pytest.raises(CursorExpired):
        list(connect("outlook_calendar", office.settings, transport=reset).changes("events", office.desk.scope, cursor))


def test_a_calendar_is_found_by_name_and_kept_apart(office: Office) -> None:
    office.outlook.call("POST", "me/calendars", {"name": "Team"})
    office.outlook.add()
    office.desk.scope = {"calendar": "team"}
    made = office.desk.create(sample(subject="Ours"))
    scanned, cursor = office.desk.scan()
    assert scanned == {made.id: made}
    changed = office.desk.update(made, subject="Still ours")
    assert office.desk.changes(cursor)[0] == {made.id: changed}


# --- a server that misbehaves -----------------------------------------------------------------------------------


def test_throttled_parts_of_a_batch_are_sent_again(office: Office) -> None:
    office.control.fault("429", times=3, path="/events", method="POST", retry_after=1)
    outcomes = office.desk.write(*(Write(op=Op.CREATE, key=f"k{n}", data=sample(subject=f"Nr {n}")) for n in range(25)))
    assert sorted(outcome.record.data["subject"] for outcome in outcomes.values()) == sorted(
        f"Nr {n}" for n in range(25)
    )
    assert len(office.desk.scan()[0]) == 25


def test_a_lost_answer_to_a_change_never_doubles_it(office: Office) -> None:
    made = office.desk.create(sample())
    office.control.fault("drop_after_commit", method="PATCH")
    outcome = office.desk.one(
        Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"subject": "New"})
    )
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Stale), "read again: the change is there"
    assert office.desk.again(made).data["subject"] == "New"


def test_a_server_that_is_down_is_transient(office: Office) -> None:
    made = office.desk.create(sample())
    office.control.fault("500", times=50)
    outcome = office.desk.one(Write(op=Op.UPDATE, key="u", id=made.id, data={"subject": "New"}))
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Transient)


# --- webhooks ---------------------------------------------------------------------------------------------------


def test_a_subscription_pings_and_proves_itself(office: Office, receiver: tuple[str, Queue[bytes]]) -> None:
    url, told = receiver
    connector = office.desk.connector
    assert isinstance(connector, Hooked)
    connector.subscribe("events", office.desk.scope, url, "first-secret")
    made = connector.subscribe("events", office.desk.scope, url, "secret")
    again = connector.renew(made.id, "events", office.desk.scope, url, "secret")
    assert made.until and again.until and again.until >= made.until
    office.outlook.add()
    body = told.get(timeout=10)
    assert connector.hook.judge(call(body=body), "secret").look == ANY
    for forged in (body.replace(b"secret", b"guess!"), b"{}", b"nonsense", json.dumps({"value": []}).encode()):
        with pytest.raises(Forged):
            connector.hook.judge(call(body=forged), "secret")
    connector.unsubscribe(made.id)
    connector.unsubscribe(made.id)
    with pytest.raises(Missing):
        connector.renew(made.id, "events", office.desk.scope, url, "secret")


@pytest.mark.parametrize(
    ("event", "looks", "renews"),
    [("reauthorizationRequired", False, True), ("subscriptionRemoved", True, True), ("missed", True, False)],
)
def test_what_it_says_of_its_own_life(
    office: Office, receiver: tuple[str, Queue[bytes]], event: str, looks: bool, renews: bool
) -> None:
    url, told = receiver
    connector = office.desk.connector
    assert isinstance(connector, Hooked)
    connector.subscribe("events", office.desk.scope, url, "secret")
    httpx.post(f"{office.settings['base_url']}/_outlook/lifecycle", json={"event": event}).raise_for_status()
    heard = connector.hook.judge(call(body=told.get(timeout=10)), "secret")
    assert (heard.look == ANY, heard.renew) == (looks, renews)
