"""What makes a calendar's records events, or tasks."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from connectors import dav
from connectors.caldav.series import Series
from connectors.caldav.task import Task
from connectors.davkind import Kind
from engine.contract import Json

_kind = partial(
    Kind,
    protocol="CalDAV",
    place="calendar",
    scope="calendar",
    known="/.well-known/caldav",
    resource=dav.CAL + "calendar",
    home=dav.CAL + "calendar-home-set",
    data=dav.CAL + "calendar-data",
    multiget=dav.CAL + "calendar-multiget",
    mime="text/calendar",
    suffix=".ics",
)


def events() -> Kind:
    def fresh(uid: str, data: Json, now: datetime, key: str, _: str) -> Series:
        return Series.fresh(uid, data, now, key)

    make = partial(dav.mkcalendar, component="VEVENT")
    return _kind(item="event", component="VEVENT", make=make, load=Series.load, fresh=fresh)


def tasks(zone: str) -> Kind:
    """`zone` (IANA) is that in which days of times in UTC are named."""

    def load(text: str) -> Task | None:
        return Task.load(text, zone)

    def fresh(uid: str, data: Json, now: datetime, key: str, _: str) -> Task:
        return Task.fresh(uid, data, now, key, zone)

    make = partial(dav.mkcalendar, component="VTODO")
    return _kind(item="task", component="VTODO", make=make, load=load, fresh=fresh)
