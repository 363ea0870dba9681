"""Series in Outlook: what people do to them there, moves that Outlook refuses, writes that break off."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract import Failed, Invalid, Op, Record, Transient, Write
from tests.connectors.outlook import Office, office, sample, timed, weekly

__all__ = ["office"]


def cancelled(day: str) -> dict[str, Any]:
    return {"original_start": day, "cancelled": True}


def moved(day: str, to: str, clock: str = "09:00", end: str = "10:00") -> dict[str, Any]:
    return {"original_start": day, "start": timed(to, clock), "end": timed(to, end)}


def series(*occurrences: dict[str, Any], count: int | None = None, **changes: Any) -> dict[str, Any]:
    return sample(recurrence=weekly(count), occurrences=list(occurrences), **changes)


# --- seen from here ---------------------------------------------------------------------------------------------


def test_an_occurrence_deleted_in_outlook_is_seen_without_a_tombstone(office: Office) -> None:
    made = office.desk.create(series())
    _, cursor = office.desk.scan()
    office.outlook.delete(office.outlook.occurrence(made.id, "2026-11-16"))
    seen, cursor = office.desk.changes(cursor)
    assert seen[made.id].data["occurrences"] == [cancelled("2026-11-16")] and set(seen) == {made.id}
    assert seen[made.id].version != made.version
    assert office.desk.changes(cursor)[0] == {}


def test_a_changed_occurrence_shows_only_what_is_its_own(office: Office) -> None:
    made = office.desk.create(series(location="Room 1", body="<p>Agenda</p>"))
    occurrence = office.outlook.occurrence(made.id, "2026-11-09")
    office.outlook.patch(occurrence, location={"displayName": ""}, showAs="oof")
    expected = {"original_start": "2026-11-09", "location": None, "showAs": "oof"}
    assert office.desk.again(made).data["occurrences"] == [expected]
    assert office.desk.get(occurrence) == [office.desk.again(made)], "an occurrence leads to its series"


def test_a_series_keeps_its_days_over_the_change_of_clocks(office: Office) -> None:
    made = office.desk.create(
        sample(
            recurrence=weekly(start="2026-10-12"), start=timed("2026-10-12", "00:30"), end=timed("2026-10-12", "01:30")
        )
    )
    for day in ("2026-10-19", "2026-11-02"):
        office.desk.update(
            office.desk.again(made), occurrences=[cancelled(day)] + office.desk.again(made).data["occurrences"]
        )
    assert [each["original_start"] for each in office.desk.again(made).data["occurrences"]] == [
        "2026-10-19",
        "2026-11-02",
    ]
    assert office.desk.again(made).data["start"] == timed("2026-10-12", "00:30")


def test_whole_days_repeat(office: Office) -> None:
    days = {"start": {"date": "2026-11-02"}, "end": {"date": "2026-11-04"}}
    entries = [
        {"original_start": "2026-11-09", "start": {"date": "2026-11-10"}, "end": {"date": "2026-11-12"}},
        cancelled("2026-11-16"),
        {"original_start": "2026-11-23"} | {"start": timed("2026-11-23", "09:00"), "end": timed("2026-11-23", "10:00")},
    ]
    made = office.desk.create(series(*entries, **days))
    assert made.data["occurrences"] == entries
    assert made.data["recurrence"]["range"]["startDate"] == "2026-11-02"
    plain = office.desk.update(made, occurrences=entries[1:2])
    assert plain.data["occurrences"] == entries[1:2]


def test_west_of_greenwich_the_day_is_the_local_one(office: Office) -> None:
    zone = "Pacific Standard Time"
    times = {"start": timed("2026-11-02", "21:00", zone), "end": timed("2026-11-02", "22:00", zone)}
    entries = [cancelled("2026-11-09"), {"original_start": "2026-11-16", "subject": "Late"}]
    made = office.desk.create(sample(recurrence=weekly(zone=zone), occurrences=entries, **times))
    assert made.data["occurrences"] == entries and made.data["start"] == times["start"]


# --- writing ----------------------------------------------------------------------------------------------------


def test_what_an_occurrence_no_longer_has_of_its_own_follows_the_series(office: Office) -> None:
    own = moved("2026-11-09", "2026-11-10") | {"subject": "Special", "categories": ["Red"], "reminder": 5}
    made = office.desk.create(series(own, body="<p>Agenda</p>"))
    assert made.data["occurrences"] == [own]
    only = {"original_start": "2026-11-09", "subject": "Special"}
    less = office.desk.update(made, occurrences=[only])
    assert less.data["occurrences"] == [only]
    assert office.desk.update(less, occurrences=[]).data["occurrences"] == []


def test_a_deleted_occurrence_stays_deleted(office: Office) -> None:
    made = office.desk.create(series(cancelled("2026-11-09")))
    office.control.reset()
    back = Write(op=Op.UPDATE, key="u", id=made.id, data={"subject": "New", "occurrences": []})
    error = office.desk.error(back)
    assert isinstance(error, Invalid) and error.field == "occurrences" and "2026-11-09" in str(error)
    assert office.control.log()["writes"] == 0


def test_a_new_rule_brings_deleted_occurrences_back(office: Office) -> None:
    made = office.desk.create(series(cancelled("2026-11-09"), cancelled("2026-11-16")))
    shorter = office.desk.update(made, recurrence=weekly(5), occurrences=[cancelled("2026-11-16")])
    assert shorter.data["recurrence"] == weekly(5)
    assert shorter.data["occurrences"] == [cancelled("2026-11-16")]


def test_another_day_of_the_week_drops_what_it_does_not_name(office: Office) -> None:
    made = office.desk.create(series(cancelled("2026-11-09"), {"original_start": "2026-11-16", "subject": "Special"}))
    rule = weekly(start="2026-11-03")
    rule["pattern"]["daysOfWeek"] = ["tuesday"]
    times = {"start": timed("2026-11-03", "09:00"), "end": timed("2026-11-03", "10:00")}
    tuesdays = office.desk.update(made, recurrence=rule, **times)
    assert tuesdays.data["recurrence"] == rule and tuesdays.data["occurrences"] == []


def test_a_start_on_another_day_takes_its_rule_along(office: Office) -> None:
    made = office.desk.create(series(cancelled("2026-11-16")))
    times = {"start": timed("2026-11-09", "14:00"), "end": timed("2026-11-09", "15:00")}
    later = office.desk.update(made, **times)
    assert later.data["recurrence"] == weekly(start="2026-11-09")
    assert later.data["occurrences"] == [cancelled("2026-11-16")]


def test_a_create_with_an_occurrence_that_cannot_be_leaves_nothing(office: Office) -> None:
    nowhere = {"original_start": "2026-11-11", "subject": "On a Wednesday"}
    error = office.desk.error(Write(op=Op.CREATE, key="k", data=series(nowhere, cancelled("2026-11-09"))))
    assert isinstance(error, Invalid) and error.field == "occurrences" and "2026-11-11" in str(error)
    assert office.outlook.events() == []


def test_an_event_that_does_not_repeat_has_no_occurrences(office: Office) -> None:
    write = Write(op=Op.CREATE, key="k", data=sample(occurrences=[cancelled("2026-11-09")]))
    assert isinstance(office.desk.error(write), Invalid)


def test_many_occurrences_in_one_write(office: Office) -> None:
    days = [f"2027-{month:02}-{day:02}" for month, day in ((3, 1), (3, 8), (3, 15), (3, 22), (3, 29), (4, 5), (4, 12))]
    days += [f"2027-05-{day:02}" for day in (3, 10, 17, 24, 31)] + [f"2027-06-{day:02}" for day in (7, 14, 21, 28)]
    days += [f"2027-08-{day:02}" for day in (2, 9, 16, 23, 30)] + [f"2027-09-{day:02}" for day in (6, 13, 20, 27)]
    entries = [cancelled(day) if n % 2 else {"original_start": day, "subject": day} for n, day in enumerate(days)]
    assert office.desk.create(series(*entries)).data["occurrences"] == entries


# --- moves past a neighbour -------------------------------------------------------------------------------------


def test_a_row_of_occurrences_moves_without_crossing(office: Office) -> None:
    later = [moved("2026-11-09", "2026-11-17"), moved("2026-11-16", "2026-11-24"), moved("2026-11-23", "2026-12-01")]
    made = office.desk.create(series(*later, count=4))
    assert made.data["occurrences"] == later and len(office.outlook.events()) == 1
    earlier = [moved("2026-11-09", "2026-11-03"), moved("2026-11-16", "2026-11-04"), moved("2026-11-23", "2026-11-05")]
    back = office.desk.update(made, occurrences=earlier)
    assert back.data["occurrences"] == earlier and len(office.outlook.events()) == 1


@pytest.fixture
def crossed(office: Office) -> Record:
    """A series with an occurrence that was moved past its neighbour, and one that was not."""
    entries = [moved("2026-11-09", "2026-11-18") | {"subject": "Late"}, cancelled("2026-11-30")]
    made = office.desk.create(series(*entries, body="<p>Agenda</p>"))
    assert made.data["occurrences"] == entries
    assert len(office.outlook.events()) == 2, "a single event stands for the occurrence"
    return made


def test_an_occurrence_past_its_neighbour_is_part_of_its_series(office: Office, crossed: Record) -> None:
    scanned, cursor = office.desk.scan()
    assert scanned == {crossed.id: crossed}
    assert office.desk.create(series(*crossed.data["occurrences"], body="<p>Agenda</p>")) == crossed
    further = [moved("2026-11-09", "2026-11-19"), cancelled("2026-11-30")]
    changed = office.desk.update(crossed, occurrences=further)
    assert changed.data["occurrences"] == further
    assert office.desk.changes(cursor)[0] == {crossed.id: changed}
    renamed = office.desk.update(changed, subject="Finance")
    assert renamed.data["occurrences"] == further, "it has the series' new title"
    plain = office.desk.update(renamed, occurrences=further[1:])
    assert plain.data["occurrences"] == further[1:]
    assert len(office.desk.scan()[0]) == 1


def test_what_people_do_to_the_single_event_happens_to_the_occurrence(office: Office, crossed: Record) -> None:
    _, cursor = office.desk.scan()
    (single,) = [event["id"] for event in office.outlook.events() if event["type"] == "singleInstance"]
    office.outlook.patch(single, subject="Later still")
    seen, cursor = office.desk.changes(cursor)
    assert set(seen) == {crossed.id}
    assert seen[crossed.id].data["occurrences"][0]["subject"] == "Later still"
    assert office.desk.get(single)[0].id == crossed.id
    office.outlook.delete(single)
    seen, _ = office.desk.changes(cursor)
    assert set(seen) == {crossed.id}
    assert seen[crossed.id].data["occurrences"] == [cancelled("2026-11-09"), cancelled("2026-11-30")]


def test_the_single_event_ends_with_the_occurrence(office: Office, crossed: Record) -> None:
    days = [cancelled("2026-11-09"), cancelled("2026-11-30")]
    changed = office.desk.update(crossed, occurrences=days)
    assert changed.data["occurrences"] == days and len(office.outlook.events()) == 1


def test_the_single_event_ends_with_the_series(office: Office, crossed: Record) -> None:
    office.desk.delete(crossed)
    assert office.outlook.events() == []


def test_the_single_event_survives_another_time_of_day(office: Office, crossed: Record) -> None:
    times = {"start": timed("2026-11-02", "14:00"), "end": timed("2026-11-02", "15:00")}
    later = office.desk.update(crossed, **times)
    assert later.data["occurrences"] == crossed.data["occurrences"]
    assert len(office.outlook.events()) == 2


# --- writes that break off --------------------------------------------------------------------------------------


def test_a_create_that_broke_off_is_finished_by_its_repetition(office: Office) -> None:
    data = series(moved("2026-11-09", "2026-11-10"), cancelled("2026-11-16"))
    office.control.fault("500", times=50, path="/instances")
    outcome = office.desk.one(Write(op=Op.CREATE, key="k", data=data))
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Transient)
    (half,) = office.desk.scan()[0].values()
    assert "occurrences" not in half.data, "unread, not empty"
    office.control.calm()
    assert office.desk.create(data, key="k").data["occurrences"] == data["occurrences"]
    assert len(office.outlook.events()) == 1


@pytest.mark.parametrize("path, method", [("/instances", "GET"), ("/events", "DELETE")])
def test_an_update_that_broke_off_is_finished_by_the_next(office: Office, path: str, method: str) -> None:
    made = office.desk.create(series({"original_start": "2026-11-09", "subject": "Special"}, cancelled("2026-11-16")))
    times = {"start": timed("2026-11-02", "14:00"), "end": timed("2026-11-02", "15:00")}
    office.control.fault("500", times=50, path=path, method=method)
    outcome = office.desk.one(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data=times))
    assert isinstance(outcome, Failed) and isinstance(outcome.error, Transient)
    half = office.desk.again(made)
    assert half.data == made.data, "as before, so nobody takes it for edits, and the write stays due"
    office.control.calm()
    whole = office.desk.update(half, **times)
    assert whole.data["start"] == times["start"] and whole.data["occurrences"] == made.data["occurrences"]


def test_an_edit_of_a_series_whose_update_broke_off_is_seen_and_kept(office: Office) -> None:
    made = office.desk.create(series({"original_start": "2026-11-09", "subject": "Special"}, cancelled("2026-11-16")))
    times = {"start": timed("2026-11-02", "14:00"), "end": timed("2026-11-02", "15:00")}
    office.control.fault("500", times=50, path="/instances")
    office.desk.one(Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data=times))
    office.control.calm()
    office.outlook.patch(made.id, start=timed("2026-11-02", "16:00"), end=timed("2026-11-02", "17:00"))
    edited = office.desk.again(made)
    assert edited.data["start"] == timed("2026-11-02", "16:00"), "somebody's edit"
    assert edited.data["occurrences"] == made.data["occurrences"], "not our own half-done work"
    whole = office.desk.update(edited, occurrences=made.data["occurrences"])
    assert whole.data["start"] == edited.data["start"] and whole.data["occurrences"] == made.data["occurrences"]


@pytest.mark.parametrize("key", ["u", "another"])
@pytest.mark.parametrize("kind", ["500", "drop_after_commit"])
@pytest.mark.parametrize(
    "method, path", [("GET", "/instances"), ("POST", "/events"), ("PATCH", "/me/"), ("DELETE", "/me/")]
)
def test_a_move_past_a_neighbour_can_break_off_anywhere(
    office: Office, kind: str, method: str, path: str, key: str
) -> None:
    made = office.desk.create(series(cancelled("2026-11-30")))
    wanted = [moved("2026-11-09", "2026-11-18"), cancelled("2026-11-23"), cancelled("2026-11-30")]
    office.control.fault(kind, times=50, path=path, method=method)
    write = Write(op=Op.UPDATE, key="u", id=made.id, if_version=made.version, data={"occurrences": wanted})
    assert isinstance(office.desk.one(write), Failed)
    office.control.calm()
    assert set(office.desk.scan()[0]) == {made.id}
    again = office.desk.update(office.desk.again(made), key=key, occurrences=wanted)
    assert again.data["occurrences"] == wanted
    assert len(office.outlook.events()) == 2 and len(office.desk.scan()[0]) == 1
