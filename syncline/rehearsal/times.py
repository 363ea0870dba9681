"""When meetings are, as people make them: starts, ends, rules and changed occurrences, as shared values.

Zones that differ, days on which clocks change, all-day and over midnight, rules that an app cannot say in its words.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine.lenses import expand
from engine.lenses.moment import Anchor, anchor, later
from engine.lenses.recurrence_ical import read

Shared = dict[str, Any]
ZONES = ("Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Pacific/Auckland")
ODD_ZONES = ("Antarctica/Troll", "Australia/Lord_Howe", None)
"""One without a Windows name, one whose clock moves by half an hour, and a time that is the same wherever one is."""
DAYS = ("2026-10-25", "2026-11-01", "2026-12-31", "2027-01-31", "2027-03-14", "2027-03-28", "2028-02-29", "2027-04-04")
"""Clocks change, months end, years end."""
LENGTHS = (1, 15, 30, 45, 60, 90, 600, 1440, 4000)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def start_of(rng: random.Random, number: int) -> Shared:
    """A moment unlike others: its number is in it."""
    day = date.fromisoformat(rng.choice(DAYS)) if rng.random() < 0.3 else date(2026, 11, 2) + timedelta(days=number)
    if rng.random() < 0.25:
        return {"date": day.isoformat()}
    return at_hour(rng, {"at": f"{day}T00:00:00", "zone": _zone(rng)}, number)


def at_hour(rng: random.Random, start: Mapping[str, Any], number: int) -> Shared:
    """The same day at another time of day; an all-day start stays as it is."""
    if "date" in start:
        return dict(start)
    hour = rng.choice((0, 1, 2, 3, 9, 9, 13, 17, 23))
    return {"at": f"{start['at'][:10]}T{hour:02}:{number % 60:02}:00", "zone": start["zone"]}


def end_of(rng: random.Random, start: Mapping[str, Any]) -> Shared:
    """An end after this start, now and then in another zone, as of a flight."""
    if "date" in start:
        return later(start, timedelta(days=rng.choice((1, 1, 2, 4))))
    end = later(start, timedelta(minutes=rng.choice(LENGTHS)))
    if start["zone"] is None or rng.random() > 0.05:
        return end
    return later({**end, "zone": "UTC", "at": _in_utc(end)}, timedelta(0))


def repeat_of(rng: random.Random, start: Mapping[str, Any]) -> Shared | None:
    """A rule for a series with this start."""
    begin = anchor(start)
    return None if begin is None else read(lines_of(rng, begin), begin)


def lines_of(rng: random.Random, begin: Anchor) -> list[str]:
    """Content lines of a rule, in spellings of which several say the same."""
    at, weekday = begin.at, WEEKDAYS[begin.at.weekday()]
    until = f"{at + timedelta(days=rng.randint(5, 40)):%Y%m%d}" + ("" if begin.all_day else "T235959Z")
    common = (
        "FREQ=WEEKLY",
        f"FREQ=WEEKLY;COUNT=6;BYDAY={weekday}",
        f"INTERVAL=1;FREQ=WEEKLY;UNTIL={until}",
        f"FREQ=DAILY;UNTIL={until}",
        "FREQ=DAILY;COUNT=4;INTERVAL=3",
        f"FREQ=MONTHLY;COUNT=5;BYMONTHDAY={at.day}",
        f"FREQ=MONTHLY;BYDAY={(at.day - 1) // 7 + 1}{weekday};COUNT=7",
        "FREQ=YEARLY;COUNT=3",
    )
    odd = (
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=12",
        f"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,{weekday};UNTIL={until}",
        "FREQ=MONTHLY;BYDAY=-1FR;COUNT=4",
        "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4",
        "FREQ=MONTHLY;BYMONTHDAY=5,20;COUNT=6",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2",
        "FREQ=HOURLY;COUNT=3",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    )
    lines = [f"RRULE:{rng.choice(odd if rng.random() < 0.4 else common)}"]
    if rng.random() < 0.08:
        lines.append(f"RDATE;VALUE=DATE:{at + timedelta(days=100):%Y%m%d}")
    return lines


def keys_of(repeat: Mapping[str, Any], start: Mapping[str, Any]) -> list[str]:
    """Original starts of some occurrences after the first; none where there is no telling."""
    begin = anchor(start)
    if begin is None or expand.several_a_day(repeat):
        return []
    try:
        found = expand.starts(repeat, begin, min(begin.at + timedelta(days=420), expand.FAR))
    except expand.Unexpandable:
        return []
    return [at.date().isoformat() for at in found[1:9]]


def moved(rng: random.Random, start: Mapping[str, Any], end: Mapping[str, Any], key: str, number: int) -> list[Shared]:
    """Where the occurrence of a series with this key has gone: its start and end."""
    if "date" in start:
        begin: Shared = {"date": (date.fromisoformat(key[:10]) + timedelta(days=rng.choice((1, 2)))).isoformat()}
    else:
        begin = at_hour(rng, {"at": f"{key[:10]}T00:00:00", "zone": start["zone"]}, number)
    return [begin, end_of(rng, begin) if rng.random() < 0.3 else later(begin, _length(start, end))]


def _length(start: Mapping[str, Any], end: Mapping[str, Any]) -> timedelta:
    from engine.lenses.moment import span

    found = span(start, end)
    return found if found and found > timedelta(0) else timedelta(days=1) if "date" in start else timedelta(minutes=30)


def _zone(rng: random.Random) -> str | None:
    return rng.choice(ODD_ZONES) if rng.random() < 0.08 else rng.choice(ZONES)


def _in_utc(moment: Mapping[str, Any]) -> str:
    from engine.lenses.zones import to_utc

    return to_utc(datetime.fromisoformat(moment["at"]), moment["zone"]).replace(tzinfo=None).isoformat()
