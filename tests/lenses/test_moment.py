"""Moments and zones: what comes back, what stays, and what is refused."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lens import Refusal
from engine.lenses import zones
from engine.lenses.moment import Moment
from tests.lenses.samples import FIELDS, WINDOWS, ZONES, context, examples

DIALECTS = ["google", "graph", "ical"]


def start(dialect):
    return Moment(dialect)


def native(at="2026-11-02T09:00:00", zone="Europe/Berlin"):
    return {"dateTime": at, "timeZone": zone}


@st.composite
def natives(draw, dialect):
    day = draw(st.dates(date(2000, 1, 1), date(2039, 12, 31)))
    if draw(st.integers(0, 3)) == 0:
        return {"date": day.isoformat()}
    names = (
        list(WINDOWS.values())
        if dialect == "graph"
        else [*ZONES, "Europe/Vienna", "Asia/Calcutta", "US/Eastern", "Etc/UTC"]
    )
    if dialect == "ical":
        names.append(None)
    at = datetime.combine(day, draw(st.times()).replace(microsecond=0))
    return {"dateTime": at.isoformat(), "timeZone": draw(st.sampled_from(names))}


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data())
@examples(100)
def test_laws(dialect, data):
    lens, here = start(dialect), context(dialect)
    old = data.draw(natives(dialect))
    assert lens.put(lens.get(old, here), old, here) is old
    other = data.draw(st.sampled_from(DIALECTS))
    shared = start(other).get(data.draw(natives(other)), here)
    written = lens.put(shared, data.draw(st.sampled_from([None, old])), here)
    shown = lens.get(written, here)
    assert lens.put(shown, written, here) is written
    assert lens.get(lens.put(shared, written, here), here) == shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"), ("Europe/Kiev", "Europe/Kyiv"), ("US/Eastern", "America/New_York"),
        ("Etc/UTC", "UTC"), ("Zulu", "UTC"), ("GMT", "UTC"), ("Europe/Oslo", "Europe/Oslo"),
        ("W. Europe Standard Time", "Europe/Berlin"), ("India Standard Time", "Asia/Kolkata"), ("Mars/Olympus", None),
        ("", None),
    ],
)  # fmt: skip
def test_one_name_for_a_zone(name, expected):
    assert zones.canonical(name) == expected


def test_every_windows_zone_is_known():
    from tzlocal.windows_tz import win_tz

    for name in win_tz:
        assert zones.windows(zones.canonical(name)) == name


@pytest.mark.parametrize("zone", ZONES)
def test_round_trip_through_outlook(zone):
    shared = {"at": "2026-11-02T09:00:00", "zone": zone}
    graph = start("graph").put(shared, None, context("graph"))
    assert graph == native(zone=WINDOWS[zone])
    assert start("graph").get(graph, context("graph")) == shared


def test_the_users_zone_stays_where_outlook_knows_only_its_class():
    """Vienna becomes Berlin in Outlook; an edit there moves the time and leaves Vienna in peace."""
    vienna = native(zone="Europe/Vienna")
    lens, here = start("ical"), context("ical")
    graph = start("graph").put(lens.get(vienna, here), None, context("graph"))
    assert graph["timeZone"] == "W. Europe Standard Time"
    assert lens.put(start("graph").get(graph, context("graph")), vienna, here) == vienna
    moved = {"at": "2026-11-02T10:00:00", "zone": "Europe/Berlin"}
    assert lens.put(moved, vienna, here) == native("2026-11-02T10:00:00", "Europe/Vienna")
    assert start("graph").put({"at": "2026-11-02T09:00:00", "zone": "Europe/Vienna"}, graph, context("graph")) == graph


def test_another_zone_is_written():
    assert start("google").put({"at": "2026-11-02T09:00:00", "zone": "Europe/London"}, native(), context()) == native(
        zone="Europe/London"
    )


def test_floating_times_take_the_zone_of_the_side():
    floating = start("ical").get(native(zone=None), context("ical"))
    assert floating == {"at": "2026-11-02T09:00:00", "zone": None}
    assert start("google").put(floating, None, context(zone="Asia/Kolkata")) == native(zone="Asia/Kolkata")
    assert start("graph").put(floating, None, context("graph", zone="Asia/Kolkata")) == native(
        zone="India Standard Time"
    )
    assert start("ical").put(floating, None, context("ical")) == native(zone=None)


def test_unknown_zones():
    assert start("google").get(native(zone="Mars/Olympus"), context()) == {"at": "2026-11-02T09:00:00", "zone": "UTC"}
    for dialect in DIALECTS:
        with pytest.raises(Refusal, match="Mars/Olympus"):
            start(dialect).put({"at": "2026-11-02T09:00:00", "zone": "Mars/Olympus"}, None, context(dialect))


def test_fractions_of_seconds_are_dropped():
    assert (
        start("graph").get(native("2026-11-02T09:00:00.0000000", "UTC"), context("graph"))["at"]
        == "2026-11-02T09:00:00"
    )


@pytest.mark.parametrize(("dialect", "least"), [("google", "09:01:00"), ("graph", "09:00:00")])
def test_an_end_comes_after_its_start_where_the_app_insists(dialect, least):
    lens, zone = Moment(dialect, end=True), WINDOWS["Europe/Berlin"] if dialect == "graph" else "Europe/Berlin"
    here = context(dialect, {"start": native(zone=zone)})
    shared = {"at": "2026-11-02T09:00:00", "zone": "Europe/Berlin"}
    written = lens.put(shared, None, here)
    assert written == native(f"2026-11-02T{least}", zone)
    assert lens.put(shared, written, here) is written
    assert lens.put(lens.get(written, here), written, here) is written
    assert lens.reads == ("meeting.start",)


def test_ical_keeps_moments_without_length():
    here = context("ical", {"dtstart": native()})
    shared = {"at": "2026-11-02T09:00:00", "zone": "Europe/Berlin"}
    assert Moment("ical", end=True).put(shared, None, here) == native()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_all_day_end_is_at_least_the_next_day(dialect):
    here = context(dialect, {FIELDS[dialect]["meeting.start"]: {"date": "2026-11-02"}})
    assert Moment(dialect, end=True).put({"date": "2026-11-02"}, None, here) == {"date": "2026-11-03"}
    assert Moment(dialect, end=True).put({"date": "2026-11-05"}, None, here) == {"date": "2026-11-05"}


def test_an_end_of_the_other_kind_is_refused():
    here = context("google", {"start": {"date": "2026-11-02"}})
    with pytest.raises(Refusal, match="all-day"):
        Moment("google", end=True).put({"at": "2026-11-02T09:00:00", "zone": "UTC"}, None, here)


def test_an_end_in_another_zone_is_compared_as_instant():
    here = context("google", {"start": native()})
    shared = {"at": "2026-11-02T08:30:00", "zone": "Europe/London"}  # 09:30 in Berlin
    assert Moment("google", end=True).put(shared, None, here) == native("2026-11-02T08:30:00", "Europe/London")


def test_nothing_is_nothing():
    for dialect in DIALECTS:
        assert (
            start(dialect).get(None, context(dialect)) is None
            and start(dialect).put(None, None, context(dialect)) is None
        )


def test_outlook_may_name_zones_the_other_way():
    """Graph takes some IANA names too; one that is there stays when the time changes."""
    moved = {"at": "2026-11-02T10:00:00", "zone": "Europe/Vienna"}
    assert start("graph").put(moved, native(), context("graph")) == native("2026-11-02T10:00:00")
