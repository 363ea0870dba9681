"""Days, times, numbers and lengths of time in columns of texts: read as they are spelled, or not at all."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.contract import Field
from engine.lens import Refusal, Unread
from engine.lenses import lens_of, named
from tests.lenses.samples import context

HERE = context()


@pytest.mark.parametrize(
    ("spec", "native", "shared", "written"),
    [
        ({"date": "%d.%m.%Y"}, "3.1.2026", "2026-01-03", "03.01.2026"),
        ({"date": "%d %B %Y"}, "3 January 2026", "2026-01-03", "03 January 2026"),
        ({"time": "%d.%m.%Y %H:%M"}, "3.1.2026 9:00", "2026-01-03T09:00:00Z", "03.01.2026 09:00"),
        ({"time": {"format": "%Y%m%d %H%M", "zone": "Europe/Berlin"}}, "20260703 0900", "2026-07-03T07:00:00Z", None),
        ({"time": "%Y-%m-%d %H:%M %z"}, "2026-07-03 09:00 +0200", "2026-07-03T07:00:00Z", "2026-07-03 07:00 +0000"),
        ({"number": "de"}, "1.234,50", "1234.5", "1234,5"),
        ({"number": "de-CH"}, "1'234.5", "1234.5", "1234.5"),
        ({"number": "pl"}, "-1 234,5", "-1234.5", "-1234,5"),
        ({"duration": "minutes"}, "90", "PT1H30M", None),
        ({"duration": "hours"}, "1.6667", "PT1H40M", None),
        ({"duration": "%H:%M"}, "36:05", "P1DT12H5M", None),
    ],
)
def test_a_text_column_is_read_as_it_is_spelled(spec: Any, native: str, shared: str, written: str | None) -> None:
    lens = lens_of({"t": Field(type="text")}, [spec])
    assert lens.get(native, HERE) == shared
    assert lens.put(shared, None, HERE) == (written or native)
    assert lens.put(shared, native, HERE) == native and lens.put(None, native, HERE) is None


@pytest.mark.parametrize(
    ("spec", "native", "sentence"),
    [
        ({"date": "%d.%m.%Y"}, "2026-11-23", "'2026-11-23' is not a day as %d.%m.%Y, such as '23.11.2026'"),
        ({"date": "%d.%m.%Y"}, "31.11.2026", "is not a day as"),
        ({"time": "%d.%m.%Y %H:%M"}, "tomorrow", "is not a point in time as"),
        ({"number": "de"}, "12.5", "'12.5' is not a number as written in German, such as '1234,5'"),
        ({"number": "en"}, "1,5", "written in English"),
        ({"number": "en"}, "1e5", "written in English"),
        ({"duration": "hours"}, "2 h", "is not a number of hours"),
        ({"duration": "%H:%M"}, "1:75", "is not a length of time as %H:%M"),
    ],
)
def test_a_text_that_does_not_fit_is_not_guessed_at(spec: Any, native: str, sentence: str) -> None:
    lens = lens_of({"t": Field(type="text")}, [spec])
    with pytest.raises(Unread, match=re.escape(sentence)):
        lens.get(native, HERE)
    assert lens.put(None, native, HERE) is None


def test_a_spelling_that_cannot_tell_a_value_refuses_it() -> None:
    with pytest.raises(Refusal, match="The day 1926-11-23 cannot be told from others"):
        named({"date": "%d.%m.%y"}).put("1926-11-23", None, HERE)
    with pytest.raises(Refusal, match="has no year"):
        named({"date": "%d.%m.%Y"}).put("--11-23", None, HERE)
    berlin = named({"time": {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}})
    assert berlin.put("2026-10-25T00:30:00Z", None, HERE) == "25.10.2026 02:30"
    with pytest.raises(Refusal, match="cannot be told from other times"):  # the same hour by the clock, an hour later
        berlin.put("2026-10-25T01:30:00Z", None, HERE)


def test_a_number_as_text_may_be_an_amount() -> None:
    lens = lens_of({"t": Field(type="text")}, [{"number": "de"}, {"money": "EUR"}])
    assert lens.get("1.234,50", HERE) == {"amount": "1234.5", "currency": "EUR"}
    assert lens.put({"amount": "99.9", "currency": "EUR"}, "1.234,50", HERE) == "99,9"
