"""The Google Calendar connector against its stand-in: what every connector does, and what is Google's own."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx
import pytest

from connectors import connect
from connectors.google_calendar.writing import caller_id
from connectors.http import Client
from connectors.oauth import Bearer
from engine.contract import AppError, CursorExpired, Done, Failed, Invalid, Missing, Op, Refused, Transient, Write
from tests.connectors.calendar_conformance import CalendarConformance
from tests.connectors.control import Control
from tests.connectors.desk import Desk

EVENTS = "calendar/v3/calendars/primary/events"


class Google(CalendarConformance):
    """How Google spells it."""

    __test__ = False
    app = "google_calendar"
    scope: ClassVar = {"calendar": "primary"}
    weekly: ClassVar = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]

    @pytest.fixture
    def person(self, settings: dict[str, str]) -> Person:
        return Person(settings)


class Person:
    """Somebody who uses the calendar beside us, by the plain API."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._http = Client(settings["base_url"], Bearer(settings["token"]))

    def insert(self, **body: Any) -> Any:
        span = {name: {"dateTime": f"2026-11-02T{at}:00:00", "timeZone": "Europe/Berlin"} for name, at in HOURS}
        return self._http.json("POST", EVENTS, json={"summary": "Theirs", **span, **body})

    def patch(self, id_: str, **body: Any) -> Any:
        return self._http.json("PATCH", f"{EVENTS}/{id_}", json=body, params={"sendUpdates": "none"})

    def delete(self, id_: str) -> None:
        self._http.request("DELETE", f"{EVENTS}/{id_}", params={"sendUpdates": "none"})

    def get(self, id_: str) -> Any:
        return self._http.json("GET", f"{EVENTS}/{id_}")


HOURS = (("start", "09"), ("end", "10"))


class TestEveryConnector(Google):
    """The common suite."""

    __test__ = True


# pytest collects inherited tests too, so the app's own tests only borrow the fixtures
class TestGoogle:
    """Google's own."""

    settings = Google.settings
    scope_of = Google.scope_of
    desk = Google.desk
    control = Google.control
    person = Google.person
    app, obj, scope, controlled = Google.app, Google.obj, Google.scope, True
    spelled = Google()

    def series(self, *entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self.spelled.series(*entries, **changes)

    # --- series in all their shapes -------------------------------------------------------------------------

    def test_an_exception_that_holds_a_copy_of_the_title_follows_the_series(self, desk: Desk, person: Person) -> None:
        made = desk.create(self.series(self.spelled.moved()))
        person.patch(f"{made.id}_20261109T080000Z", summary="Budget", location="Room 1")
        series = desk.again(made)
        assert series.data["occurrences"] == [self.spelled.moved()], "a copy of the series' own value is no change"
        renamed = desk.update(series, summary="Finance", location=None)
        assert renamed.data["occurrences"] == [self.spelled.moved()]
        assert person.get(f"{made.id}_20261109T080000Z")["summary"] == "Finance"

    def test_removed_occurrences_in_both_shapes_are_one_thing(self, desk: Desk, person: Person) -> None:
        lines = ["EXDATE;TZID=Europe/Berlin:20261109T090000,20261116T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO"]
        theirs = person.insert(recurrence=[*lines, "EXDATE:20261123T080000Z"])
        person.delete(f"{theirs['id']}_20261130T080000Z")
        (record,) = desk.get(theirs["id"])
        assert record.data["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO"]
        days = ["2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"]
        assert record.data["occurrences"] == [{"original_start": day, "cancelled": True} for day in days]
        back = [{"original_start": "2026-11-09", "cancelled": True}, {"original_start": "2026-11-16", "summary": "New"}]
        restored = desk.update(record, occurrences=back)
        assert restored.data["occurrences"] == back
        assert desk.scan()[0] == {record.id: restored}

    def test_an_emptied_field_of_an_occurrence_is_shown_as_none(self, desk: Desk) -> None:
        entry = {"original_start": "2026-11-09", "location": None}
        made = desk.create(self.series(entry))
        assert made.data["occurrences"] == [entry]
        plain = desk.update(made, occurrences=[])
        assert plain.data["occurrences"] == []

    def test_days_are_those_of_the_series_zone(self, desk: Desk) -> None:
        zone = "America/Los_Angeles"
        span = {
            "start": {"dateTime": "2026-10-30T20:00:00", "timeZone": zone},
            "end": {"dateTime": "2026-10-30T21:00:00", "timeZone": zone},
        }
        entries = [
            {"original_start": "2026-11-06", "cancelled": True},  # on the other side of the end of summer time
            {"original_start": "2026-11-13", "summary": "Late"},
        ]
        rule = ["RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=5"]
        made = desk.create({"summary": "Evening", **span, "recurrence": rule, "occurrences": entries})
        assert (made.data["start"], made.data["occurrences"]) == (span["start"], entries)
        later = desk.update(made, occurrences=[*entries, {"original_start": "2026-11-20", "cancelled": True}])
        assert [entry["original_start"] for entry in later.data["occurrences"]] == [
            "2026-11-06",
            "2026-11-13",
            "2026-11-20",
        ]

    def test_whole_day_series(self, desk: Desk) -> None:
        days = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-03"}}
        entries = [
            {"original_start": "2026-11-03", "cancelled": True},
            {"original_start": "2026-11-04", "start": {"date": "2026-11-10"}, "end": {"date": "2026-11-12"}},
        ]
        rule = ["RRULE:FREQ=DAILY;COUNT=4"]
        made = desk.create({"summary": "Fair", **days, "recurrence": rule, "occurrences": entries})
        assert made.data["occurrences"] == entries
        shorter = desk.update(made, occurrences=entries[:1])
        assert shorter.data["occurrences"] == entries[:1]

    def test_extra_days_with_their_own_time_are_named_by_day(self, desk: Desk) -> None:
        rule = ["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3", "RDATE;TZID=Europe/Berlin:20261104T170000"]
        entry = {"original_start": "2026-11-04", "summary": "Extra"}
        made = desk.create(self.series(entry) | {"recurrence": rule})
        assert made.data["occurrences"] == [entry]
        assert desk.again(made) == made

    def test_a_change_of_a_day_the_rule_does_not_name_is_parked(self, desk: Desk) -> None:
        made = desk.create(self.series())
        write = Write(op=Op.UPDATE, key="u", id=made.id, data={"occurrences": [{"original_start": "2026-11-11"}]})
        assert isinstance(desk.one(write), Done), "an entry without a change asks for nothing"
        entry = {"original_start": "2026-11-11", "summary": "Nowhere"}
        error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"occurrences": [entry]}))
        assert isinstance(error, Invalid) and error.field == "occurrences" and "2026-11-11" in str(error)

    def test_a_new_rule_keeps_what_still_fits(self, desk: Desk) -> None:
        made = desk.create(self.series(self.spelled.moved(), self.spelled.cancelled(), self.spelled.retitled()))
        rule = ["RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"]  # 2 November, 16, 30, ...
        changed = desk.update(made, recurrence=rule)
        assert changed.data["recurrence"] == rule
        assert changed.data["occurrences"] == [self.spelled.cancelled()]

    def test_a_single_has_no_occurrences(self, desk: Desk) -> None:
        made = desk.create(self.spelled.sample())
        entry = {"original_start": "2026-11-09", "summary": "Nowhere"}
        error = desk.error(Write(op=Op.UPDATE, key="u", id=made.id, data={"occurrences": [entry]}))
        assert isinstance(error, Invalid) and error.field == "occurrences"

    def test_an_invitation_to_one_occurrence_is_a_record_of_its_own(self) -> None:
        lone = {
            "id": "series1_20261109T080000Z",
            "etag": '"1"',
            "status": "confirmed",
            "summary": "Guest for a day",
            "iCalUID": "series1@example.org",
            "recurringEventId": "series1",
            "originalStartTime": {"dateTime": "2026-11-09T09:00:00+01:00", "timeZone": "Europe/Berlin"},
            "start": {"dateTime": "2026-11-09T09:00:00+01:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-11-09T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        }
        desk = scripted({"": {"items": [lone], "nextSyncToken": "t"}, lone["id"]: lone})
        records, cursor = desk.scan()
        assert records[lone["id"]].data["recurrence"] is None and records[lone["id"]].version == '"1"'
        assert desk.changes(cursor)[0] == records
        assert desk.get(lone["id"]) == [records[lone["id"]]]

    # --- creating safely -------------------------------------------------------------------------------------

    def test_a_create_that_broke_off_halfway_is_finished(self, desk: Desk, person: Person) -> None:
        entries = [self.spelled.moved(), self.spelled.cancelled(), self.spelled.retitled()]
        stamp = {"private": {"syncline": "k"}}
        lines = ["RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Berlin:20261116T090000"]
        person.insert(
            id=caller_id("k"), summary="Budget", location="Room 1", recurrence=lines, extendedProperties=stamp
        )
        assert desk.create(self.series(*entries), key="k").data["occurrences"] == entries

    def test_a_repeated_create_leaves_later_edits_alone(self, desk: Desk, person: Person) -> None:
        made = desk.create(self.series(self.spelled.moved(), self.spelled.retitled()), key="k")
        person.patch(f"{made.id}_20261123T080000Z", summary="Mine now")
        person.patch(made.id, location="Elsewhere")
        again = desk.create(self.series(self.spelled.moved(), self.spelled.retitled()), key="k")
        assert again.data["location"] == "Elsewhere"
        assert again.data["occurrences"][1] == {"original_start": "2026-11-23", "summary": "Mine now"}

    def test_a_repeated_create_after_a_deletion_is_missing(self, desk: Desk) -> None:
        desk.delete(desk.create(self.spelled.sample(), key="k"))
        assert isinstance(desk.error(Write(op=Op.CREATE, key="k", data=self.spelled.sample())), Missing)

    def test_an_id_in_other_hands_is_not_adopted(self, desk: Desk, person: Person) -> None:
        person.insert(id=caller_id("k"))
        assert isinstance(desk.error(Write(op=Op.CREATE, key="k", data=self.spelled.sample())), Invalid)

    # --- requests --------------------------------------------------------------------------------------------

    def test_writes_go_in_batches_of_fifty(self, desk: Desk, control: Control) -> None:
        writes = [Write(op=Op.CREATE, key=f"k{n}", data=self.spelled.sample(summary=f"Nr {n}")) for n in range(120)]
        desk.scan()  # learns the calendars
        before = desk.connector.requests
        outcomes = desk.write(*writes)
        assert desk.connector.requests - before == 3
        assert all(isinstance(outcome, Done) for outcome in outcomes.values())
        titles = {key: outcome.record.data["summary"] for key, outcome in outcomes.items() if isinstance(outcome, Done)}
        assert titles == {f"k{n}": f"Nr {n}" for n in range(120)}, "answers come in another order and are told apart"
        before = desk.connector.requests
        desk.write(
            *(
                Write(op=Op.UPDATE, key=key, id=done.record.id, if_version=done.record.version, data={"summary": "x"})
                for key, done in outcomes.items()
                if isinstance(done, Done)
            )
        )
        assert desk.connector.requests - before == 3
        assert control.log()["mail"] == 0

    def test_one_write_is_one_request(self, desk: Desk) -> None:
        desk.scan()
        before = desk.connector.requests
        made = desk.create(self.spelled.sample())
        changed = desk.update(made, summary="Other")
        desk.delete(changed)
        assert desk.connector.requests - before == 3

    def test_an_idle_look_by_a_fresh_connector_is_one_request(self, desk: Desk, settings: dict[str, str]) -> None:
        _, cursor = desk.scan()
        fresh = Desk(connect("google_calendar", settings), desk.scope)
        assert fresh.changes(cursor)[0] == {}
        assert fresh.connector.requests == 1

    @pytest.mark.parametrize("kind", ["429", "403", "500"])
    def test_a_part_of_a_batch_that_fails_is_sent_again(self, desk: Desk, control: Control, kind: str) -> None:
        control.fault(kind, times=2, path="/calendars/", method="POST")
        outcomes = desk.write(*(Write(op=Op.CREATE, key=f"k{n}", data=self.spelled.sample()) for n in range(4)))
        assert all(isinstance(outcome, Done) for outcome in outcomes.values()), outcomes
        assert len(desk.scan()[0]) == 4

    def test_a_lost_answer_to_a_batch_makes_nothing_twice(self, desk: Desk, control: Control) -> None:
        control.fault("drop_after_commit", path="/batch/")
        writes = [Write(op=Op.CREATE, key=f"k{n}", data=self.series(self.spelled.moved())) for n in range(3)]
        outcomes = desk.write(*writes)
        assert all(isinstance(outcome, Done) for outcome in outcomes.values()), outcomes
        records = desk.scan()[0].values()
        assert [record.data["occurrences"] for record in records] == [[self.spelled.moved()]] * 3

    # --- scopes and cursors ----------------------------------------------------------------------------------

    def test_a_cursor_of_another_calendar_asks_for_a_scan(self, desk: Desk) -> None:
        _, cursor = desk.scan()
        with pytest.raises(CursorExpired):
            list(desk.connector.changes("events", {"calendar": "Team"}, cursor))

    def test_a_calendar_is_found_by_title_and_by_id(self, desk: Desk, control: Control) -> None:
        control.seed("Team", ICS)
        by_title = Desk(desk.connector, {"calendar": "Team"})
        with pytest.raises(Refused, match="Team"):
            desk.connector.scan("events", {"calendar": "Teem"}).__next__()
        fresh = connect("google_calendar", desk.connector._settings)  # type: ignore[attr-defined]
        by_title = Desk(fresh, {"calendar": "Team"})
        (record,) = by_title.scan()[0].values()
        assert record.data["summary"] == "Seeded"
        ids = [id_ for id_, title in fresh.calendars().items() if title == "Team"]  # type: ignore[attr-defined]
        assert list(Desk(fresh, {"calendar": ids[0]}).scan()[0]) == [record.id]

    def test_an_unknown_object_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="events"):
            list(desk.connector.scan("tasks", {}))

    # --- what Google keeps and we do not show -----------------------------------------------------------------

    def test_other_reminders_and_guests_comments_survive_our_writes(self, desk: Desk, person: Person) -> None:
        overrides = [{"method": "email", "minutes": 60}, {"method": "popup", "minutes": 10}]
        guests = [{"email": "Ada@example.org", "comment": "by train", "additionalGuests": 1}]
        theirs = person.insert(reminders={"useDefault": False, "overrides": overrides}, attendees=guests)
        (record,) = desk.get(theirs["id"])
        assert record.data["reminder"] == 10
        people = [{"email": "ada@example.org", "optional": True}, {"email": "bob@example.org"}]
        changed = desk.update(record, reminder=30, attendees=people)
        assert changed.data["reminder"] == 30
        stored = person.get(record.id)
        assert {"method": "email", "minutes": 60} in stored["reminders"]["overrides"]
        ada = next(guest for guest in stored["attendees"] if guest["email"] == "ada@example.org")
        assert (ada["comment"], ada["additionalGuests"], ada["optional"]) == ("by train", 1, True)
        assert desk.update(changed, reminder=None).data["reminder"] is None

    def test_a_guests_copy_is_parked_with_the_reason(self, desk: Desk, control: Control) -> None:
        control.seed("primary", ICS.replace("END:VEVENT", "ORGANIZER:mailto:boss@example.org\r\nEND:VEVENT"))
        (record,) = desk.scan()[0].values()
        assert record.data["organizer"] == "boss@example.org"
        write = Write(op=Op.UPDATE, key="u", id=record.id, if_version=record.version, data={"summary": "Mine"})
        error = desk.error(write)
        assert isinstance(error, Invalid) and "organizer" in str(error)
        allowed = desk.update(record, color="5")
        assert allowed.data["color"] == "5"

    def test_private_events_of_others_are_unread_not_empty(self) -> None:
        span = {name: {"dateTime": f"2026-11-02T{at}:00:00Z", "timeZone": "UTC"} for name, at in HOURS}
        event = {"id": "abcde", "etag": '"1"', "status": "confirmed", "iCalUID": "u", "visibility": "private", **span}
        page = {"items": [event, {**event, "id": "fghij", "visibility": "default"}], "nextSyncToken": "t"}
        desk = scripted({"": {**page, "accessRole": "reader"}})
        records, _ = desk.scan()
        private, plain = records["abcde"].data, records["fghij"].data
        assert not {"summary", "description", "location", "attendees", "organizer", "reminder"} & set(private)
        assert private["start"] == {"dateTime": "2026-11-02T09:00:00", "timeZone": "UTC"}
        assert plain["summary"] is None

    # --- errors ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("status", "reason", "error"),
        [
            (403, "quotaExceeded", Transient),
            (403, "forbiddenForNonOrganizer", Invalid),
            (403, "insufficientPermissions", Refused),
            (403, "accessNotConfigured", Refused),
            (403, "requiredAccessLevel", Refused),
            (409, "conflict", Transient),
            (410, "deleted", Missing),
            (400, "timeRangeEmpty", Invalid),
        ],
    )
    def test_reasons_say_what_happens_next(self, status: int, reason: str, error: type[AppError]) -> None:
        body = {"error": {"code": status, "message": "No.", "errors": [{"reason": reason, "message": "No."}]}}
        desk = scripted({"": httpx.Response(status, json=body)})
        outcome = desk.one(Write(op=Op.CREATE, key="k", data=self.spelled.sample()))
        assert isinstance(outcome, Failed) and type(outcome.error) is error
        assert reason in str(outcome.error)

    def test_a_sync_token_that_is_called_invalid_asks_for_a_scan(self) -> None:
        desk = scripted({"": {"items": [], "nextSyncToken": "t"}})
        _, cursor = desk.scan()
        desk = scripted({"": httpx.Response(400, json={"error": {"errors": [{"reason": "invalid"}]}})})
        with pytest.raises(CursorExpired):
            desk.changes(cursor)

    def test_a_calendar_that_went_away_stops_the_sync(self) -> None:
        desk = scripted({"": httpx.Response(404, json={"error": {"errors": [{"reason": "notFound"}]}})})
        with pytest.raises(Refused):
            desk.scan()


ICS = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//example//EN",
        "BEGIN:VEVENT",
        "UID:seeded@example.org",
        "DTSTAMP:20261101T000000Z",
        "DTSTART:20261102T090000Z",
        "DTEND:20261102T100000Z",
        "SUMMARY:Seeded",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)


def scripted(answers: dict[str, Any]) -> Desk:
    """A connector at a server that knows one calendar: answers by event id, "" being the list."""
    listing = {"items": [{"id": "me@example.org", "summary": "Me", "primary": True, "accessRole": "owner"}]}

    def handler(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        answer = listing if path.endswith("/calendarList") else answers.get(path.partition("/events")[2].lstrip("/"))
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(404 if answer is None else 200, json=answer or {})

    transport = httpx.MockTransport(handler)
    connector = connect("google_calendar", {"token": "t"}, transport=transport, sleep=lambda _: None)
    return Desk(connector, {"calendar": "primary"})
