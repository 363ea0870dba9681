"""The Outlook stand-in: recurrence patterns, exceptions and deleted occurrences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from tests.sandbox.graph import MONDAYS, STAMP, Graph, at, meeting, rule, signed_in

DAILY = {"type": "daily"}


@pytest.fixture(scope="module")
def graph() -> Iterator[Graph]:
    with signed_in() as graph:
        yield graph


PATTERNS = [
    ("2026-11-02", {"type": "daily", "interval": 3}, "FREQ=DAILY;INTERVAL=3"),
    ("2026-11-02", {"type": "weekly", "daysOfWeek": ["monday", "thursday"]}, "FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU"),
    (
        "2026-11-01",
        {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "monday"},
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO",
    ),
    (
        "2026-11-01",
        {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"]},
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
    ),
    (
        "2026-11-15",
        {"type": "absoluteMonthly", "interval": 2, "dayOfMonth": 15},
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15",
    ),
    ("2027-01-31", {"type": "absoluteMonthly", "dayOfMonth": 31}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"),
    ("2027-01-30", {"type": "absoluteMonthly", "dayOfMonth": 30}, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"),
    (
        "2026-11-10",
        {"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "second"},
        "FREQ=MONTHLY;BYDAY=2TU",
    ),
    (
        "2026-11-30",
        {"type": "relativeMonthly", "daysOfWeek": ["monday", "tuesday", "wednesday"], "index": "last"},
        "FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-1",
    ),
    ("2026-03-28", {"type": "absoluteYearly", "dayOfMonth": 28, "month": 3}, "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=28"),
    (
        "2026-11-25",
        {"type": "relativeYearly", "daysOfWeek": ["wednesday"], "index": "last", "month": 11},
        "FREQ=YEARLY;BYMONTH=11;BYDAY=-1WE",
    ),
]


@pytest.mark.parametrize(("start", "pattern", "oracle"), PATTERNS)
def test_a_pattern_has_the_days_of_its_rule(graph: Graph, start: str, pattern: dict[str, Any], oracle: str) -> None:
    times = {"start": at(f"{start}T09:00:00"), "end": at(f"{start}T09:30:00")}
    master = graph.create(**times, recurrence=rule(pattern, start))
    days = rrulestr(oracle, dtstart=datetime.fromisoformat(start)).between(datetime(2028, 1, 1), datetime(2029, 1, 1))
    assert days
    assert graph.days(master, "2028-01-01", "2029-01-01") == [f"{each:%Y-%m-%d}" for each in days]


def test_a_numbered_range_counts_and_an_end_date_is_inclusive(graph: Graph) -> None:
    counted = graph.series(DAILY, ranged={"type": "numbered", "numberOfOccurrences": 3})
    ended = graph.series(DAILY, ranged={"type": "endDate", "endDate": "2026-11-04"})
    days = ["2026-11-02", "2026-11-03", "2026-11-04"]
    assert graph.days(counted, "2026-11-01", "2027-11-01") == graph.days(ended, "2026-11-01", "2027-11-01") == days


def test_a_series_keeps_its_wall_time_over_the_change_of_clocks(graph: Graph) -> None:
    start = {"start": at("2026-10-19T09:00:00"), "end": at("2026-10-19T10:00:00")}
    master = graph.create(**start, recurrence=rule(MONDAYS, "2026-10-19"))
    seen = graph.instances(master, "2026-10-18", "2026-11-03")
    assert [each["start"]["dateTime"][11:13] for each in seen] == ["07", "08", "08"]


def test_members_without_use_come_back_as_fillers_and_cannot_be_sent_back(graph: Graph) -> None:
    master = graph.series()
    assert master["type"] == "seriesMaster"
    stored = master["recurrence"]
    assert (stored["pattern"]["month"], stored["pattern"]["dayOfMonth"]) == (0, 0)
    assert (stored["range"]["endDate"], stored["range"]["numberOfOccurrences"]) == ("0001-01-01", 0)
    assert (stored["pattern"]["firstDayOfWeek"], stored["range"]["recurrenceTimeZone"]) == (
        "sunday",
        "W. Europe Standard Time",
    )
    graph.patch(master, 400, recurrence=stored)


@pytest.mark.parametrize(
    "recurrence",
    [
        rule({"type": "weekly"}),
        rule({"type": "hourly"}),
        rule({"type": "daily", "interval": 0}),
        rule({"type": "absoluteMonthly", "dayOfMonth": 32}),
        rule({"type": "absoluteYearly", "dayOfMonth": 2}),
        rule({**DAILY, "daysOfWeek": ["someday"]}),
        rule({**DAILY, "index": "fifth"}),
        rule(DAILY, "2026-11-03"),
        rule(DAILY, type="numbered"),
        rule(DAILY, type="endDate", endDate="2026-11-01"),
        rule(DAILY, recurrenceTimeZone="Mars"),
        rule(MONDAYS, recurrenceTimeZone="Tonga Standard Time") | {"pattern": None},
        {"pattern": {**DAILY, "interval": 1}},
    ],
)
def test_patterns_that_do_not_hold_water_are_refused(graph: Graph, recurrence: dict[str, Any]) -> None:
    graph.call("POST", "/me/events", 400, json=meeting(recurrence=recurrence))


def test_the_start_date_is_the_date_in_the_zone_of_the_rule(graph: Graph) -> None:
    late = {"start": at("2026-11-02T23:30:00"), "end": at("2026-11-02T23:45:00")}
    wrong = meeting(**late, recurrence=rule(DAILY, recurrenceTimeZone="Tokyo Standard Time"))
    graph.call("POST", "/me/events", 400, json=wrong)
    master = graph.create(**late, recurrence=rule(DAILY, "2026-11-03", recurrenceTimeZone="Asia/Tokyo"))
    assert master["recurrence"]["range"]["recurrenceTimeZone"] == "Tokyo Standard Time"


def test_an_exception_keeps_what_it_changed_and_inherits_the_rest(graph: Graph) -> None:
    master = graph.series(showAs="busy")
    _, second, *_ = graph.instances(master)
    assert (second["type"], second["seriesMasterId"], second["originalStart"]) == (
        "occurrence",
        master["id"],
        "2026-11-09T08:00:00Z",
    )
    changed = graph.patch(second, subject="Special")
    assert (changed["type"], changed["id"], changed["subject"]) == ("exception", second["id"], "Special")
    graph.patch(master, subject="Renamed", showAs="free")
    seen = graph.get(second)
    assert (seen["subject"], seen["showAs"]) == ("Special", "free")
    assert [each["subject"] for each in graph.instances(master)][:3] == ["Renamed", "Special", "Renamed"]


def test_occurrences_have_ids_of_their_own_but_share_the_version_of_the_series(graph: Graph) -> None:
    master = graph.series()
    first, second, *_ = graph.instances(master)
    assert len({master["iCalUId"], first["iCalUId"], second["iCalUId"]}) == 3
    assert master["uid"] == first["uid"]
    assert first["occurrenceId"] == f"OID.{master['id']}.2026-11-02"
    etag = graph.patch(first, subject="New")["@odata.etag"]
    assert etag != master["@odata.etag"]
    assert {graph.get(each)["@odata.etag"] for each in (master, first, second)} == {etag}


def test_a_master_tells_its_changes_only_to_those_who_select_and_expand(graph: Graph) -> None:
    master = graph.series()
    first, second, third, *_ = graph.instances(master)
    graph.patch(first, subject="Changed")
    graph.delete(second)
    wanted = "subject,cancelledOccurrences,exceptionOccurrences"
    seen = graph.get(master, f"?$select={wanted}&$expand=exceptionOccurrences")
    assert seen["cancelledOccurrences"] == [f"OID.{master['id']}.2026-11-09"]
    assert [(each["id"], each["subject"]) for each in seen["exceptionOccurrences"]] == [(first["id"], "Changed")]
    assert "exceptionOccurrences" not in graph.get(master, f"?$select={wanted}")
    assert not {"cancelledOccurrences", "exceptionOccurrences"} & graph.get(master).keys()
    assert [each["id"] for each in graph.instances(master)][:2] == [first["id"], third["id"]]


def test_a_deleted_occurrence_is_gone_for_good(graph: Graph) -> None:
    master = graph.series()
    first, *_ = graph.instances(master)
    graph.delete(first)
    graph.get(first, status=404)
    graph.patch(first, 404, subject="Back")
    graph.delete(first, 404)


@pytest.mark.parametrize(
    ("move", "status"),
    [("2026-11-15", 200), ("2026-11-16", 400), ("2026-11-17", 400), ("2026-11-03", 200), ("2026-11-02", 400)],
)
def test_an_occurrence_cannot_reach_the_day_of_a_neighbour(graph: Graph, move: str, status: int) -> None:
    master = graph.series()
    second = graph.instances(master)[1]
    reply = graph.patch(second, status, start=at(f"{move}T15:00:00"), end=at(f"{move}T16:00:00"))
    if status == 400:
        assert reply["error"]["code"] == "ErrorOccurrenceCrossingBoundary"
        assert graph.get(second)["type"] == "occurrence"


def test_a_deleted_neighbour_makes_room_and_a_moved_one_counts_where_it_is_now(graph: Graph) -> None:
    master = graph.series()
    first, second, third, *_ = graph.instances(master)
    graph.patch(first, start=at("2026-11-05T09:00:00"), end=at("2026-11-05T10:00:00"))
    graph.patch(second, 400, start=at("2026-11-05T15:00:00"), end=at("2026-11-05T16:00:00"))
    graph.delete(third)
    moved = graph.patch(second, start=at("2026-11-16T15:00:00"), end=at("2026-11-16T16:00:00"))
    assert (moved["originalStart"], moved["start"]["dateTime"][:13]) == ("2026-11-09T08:00:00Z", "2026-11-16T14")


@pytest.mark.parametrize(
    "change",
    [
        {"start": at("2026-11-02T10:00:00"), "end": at("2026-11-02T10:30:00")},
        {"recurrence": rule({**MONDAYS, "interval": 2})},
    ],
)
def test_new_times_or_a_new_pattern_drop_the_exceptions(graph: Graph, change: dict[str, Any]) -> None:
    master = graph.series()
    first, second, *_ = graph.instances(master)
    graph.patch(first, subject="Changed")
    graph.delete(second)
    graph.patch(master, **change)
    seen = graph.get(master, "?$select=cancelledOccurrences,exceptionOccurrences&$expand=exceptionOccurrences")
    assert (seen["cancelledOccurrences"], seen["exceptionOccurrences"]) == ([], [])
    assert graph.instances(master)[0]["subject"] == "Standup"


def test_a_start_on_another_day_needs_a_range_that_begins_there(graph: Graph) -> None:
    master = graph.series()
    times = {"start": at("2026-11-09T09:00:00"), "end": at("2026-11-09T09:30:00")}
    graph.patch(master, 400, **times)
    graph.patch(master, **times, recurrence=rule(MONDAYS, "2026-11-09"))
    assert graph.days(master, "2026-11-01", "2026-11-20") == ["2026-11-09", "2026-11-16"]


def test_a_series_becomes_single_and_a_single_event_a_series_under_the_same_id(graph: Graph) -> None:
    event = graph.create()
    assert graph.get(event, "/instances?startDateTime=2026-11-01&endDateTime=2026-12-01", 400)["error"]
    assert graph.patch(event, recurrence=rule(MONDAYS))["type"] == "seriesMaster"
    assert len(graph.instances(event, until="2026-11-17")) == 3
    single = graph.patch(event, recurrence=None)
    assert (single["id"], single["type"], single["recurrence"]) == (event["id"], "singleInstance", None)


def test_an_occurrence_cannot_have_a_recurrence(graph: Graph) -> None:
    first, *_ = graph.instances(graph.series())
    graph.patch(first, 400, recurrence=rule(DAILY))


def test_an_exception_has_extended_properties_of_its_own_over_those_of_the_series(graph: Graph) -> None:
    master = graph.series(singleValueExtendedProperties=[{"id": STAMP, "value": "series"}])
    first, second, *_ = graph.instances(master)
    graph.patch(first, singleValueExtendedProperties=[{"id": STAMP, "value": "own"}])
    expand = f"&$expand=singleValueExtendedProperties($filter=id eq '{STAMP}')"
    seen = graph.get(master, f"/instances?startDateTime=2026-11-01&endDateTime=2026-11-17{expand}")["value"]
    assert [each["singleValueExtendedProperties"][0]["value"] for each in seen] == ["own", "series", "series"]
    assert second["id"] == seen[1]["id"]


def test_a_view_shows_occurrences_by_start_and_the_list_shows_masters(graph: Graph) -> None:
    with signed_in() as other:
        master = other.series()
        single = other.create(start=at("2026-11-03T09:00:00"), end=at("2026-11-03T10:00:00"))
        window = "startDateTime=2026-11-02T00:00:00-08:00&endDateTime=2026-11-10T00:00:00Z"
        view = other.call("GET", f"/me/calendarView?{window}")["value"]
        assert [each["type"] for each in view] == ["occurrence", "singleInstance", "occurrence"]
        listed = {each["id"] for each in other.call("GET", "/me/calendar/events")["value"]}
        assert listed == {master["id"], single["id"]}
        assert other.refused("GET", f"/me/calendarView?{window}&$select=createdDateTime", 400)
        assert other.refused("GET", "/me/calendarView?startDateTime=2026-11-02", 400)


def test_an_all_day_series_goes_by_dates(graph: Graph) -> None:
    times = {"start": at("2026-11-02T00:00:00"), "end": at("2026-11-03T00:00:00"), "isAllDay": True}
    master = graph.create(**times, recurrence=rule(MONDAYS))
    _, second, *_ = graph.instances(master)
    assert (second["originalStart"], second["occurrenceId"][-10:]) == ("2026-11-09T00:00:00Z", "2026-11-09")
    graph.patch(second, start=at("2026-11-10T00:00:00"), end=at("2026-11-11T00:00:00"))
    assert graph.days(master, "2026-11-01", "2026-11-17") == ["2026-11-02", "2026-11-10", "2026-11-16"]


def test_people_of_a_series_hear_of_each_exception_too(graph: Graph) -> None:
    master = graph.series(attendees=[{"emailAddress": {"address": "a@where.example"}}])
    first, *_ = graph.instances(master)
    graph.mail()
    graph.patch(first, subject="Changed")
    assert graph.mail() == 1
    graph.patch(master, subject="Renamed")
    assert graph.mail() == 2
