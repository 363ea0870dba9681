"""Changed occurrences: sparse entries through all dialects, and what Outlook needs to hold foreign rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contract import Field
from engine.lens import Chain, Refusal
from engine.lenses import expand, lens_for
from engine.lenses.moment import anchor
from engine.lenses.recurrence_graph import PatternedRecurrence
from engine.lenses.recurrence_ical import read
from tests.lenses.samples import FIELDS, WINDOWS, begins, context, examples, native_moment, pattern_days, rules

BODY = {"google": ("description", "html"), "graph": ("body", "html"), "ical": ("description", "text")}
BUSY = {"google": ("transparency", "opaque"), "graph": ("showAs", "busy"), "ical": ("transp", "OPAQUE")}
DIALECTS = list(BODY)


def lens(dialect, rows=("title", "body", "start", "end", "busy")):
    """The occurrences lens of a side as a mapping with these rows would build it."""
    names = FIELDS[dialect]
    fields = {
        "title": (names["meeting.title"], Field(type="text", means="meeting.title", max_length=255)),
        "body": (BODY[dialect][0], Field(type=BODY[dialect][1], dialect=dialect, means="meeting.body")),
        "end": (names["meeting.end"], Field(type="moment", dialect=dialect, means="meeting.end")),
        "start": (names["meeting.start"], Field(type="moment", dialect=dialect, means="meeting.start")),
        "busy": (BUSY[dialect][0], Field(type="choice", dialect=dialect, means="meeting.busy")),
    }
    inner = {native: (row, Chain([lens_for(field)])) for row, (native, field) in fields.items() if row in rows}
    return lens_for(Field(type="occurrences", dialect=dialect, means="meeting.changed", many=True), inner)


def series(dialect, at=datetime(2026, 11, 2, 9), zone="Europe/Berlin", length=timedelta(hours=1), shared=None, **more):
    """A weekly meeting on Mondays at this side."""
    names = FIELDS[dialect]
    native = {
        names["meeting.start"]: native_moment(dialect, at, zone),
        names["meeting.end"]: native_moment(dialect, at + length, zone),
        names["meeting.title"]: "Standup",
        BODY[dialect][0]: "Agenda",
        BUSY[dialect][0]: BUSY[dialect][1],
    }
    return context(dialect, native, shared, **more)


MOVED = {
    "start": {"at": "2026-11-17T10:00:00", "zone": "Europe/Berlin"},
    "end": {"at": "2026-11-17T11:00:00", "zone": "Europe/Berlin"},
}
_titles = st.sampled_from([None, "Standup", "Special", "Other"])
_entries = st.one_of(
    st.just({"cancelled": True}),
    st.fixed_dictionaries({"title": _titles}),
    st.just(MOVED),
    st.just({**MOVED, "title": "Moved", "body": "<b>new</b>"}),
    st.fixed_dictionaries(
        {"body": st.sampled_from([None, "other<br>text"]), "busy": st.sampled_from(["free", "oof", "busy"])}
    ),
)
shared_lists = st.dictionaries(st.sampled_from(["2026-11-09", "2026-11-16", "2026-11-23"]), _entries, max_size=3)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(first=shared_lists, second=shared_lists)
@examples(120)
def test_laws(dialect, first, second):
    one, here = lens(dialect), series(dialect)
    native = one.put(first, None, here)
    assert one.put(one.get(native, here), native, here) is native
    for old in (None, native):
        written = one.put(second, old, here)
        shown = one.get(written, here)
        assert one.get(one.put(shown, written, here), here) == shown
        assert one.put(second, written, here) is written
        assert one.get(written, here) == {k: one.get([e], here)[k] for k, e in one.split(written).items()}
        assert one.join(one.split(written)) == written


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("other", DIALECTS)
def test_occurrences_travel(dialect, other):
    shared = {
        "2026-11-09": {"cancelled": True},
        "2026-11-16": {**MOVED, "title": "Moved"},
        "2026-11-23": {"title": None, "body": "<b>new</b>" if "ical" not in (dialect, other) else "new"},
    }
    here, there = series(dialect), series(other)
    native = lens(dialect).put(shared, None, here)
    assert lens(dialect).get(native, here) == shared
    assert lens(other).get(lens(other).put(lens(dialect).get(native, here), None, there), there) == shared


def test_native_spelling():
    shared = {
        "2026-11-09": {"cancelled": True},
        "2026-11-16": {**MOVED, "title": "Moved"},
        "2026-11-23": {"title": None},
    }
    zone = WINDOWS["Europe/Berlin"]
    assert lens("graph").put(shared, None, series("graph")) == [
        {"original_start": "2026-11-09", "cancelled": True},
        {
            "original_start": "2026-11-16",
            "subject": "Moved",
            "start": {"dateTime": "2026-11-17T10:00:00", "timeZone": zone},
            "end": {"dateTime": "2026-11-17T11:00:00", "timeZone": zone},
        },
        {"original_start": "2026-11-23", "subject": None},
    ]


def test_what_equals_the_series_is_left_out():
    own = {
        "start": {"at": "2026-11-09T09:00:00", "zone": "Europe/Berlin"},
        "end": {"at": "2026-11-09T10:00:00", "zone": "Europe/Berlin"},
    }
    assert lens("google").put({"2026-11-09": {"title": "Standup", **own}}, None, series("google")) == []
    assert (
        lens("google").put({"2026-11-09": {"busy": "oof"}}, None, series("google")) == []
    )  # the series is busy already


def test_start_and_end_travel_together():
    entry = {"2026-11-16": {"start": MOVED["start"]}}
    [native] = lens("google", rows=("title", "start")).put(entry, None, series("google"))
    assert native["end"] == {"dateTime": "2026-11-17T11:00:00", "timeZone": "Europe/Berlin"}
    longer = {"2026-11-16": {"end": {"at": "2026-11-16T12:00:00", "zone": "Europe/Berlin"}}}
    [native] = lens("google").put(longer, None, series("google"))
    assert native["start"] == {"dateTime": "2026-11-16T09:00:00", "timeZone": "Europe/Berlin"}


def test_fields_without_a_row_are_kept_and_not_shown():
    one, here = lens("google"), series("google")
    old = [
        {"original_start": "2026-11-09", "location": "Room 7"},
        {"original_start": "2026-11-16", "location": "Room 8", "summary": "Special"},
    ]
    assert one.get(old, here) == {"2026-11-16": {"title": "Special"}}
    assert one.put({}, old, here) == [old[0], {"original_start": "2026-11-16", "location": "Room 8"}]
    renamed = one.put({"2026-11-16": {"title": "New"}}, old, here)
    assert renamed[1] == {"original_start": "2026-11-16", "location": "Room 8", "summary": "New"}
    assert one.put({"2026-11-16": {"cancelled": True}}, old, here)[1] == {
        "original_start": "2026-11-16",
        "cancelled": True,
    }


def test_nothing():
    one, here = lens("google"), series("google")
    assert one.get(None, here) == {} and one.get([], here) == {} and one.put({}, None, here) == []
    assert one.put(None, [], here) == []


def repeating(dialect, lines, at=datetime(2026, 11, 2, 9), zone="Europe/Berlin", **more):
    start = {"at": at.isoformat(), "zone": zone} if isinstance(at, datetime) else {"date": at.isoformat()}
    length = timedelta(hours=1) if isinstance(at, datetime) else timedelta(days=1)
    repeat = read(lines, anchor(start))
    return series(dialect, at, zone, length, {"meeting.repeat": repeat, "meeting.start": start}, **more), repeat


def test_outlook_cancels_the_days_that_its_pattern_has_too_many():
    here, repeat = repeating("graph", ["RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=4"])
    shared = {"2026-11-16": {"title": "Special"}, "2026-12-07": {"cancelled": True}}
    native = lens("graph").put(shared, None, here)
    assert native == [
        {"original_start": "2026-11-09", "cancelled": True},
        {"original_start": "2026-11-16", "subject": "Special"},
        {"original_start": "2026-11-23", "cancelled": True},
        {"original_start": "2026-11-30", "cancelled": True},
        {"original_start": "2026-12-07", "cancelled": True},
        {"original_start": "2026-12-14", "cancelled": True},
    ]
    pattern = PatternedRecurrence().put(repeat, None, here)
    assert pattern["pattern"]["type"] == "weekly" and pattern["range"]["endDate"] == "2026-12-21"
    assert lens("google").put(shared, None, repeating("google", ["RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=4"])[0]) == [
        {"original_start": "2026-11-16", "summary": "Special"},
        {"original_start": "2026-12-07", "cancelled": True},
    ]


def test_a_date_at_another_hour_is_moved_in_outlook():
    here, _ = repeating("graph", ["RRULE:FREQ=WEEKLY;COUNT=2", "RDATE;TZID=Europe/Berlin:20261116T150000"])
    zone = WINDOWS["Europe/Berlin"]
    moved = {
        "original_start": "2026-11-16",
        "start": {"dateTime": "2026-11-16T15:00:00", "timeZone": zone},
        "end": {"dateTime": "2026-11-16T16:00:00", "timeZone": zone},
    }
    assert lens("graph").put({}, None, here) == [moved]
    assert lens("graph").put({"2026-11-16": {"title": "Late"}}, None, here) == [{**moved, "subject": "Late"}]
    assert lens("graph").put({"2026-11-16": {"cancelled": True}}, None, here) == [
        {"original_start": "2026-11-16", "cancelled": True}
    ]
    assert lens("graph").reads == ("meeting.start", "meeting.end", "meeting.repeat")


@given(st.data())
@examples(80)
def test_outlook_shows_the_days_of_the_rule(data):
    """Recurrence and occurrences lens together: what Outlook ends up showing is the set, whatever the rule."""
    at, zone = data.draw(begins())
    last = f"{at.year + 2}-12-31"
    here, repeat = repeating("graph", [f"RRULE:{data.draw(rules(at, zone))}"], at, zone, horizon=last)
    try:
        native = PatternedRecurrence().put(repeat, None, here)
    except Refusal:
        return
    gone = {entry["original_start"] for entry in lens("graph").put({}, None, here)}
    days = [day for day in pattern_days(native, date.fromisoformat(last)) if day.isoformat() not in gone]
    start = anchor(here.shared["meeting.start"])
    assert days == [one.date() for one in expand.starts(repeat, start, datetime.fromisoformat(f"{last}T23:59:59"))]


def test_all_day_series():
    here, _ = repeating("google", ["RRULE:FREQ=WEEKLY"], date(2026, 11, 2), None)
    moved = {"start": {"date": "2026-11-10"}, "end": {"date": "2026-11-11"}}
    assert lens("google").put({"2026-11-09": moved}, None, here) == [
        {"original_start": "2026-11-09", "start": {"date": "2026-11-10"}, "end": {"date": "2026-11-11"}}
    ]


def test_the_clock_change_keeps_the_hour():
    """A meeting of one hour on the day after the change: its own span is nine to ten on the wall."""
    here = series("google", datetime(2026, 10, 19, 9))
    own = {
        "start": {"at": "2026-10-26T09:00:00", "zone": "Europe/Berlin"},
        "end": {"at": "2026-10-26T10:00:00", "zone": "Europe/Berlin"},
    }
    assert lens("google").put({"2026-10-26": own}, None, here) == []
