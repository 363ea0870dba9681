"""Somebody at work on a CalDAV server, with nothing but HTTP and iCalendar."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any, ClassVar
from urllib.parse import quote
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

import httpx
from defusedxml.ElementTree import fromstring
from icalendar import Calendar

from syncline.demo.people import ZONE, Seen

_DAV, _CAL = "DAV:", "urn:ietf:params:xml:ns:caldav"
_SPACES = f'xmlns:D="{_DAV}" xmlns:C="{_CAL}"'
_MAKE = (
    f"<C:mkcalendar {_SPACES}><D:set><D:prop><D:displayname>Calendar</D:displayname></D:prop></D:set></C:mkcalendar>"
)
_ICS = {"Content-Type": "text/calendar; charset=utf-8"}
_XML = {"Content-Type": "application/xml; charset=utf-8"}


class Dav:
    """A meeting's id is the path of its resource."""

    side: ClassVar[str] = "caldav"

    def __init__(self, url: str, user: str) -> None:
        self._http = httpx.Client(base_url=url, auth=(user, user), timeout=60)
        self.close = self._http.close
        self._home = f"/{user}/calendar/"

    def make(self) -> None:
        """The calendar."""
        self._http.request("MKCALENDAR", self._home, content=_MAKE, headers=_XML).raise_for_status()

    def meetings(self) -> dict[str, str]:
        return {path: str(_master(text).get("SUMMARY", "")) for path, text in self._asked("", "").items()}

    def see(self, id: str) -> Seen | None:
        reply = self._http.get(id)
        if reply.status_code == 404:
            return None
        event = _master(reply.raise_for_status().text)
        times = (_wall(event["DTSTART"].dt), _wall(event["DTEND"].dt))
        return Seen(str(event.get("SUMMARY", "")), *times, str(event.get("LOCATION", "")))

    def starts(self, id: str, days: tuple[str, str]) -> list[str]:
        """The server expands the series."""
        since, until = (f"{day.replace('-', '')}T000000Z" for day in days)
        part = f'<C:expand start="{since}" end="{until}"/>'
        span = f'<C:time-range start="{since}" end="{until}"/>'
        events: list[Any] = Calendar.from_ical(self._asked(part, span)[id]).walk("VEVENT")
        return sorted(_wall(event["DTSTART"].dt) for event in events)

    def rename(self, id: str, title: str) -> None:
        """As a calendar program does it: read, change, write back what was read."""
        reply = self._http.get(id).raise_for_status()
        calendar = Calendar.from_ical(reply.text)
        for event in calendar.walk("VEVENT"):
            if "RECURRENCE-ID" not in event:
                event["SUMMARY"] = title
        headers = {**_ICS, "If-Match": reply.headers["ETag"]}
        self._http.put(id, content=calendar.to_ical(), headers=headers).raise_for_status()

    def remove(self, id: str) -> None:
        self._http.delete(id).raise_for_status()

    def load(self, text: str) -> None:
        """One resource for each UID. What the server refuses is left out, as the stand-ins do it."""
        for uid, content in _apart(text).items():
            path = f"{self._home}{quote(uid, safe='')}.ics"
            reply = self._http.put(path, content=content, headers=_ICS)
            if reply.status_code not in (400, 403, 409):
                reply.raise_for_status()

    def _asked(self, part: str, span: str) -> dict[str, str]:
        """Path -> iCalendar text of a calendar query."""
        headers = {**_XML, "Depth": "1"}
        reply = self._http.request("REPORT", self._home, content=_query(part, span), headers=headers)
        found = fromstring(reply.raise_for_status().content).findall(f"{{{_DAV}}}response")
        return {_text(one, _DAV, "href"): _text(one, _CAL, "calendar-data") for one in found}


def _query(part: str, span: str) -> str:
    """Every event, or those in a time range (XML); whole, or expanded (XML)."""
    want = f"<D:prop><C:calendar-data>{part}</C:calendar-data></D:prop>"
    events = f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{span}</C:comp-filter></C:comp-filter>'
    return f"<C:calendar-query {_SPACES}>{want}<C:filter>{events}</C:filter></C:calendar-query>"


def _text(element: Element, space: str, name: str) -> str:
    return element.findtext(f".//{{{space}}}{name}") or ""


def _master(text: str) -> Any:
    events: list[Any] = Calendar.from_ical(text).walk("VEVENT")
    return next((event for event in events if "RECURRENCE-ID" not in event), events[0])


def _apart(text: str) -> dict[str, bytes]:
    """UID -> a calendar object with all of its events, and with the zones of the text."""
    groups: dict[str, list[Any]] = defaultdict(list)
    zones: dict[str, Any] = {}
    for calendar in Calendar.from_ical(text, multiple=True):
        zones |= {str(zone["TZID"]): zone for zone in calendar.walk("VTIMEZONE")}
        for event in calendar.walk("VEVENT"):
            groups[str(event.get("UID", ""))].append(event)
    return {uid: _calendar([*zones.values(), *events]).to_ical() for uid, events in groups.items() if uid}


def _calendar(parts: list[Any]) -> Calendar:
    made = Calendar()
    made.add("VERSION", "2.0")
    made.add("PRODID", "-//Syncline//demo//EN")
    for part in parts:
        made.add_component(part)
    return made


def _wall(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    local = moment.astimezone(ZoneInfo(ZONE)) if moment.tzinfo else moment
    return f"{local:%Y-%m-%d %H:%M}"
