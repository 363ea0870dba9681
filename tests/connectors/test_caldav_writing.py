"""What an edit through the CalDAV connector changes in a calendar text, and what it leaves alone."""

from __future__ import annotations

from engine.contract import Done, Op, Write
from tests.connectors.dav_fake import SCOPE, FakeDav, ics
from tests.connectors.dav_texts import NINE, SERIES, alarm, berlin, edit, read, refused, span, zone


def test_an_edit_touches_only_its_own_lines() -> None:
    text = ics(
        "X-FIRST;A=1;B=\"2:3\":kept", "SUMMARY;LANGUAGE=de:Alt", "this line is broken", *NINE, "X-LONG:" + "é" * 90,
        alarm(":-PT5M"), zones="X-WR-CALNAME:Name\n" + zone("Europe/Berlin"),
    ).replace("END:VCALENDAR", "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nEND:VCALENDAR")  # fmt: skip
    _, stored = edit(text, summary="Neu; größer")
    before, after = (set(one.replace("\r\n ", "").split("\r\n")) for one in (text, stored))
    assert before - after == {"SUMMARY;LANGUAGE=de:Alt"}
    added = sorted(line.split(":")[0] for line in after - before)
    assert added == ["DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY;LANGUAGE=de"]
    assert "SUMMARY;LANGUAGE=de:Neu\\; größer" in after


def test_nothing_is_sent_where_nothing_changes() -> None:
    fake = FakeDav(event=ics(*SERIES))
    data = {"summary": "Budget", "transp": None, "attendees": [], "occurrences": [], "location": ""}
    (outcome,) = fake.connector().write("events", SCOPE, [Write(op=Op.UPDATE, key="k", id="event.ics", data=data)])
    assert isinstance(outcome, Done) and outcome.record.version == '"1"'
    assert not [line for line in fake.log if line.startswith("PUT")]


def test_a_new_start_leaves_the_end_where_it_was() -> None:
    text = ics(NINE[0], "DURATION:PT1H", "SUMMARY:x")
    changed, stored = edit(text, dtstart=berlin("2026-11-02T08:00:00"))
    assert changed.data["dtend"] == berlin("2026-11-02T10:00:00") and "DURATION" not in stored
    changed, _ = edit(ics("DTSTART;VALUE=DATE:20261102"), dtstart={"date": "2026-11-01"})
    assert changed.data["dtend"] == {"date": "2026-11-03"}


def test_another_time_of_day_moves_the_keys_along() -> None:
    text = ics(
        *SERIES, "EXDATE;TZID=Europe/Berlin:20261116T090000",
        "=", "RECURRENCE-ID;TZID=Europe/Berlin:20261109T090000", "DTSTART;TZID=Europe/Berlin:20261109T090000",
        "DTEND;TZID=Europe/Berlin:20261109T100000", "SUMMARY:Other", "X-OWN:1",
    )  # fmt: skip
    changed, stored = edit(text, **span("2026-11-02", "14:00", "15:30"))
    assert changed.data["occurrences"] == read(text).data["occurrences"]
    assert "EXDATE;TZID=Europe/Berlin:20261116T140000" in stored
    assert "RECURRENCE-ID;TZID=Europe/Berlin:20261109T140000" in stored and "X-OWN:1" in stored
    assert "DTEND;TZID=Europe/Berlin:20261109T153000" in stored, "it had no time of its own and follows"


def test_an_all_day_series_becomes_a_timed_one() -> None:
    text = ics("DTSTART;VALUE=DATE:20261102", "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20261109")
    changed, stored = edit(text, **span("2026-11-02", "09:00", "10:00"))
    assert "EXDATE;TZID=Europe/Berlin:20261109T090000" in stored
    assert changed.data["occurrences"] == [{"original_start": "2026-11-09", "cancelled": True}]


def test_exdates_that_still_hold_stay_as_they_are_spelled() -> None:
    _, stored = edit(
        ics(*SERIES, "EXDATE;X-BY=me:20261109T080000Z,20261116T080000Z"),
        occurrences=[{"original_start": day, "cancelled": True} for day in ("2026-11-16", "2026-11-30")],
    )
    lines = [line for line in stored.split("\r\n") if line.startswith("EXDATE")]
    assert lines == ["EXDATE;X-BY=me:20261116T080000Z", "EXDATE;TZID=Europe/Berlin:20261130T090000"]


def test_a_called_off_override_can_be_brought_back() -> None:
    text = ics(*SERIES, "=", "RECURRENCE-ID:20261109T080000Z", *NINE, "SUMMARY:Budget", "STATUS:CANCELLED")
    assert edit(text, occurrences=[])[0].data["occurrences"] == []
    entry = {"original_start": "2026-11-09", "summary": "On again"}
    assert edit(text, occurrences=[entry])[0].data["occurrences"] == [entry]


def test_the_zone_of_a_new_time_is_defined_and_an_old_spelling_is_used_again() -> None:
    _, stored = edit(ics(*NINE), dtstart={"dateTime": "2026-11-02T03:00:00", "timeZone": "America/New_York"})
    assert "TZID:America/New_York" in stored and "DTSTART;TZID=America/New_York:20261102T030000" in stored
    windows = ics("DTSTART;TZID=W. Europe Standard Time:20261102T090000", zones=zone("W. Europe Standard Time"))
    _, stored = edit(windows, **span("2026-11-02", "10:00", "11:00"))
    assert "DTEND;TZID=W. Europe Standard Time:20261102T110000" in stored and stored.count("BEGIN:VTIMEZONE") == 1


def test_people_are_written_so_that_no_server_mails_them() -> None:
    text = ics(*NINE, "ATTENDEE;CN=Bob;X-NUM=7:mailto:bob@example.org", "ATTENDEE:mailto:eve@example.org")
    people = [{"email": "BOB@example.org", "name": 'Bob "B"', "partstat": "ACCEPTED"}, {"email": "new@example.org"}]
    changed, stored = edit(text, attendees=people)
    lines = [line for line in stored.split("\r\n") if line.startswith("ATTENDEE")]
    assert len(lines) == 2 and all("SCHEDULE-AGENT=NONE" in line for line in lines)
    assert "X-NUM=7" in lines[0] and changed.data["attendees"][0]["name"] == 'Bob "B"'
    assert "ORGANIZER" not in stored


def test_a_reminder_replaces_the_nearest_and_spares_the_others() -> None:
    text = ics(*NINE, alarm(":-P1D"), alarm(":-PT15M"), alarm(":-PT5M"), alarm(":-PT1M", "AUDIO"))
    changed, stored = edit(text, reminder=30)
    assert changed.data["reminder"] == 30 and stored.count("BEGIN:VALARM") == 3 and "X-ID::-P1D" in stored
    changed, stored = edit(text, reminder=None)
    assert changed.data["reminder"] is None and stored.count("BEGIN:VALARM") == 1
    assert edit(ics(*NINE), reminder=0)[0].data["reminder"] == 0


def test_a_new_description_drops_its_html_copy() -> None:
    _, stored = edit(ics(*NINE, "DESCRIPTION:old", "X-ALT-DESC;FMTTYPE=text/html:<b>old</b>"), description="new")
    assert "X-ALT-DESC" not in stored


def test_an_event_that_repeats_no_more_has_no_occurrences_left() -> None:
    text = ics(
        *SERIES, "EXDATE:20261116T080000Z",
        "=", "RECURRENCE-ID:20261109T080000Z", *NINE, "SUMMARY:Other",
        "=", "RECURRENCE-ID:20261123T080000Z", "DTSTART:20261123T080000Z", "DTEND:20261123T090000Z", "SUMMARY:Budget",
    )  # fmt: skip
    for data in ({"recurrence": None}, {"recurrence": None, "occurrences": []}):
        changed, stored = edit(text, **data)
        assert changed.data["occurrences"] == [] and "EXDATE" not in stored and "RECURRENCE-ID" not in stored


def test_an_invitation_to_one_occurrence_cannot_repeat() -> None:
    text = ics("RECURRENCE-ID:20261109T080000Z", *NINE, "SUMMARY:Guest")
    assert edit(text, summary="Mine")[0].data["summary"] == "Mine"
    assert refused(text, recurrence=["RRULE:FREQ=DAILY"]).field == "recurrence"


def test_changes_that_name_no_rule_stay_when_the_event_is_edited() -> None:
    text = ics(*NINE, "SUMMARY:One", "=", "RECURRENCE-ID:20261109T080000Z", *NINE, "SUMMARY:Other")
    assert edit(text, location="Here")[0].data["occurrences"] == read(text).data["occurrences"] != []


def test_what_a_calendar_cannot_hold_is_left_out_or_parked() -> None:
    assert edit(ics(*NINE), summary="a\x00b\x0bc\r\nd")[0].data["summary"] == "abc\nd"
    assert refused(ics(*NINE), status="LATE").field == "status"
    assert refused(ics(*NINE), uid="mine").field == "uid"
    assert refused(ics(*NINE), nonsense=1).field == "nonsense"
    assert refused(ics(*NINE), dtend=berlin("2026-11-01T09:00:00")).field == "dtend"
    assert refused(ics(*NINE), dtstart={"dateTime": "2026-11-02T09:00:00", "timeZone": "Mars/Base"}).field == "dtstart"
    assert refused(ics(*NINE), recurrence=["EXDATE:20261102"]).field == "recurrence"
    assert refused(ics(*NINE), occurrences=[{"original_start": "2026-11-02", "cancelled": True}]).field == "occurrences"
    assert refused(ics(*SERIES), occurrences=[{"original_start": "soon"}]).field == "occurrences"
    assert refused(ics(*SERIES), occurrences=[{"original_start": "2026-11-09", "uid": "x"}]).field == "occurrences"
    assert refused(ics(*NINE), attendees=[{"email": ""}]).field == "attendees"
    assert "cannot be written" in str(refused(ics(*NINE), categories=[7]))
