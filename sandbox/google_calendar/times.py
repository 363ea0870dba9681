"""Google's spelling of times: `{"date": D}` or `{"dateTime": T with offset, "timeZone": IANA}`.

Stored moments are normalised: a timed one has whole seconds, the offset of its own zone, and always a zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.google_calendar.errors import invalid

Moment = dict[str, str]


def zone(name: Any, field: str) -> ZoneInfo:
    """A zone by IANA name, or 400."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError):
        raise invalid(f"Invalid time zone definition for {field} time.", field) from None


def normalise(value: Any, field: str, default_zone: str) -> Moment:
    """A moment as sent (with exactly one of date and dateTime) to the stored form, or 400."""
    if not isinstance(value, Mapping) or (value.get("date") is None) == (value.get("dateTime") is None):
        raise invalid(f"Invalid {field} time.", field)
    try:
        if value.get("date") is not None:
            return {"date": date.fromisoformat(value["date"]).isoformat()}
        moment = datetime.fromisoformat(value["dateTime"])
    except (TypeError, ValueError):
        raise invalid(f"Invalid {field} time.", field) from None
    if moment.tzinfo is None and value.get("timeZone") is None:
        raise invalid(f"Missing time zone definition for {field} time.", field, "required")
    name = value.get("timeZone") or default_zone
    own = zone(name, field)
    moment = moment.astimezone(own) if moment.tzinfo else moment.replace(tzinfo=own)
    return {"dateTime": moment.replace(microsecond=0).isoformat(), "timeZone": name}


def instant(moment: Mapping[str, str]) -> datetime:
    """As UTC; an all-day date is taken at midnight UTC."""
    if "date" in moment:
        return datetime.fromisoformat(moment["date"]).replace(tzinfo=UTC)
    return datetime.fromisoformat(moment["dateTime"]).astimezone(UTC)


def wall(moment: Mapping[str, str]) -> datetime:
    """Naive wall time in the moment's own zone; midnight for a date."""
    if "date" in moment:
        return datetime.fromisoformat(moment["date"])
    return datetime.fromisoformat(moment["dateTime"]).replace(tzinfo=None)


def at_wall(local: datetime, like: Mapping[str, str]) -> Moment:
    """The moment of the same kind and zone as `like` at a naive wall time."""
    if "date" in like:
        return {"date": local.date().isoformat()}
    aware = local.replace(tzinfo=ZoneInfo(like["timeZone"]))
    # Through UTC and back, so that a wall time in the gap of a clock change is spelled as the time it becomes.
    return {"dateTime": aware.astimezone(UTC).astimezone(aware.tzinfo).isoformat(), "timeZone": like["timeZone"]}


def shifted(start: Moment, end: Moment, local: datetime) -> tuple[Moment, Moment]:
    """Start and end of the occurrence whose start is at wall time `local`: same length in real time."""
    new = at_wall(local, start)
    length = instant(end) - instant(start)
    if "date" in start:
        return new, {"date": (local + length).date().isoformat()}
    finish = (instant(new) + length).astimezone(ZoneInfo(end["timeZone"]))
    return new, {"dateTime": finish.isoformat(), "timeZone": end["timeZone"]}


def suffix(original: Mapping[str, str]) -> str:
    """What follows the underscore in an occurrence's id: its original start, in UTC where timed."""
    return instant(original).strftime("%Y%m%d" if "date" in original else "%Y%m%dT%H%M%SZ")


def from_suffix(text: str, start: Mapping[str, str]) -> datetime | None:
    """The wall time, in the zone of the series' start, that an id's suffix names; None where it names none."""
    try:
        if "date" in start:
            return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - wall time on purpose
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.astimezone(ZoneInfo(start["timeZone"])).replace(tzinfo=None)


def shown(moment: Moment, shown_zone: str) -> Moment:
    """As replies spell it: the offset of the calendar's (or requested) zone, and the event's own zone by name."""
    if "date" in moment or moment["timeZone"] == shown_zone:
        return dict(moment)
    spelled = datetime.fromisoformat(moment["dateTime"]).astimezone(ZoneInfo(shown_zone)).isoformat()
    return {"dateTime": spelled.replace("+00:00", "Z"), "timeZone": moment["timeZone"]}


def stamp(moment: datetime) -> str:
    """RFC 3339 with milliseconds, as `created` and `updated` have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


MILLISECOND = timedelta(milliseconds=1)
