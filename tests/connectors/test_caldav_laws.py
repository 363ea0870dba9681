"""Laws of the CalDAV connector: what is written is read again, and others read the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from engine.contract import Done, Invalid, Op, Write
from tests.connectors.dav_corpus import CORPUS
from tests.connectors.dav_fake import SCOPE, FakeDav, ics
from tests.connectors.dav_texts import NINE, SERIES, berlin, damaged, edit, span

# --- definitions of zones ---------------------------------------------------------------------------------------------


NAMES = "Europe/Berlin America/New_York Australia/Lord_Howe Asia/Kolkata Africa/Casablanca Europe/Dublin"


@pytest.mark.parametrize("name", NAMES.split())
def test_a_written_zone_means_what_the_iana_zone_means(name: str) -> None:
    data = {"dtstart": {"dateTime": "2026-11-02T03:00:00", "timeZone": name}}
    _, stored = edit(ics(*NINE), **data, dtend={"dateTime": "2026-11-02T04:00:00", "timeZone": name})
    defined = next(one for one in Calendar.from_ical(stored).walk("VTIMEZONE") if str(one["TZID"]) == name)
    defined["TZID"] = "Not a known name"
    written, true = defined.to_tz(lookup_tzid=False), ZoneInfo(name)
    for day in range(0, 365 * 6, 3):
        at = datetime(2026, 1, 1, 12) + timedelta(days=day)
        assert at.replace(tzinfo=written).utcoffset() == at.replace(tzinfo=true).utcoffset(), at


# --- laws -------------------------------------------------------------------------------------------------------------

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
clocks = st.integers(0, 22).map(lambda hour: f"{hour:02}:15")
ZONES = ("Europe/Berlin", "America/New_York", "UTC", None)


@st.composite
def times(draw: st.DrawFn, day: str = "2026-11-02", tz: str | None = "Europe/Berlin") -> dict[str, Any]:
    if draw(st.booleans()):
        return {"dtstart": {"date": day}, "dtend": {"date": f"{day[:-2]}28"}}
    hour = draw(st.integers(0, 21))
    stops = (f"{day}T{hour:02}:15:00", f"{day}T{hour + draw(st.integers(0, 2)):02}:45:00")
    return {"dtstart": {"dateTime": stops[0], "timeZone": tz}, "dtend": {"dateTime": stops[1], "timeZone": tz}}


@st.composite
def own_fields(draw: st.DrawFn, day: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: draw(texts) for name in draw(st.sets(st.sampled_from(["summary", "location", "description"])))
    }
    if draw(st.booleans()):
        fields |= draw(times(day, draw(st.sampled_from(ZONES))))
    if draw(st.booleans()):
        fields["transp"] = draw(st.sampled_from(["OPAQUE", "TRANSPARENT"]))
    if draw(st.booleans()):
        fields["reminder"] = draw(st.sampled_from([None, 0, 5, 60]))
    if draw(st.booleans()):
        fields["categories"] = draw(st.lists(st.sampled_from(["a", "b,c", "d;e"]), unique=True, max_size=2))
    return fields


@st.composite
def series_fields(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(st.sets(st.sampled_from(["2026-11-09", "2026-11-16", "2026-11-23"])))
    entries = [
        {"original_start": day, **(draw(own_fields(day)) if draw(st.booleans()) else {"cancelled": True})}
        for day in sorted(days)
    ]
    return {**draw(own_fields("2026-11-02")), "recurrence": ["RRULE:FREQ=WEEKLY"], "occurrences": entries}


def sparse(data: dict[str, Any], shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The given entries without what does not differ from the series; moments that say the same count as the same."""
    entries = []
    for entry in data["occurrences"]:
        seen = next((one for one in shown["occurrences"] if one["original_start"] == entry["original_start"]), {})
        kept = {
            name: value
            for name, value in entry.items()
            if name in ("original_start", "cancelled")
            or (name in ("dtstart", "dtend") and name in seen)
            or (name not in ("dtstart", "dtend") and value != shown[name])
        }
        if len(kept) > 1:
            entries.append({name: None if value == [] else value for name, value in kept.items()})
    return entries


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(series_fields(), series_fields(), st.sampled_from(["clear", "keep"]))
def test_what_is_written_is_read_again(first: dict[str, Any], second: dict[str, Any], then: str) -> None:
    fake = FakeDav()
    connector = fake.connector()
    start = {"dtstart": berlin("2026-11-02T09:00:00"), "dtend": berlin("2026-11-02T10:00:00")}
    (made,) = connector.write("events", SCOPE, [Write(op=Op.CREATE, key="k", data=start | first)])
    assert isinstance(made, Done), made
    assert {name: made.record.data[name] for name in first if name != "occurrences"} == {
        name: value for name, value in first.items() if name != "occurrences"
    }
    assert made.record.data["occurrences"] == sparse(first, dict(made.record.data))
    fields = {"recurrence": None} if then == "clear" else second
    (changed,) = connector.write("events", SCOPE, [Write(op=Op.UPDATE, key="u", id=made.record.id, data=fields)])
    assert isinstance(changed, Done), changed
    data = changed.record.data
    if then == "clear":
        assert data["occurrences"] == [] and "EXDATE" not in fake.texts[made.record.id]
    else:
        assert data["occurrences"] == sparse(second, dict(data))
    again = Write(
        op=Op.UPDATE, key="a", id=made.record.id, data={k: v for k, v in data.items() if k not in ("uid", "organizer")}
    )
    (same,) = connector.write("events", SCOPE, [again])
    assert isinstance(same, Done) and same.record == changed.record, "what it shows is what it has"


def test_an_independent_reader_sees_the_same_occurrences() -> None:
    entries = [
        {"original_start": "2026-11-09", **span("2026-11-10", "11:00", "12:00")},
        {"original_start": "2026-11-16", "cancelled": True},
        {"original_start": "2026-11-23", "summary": "Last"},
    ]
    _, stored = edit(ics(*SERIES), occurrences=entries, **span("2026-11-02", "14:00", "15:00"))
    found = recurring_ical_events.of(Calendar.from_ical(stored)).between(datetime(2026, 11, 1), datetime(2026, 12, 1))
    seen = sorted((event["DTSTART"].dt.strftime("%m-%d %H:%M"), str(event["SUMMARY"])) for event in found)
    assert seen == [
        ("11-02 14:00", "Budget"), ("11-10 11:00", "Budget"), ("11-23 14:00", "Last"), ("11-30 14:00", "Budget"),
    ]  # fmt: skip


def test_no_damage_to_one_text_is_more_than_one_unreadable_record() -> None:
    chance = Random(7)
    texts = [damaged(text, chance) for text, _ in CORPUS.values() for _ in range(40)]
    fake = FakeDav(**{f"n{number}": text for number, text in enumerate(texts)})
    connector = fake.connector()
    records = {one.id: one for page in connector.scan("events", SCOPE) for one in page.records}
    assert len(records) > 0.7 * len(texts), "those that are no events any more are left out"
    writes = [Write(op=Op.UPDATE, key=one, id=one, data={"summary": "New"}) for one in records]
    for outcome in connector.write("events", SCOPE, writes):
        before = records[outcome.key].data
        if isinstance(outcome, Done):
            keys = [entry["original_start"] for entry in outcome.record.data["occurrences"]]
            assert outcome.record.data["summary"] == "New"
            assert keys == [entry["original_start"] for entry in before["occurrences"]]
        else:
            assert "unreadable" in before and isinstance(outcome.error, Invalid), outcome.error
