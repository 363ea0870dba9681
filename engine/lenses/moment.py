"""Moments: all-day dates and wall times in a zone, as Google, Graph and iCalendar spell them.

Shared: `{"date": "2026-11-02"}` (an end is exclusive) or `{"at": "2026-11-02T09:00:00", "zone": "Europe/Berlin"}`
with a canonical IANA zone; zone None is floating.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from engine.lens import Context, Refusal
from engine.lenses import zones

Shared = dict[str, Any]


def read(native: Mapping[str, Any] | None, zone: str, *, floats: bool = True) -> Shared | None:
    """A native moment as shared value. A zone nobody knows is read as UTC; a missing one floats, or is `zone`."""
    if not native:
        return None
    if native.get("date"):
        return {"date": str(native["date"])[:10]}
    name = native.get("timeZone")
    if not name and floats:
        known: str | None = None
    else:
        known = zones.canonical(name or zone) or "UTC"
    return {"at": _seconds(str(native["dateTime"])), "zone": known}


def _seconds(text: str) -> str:
    return datetime.fromisoformat(text[:19]).isoformat()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a series starts: naive wall time (midnight for all-day), and its canonical zone (None: floating)."""

    at: datetime
    zone: str | None
    all_day: bool


def anchor(moment: Mapping[str, Any] | None) -> Anchor | None:
    """The anchor of a shared start."""
    if not moment:
        return None
    if "date" in moment:
        return Anchor(datetime.fromisoformat(moment["date"]), None, True)
    return Anchor(datetime.fromisoformat(moment["at"]), moment.get("zone"), False)


STARTS = ("meeting.start", "task.start", "task.due")
"""What a series begins with; a task that has no start, on the day it is due."""


def series_anchor(context: Context) -> Anchor | None:
    """The start of the record in hand: the native one, or the shared one where the side has none yet."""
    native = read(context.value("meeting.start"), context.zone)
    if found := native or context.shared.get("meeting.start"):
        return anchor(found)
    days = [context.value(means) or context.shared.get(means) for means in STARTS[1:]]
    return next((anchor({"date": day[:10]}) for day in days if isinstance(day, str)), None)


def span(start: Mapping[str, Any], end: Mapping[str, Any]) -> timedelta | None:
    """How long a shared start and end are apart; None where one is all-day and the other is not."""
    if ("date" in start) != ("date" in end):
        return None
    if "date" in start:
        return date.fromisoformat(end["date"]) - date.fromisoformat(start["date"])
    instants = [zones.to_utc(datetime.fromisoformat(m["at"]), m.get("zone")) for m in (start, end)]
    return instants[1] - instants[0]


def later(moment: Mapping[str, Any], by: timedelta) -> Shared:
    """A shared moment moved by a real duration (days for all-day ones)."""
    if "date" in moment:
        return {"date": (date.fromisoformat(moment["date"]) + by).isoformat()}
    zone = moment.get("zone")
    instant = zones.to_utc(datetime.fromisoformat(moment["at"]), zone) + by
    return {"at": zones.to_wall(instant, zone).isoformat(), "zone": zone}


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment field. An `end` is kept after its start where the app insists on it (google, graph; all-day: all)."""

    dialect: str
    end: bool = False

    @property
    def klass(self) -> str:
        return "exact" if self.dialect == "ical" and not self.end else "stable"

    @property
    def reads(self) -> tuple[str, ...]:
        return ("meeting.start",) if self.end else ()

    def get(self, native: Any, context: Context) -> Any:
        return read(native, context.zone, floats=self.dialect == "ical")

    def put(self, shared: Any, old: Any, context: Context) -> Any:
        if shared is None:
            return None
        if self.end:
            shared = self._after_start(shared, context)
        if old is not None and self.get(old, context) == shared:
            return old
        if "date" in shared:
            return {"date": shared["date"]}
        return {"dateTime": shared["at"], "timeZone": self._zone(shared["zone"], old, context)}

    def _after_start(self, shared: Shared, context: Context) -> Shared:
        start = self.get(context.value("meeting.start"), context)
        if start is None:
            return shared
        zone = shared.get("zone") or (None if self.dialect == "ical" else context.zone)
        length = span(start, {**shared, "zone": zone})
        if length is None:
            raise Refusal("An all-day start and an end with a time of day (or the other way round) make no meeting.")
        if "date" in start:
            return shared if length >= timedelta(days=1) else later(start, timedelta(days=1))
        if self.dialect == "ical" or length > timedelta(0) or (self.dialect == "graph" and not length):
            return shared
        instant = zones.to_utc(datetime.fromisoformat(start["at"]), start["zone"]) + timedelta(minutes=1)
        return {"at": zones.to_wall(instant, zone).isoformat(), "zone": zone}

    def _zone(self, zone: str | None, old: Any, context: Context) -> str | None:
        if zone is None:
            if self.dialect == "ical":
                return None
            zone = context.zone
        known = zones.canonical(zone)
        if known is None:
            raise Refusal(f"The time zone {zone!r} is unknown.")
        former = (old or {}).get("timeZone")
        if self.dialect != "graph":
            return str(former) if former and zones.canonical(former) and zones.alike(former, known) else known
        name = zones.windows(known)
        if name is None:
            raise Refusal(f"The time zone {known} has no Windows name, which Microsoft asks for.")
        return str(former) if former and zones.windows(former) == name else name
