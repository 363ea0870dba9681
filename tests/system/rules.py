"""Rules and patterns of every kind, and the days that people must see of each."""

from __future__ import annotations

from typing import Any

WEEKLY = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}


def graph(pattern: dict[str, Any], begin: str, **ends: Any) -> dict[str, Any]:
    kind = "numbered" if "numberOfOccurrences" in ends else "endDate" if "endDate" in ends else "noEnd"
    return {"pattern": pattern, "range": {"type": kind, "startDate": begin, **ends}}


RULES: dict[str, tuple[str, list[str], list[str]]] = {
    "count": (
        "2026-10-19T09:00",
        ["RRULE:FREQ=WEEKLY;COUNT=3"],
        ["2026-10-19T07:00Z", "2026-10-26T08:00Z", "2026-11-02T08:00Z"],
    ),
    # the last instant of UNTIL is that of the occurrence itself, in summer time and in winter time
    "until in summer": (
        "2026-10-12T09:00",
        ["RRULE:FREQ=WEEKLY;UNTIL=20261019T070000Z"],
        ["2026-10-12T07:00Z", "2026-10-19T07:00Z"],
    ),
    "until in winter": (
        "2026-10-19T09:00",
        ["RRULE:FREQ=WEEKLY;UNTIL=20261026T080000Z"],
        ["2026-10-19T07:00Z", "2026-10-26T08:00Z"],
    ),
    "until an hour early": (
        "2026-10-19T09:00",
        ["RRULE:FREQ=WEEKLY;UNTIL=20261026T070000Z"],
        ["2026-10-19T07:00Z"],
    ),
    # midnight in Berlin is the day before in UTC
    "until at midnight": (
        "2027-03-21T00:00",
        ["RRULE:FREQ=DAILY;INTERVAL=7;UNTIL=20270327T230000Z"],
        ["2027-03-20T23:00Z", "2027-03-27T23:00Z"],
    ),
    "until a day": (
        "2026-12-24",
        ["RRULE:FREQ=DAILY;UNTIL=20261226"],
        ["2026-12-24", "2026-12-25", "2026-12-26"],
    ),
    "day 31": ("2027-01-31", ["RRULE:FREQ=MONTHLY;COUNT=3"], ["2027-01-31", "2027-03-31", "2027-05-31"]),
    "day 30": (
        "2027-01-30T09:00",
        ["RRULE:FREQ=MONTHLY;BYMONTHDAY=30;COUNT=3"],
        ["2027-01-30T08:00Z", "2027-03-30T07:00Z", "2027-04-30T07:00Z"],
    ),
    "last day": (
        "2027-01-31",
        ["RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3"],
        ["2027-01-31", "2027-02-28", "2027-03-31"],
    ),
    "leap day": ("2028-02-29", ["RRULE:FREQ=YEARLY;UNTIL=20300301"], ["2028-02-29"]),
    "second Friday": ("2027-01-08", ["RRULE:FREQ=MONTHLY;BYDAY=2FR;COUNT=2"], ["2027-01-08", "2027-02-12"]),
    "last but one workday": (
        "2027-01-28",
        ["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=2"],
        ["2027-01-28", "2027-02-25"],
    ),
    "week start": (
        "2026-11-02T09:00",
        ["RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU;COUNT=4"],
        ["2026-11-02T08:00Z", "2026-11-15T08:00Z", "2026-11-16T08:00Z", "2026-11-29T08:00Z"],
    ),
    "exdate": (
        "2026-11-02T09:00",
        ["RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Berlin:20261109T090000,20261123T090000"],
        ["2026-11-02T08:00Z", "2026-11-16T08:00Z"],
    ),
    "exdate in UTC": (
        "2026-10-26T09:00",
        ["RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261102T080000Z"],
        ["2026-10-26T08:00Z", "2026-11-09T08:00Z"],
    ),
    "rule and rdate": (
        "2026-11-02T09:00",
        ["RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;TZID=Europe/Berlin:20261105T090000"],
        ["2026-11-02T08:00Z", "2026-11-05T08:00Z", "2026-11-09T08:00Z"],
    ),
    "rdates only": (
        "2026-11-02T09:00",
        ["RDATE;TZID=Europe/Berlin:20261103T090000,20261207T140000"],
        ["2026-11-02T08:00Z", "2026-11-03T08:00Z", "2026-12-07T13:00Z"],
    ),
    "rdates of days": (
        "2026-11-02",
        ["RDATE;VALUE=DATE:20261105,20261230"],
        ["2026-11-02", "2026-11-05", "2026-12-30"],
    ),
    "workdays": (
        "2026-11-02T09:00",
        ["RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=6"],
        [f"2026-11-{day:02}T08:00Z" for day in (2, 3, 4, 5, 6, 9)],
    ),
}
"""Title -> start, recurrence lines, the starts that people must see."""

PATTERNS: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str]]] = {
    "day 31": (
        "2027-01-31",
        {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
        {"numberOfOccurrences": 3},
        ["2027-01-31", "2027-02-28", "2027-03-31"],
    ),
    "day 29": (
        "2027-01-29",
        {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 29},
        {"endDate": "2027-03-29"},
        ["2027-01-29", "2027-02-28", "2027-03-29"],
    ),
    "leap day": (
        "2028-02-29",
        {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29},
        {"numberOfOccurrences": 2},
        ["2028-02-29", "2029-02-28"],
    ),
    "until": ("2026-11-02", WEEKLY, {"endDate": "2026-11-16"}, ["2026-11-02", "2026-11-09", "2026-11-16"]),
    "last Thursday": (
        "2026-11-26",
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["thursday"], "index": "last"},
        {"numberOfOccurrences": 2},
        ["2026-11-26", "2026-12-31"],
    ),
    "Thanksgiving": (
        "2026-11-26",
        {"type": "relativeYearly", "interval": 1, "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"},
        {"numberOfOccurrences": 2},
        ["2026-11-26", "2027-11-25"],
    ),
    "first weekend day": (
        "2026-11-01",
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["saturday", "sunday"], "index": "first"},
        {"numberOfOccurrences": 2},
        ["2026-11-01", "2026-12-05"],
    ),
}
