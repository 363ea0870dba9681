"""Recurrence: canonical rules, iCalendar lines and Microsoft's patterns, against dateutil and a day-by-day reading."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lens import Refusal
from engine.lenses import expand, verdict
from engine.lenses.moment import anchor
from engine.lenses.recurrence_graph import PatternedRecurrence
from engine.lenses.recurrence_ical import Recurrence, read
from engine.lenses.translate import translation
from tests.lenses.samples import begins, context, examples, native_moment, oracle, pattern_days, rules

ICAL, GOOGLE, GRAPH = Recurrence("ical"), Recurrence("google"), PatternedRecurrence()


def shared_start(at, zone):
    return {"at": at.isoformat(), "zone": zone} if isinstance(at, datetime) else {"date": at.isoformat()}


def series(data):
    at, zone = data.draw(begins())
    return at, zone, anchor(shared_start(at, zone))


def horizon(at, years=2):
    return datetime(at.year + years, 12, 31, 23, 59, 59)


def lines(rule, at="2026-11-02T09:00:00", zone="Europe/Berlin"):
    start = {"at": at, "zone": zone} if "T" in at else {"date": at}
    return read([rule] if isinstance(rule, str) else rule, anchor(start))


@given(st.data())
@examples(150)
def test_canonical_rules_name_the_same_days(data):
    at, zone, start = series(data)
    rule = data.draw(rules(at, zone))
    last = horizon(at)
    assert expand.starts(read([f"RRULE:{rule}"], start), start, last) == oracle(rule, at, zone, last)


@given(st.data())
@examples(150)
def test_ical_laws(data):
    at, zone, _ = series(data)
    native = [f"RRULE:{data.draw(rules(at, zone))}"]
    here = context("ical", {"dtstart": native_moment("ical", at, zone)})
    shared = ICAL.get(native, here)
    assert ICAL.put(shared, native, here) is native
    assert ICAL.get(ICAL.put(shared, None, here), here) == shared


@given(st.data())
@examples(200)
def test_outlook_shows_exactly_the_same_days(data):
    """Whatever the verdict, short of refused: the pattern's days, less the cancelled, are the days of the rule."""
    at, zone, start = series(data)
    last = horizon(at)
    repeat = read([f"RRULE:{data.draw(rules(at, zone))}"], start)
    found = translation(repeat, start, last.date().isoformat())
    if found.native is None:
        assert found.verdict.kind == "refused" and found.verdict.reason.endswith(".")
        return
    days = [day for day in pattern_days(found.native, last.date()) if day.isoformat() not in found.cancelled]
    assert days == [one.date() for one in expand.starts(repeat, start, last)]
    assert len(found.cancelled) <= 400 and (found.verdict.kind == "expanded") == bool(found.verdict.reason)


@given(st.data())
@examples(80)
def test_sets_of_dates_and_rules_become_one_series(data):
    at, zone, start = series(data)
    hours = [0] if zone is None else [0, 0, 3]
    extra = data.draw(st.lists(st.tuples(st.integers(1, 200), st.sampled_from(hours)), min_size=1, max_size=6))
    texts = [f"RRULE:{data.draw(rules(at, zone))}"] if data.draw(st.booleans()) else []
    for days, more in extra:
        one = at + timedelta(days=days, hours=more)
        texts.append(f"RDATE;VALUE=DATE:{one:%Y%m%d}" if zone is None else f"RDATE;TZID={zone}:{one:%Y%m%dT%H%M%S}")
    repeat, last = read(texts, start), horizon(at)
    found = translation(repeat, start, last.date().isoformat())
    if found.native is None:
        return
    days = [day for day in pattern_days(found.native, last.date()) if day.isoformat() not in found.cancelled]
    times = [datetime.combine(day, start.at.time()) for day in days]
    shown = [datetime.fromisoformat(found.moved.get(one.date().isoformat(), one.isoformat())) for one in times]
    assert shown == expand.starts(repeat, start, last)


@st.composite
def patterns(draw, at):
    day = at.date() if isinstance(at, datetime) else at
    kind = draw(
        st.sampled_from(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"])
    )
    pattern = {"type": kind, "interval": 1 if kind.endswith("Yearly") else draw(st.sampled_from([1, 1, 2, 3, 12]))}
    names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    if kind == "weekly" or kind.startswith("relative"):
        pattern["daysOfWeek"] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    if kind == "weekly":
        pattern["firstDayOfWeek"] = draw(st.sampled_from(names))
    if kind.startswith("relative"):
        pattern["index"] = draw(st.sampled_from(["first", "second", "third", "fourth", "last"]))
    if kind.startswith("absolute"):
        pattern["dayOfMonth"] = draw(st.sampled_from([day.day, 28, 29, 30, 31]))
    if kind.endswith("Yearly"):
        pattern["month"] = draw(st.sampled_from([day.month, 2, 4]))
    ends = draw(st.sampled_from(["noEnd", "numbered", "endDate"]))
    reach = {"type": ends, "startDate": day.isoformat()}
    if ends == "numbered":
        reach["numberOfOccurrences"] = draw(st.integers(1, 30))
    if ends == "endDate":
        reach["endDate"] = (day + timedelta(days=draw(st.integers(0, 700)))).isoformat()
    return {"pattern": pattern, "range": reach}


@given(st.data())
@examples(150)
def test_patterns_are_read_as_outlook_means_them(data):
    at, zone, start = series(data)
    native = data.draw(patterns(at))
    here = context("graph", {"start": native_moment("graph", at, zone)})
    repeat, last = GRAPH.get(native, here), horizon(at, 45 if native["range"]["type"] == "numbered" else 4)
    days = pattern_days(native, last.date())
    if days or not repeat["exrules"]:
        assert [one.date() for one in expand.starts(repeat, start, last)] == days


@given(st.data())
@examples(150)
def test_graph_laws(data):
    at, zone, _ = series(data)
    native = data.draw(patterns(at))
    here = context("graph", {"start": native_moment("graph", at, zone)})
    shared = GRAPH.get(native, here)
    assert GRAPH.put(shared, native, here) is native
    assert ICAL.get(ICAL.put(shared, None, here), here) == shared  # and through the other calendars


@given(st.data())
@examples(150)
def test_graph_reaches_a_fixed_point(data):
    at, zone, _ = series(data)
    here = context("graph", {"start": native_moment("graph", at, zone)}, horizon=f"{at.year + 3}-12-31")
    shared = read([f"RRULE:{data.draw(rules(at, zone))}"], anchor(shared_start(at, zone)))
    try:
        native = GRAPH.put(shared, None, here)
    except Refusal:
        return
    again = GRAPH.put(GRAPH.get(native, here), native, here)
    assert again is native and GRAPH.put(shared, native, here) is native


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=WEEKLY", "2026-11-02", {"freq": "WEEKLY", "byday": ["MO"]}),
        ("FREQ=WEEKLY;WKST=SU;BYDAY=WE,MO", "2026-11-02", {"freq": "WEEKLY", "byday": ["MO", "WE"]}),
        ("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "2026-03-29", {"freq": "YEARLY", "bymonth": [3], "byday": ["-1SU"]}),
        ("FREQ=MONTHLY;BYDAY=1SA", "2026-11-07", {"freq": "MONTHLY", "byday": ["1SA"]}),
        ("FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2", "2026-11-10", {"freq": "MONTHLY", "byday": ["2TU"]}),
        ("FREQ=MONTHLY;INTERVAL=12", "2026-11-10", {"freq": "YEARLY", "bymonth": [11], "bymonthday": [10]}),
        ("FREQ=DAILY;INTERVAL=14", "2026-11-10", {"freq": "WEEKLY", "interval": 2, "byday": ["TU"]}),
        ("FREQ=DAILY;BYDAY=MO,FR", "2026-11-02", {"freq": "WEEKLY", "byday": ["MO", "FR"]}),
        ("FREQ=WEEKLY;BYDAY=SU,MO,TU,WE,TH,FR,SA", "2026-11-02", {"freq": "DAILY"}),
        ("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1", "2026-11-30", {"freq": "MONTHLY", "bymonthday": [-1]}),
        ("FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=BACKWARD", "2026-10-31", {"freq": "MONTHLY", "bymonthday": [-1]}),
        ("FREQ=DAILY;UNTIL=20190830", "2019-07-05", {"freq": "DAILY", "until": "2019-08-30"}),
    ],
)  # fmt: skip
def test_one_spelling(rule, start, expected):
    assert lines(f"RRULE:{rule}", start)["rules"] == [expected]


@pytest.mark.parametrize("first", ["MO", "SU"])
def test_week_start_is_dropped_where_it_says_nothing(first):
    assert "wkst" not in lines(f"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST={first}")["rules"][0]


def test_week_start_is_kept_where_it_decides():
    monday = lines("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO")
    sunday = lines("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU")
    assert monday != sunday and sunday["rules"][0]["wkst"] == "SU"


def test_another_time_of_day_is_the_same_rule():
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20261130T225959Z"
    assert lines(rule, "2026-11-02T09:00:00") == lines(rule, "2026-11-02T21:30:00")
    dates = ["RDATE;TZID=Europe/Berlin:20261104T090000"], ["RDATE;TZID=Europe/Berlin:20261104T213000"]
    assert lines(dates[0], "2026-11-02T09:00:00") == lines(dates[1], "2026-11-02T21:30:00")


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("20261130T080000Z", "2026-11-30"),  # the very instant of the last one
        ("20261130T075959Z", "2026-11-23"),
        ("20261130T235900", "2026-11-30"),
        ("20261206T225959Z", "2026-11-30"),  # allows days in which nothing happens
        ("20200101T000000Z", "2026-11-02"),  # before the start: only the start
    ],
)
def test_until_is_the_last_day(until, expected):
    assert lines(f"RRULE:FREQ=WEEKLY;UNTIL={until}")["rules"][0]["until"] == expected


def test_until_where_the_clock_changes():
    """02:30 on 25 October 2026 happens twice in Berlin (00:30Z first), and 02:30 on 28 March 2027 never (01:30Z)."""
    daily = "RRULE:FREQ=DAILY;UNTIL="
    until = lambda text, at: lines(daily + text, at)["rules"][0]["until"]  # noqa: E731 - reads better here
    assert until("20261025T003000Z", "2026-10-20T02:30:00") == "2026-10-25"
    assert until("20261025T002959Z", "2026-10-20T02:30:00") == "2026-10-24"
    assert (
        until("20261025T011500Z", "2026-10-20T02:45:00") == "2026-10-25"
    )  # 02:15 the second time is after 02:45 the first
    assert until("20270328T013000Z", "2027-03-20T02:30:00") == "2027-03-28"
    assert until("20270328T010000Z", "2027-03-20T02:30:00") == "2027-03-27"


def test_until_west_of_greenwich():
    """The last evening in Los Angeles is already the next day in UTC."""
    repeat = lines("RRULE:FREQ=DAILY;UNTIL=20261111T040000Z", "2026-11-02T20:00:00", "America/Los_Angeles")
    assert repeat["rules"][0]["until"] == "2026-11-10"
    here = context("ical", {"dtstart": {"dateTime": "2026-11-02T20:00:00", "timeZone": "America/Los_Angeles"}})
    assert ICAL.put(repeat, None, here) == ["RRULE:FREQ=DAILY;UNTIL=20261111T075959Z"]
    native = GRAPH.put(
        repeat,
        None,
        context("graph", {"start": {"dateTime": "2026-11-02T20:00:00", "timeZone": "Pacific Standard Time"}}),
    )
    assert native["range"] == {
        "type": "endDate",
        "startDate": "2026-11-02",
        "endDate": "2026-11-10",
        "recurrenceTimeZone": "Pacific Standard Time",
    }


def test_until_matches_the_kind_of_start():
    repeat = lines("RRULE:FREQ=DAILY;UNTIL=20261111", "2026-11-02")
    assert ICAL.put(repeat, None, context("ical", {"dtstart": {"date": "2026-11-02"}})) == [
        "RRULE:FREQ=DAILY;UNTIL=20261111"
    ]
    floating = context("ical", {"dtstart": {"dateTime": "2026-11-02T09:00:00", "timeZone": None}})
    assert ICAL.put(repeat, None, floating) == ["RRULE:FREQ=DAILY;UNTIL=20261111T235959"]


def test_dates_in_utc():
    """A show on first Saturdays, all dates spelled in UTC as in DTSTART."""
    spelled = [f"RDATE;VALUE=DATE-TIME:{day}T190000Z" for day in ("20140201", "20140301", "20140405")]
    repeat = lines(spelled, "2014-01-04T19:00:00", "UTC")
    assert repeat == {"rules": [], "rdates": ["2014-02-01", "2014-03-01", "2014-04-05"], "exrules": []}
    here = context("ical", {"dtstart": {"dateTime": "2014-01-04T19:00:00", "timeZone": "UTC"}})
    assert ICAL.put(repeat, None, here) == ["RDATE:20140201T190000Z,20140301T190000Z,20140405T190000Z"]
    found = translation(repeat, anchor({"at": "2014-01-04T19:00:00", "zone": "UTC"}), "2040-12-31")
    assert found.native["pattern"] == {
        "type": "relativeMonthly",
        "interval": 1,
        "daysOfWeek": ["saturday"],
        "index": "first",
    }
    assert found.verdict.kind == "rewritten" and not found.cancelled


BERLIN = {"at": "2026-11-02T09:00:00", "zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("rule", "start", "kind"),
    [
        ("FREQ=WEEKLY", "2026-11-02", "exact"),
        ("FREQ=WEEKLY;COUNT=8", "2026-11-02", "exact"),
        ("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3", "2026-03-29", "exact"),
        ("FREQ=MONTHLY;BYDAY=1SA", "2026-11-07", "exact"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-30", "exact"),
        ("FREQ=YEARLY;INTERVAL=2", "2026-11-30", "exact"),
        ("FREQ=YEARLY;BYMONTH=5,11;BYMONTHDAY=2", "2026-11-02", "rewritten"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-10-31", "expanded"),
        ("FREQ=YEARLY", "2028-02-29", "expanded"),
        ("FREQ=MONTHLY;BYDAY=1MO,3MO", "2026-11-02", "expanded"),
        ("FREQ=MONTHLY;BYDAY=5MO", "2026-11-30", "expanded"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-11-01", "refused"),  # endless: far more than 400 days to cancel
        ("FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=10", "2026-11-01", "expanded"),
        ("FREQ=WEEKLY;BYDAY=TU;COUNT=8", "2026-11-02", "expanded"),  # the start is no Tuesday
        ("FREQ=HOURLY;COUNT=3", "2026-11-02T09:00:00", "refused"),
        ("FREQ=DAILY;BYHOUR=9,15", "2026-11-02T09:00:00", "refused"),
        ("FREQ=NEVER", "2026-11-02", "refused"),
    ],
)  # fmt: skip
def test_verdicts(rule, start, kind):
    begin = {"at": start, "zone": "Europe/Berlin"} if "T" in start else {"date": start}
    assert verdict(read([f"RRULE:{rule}"], anchor(begin)), begin).kind == kind


def test_an_expansion_says_so():
    here = context("graph", {"start": {"date": "2026-10-31"}})
    native = GRAPH.put(lines("RRULE:FREQ=MONTHLY;BYMONTHDAY=31", "2026-10-31"), None, here)
    assert native["pattern"] == {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}
    assert native["range"]["endDate"] == "2040-12-31"
    assert here.notes == [
        "Outlook cannot hold this repeat rule, so there 71 days are cancelled and the series ends on 2040-12-31."
    ]


def test_a_moved_series_gets_its_new_first_day():
    old = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "range": {"type": "noEnd", "startDate": "2026-11-02"},
    }
    here = context("graph", {"start": {"dateTime": "2026-11-09T09:00:00", "timeZone": "W. Europe Standard Time"}})
    native = GRAPH.put(lines("RRULE:FREQ=WEEKLY;BYDAY=MO"), old, here)
    assert native["pattern"] == old["pattern"] and native["range"]["startDate"] == "2026-11-09"


def test_what_google_and_nobody_can_hold():
    here = context("google", {"start": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"}})
    hourly = lines("RRULE:FREQ=HOURLY;COUNT=3")
    with pytest.raises(Refusal, match="several starts a day"):
        GOOGLE.put(hourly, None, here)
    assert ICAL.put(hourly, None, here) == ["RRULE:FREQ=HOURLY;COUNT=3"]
    with pytest.raises(Refusal, match="cannot be read"):
        ICAL.put(lines("RRULE:FREQ=NEVER"), None, here)
    broken = ["RRULE:FREQ=NEVER"]
    assert ICAL.put(ICAL.get(broken, here), broken, here) is broken


def test_no_recurrence():
    here = context("google", {"start": {"date": "2026-11-02"}})
    for lens in (ICAL, GRAPH):
        assert lens.get(None, here) is None and lens.put(None, None, here) is None and lens.get([], here) is None
    assert verdict(None, BERLIN).kind == "exact"


def test_exclusion_rules():
    repeat = lines(["RRULE:FREQ=DAILY;COUNT=6", "EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2"], "2026-11-02")
    days = [at.date() for at in expand.starts(repeat, anchor({"date": "2026-11-02"}))]
    assert days == [date(2026, 11, day) for day in (3, 5, 6, 7)]
    here = context("ical", {"dtstart": {"date": "2026-11-02"}})
    assert ICAL.get(ICAL.put(repeat, None, here), here) == repeat


@given(st.data())
@examples(100)
def test_until_in_a_far_year_is_found_without_walking_there(data):
    at, zone, _ = series(data)
    rule = data.draw(rules(at, zone, ended=False))
    later = at + timedelta(days=data.draw(st.integers(900, 9000)))
    ended = f"{rule};UNTIL={later:%Y%m%dT%H%M%S}" if isinstance(at, datetime) else f"{rule};UNTIL={later:%Y%m%d}"
    last = oracle(
        rule, at, zone, datetime.combine(later, later.time() if isinstance(at, datetime) else datetime.max.time())
    )[-1]
    assert lines(f"RRULE:{ended}", at.isoformat(), zone)["rules"][0]["until"] == last.date().isoformat()
