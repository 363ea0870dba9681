"""What the CalDAV connector makes of tasks as other programs write them, and what an edit leaves alone."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contract import Done, Failed, Invalid, Op, Record, Write
from tests.connectors.dav_fake import SCOPE, FakeDav, ics
from tests.connectors.dav_texts import damaged

SUBJECT = "SUMMARY:Do"
BERLIN = "TZID=Europe/Berlin"
NINE = (f"DTSTART;{BERLIN}:20261120T090000", f"DUE;{BERLIN}:20261123T093000")


def text_of(*lines: str) -> str:
    return ics(*lines).replace("VEVENT", "VTODO")


def read(*lines: str, **setting: str) -> Record:
    (record,) = FakeDav(task=text_of(*lines)).connector(**setting).get("tasks", SCOPE, ["task.ics"])
    return record


def write(*lines: str, text: str = "", zone: str = "UTC", **data: Any) -> tuple[Done | Failed, str]:
    """The outcome of an update, and the text then stored, unfolded."""
    fake = FakeDav(task=text or text_of(*lines))
    update = Write(op=Op.UPDATE, key="k", id="task.ics", if_version='"1"', data=data)
    (outcome,) = fake.connector(zone=zone).write("tasks", SCOPE, [update])
    return outcome, fake.texts["task.ics"].replace("\r\n ", "")


def edit(*lines: str, zone: str = "UTC", **data: Any) -> tuple[Record, str]:
    outcome, stored = write(*lines, zone=zone, **data)
    assert isinstance(outcome, Done), outcome
    return outcome.record, stored


# --- days -------------------------------------------------------------------------------------------------------------

DAYS = {
    "a day": (["DUE;VALUE=DATE:20261123"], "2026-11-23", "DUE;VALUE=DATE:20261201"),
    "a time": ([f"DUE;{BERLIN}:20261123T233000"], "2026-11-23", f"DUE;{BERLIN}:20261201T233000"),
    "floating": (["DUE:20261123T233000"], "2026-11-23", "DUE:20261201T233000"),
    "UTC, seen in Berlin": (["DUE:20261122T233000Z"], "2026-11-23", "DUE:20261130T233000Z"),
    "lasting": (["DTSTART:20261123T080000", "DURATION:PT2H"], "2026-11-23", "DUE:20261201T100000"),
    "none, but a start": ([f"DTSTART;{BERLIN}:20261123T080000"], None, f"DUE;{BERLIN}:20261201T080000"),
    "none": ([], None, "DUE;VALUE=DATE:20261201"),
}


@pytest.mark.parametrize(("lines", "day", "moved"), DAYS.values(), ids=DAYS)
def test_a_day_keeps_its_time(lines: list[str], day: str | None, moved: str) -> None:
    assert read(SUBJECT, *lines, zone="Europe/Berlin").data["due"] == day
    record, stored = edit(SUBJECT, *lines, zone="Europe/Berlin", due="2026-12-01")
    assert f"\r\n{moved}\r\n" in stored and record.data["due"] == "2026-12-01" and "DURATION" not in stored


def test_another_start_leaves_the_due_time_where_it_was() -> None:
    record, stored = edit(SUBJECT, "DTSTART:20261120T080000", "DURATION:P3DT1H", dtstart="2026-11-21")
    assert (record.data["dtstart"], record.data["due"]) == ("2026-11-21", "2026-11-23")
    assert "DTSTART:20261121T080000" in stored and "DUE:20261123T090000" in stored
    record, stored = edit(SUBJECT, "DTSTART:20261120T080000", "DURATION:P3D", dtstart=None)
    assert (record.data["dtstart"], record.data["due"]) == (None, "2026-11-23") and "DTSTART" not in stored


# --- being done -------------------------------------------------------------------------------------------------------


def test_a_status_that_is_not_said() -> None:
    assert read(SUBJECT).data["status"] == "NEEDS-ACTION"
    done = read(SUBJECT, f"COMPLETED;{BERLIN}:20261123T110000")
    assert (done.data["status"], done.data["completed"]) == ("COMPLETED", "20261123T100000Z")


def test_done_and_undone_go_together() -> None:
    record, stored = edit(SUBJECT, "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", status="COMPLETED")
    assert record.data["percent_complete"] == 100 and "COMPLETED:20" in stored
    lines = ("STATUS:COMPLETED", "COMPLETED:20261123T100000Z", "PERCENT-COMPLETE:100")
    record, stored = edit(SUBJECT, *lines, status="NEEDS-ACTION")
    assert (record.data["completed"], record.data["percent_complete"]) == (None, None)
    record, _ = edit(SUBJECT, completed="2026-11-23T11:00:00+01:00")
    assert (record.data["status"], record.data["completed"]) == ("COMPLETED", "20261123T100000Z")
    record, _ = edit(SUBJECT, *lines, completed=None)
    assert record.data["status"] == "NEEDS-ACTION"
    record, _ = edit(SUBJECT, status="COMPLETED", completed="20261122T100000Z", percent_complete=99)
    assert (record.data["completed"], record.data["percent_complete"]) == ("20261122T100000Z", 99)


def test_numbers_as_programs_write_them() -> None:
    assert read(SUBJECT).data["priority"] == "0"
    assert read(SUBJECT, "PRIORITY:12", "PERCENT-COMPLETE: 40").data["priority"] == "9"
    odd = read(SUBJECT, "PRIORITY:high", "PERCENT-COMPLETE:half").data
    assert (odd["priority"], odd["percent_complete"]) == ("0", None)
    _, stored = edit(SUBJECT, "PRIORITY:high", summary="New")
    assert "PRIORITY:high" in stored
    _, stored = edit(SUBJECT, "PRIORITY:3", priority=None)
    assert "PRIORITY" not in stored


# --- repeating --------------------------------------------------------------------------------------------------------

WEEKLY = ["RRULE:FREQ=WEEKLY;BYDAY=MO"]


def test_what_repeats_has_a_start() -> None:
    record, stored = edit(SUBJECT, f"DUE;{BERLIN}:20261123T093000", recurrence=WEEKLY)
    assert record.data["recurrence"] == WEEKLY and record.data["dtstart"] == "2026-11-23"
    assert f"DTSTART;{BERLIN}:20261123T093000" in stored
    outcome, _ = write(SUBJECT, recurrence=WEEKLY)
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid) and outcome.error.field == "recurrence"
    record, stored = edit(SUBJECT, *WEEKLY, description="No start, as some write it")
    assert record.data["recurrence"] == WEEKLY and "DTSTART" not in stored
    record, _ = edit(SUBJECT, *NINE, *WEEKLY, dtstart=None)
    assert record.data["dtstart"] == "2026-11-23", "its due day"
    record, _ = edit(SUBJECT, *NINE, *WEEKLY, recurrence=None)
    assert record.data["recurrence"] is None


def test_changed_occurrences_are_left_alone() -> None:
    own = ("=", f"RECURRENCE-ID;{BERLIN}:20261127T090000", "SUMMARY:Other", "X-OWN:1")
    text = text_of(SUBJECT, *NINE, *WEEKLY, *own)
    outcome, stored = write(text=text, summary="New")
    assert isinstance(outcome, Done) and outcome.record.data["summary"] == "New"
    assert text[text.index("RECURRENCE-ID") :] in stored
    outcome, stored = write(text=text, recurrence=None)
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid) and stored == text


# --- what stays, what is refused --------------------------------------------------------------------------------------


def test_an_edit_touches_only_its_own_lines() -> None:
    alarm = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT15M\nEND:VALARM"
    lines = (SUBJECT, *NINE, "RELATED-TO;RELTYPE=PARENT:t0", "X-APPLE-SORT-ORDER:5", "this line is broken", alarm)
    _, stored = edit(*lines, description="New; text")
    before, after = (set(one.split("\r\n")) for one in (text_of(*lines), stored))
    assert not before - after
    assert {line.split(":")[0] for line in after - before} == {"DESCRIPTION", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("due", "soon"), ("due", 5), ("completed", "today"), ("percent_complete", 101), ("percent_complete", "half"),
        ("status", "DONE"), ("priority", 1), ("uid", "t2"), ("colour", "red"), ("recurrence", ["EXDATE:20261123"]),
    ],
)  # fmt: skip
def test_values_that_a_task_cannot_have_are_refused(field: str, value: Any) -> None:
    outcome, stored = write(SUBJECT, *NINE, **{field: value})
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Invalid) and outcome.error.field == field
    assert stored == text_of(SUBJECT, *NINE)


@pytest.mark.parametrize("line", ["DUE:tomorrow", "DTSTART:20261399"])
def test_tasks_that_cannot_be_shown_say_why(line: str) -> None:
    record = read(SUBJECT, line)
    assert set(record.data) == {"unreadable"} and line.partition(":")[0] in record.data["unreadable"]


def test_tasks_whose_guests_a_server_would_tell_are_left_in_peace() -> None:
    fake = FakeDav(task=text_of(SUBJECT, "ORGANIZER:mailto:a@example.org", "ATTENDEE:mailto:b@example.org"))
    fake.features += ", calendar-auto-schedule"
    update = Write(op=Op.UPDATE, key="k", id="task.ics", data={"summary": "New"})
    (outcome,) = fake.connector().write("tasks", SCOPE, [update])
    assert isinstance(outcome, Failed) and "would mail the guests of this task" in str(outcome.error)


# --- laws -------------------------------------------------------------------------------------------------------------

texts = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9)
days = st.none() | st.sampled_from(["2026-11-20", "2026-03-29", "2026-12-31"])
tasks = st.fixed_dictionaries(
    {},
    optional={
        "summary": texts,
        "description": texts,
        "dtstart": days,
        "due": days,
        "status": st.sampled_from(["NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED"]),
        "completed": st.sampled_from([None, "20261123T100000Z"]),
        "percent_complete": st.none() | st.integers(0, 100),
        "priority": st.sampled_from("0123456789"),
        "categories": st.lists(st.sampled_from(["a", "b,c", "d;e"]), unique=True, max_size=2),
    },
)
stored_days = st.sampled_from([(), NINE, ("DTSTART:20261120T233000Z", "DURATION:P1D"), ("DUE;VALUE=DATE:20261123",)])


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(tasks, tasks, stored_days, st.sampled_from(["UTC", "America/New_York"]))
def test_what_is_written_is_read_again(first: dict[str, Any], second: dict[str, Any], there: Any, zone: str) -> None:
    fake = FakeDav(task=text_of(SUBJECT, *there, "X-KEPT:here"))
    connector = fake.connector(zone=zone)
    for data in (first, second):
        (outcome,) = connector.write("tasks", SCOPE, [Write(op=Op.UPDATE, key="k", id="task.ics", data=data)])
        assert isinstance(outcome, Done), outcome
        shown = dict(outcome.record.data)
        assert {name: shown[name] for name in data} == data
        same = Write(op=Op.UPDATE, key="a", id="task.ics", data={k: v for k, v in shown.items() if k != "uid"})
        (again,) = connector.write("tasks", SCOPE, [same])
        assert isinstance(again, Done) and again.record == outcome.record, "what it shows is what it has"
    assert "\r\nX-KEPT:here\r\n" in fake.texts["task.ics"]


def test_no_damage_to_one_text_is_more_than_one_unreadable_record() -> None:
    chance = Random(7)
    whole = text_of(
        SUBJECT, *NINE, *WEEKLY, "STATUS:COMPLETED", "COMPLETED:20261123T100000Z", "PRIORITY:5", "DURATION:P1D"
    )
    fake = FakeDav(**{f"n{number}": damaged(whole, chance) for number in range(200)})
    connector = fake.connector()
    records = {one.id: one for page in connector.scan("tasks", SCOPE) for one in page.records}
    assert len(records) > 140, "those that are no tasks any more are left out"
    writes = [Write(op=Op.UPDATE, key=one, id=one, data={"summary": "New", "due": "2026-12-01"}) for one in records]
    for outcome in connector.write("tasks", SCOPE, writes):
        if isinstance(outcome, Done):
            assert (outcome.record.data["summary"], outcome.record.data["due"]) == ("New", "2026-12-01")
        else:
            assert "unreadable" in records[outcome.key].data and isinstance(outcome.error, Invalid), outcome.error
