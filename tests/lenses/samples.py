"""Random meetings and independent oracles: dateutil on the raw rule, and Microsoft's patterns read day by day."""

from __future__ import annotations

import os
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import settings
from hypothesis import strategies as st

from engine.lens import Context

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
NAMES = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ZONES = ["Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "UTC", "Pacific/Auckland"]
WINDOWS = {
    "Europe/Berlin": "W. Europe Standard Time",
    "America/New_York": "Eastern Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "UTC": "UTC",
    "Pacific/Auckland": "New Zealand Standard Time",
}
FIELDS = {
    "google": {
        "meeting.start": "start",
        "meeting.end": "end",
        "meeting.repeat": "recurrence",
        "meeting.title": "summary",
    },
    "graph": {
        "meeting.start": "start",
        "meeting.end": "end",
        "meeting.repeat": "recurrence",
        "meeting.title": "subject",
    },
    "ical": {
        "meeting.start": "dtstart",
        "meeting.end": "dtend",
        "meeting.repeat": "recurrence",
        "meeting.title": "summary",
    },
}


def examples(number: int) -> settings:
    """The same examples on every run; `LENS_EXAMPLES=20` looks at twenty times as many others."""
    times = int(os.environ.get("LENS_EXAMPLES", "1"))
    return settings(max_examples=number * times, deadline=None, derandomize=times == 1, database=None)


def context(dialect: str = "google", native: dict | None = None, shared: dict | None = None, **more) -> Context:
    return Context(means=FIELDS[dialect], native=native or {}, shared=shared or {}, **more)


def native_moment(dialect: str, at: datetime | date, zone: str | None) -> dict:
    if not isinstance(at, datetime):
        return {"date": at.isoformat()}
    return {"dateTime": at.isoformat(), "timeZone": WINDOWS[zone] if dialect == "graph" else zone}


@st.composite
def begins(draw) -> tuple[datetime | date, str | None]:
    """A start: all-day, or at some wall time in a zone."""
    day = draw(st.dates(date(2024, 1, 1), date(2028, 12, 31)))
    if draw(st.booleans()) and draw(st.booleans()):
        return day, None
    hour, minute = draw(st.sampled_from([(0, 0), (0, 30), (2, 30), (9, 0), (13, 15), (23, 45)]))
    return datetime(day.year, day.month, day.day, hour, minute), draw(st.sampled_from(ZONES))


def _day_list(draw, numbered: bool) -> str:
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True))
    if not numbered:
        return ",".join(days)
    return ",".join(f"{draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2]))}{day}" for day in days[:2])


@st.composite
def rules(draw, start: datetime | date, zone: str | None, ended: bool = True) -> str:
    """An RRULE value without rules finer than a day."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.sampled_from([1, 2, 3, 7, 12, 14]))}")
    if freq in ("DAILY", "WEEKLY") and draw(st.booleans()):
        parts.append(f"BYDAY={_day_list(draw, False)}")
    if freq in ("MONTHLY", "YEARLY"):
        parts += _month_parts(draw, freq)
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    parts += _end(draw, start, zone) if ended else []
    return ";".join(draw(st.permutations(parts)))


def _month_parts(draw, freq: str) -> list[str]:
    kind = draw(st.sampled_from(["none", "days", "position", "dates", "last"]))
    parts = []
    if draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    if kind == "days":
        parts.append(f"BYDAY={_day_list(draw, True)}")
    elif kind == "position":
        parts += [f"BYDAY={_day_list(draw, False)}", f"BYSETPOS={draw(st.sampled_from([1, 2, 4, -1, -2]))}"]
    elif kind == "dates":
        days = draw(st.lists(st.sampled_from([1, 5, 15, 28, 29, 30, 31, -1, -3]), min_size=1, max_size=2, unique=True))
        parts.append(f"BYMONTHDAY={','.join(map(str, days))}")
    elif kind == "last":
        last = draw(st.sampled_from([28, 29, 30, 31]))
        parts += [f"BYMONTHDAY={','.join(map(str, range(28, last + 1)))}", "BYSETPOS=-1"]
    return parts


def _end(draw, start: datetime | date, zone: str | None) -> list[str]:
    kind = draw(st.sampled_from(["none", "count", "until"]))
    if kind == "count":
        return [f"COUNT={draw(st.integers(1, 40))}"]
    if kind == "none":
        return []
    later = start + timedelta(days=draw(st.integers(0, 900)))
    if not isinstance(later, datetime):
        return [f"UNTIL={later:%Y%m%d}"]
    utc = later.replace(tzinfo=ZoneInfo(zone or "UTC")).astimezone(UTC)
    return [f"UNTIL={utc + timedelta(minutes=draw(st.sampled_from([-61, -1, 0, 1, 600]))):%Y%m%dT%H%M%SZ}"]


def oracle(rule: str, start: datetime | date, zone: str | None, last: datetime) -> list[datetime]:
    """The occurrences up to `last` by dateutil from the rule as written, UNTIL by instants, the start among them."""
    parts = dict(part.split("=") for part in rule.split(";"))
    until, count = parts.pop("UNTIL", None), parts.pop("COUNT", None)
    begin = start if isinstance(start, datetime) else datetime(start.year, start.month, start.day)
    ruler = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=begin)
    found = {begin, *ruler.between(begin, last, inc=True)}
    if until is not None:
        found = {at for at in found if at == begin or _allowed(at, until, zone)}
    return sorted(found)[: int(count or 10**6)]


def _allowed(at: datetime, until: str, zone: str | None) -> bool:
    if not until.endswith("Z"):
        return at.date() <= datetime.strptime(until[:8], "%Y%m%d").date()
    instant = at.replace(tzinfo=ZoneInfo(zone or "UTC")).astimezone(UTC)
    return instant <= datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def pattern_days(native: dict, last: date) -> list[date]:
    """What Outlook would show for a patternedRecurrence, read day by day from Microsoft's description."""
    pattern, ends = native["pattern"], native["range"]
    begin = date.fromisoformat(ends["startDate"])
    stop = min(last, date.fromisoformat(ends["endDate"])) if ends["type"] == "endDate" else last
    days = (begin + timedelta(days=number) for number in range((stop - begin).days + 1))
    found = [day for day in days if _fits(day, begin, pattern)]
    return found[: ends["numberOfOccurrences"]] if ends["type"] == "numbered" else found


def _fits(day: date, begin: date, pattern: dict) -> bool:
    kind, interval = pattern["type"], pattern["interval"]
    if kind == "daily":
        return (day - begin).days % interval == 0
    if kind == "weekly":
        first = NAMES.index(pattern["firstDayOfWeek"])
        weeks = [(one - timedelta(days=(one.weekday() - first) % 7)).toordinal() // 7 for one in (begin, day)]
        return (weeks[1] - weeks[0]) % interval == 0 and NAMES[day.weekday()] in pattern["daysOfWeek"]
    months = (day.year - begin.year) * 12 + day.month - begin.month
    if kind.endswith("Yearly"):
        if day.month != pattern["month"] or (day.year - begin.year) % interval:
            return False
    elif months % interval:
        return False
    length = monthrange(day.year, day.month)[1]
    if kind.startswith("absolute"):
        return day.day == min(pattern["dayOfMonth"], length)
    fitting = [n for n in range(1, length + 1) if NAMES[day.replace(day=n).weekday()] in pattern["daysOfWeek"]]
    places = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}
    place = places[pattern["index"]]
    return len(fitting) > place and fitting[place] == day.day
