"""Series and their exceptions in the Google stand-in."""

from __future__ import annotations

from typing import Any

import pytest

BERLIN = {"timeZone": "Europe/Berlin"}


def weekly(google: Any, **fields: Any) -> Any:
    return google.insert(recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4"], **fields)


def instances(google: Any, event_id: str, **query: Any) -> list[Any]:
    return google.api.events().instances(calendarId=google.calendar, eventId=event_id, **query).execute()["items"]


def test_instances_have_composed_ids_and_their_series_fields(google):
    made = weekly(google)
    found = instances(google, made["id"])
    assert [each["id"].partition("_")[2] for each in found] == [
        "20261102T080000Z",
        "20261109T080000Z",
        "20261116T080000Z",
        "20261123T080000Z",
    ]
    second = google.get(found[1]["id"])
    assert second == found[1]
    assert second["recurringEventId"] == made["id"]
    assert second["originalStartTime"] == second["start"]
    assert second["end"]["dateTime"] == "2026-11-09T10:00:00+01:00"
    assert second["iCalUID"] == made["iCalUID"]
    assert "recurrence" not in second
    assert google.refusal(lambda: google.get(f"{made['id']}_20261110T080000Z")) == (404, "notFound")
    assert google.refusal(lambda: instances(google, second["id"])) == (400, "invalid")


def test_all_day_instances_are_named_by_date(google):
    made = google.insert(
        start={"date": "2026-11-02"}, end={"date": "2026-11-04"}, recurrence=["RRULE:FREQ=MONTHLY;COUNT=2"]
    )
    second = google.get(f"{made['id']}_20261202")
    assert (second["start"], second["end"]) == ({"date": "2026-12-02"}, {"date": "2026-12-04"})


def test_instances_by_original_start_and_window(google):
    made = weekly(google)
    moved = f"{made['id']}_20261109T080000Z"
    google.patch(
        moved, start=BERLIN | {"dateTime": "2026-11-12T09:00:00"}, end=BERLIN | {"dateTime": "2026-11-12T10:00:00"}
    )
    only = instances(google, made["id"], originalStart="2026-11-09T08:00:00Z")
    assert [each["id"] for each in only] == [moved]
    window = {"timeMin": "2026-11-11T00:00:00Z", "timeMax": "2026-11-17T00:00:00Z"}
    assert [each["start"]["dateTime"][:10] for each in instances(google, made["id"], **window)] == [
        "2026-11-12",
        "2026-11-16",
    ]
    google.delete(moved)
    assert len(instances(google, made["id"])) == 3
    assert len(instances(google, made["id"], showDeleted=True)) == 4


def test_instances_in_pages(google):
    made = google.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=7"])
    request = google.api.events().instances(calendarId=google.calendar, eventId=made["id"], maxResults=3)
    sizes = []
    while request is not None:
        page = request.execute()
        sizes.append(len(page["items"]))
        request = google.api.events().instances_next(request, page)
    assert sizes == [3, 3, 1]


def test_a_removed_occurrence_keeps_three_fields(google):
    made = weekly(google)
    google.delete(f"{made['id']}_20261109T080000Z")
    assert google.refusal(lambda: google.delete(f"{made['id']}_20261109T080000Z")) == (410, "deleted")
    master, removed = google.items()
    assert master["id"] == made["id"]
    assert removed == {
        "id": f"{made['id']}_20261109T080000Z",
        "status": "cancelled",
        "recurringEventId": made["id"],
        "originalStartTime": {"dateTime": "2026-11-09T09:00:00+01:00", "timeZone": "Europe/Berlin"},
    }
    google.patch(removed["id"], status="confirmed")
    assert len(instances(google, made["id"])) == 4


def test_exceptions_follow_their_series_where_they_were_given_nothing(google):
    made = weekly(google, location="Room 1")
    changed = google.patch(f"{made['id']}_20261109T080000Z", summary="Special", location=None)
    assert changed["etag"] != made["etag"]
    google.patch(made["id"], summary="Renamed", location="Room 2", description="New")
    exception = google.get(changed["id"])
    assert (exception["summary"], exception.get("location"), exception["description"]) == ("Special", None, "New")
    assert instances(google, made["id"])[2]["location"] == "Room 2"


def test_an_updated_exception_keeps_everything_it_was_given(google):
    made = weekly(google, location="Room 1")
    occurrence = google.get(f"{made['id']}_20261109T080000Z")
    update = google.api.events().update(calendarId=google.calendar, eventId=occurrence["id"], body=occurrence)
    update.execute()
    google.patch(made["id"], location="Room 2")
    assert google.get(occurrence["id"])["location"] == "Room 1"


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2"]}, ["20261109T080000Z"]),
        ({"recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO,TU"]}, ["20261109T080000Z", "20261116T080000Z"]),
        ({"recurrence": None}, []),
        (
            {
                "start": BERLIN | {"dateTime": "2026-11-02T11:00:00"},
                "end": BERLIN | {"dateTime": "2026-11-02T12:00:00"},
            },
            [],
        ),
    ],
)
def test_exceptions_without_an_occurrence_are_dropped(google, change, left):
    made = weekly(google)
    google.patch(f"{made['id']}_20261109T080000Z", summary="Changed")
    google.delete(f"{made['id']}_20261116T080000Z")
    google.patch(made["id"], **change)
    found = google.items(iCalUID=made["iCalUID"])
    assert [each["id"].partition("_")[2] for each in found[1:]] == left


def test_an_occurrence_has_no_recurrence_of_its_own(google):
    made = weekly(google)
    change = {"recurrence": ["RRULE:FREQ=DAILY"]}
    assert google.refusal(lambda: google.patch(f"{made['id']}_20261109T080000Z", **change)) == (400, "invalid")


def test_exdates_stay_on_the_series_as_sent(google):
    lines = ["EXDATE;TZID=Europe/Berlin:20261109T090000,20261116T090000", "RRULE:BYDAY=MO;FREQ=WEEKLY;COUNT=4"]
    made = google.insert(recurrence=lines)
    assert made["recurrence"] == lines
    assert len(instances(google, made["id"])) == 2
    assert len(google.items()) == 1
    assert google.refusal(lambda: google.get(f"{made['id']}_20261109T080000Z")) == (404, "notFound")


def test_clock_changes_keep_the_wall_time(google):
    made = google.insert(
        start=BERLIN | {"dateTime": "2026-10-24T02:30:00"},
        end=BERLIN | {"dateTime": "2026-10-24T03:00:00"},
        recurrence=["RRULE:FREQ=DAILY;UNTIL=20261026T013000Z", "RDATE;TZID=Europe/Berlin:20270328T023000"],
    )
    found = instances(google, made["id"])
    assert [each["start"]["dateTime"] for each in found] == [
        "2026-10-24T02:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
        "2027-03-28T03:30:00+02:00",  # 02:30 does not exist that night
    ]
    assert google.get(found[3]["id"])["originalStartTime"] == found[3]["start"]


def test_the_last_day_of_each_month(google):
    made = google.insert(
        start={"date": "2027-01-31"},
        end={"date": "2027-02-01"},
        recurrence=["RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD;COUNT=3"],
    )
    assert [each["start"]["date"] for each in instances(google, made["id"])] == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
    ]


def test_a_series_of_which_every_later_day_is_excluded(google):
    made = google.insert(
        recurrence=["RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY", "RDATE;TZID=Europe/Berlin:20261201T090000"]
    )
    assert instances(google, made["id"]) == []


def test_lookup_by_icaluid_tells_the_whole_series(google):
    made = weekly(google)
    google.patch(f"{made['id']}_20261109T080000Z", summary="Changed")
    google.delete(f"{made['id']}_20261116T080000Z")
    google.insert(summary="Other")
    found = google.items(iCalUID=made["iCalUID"])
    assert [each["status"] for each in found] == ["confirmed", "confirmed", "cancelled"]
    google.delete(made["id"])
    assert google.items(iCalUID=made["iCalUID"]) == []
    assert {each["status"] for each in google.items(iCalUID=made["iCalUID"], showDeleted=True)} == {"cancelled"}


def test_a_restored_series_has_its_exceptions_back(google):
    made = weekly(google)
    google.patch(f"{made['id']}_20261109T080000Z", summary="Changed")
    google.delete(made["id"])
    google.patch(made["id"], status="confirmed")
    assert [each["summary"] for each in google.items()] == ["Standup", "Changed"]
