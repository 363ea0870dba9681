"""What makes a calendar's records events."""

from __future__ import annotations

from datetime import datetime

from connectors import dav
from connectors.caldav.series import Series
from connectors.davkind import Kind
from engine.contract import Json


def _fresh(uid: str, data: Json, now: datetime, key: str, _: str) -> Series:
    return Series.fresh(uid, data, now, key)


EVENTS = Kind(
    protocol="CalDAV",
    place="calendar",
    item="event",
    scope="calendar",
    known="/.well-known/caldav",
    resource=dav.CAL + "calendar",
    home=dav.CAL + "calendar-home-set",
    data=dav.CAL + "calendar-data",
    multiget=dav.CAL + "calendar-multiget",
    component="VEVENT",
    mime="text/calendar",
    suffix=".ics",
    make=lambda name: dav.mkcalendar(name, "VEVENT"),
    load=Series.load,
    fresh=_fresh,
)
