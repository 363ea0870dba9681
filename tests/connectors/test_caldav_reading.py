"""What the CalDAV connector makes of calendar texts as they are found in the world."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.connectors.dav_fake import SCOPE, FakeDav, ics
from tests.connectors.dav_texts import NINE, SERIES, alarm, berlin, edit, read, refused, span, zone

TIMES = {
    "end and duration": (["DTSTART:20261102T090000Z", "DTEND:20261102T100000Z", "DURATION:PT5H"], "10:00", "UTC"),
    "duration": (["DTSTART:20261102T090000Z", "DURATION:PT2H30M"], "11:30", "UTC"),
    "no end": (["DTSTART:20261102T090000Z"], "09:00", "UTC"),
    "floating": (["DTSTART:20261102T090000", "DTEND:20261102T100000"], "10:00", None),
    "end is a date": (["DTSTART:20261102T090000", "DTEND;VALUE=DATE:20261103"], "00:00", None),
    "no seconds": (["DTSTART:20261102T0900Z", "DTEND:20261102T1000Z"], "10:00", "UTC"),
    "by name": (["DTSTART;TZID=Europe/Berlin:20261102T090000", "DURATION:PT1H"], "10:00", "Europe/Berlin"),
    "quoted": (['DTSTART;TZID="Europe/Berlin":20261102T090000', "DURATION:PT1H"], "10:00", "Europe/Berlin"),
    "windows": (["DTSTART;TZID=W. Europe Standard Time:20261102T090000", "DURATION:PT1H"], "10:00", "Europe/Berlin"),
    "vendor": (
        ["DTSTART;TZID=/vendor.example/2015/Europe/Berlin:20261102T090000", "DURATION:PT1H"],
        "10:00",
        "Europe/Berlin",
    ),
    "nowhere defined": (["DTSTART;TZID=Middle Earth:20261102T090000", "DURATION:PT1H"], "10:00", None),
}


@pytest.mark.parametrize(("lines", "end", "tz"), TIMES.values(), ids=TIMES)
def test_times_as_apps_write_them(lines: list[str], end: str, tz: str | None) -> None:
    data = read(ics(*lines)).data
    assert data["dtstart"] == {"dateTime": "2026-11-02T09:00:00", "timeZone": tz}
    assert data["dtend"]["dateTime"][11:16] == end and data["dtend"]["timeZone"] == tz


def test_a_zone_is_known_by_the_location_in_its_definition() -> None:
    text = ics("DTSTART;TZID=Berlin:20261102T090000", zones=zone("Berlin", "X-LIC-LOCATION:Europe/Berlin"))
    assert read(text).data["dtstart"] == berlin("2026-11-02T09:00:00")


def test_a_zone_without_any_known_name_keeps_the_instant() -> None:
    text = ics("DTSTART;TZID=Customized Time Zone:20261102T090000", zones=zone("Customized Time Zone"))
    assert read(text).data["dtstart"] == {"dateTime": "2026-11-02T07:00:00", "timeZone": "UTC"}


def test_whole_days() -> None:
    assert read(ics("DTSTART;VALUE=DATE:20261102")).data["dtend"] == {"date": "2026-11-03"}
    assert read(ics("DTSTART;VALUE=DATE:20261102", "DURATION:P3D")).data["dtend"] == {"date": "2026-11-05"}
    assert read(ics("DTSTART;VALUE=DATE:20261102", "DTEND:20261104T000000")).data["dtend"] == {"date": "2026-11-04"}


def test_days_pass_by_the_clock_and_hours_by_the_second() -> None:
    before = "DTSTART;TZID=Europe/Berlin:20261024T120000"  # summer time ends in the night
    assert read(ics(before, "DURATION:P1D")).data["dtend"] == berlin("2026-10-25T12:00:00")
    assert read(ics(before, "DURATION:PT24H")).data["dtend"] == berlin("2026-10-25T11:00:00")


def test_texts_names_and_lists() -> None:
    data = read(
        ics(
            *NINE,
            "SUMMARY;LANGUAGE=en-us:Lunch\\, long\\; 1\\n2 C:\\\\temp",
            "DESCRIPTION:",
            "CLASS:",
            "TRANSP:transparent",
            "CATEGORIES:work,a\\,b",
            "CATEGORIES:more,",
            "ORGANIZER;CN=Ann:MAILTO:ann@example.org",
            'ATTENDEE;CN="Bob, Dr.";ROLE=OPT-PARTICIPANT;PARTSTAT=accepted;X-N=1:mailto:Bob@example.org',
            "ATTENDEE:urn:uuid:1",
        )
    ).data
    assert data["summary"] == "Lunch, long; 1\n2 C:\\temp"
    assert data["description"] is None and data["location"] is None
    assert (data["class"], data["transp"], data["status"]) == ("PUBLIC", "TRANSPARENT", None)
    assert data["categories"] == ["work", "a,b", "more"]
    assert data["organizer"] == "ann@example.org"
    bob = {"email": "Bob@example.org", "name": "Bob, Dr.", "role": "OPT-PARTICIPANT", "partstat": "ACCEPTED"}
    assert data["attendees"] == [bob, {"email": "urn:uuid:1"}]


def test_the_reminder_is_the_display_alarm_nearest_to_the_start() -> None:
    alarms = (
        alarm(":-P1D"),
        alarm(";RELATED=START:-PT15M"),
        alarm(";RELATED=END:-PT1M"),
        alarm(":PT5M"),
        alarm(":-PT5M", "AUDIO"),
    )
    assert read(ics(*NINE, *alarms)).data["reminder"] == 15
    assert read(ics(*NINE, alarm(";VALUE=DATE-TIME:20261102T073000Z"))).data["reminder"] == 30
    assert read(ics(*NINE, alarm(":PT0S"))).data["reminder"] == 0
    assert read(ics(*NINE)).data["reminder"] is None


def test_when_it_was_changed() -> None:
    stamps = ("DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260303T000000")
    assert read(ics(*NINE, *stamps)).changed_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert read(ics(*NINE, stamps[0])).changed_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_event_without_uid() -> None:
    assert read(ics(*NINE).replace("UID:u1\r\n", "")).data["uid"] is None


# --- series ----------------------------------------------------------------------------------------------------------


def test_occurrences_show_only_what_differs() -> None:
    text = ics(
        *SERIES, "LOCATION:Room 1", "EXDATE;TZID=Europe/Berlin:20261116T090000,20261123T090000",
        "EXDATE:20261130T080000Z",
        "=", "RECURRENCE-ID;TZID=Europe/Berlin:20261109T090000", "DTSTART;TZID=Europe/Berlin:20261109T090000",
        "DURATION:PT3H", "SUMMARY:Long", "LOCATION:Room 1",
        "=", "RECURRENCE-ID:20261207T080000Z", "DTSTART:20261207T080000Z", "DTEND:20261207T090000Z", "SUMMARY:Budget",
        "=", "RECURRENCE-ID;TZID=Europe/Berlin:20261214T090000", *NINE, "STATUS:CANCELLED",
        "=", "RECURRENCE-ID:20261221T080000Z", "DTSTART:20261221T080000Z", "DTEND:20261221T090000Z", "SUMMARY:Budget",
        "LOCATION:Room 1",
    )  # fmt: skip
    assert read(text).data["occurrences"] == [
        {"original_start": "2026-11-09", **span("2026-11-09", "09:00", "12:00"), "summary": "Long"},
        {"original_start": "2026-11-16", "cancelled": True},
        {"original_start": "2026-11-23", "cancelled": True},
        {"original_start": "2026-11-30", "cancelled": True},
        {"original_start": "2026-12-07", "location": None},
        {"original_start": "2026-12-14", "cancelled": True},
    ]


def test_an_override_may_come_before_its_series_and_spell_its_day_as_it_likes() -> None:
    text = ics(
        "RECURRENCE-ID:20261109T000000Z", "DTSTART;VALUE=DATE:20261109", "SUMMARY:Changed",
        "=", "DTSTART;VALUE=DATE:20261102", "RRULE:FREQ=WEEKLY", "SUMMARY:Base",
    )  # fmt: skip
    assert read(text).data["occurrences"] == [{"original_start": "2026-11-09", "summary": "Changed"}]


def test_keys_are_local_dates_of_the_series() -> None:
    text = ics(
        "DTSTART;TZID=Europe/Berlin:20261102T003000", "DURATION:PT30M", "RRULE:FREQ=WEEKLY;COUNT=8",
        "EXDATE:20261108T233000Z", "EXDATE:20261122T233000Z",
    )  # fmt: skip
    assert [one["original_start"] for one in read(text).data["occurrences"]] == ["2026-11-09", "2026-11-23"]


def test_keys_have_a_time_where_a_day_has_several() -> None:
    text = ics(*NINE, "RRULE:FREQ=DAILY;BYHOUR=9,15", "EXDATE;TZID=Europe/Berlin:20261103T150000")
    assert read(text).data["occurrences"] == [{"original_start": "2026-11-03T15:00:00", "cancelled": True}]
    changed, stored = edit(text, occurrences=[{"original_start": "2026-11-04T15:00:00", "summary": "Late"}])
    assert changed.data["occurrences"] == [{"original_start": "2026-11-04T15:00:00", "summary": "Late"}]
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261104T150000" in stored


def test_dates_instead_of_a_rule() -> None:
    dates = ("RDATE;VALUE=DATE-TIME:20261102T080000Z", "RDATE:20261109T080000Z,20261112T120000Z")
    text = ics("DTSTART:20261102T080000Z", "DTEND:20261102T090000Z", *dates, "SUMMARY:News")
    assert read(text).data["recurrence"] == ["RDATE:20261102T080000Z", "RDATE:20261109T080000Z,20261112T120000Z"]
    changed, stored = edit(text, occurrences=[{"original_start": "2026-11-12", "cancelled": True}])
    assert "EXDATE:20261112T120000Z" in stored, "the time of that date, not of the first"
    assert changed.data["occurrences"] == [{"original_start": "2026-11-12", "cancelled": True}]


def test_dates_in_a_zone_of_their_own_are_named_by_iana() -> None:
    text = ics(*NINE, "RDATE;TZID=W. Europe Standard Time:20261109T090000", "RDATE;VALUE=PERIOD:20261112T080000Z/PT1H")
    assert read(text).data["recurrence"] == ["RDATE;TZID=Europe/Berlin:20261109T090000", "RDATE:20261112T080000Z"]


def test_an_invitation_to_one_occurrence_is_an_event() -> None:
    data = read(ics("RECURRENCE-ID:20261109T080000Z", *NINE, "SUMMARY:Guest")).data
    assert (data["summary"], data["recurrence"], data["occurrences"]) == ("Guest", None, [])


def test_a_called_off_series_is_not_a_series_of_cancelled_days() -> None:
    text = ics(*SERIES, "STATUS:CANCELLED", "=", "RECURRENCE-ID:20261109T080000Z", *NINE, "STATUS:CANCELLED")
    data = read(text).data
    assert data["status"] == "CANCELLED" and "cancelled" not in data["occurrences"][0]


# --- what cannot be read ---------------------------------------------------------------------------------------------

RID = "RECURRENCE-ID"
BROKEN = {
    "not a time": (ics("DTSTART:tomorrow"), "tomorrow"),
    "no such day": (ics("DTSTART:20260231T090000Z"), "DTSTART"),
    "no start": (ics("SUMMARY:x"), "no DTSTART"),
    "bad duration": (ics("DTSTART:20261102T090000Z", "DURATION:soon"), "DURATION"),
    "no calendar": ("<html></html>", "no VCALENDAR"),
    "cut off": (ics(*NINE).split("END:VCAL")[0], "ends within"),
    "two events": (ics(*NINE, "END:VEVENT\nBEGIN:VEVENT\nUID:u2"), "UIDs"),
    "this and all that follow": (ics(*SERIES, "=", f"{RID};RANGE=THISANDFUTURE:20261109T080000Z", *NINE), "follow"),
    "orphans": (ics(f"{RID}:20261109T080000Z", *NINE, "=", f"{RID}:20261116T080000Z", *NINE), "the series"),
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_says_why_and_is_never_overwritten(text: str, reason: str) -> None:
    record = read(text)
    assert list(record.data) == ["unreadable"] and reason in record.data["unreadable"]
    assert reason in str(refused(text, summary="x"))


def test_a_scan_shows_the_unreadable_among_the_others_and_leaves_tasks_out() -> None:
    task = "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    fake = FakeDav(good=ics(*SERIES), bad=ics("DTSTART:never"), task=task)
    (page,) = fake.connector().scan("events", SCOPE)
    assert {record.id: "unreadable" in record.data for record in page.records} == {"good.ics": False, "bad.ics": True}
