"""A user of a CalDAV server: plain HTTP and iCalendar, and nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from benchmarks.rounds.seen import LENGTH, WINDOW, ZONE, Meeting, Part, Seen, by_name
from benchmarks.shown import HTTP

FIELDS = {"title": "SUMMARY", "place": "LOCATION", "body": "DESCRIPTION"}
_QUERY = (
    '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/>'
    '</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>'
    "</C:calendar-query>"
)
_TYPE = {"Content-Type": "text/calendar; charset=utf-8"}


@dataclass(frozen=True)
class Dav:
    """Reads an object, changes it and puts it back with If-Match, as a calendar program does. `url`: with a slash.

    Raises HTTPStatusError.
    """

    url: str
    account: tuple[str, str]

    def look(self) -> Seen:
        return by_name(_meeting(*each) for each in self._objects())

    def add(self, values: dict[str, str], start: datetime, count: int | None) -> None:
        event, name = Event(), values["title"].split()[0]
        event.add("UID", f"{name}@example.org")
        event.add("DTSTAMP", datetime(2026, 11, 1, tzinfo=ZoneInfo("UTC")))
        _put(event, values)
        _place(event, start)
        if count:
            event.add("RRULE", {"FREQ": "DAILY", "COUNT": count})
        calendar = Calendar()
        calendar.add("VERSION", "2.0")
        calendar.add("PRODID", "-//A person//EN")
        calendar.add_component(event)
        self._ask("PUT", f"{self.url}{name}.ics", calendar.to_ical(), {"If-None-Match": "*"})

    def set(self, meeting: Meeting, values: dict[str, str]) -> None:
        """What an occurrence had of the series follows it."""
        calendar = self._read(meeting)
        former = {name: str(_master(calendar).get(FIELDS[name], "")) for name in values}
        for event in calendar.walk("VEVENT"):
            _put(event, {name: value for name, value in values.items() if event.get(FIELDS[name], "") == former[name]})
        self._store(meeting, calendar)

    def retime(self, meeting: Meeting, start: datetime) -> None:
        """Changed occurrences keep their own times; what names them moves along with the series."""
        calendar = self._read(meeting)
        by = start - _start(_master(calendar))
        for event in calendar.walk("VEVENT"):
            _shift(event, by)
        _place(_master(calendar), start)
        self._store(meeting, calendar)

    def change_occurrence(self, meeting: Meeting, day: str, title: str | None, start: datetime | None) -> None:
        calendar = self._read(meeting)
        event = _override(calendar, day)
        _put(event, {"title": title} if title else {})
        if start:
            _place(event, start)
        self._store(meeting, calendar)

    def cancel(self, meeting: Meeting, day: str) -> None:
        calendar = self._read(meeting)
        master = _master(calendar)
        calendar.subcomponents = [each for each in calendar.subcomponents if _original(each) != day]
        master.add("EXDATE", _at(master, day))
        self._store(meeting, calendar)

    def remove(self, what: Meeting) -> None:
        self._ask("DELETE", what.id, headers={"If-Match": what.version})

    def _objects(self) -> Iterator[tuple[str, str, str]]:
        """Address, etag and text of each."""
        headers = {"Depth": "1", "Content-Type": "application/xml"}
        for response in ElementTree.fromstring(self._ask("REPORT", self.url, _QUERY, headers).content):
            found = {element.tag.rpartition("}")[2]: element.text or "" for element in response.iter()}
            yield urljoin(self.url, found["href"]), found["getetag"], found["calendar-data"]

    def _read(self, meeting: Meeting) -> Any:
        return Calendar.from_ical(self._ask("GET", meeting.id).text)

    def _store(self, meeting: Meeting, calendar: Any) -> None:
        self._ask("PUT", meeting.id, calendar.to_ical(), {"If-Match": meeting.version})

    def _ask(self, method: str, url: str, content: Any = None, headers: dict[str, str] | None = None) -> Any:
        headers = {**_TYPE, **(headers or {})}
        return HTTP.request(method, url, content=content, headers=headers, auth=self.account).raise_for_status()


@lru_cache(10_000)
def _meeting(address: str, version: str, text: str) -> Meeting:
    calendar = Calendar.from_ical(text)
    found = recurring_ical_events.of(calendar).between(*(datetime.fromisoformat(each) for each in WINDOW))
    parts = [Part("", version, _start(event), _text(event)) for event in found]
    master = _master(calendar)
    name = str(master["SUMMARY"]).split()[0]
    return Meeting(name, address, version, tuple(sorted(parts, key=lambda part: part.start)), "RRULE" in master)


def _text(event: Any) -> str:
    return " ".join(str(event.get(name, "")) for name in FIELDS.values())


def _start(event: Any) -> datetime:
    moment: datetime = event["DTSTART"].dt
    return moment.astimezone(ZoneInfo(ZONE))


def _master(calendar: Any) -> Any:
    return next(event for event in calendar.walk("VEVENT") if "RECURRENCE-ID" not in event)


def _original(component: Any) -> str | None:
    if "RECURRENCE-ID" not in component:
        return None
    found: datetime = component["RECURRENCE-ID"].dt
    return found.astimezone(ZoneInfo(ZONE)).date().isoformat()


def _at(master: Any, day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), _start(master).time(), ZoneInfo(ZONE))


def _put(event: Any, values: dict[str, str]) -> None:
    for name, value in values.items():
        event.pop(FIELDS[name], None)
        event.add(FIELDS[name], value)


def _place(event: Any, start: datetime) -> None:
    for name, at in (("DTSTART", start), ("DTEND", start + LENGTH)):
        event.pop(name, None)
        event.add(name, at)


def _override(calendar: Any, day: str) -> Any:
    """The event of that day's own, made as a copy of the series where there is none."""
    for event in calendar.walk("VEVENT"):
        if _original(event) == day:
            return event
    master, event = _master(calendar), Event()
    event.add("UID", str(master["UID"]))
    event.add("DTSTAMP", master["DTSTAMP"].dt)
    event.add("RECURRENCE-ID", _at(master, day))
    _put(event, {name: str(master[native]) for name, native in FIELDS.items() if native in master})
    _place(event, _at(master, day))
    calendar.add_component(event)
    return event


def _shift(event: Any, by: timedelta) -> None:
    """Moves the names of changed and cancelled occurrences, and the times of those that kept their own place."""
    if "RECURRENCE-ID" in event:
        original: datetime = event.pop("RECURRENCE-ID").dt.astimezone(ZoneInfo(ZONE))
        event.add("RECURRENCE-ID", original + by)
        if _start(event) == original:
            _place(event, original + by)
    if "EXDATE" in event:
        lists = event.pop("EXDATE")
        for each in lists if isinstance(lists, list) else [lists]:
            event.add("EXDATE", [one.dt.astimezone(ZoneInfo(ZONE)) + by for one in each.dts])
