"""What a server shows in a calendar: every occurrence from 2005 to 2030, by plain HTTP and an independent library.

None of the product's own code is used here, so that a misreading of ours cannot hide itself. Google's masters and
exceptions become VEVENTs, and CalDAV's objects are expanded as they are, both by recurring-ical-events; Outlook expands
by itself (calendarView), and what it shows of a series must be what the stored pattern says, by dateutil.
"""

from __future__ import annotations

import atexit
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import httpx
import recurring_ical_events
from dateutil import rrule
from icalendar import Calendar
from tzlocal.windows_tz import win_tz

FIRST, LAST = date(2005, 1, 1), date(2030, 12, 31)
HTTP = httpx.Client(trust_env=False, verify=False)  # loopback: certificates would take longer to load than all else
atexit.register(HTTP.close)
Moment = str
"""An instant as `2026-11-02T08:00Z`, or a date."""


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """One occurrence as people see it; ends are exclusive, as everywhere."""

    start: Moment
    end: Moment
    title: str

    def __str__(self) -> str:
        return f"{self.start}/{self.end} {self.title}"


Meetings = dict[str, list[Shown]]
"""Id of a single meeting or of a series -> its occurrences, sorted."""


# --- iCalendar ------------------------------------------------------------------------------------------------------


def of_ics(text: str, zone: str = "UTC") -> list[Shown]:
    """The occurrences of all events of a calendar object; floating times are meant in `zone`."""
    found = recurring_ical_events.of(Calendar.from_ical(text)).between(FIRST, LAST + timedelta(days=1))
    return sorted(one for event in found if (one := _of_event(event, zone)) and _inside(one))


def _of_event(event: Any, zone: str) -> Shown | None:
    if str(event.get("STATUS", "")) == "CANCELLED":
        return None
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else start
    return Shown(_moment(start, zone), _moment(end, zone), str(event.get("SUMMARY", "")))


def _moment(value: date, zone: str) -> Moment:
    if not isinstance(value, datetime):
        return value.isoformat()
    aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    return _instant(aware)


def _instant(aware: datetime) -> Moment:
    return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}".replace(":00Z", "Z")


def _inside(one: Shown) -> bool:
    return FIRST.isoformat() <= one.start[:10] <= LAST.isoformat()


# --- Google ---------------------------------------------------------------------------------------------------------


def google(url: str, token: str, calendar: str = "primary") -> Meetings:
    """By event id."""
    masters: dict[str, dict[str, Any]] = {}
    changed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in _google_events(url, token, calendar):
        if "recurringEventId" in event:
            changed[event["recurringEventId"]].append(event)
        elif event["status"] != "cancelled":
            masters[event["id"]] = event
    return {id: of_ics(_google_ics(master, changed[id])) for id, master in masters.items()}


def _google_events(url: str, token: str, calendar: str) -> Iterator[dict[str, Any]]:
    query: dict[str, str] = {"maxResults": "2500"}
    address, headers = f"{url}/calendar/v3/calendars/{calendar}/events", {"Authorization": f"Bearer {token}"}
    while True:
        page = HTTP.get(address, params=query, headers=headers).raise_for_status().json()
        yield from page["items"]
        if "nextPageToken" not in page:
            return
        query["pageToken"] = page["nextPageToken"]


def _google_ics(master: dict[str, Any], changed: list[dict[str, Any]]) -> str:
    cancelled = [event for event in changed if event["status"] == "cancelled"]
    lines = [*master.get("recurrence", []), *(_line("EXDATE", event["originalStartTime"]) for event in cancelled)]
    own = [event for event in changed if event["status"] != "cancelled"]
    events = [_vevent(event, [_line("RECURRENCE-ID", event["originalStartTime"])]) for event in own]
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//fidelity//EN",
            _vevent(master, lines),
            *events,
            "END:VCALENDAR",
            "",
        ]
    )


def _vevent(event: dict[str, Any], lines: list[str]) -> str:
    title = event.get("summary", "").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    times = [_line("DTSTART", event["start"]), _line("DTEND", event["end"])]
    return "\r\n".join(["BEGIN:VEVENT", "UID:one", *times, f"SUMMARY:{title}", *lines, "END:VEVENT"])


def _line(name: str, at: dict[str, str]) -> str:
    if "date" in at:
        return f"{name};VALUE=DATE:{at['date'].replace('-', '')}"
    moment, zone = datetime.fromisoformat(at["dateTime"]), at.get("timeZone")
    if zone is None or zone == "UTC":
        return f"{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    wall = moment.astimezone(ZoneInfo(zone)) if moment.tzinfo else moment
    return f"{name};TZID={zone}:{wall:%Y%m%dT%H%M%S}"


# --- CalDAV ---------------------------------------------------------------------------------------------------------

_QUERY = (
    '<?xml version="1.0"?><C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>'
    '<C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/>'
    "</C:comp-filter></C:filter></C:calendar-query>"
)


def caldav(calendar_url: str, account: tuple[str, str], zone: str = "UTC") -> Meetings:
    """By the last part of the resource's path."""
    return {name: of_ics(text, zone) for name, text in objects(calendar_url, account).items()}


def objects(calendar_url: str, account: tuple[str, str]) -> dict[str, str]:
    """The calendar objects of a collection, by the last part of their path."""
    headers = {"Depth": "1", "Content-Type": "application/xml"}
    reply = HTTP.request("REPORT", calendar_url, auth=account, headers=headers, content=_QUERY).raise_for_status()
    found = {}
    for response in ElementTree.fromstring(reply.content).iter("{DAV:}response"):
        href, data = response.find("{DAV:}href"), response.find(".//{urn:ietf:params:xml:ns:caldav}calendar-data")
        if href is not None and data is not None:
            found[str(href.text).rsplit("/", 1)[-1]] = str(data.text)
    return found


# --- Outlook --------------------------------------------------------------------------------------------------------

_SPAN = 4
"""Years in one calendar view; Outlook shows five at most."""
_SET = "String {b7c5a1f4-3d0e-4f52-9a6b-61f0c2d89e37} Name syncline"
_EXPAND = f"singleValueExtendedProperties($filter=id eq '{_SET}')"
_DAYS = dict(
    zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), rrule.weekdays, strict=True)
)
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}


class PatternError(AssertionError):
    """Outlook shows other days than the stored pattern names."""


def outlook(url: str, token: str) -> Meetings:
    """By event id. A meeting that stands apart for an occurrence of a series counts as the series' own."""
    mailbox = _Mailbox(f"{url}/v1.0/me", {"Authorization": f"Bearer {token}", "Prefer": 'IdType="ImmutableId"'})
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for year in range(FIRST.year, LAST.year + 1, _SPAN):
        for event in mailbox.years(year):
            found[_series(event)][event["id"]] = event
    kinds = mailbox.kinds()
    masters = mailbox.masters(id for id, kind in kinds.items() if kind == "seriesMaster")
    for id, master in masters.items():
        _check_pattern(master, [event for event in found[id].values() if event["type"] != "singleInstance"])
    shown = {id: sorted(filter(_inside, map(_of_outlook, events.values()))) for id, events in found.items()}
    return {id: [] for id, event in kinds.items() if event != "apart"} | shown


@dataclass(frozen=True)
class _Mailbox:
    root: str
    headers: dict[str, str]

    def years(self, first: int) -> Iterator[dict[str, Any]]:
        end = min(first + _SPAN, LAST.year + 1)
        query = {"startDateTime": f"{first}-01-01T00:00:00Z", "endDateTime": f"{end}-01-01T00:00:00Z"}
        yield from self._pages("calendarView", query | {"$top": "1000", "$expand": _EXPAND})

    def kinds(self) -> dict[str, str]:
        """Type of every single event and series, in whatever year; `apart` for those that belong to a series."""
        found = self._pages("events", {"$top": "1000", "$expand": _EXPAND})
        return {event["id"]: event["type"] if _series(event) == event["id"] else "apart" for event in found}

    def masters(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        select = {"$select": "subject,start,end,isAllDay,originalStartTimeZone,recurrence,cancelledOccurrences"}
        return {id: self._get(f"{self.root}/events/{quote(id, safe='')}", select) for id in ids}

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        page = self._get(f"{self.root}/{path}", query)
        yield from page["value"]
        while "@odata.nextLink" in page:
            page = self._get(page["@odata.nextLink"], None)
            yield from page["value"]

    def _get(self, address: str, query: dict[str, str] | None) -> dict[str, Any]:
        found: dict[str, Any] = HTTP.get(address, params=query, headers=self.headers).raise_for_status().json()
        return found


def _series(event: dict[str, Any]) -> str:
    notes = event.get("singleValueExtendedProperties") or [{"value": ""}]
    series, mark, _ = notes[0]["value"].rpartition("#")
    return series if mark else event.get("seriesMasterId") or event["id"]


def _of_outlook(event: dict[str, Any]) -> Shown:
    start, end = (_of_graph(event[name], all_day=event["isAllDay"]) for name in ("start", "end"))
    return Shown(start, end, event["subject"])


def _of_graph(at: dict[str, str], *, all_day: bool) -> Moment:
    wall = datetime.fromisoformat(at["dateTime"][:19])
    return wall.date().isoformat() if all_day else _instant(wall.replace(tzinfo=_zone(at["timeZone"])))


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(win_tz.get(name, name))


def _check_pattern(master: dict[str, Any], shown: list[dict[str, Any]]) -> None:
    """Occurrences, exceptions and cancelled days together are the days of the pattern."""
    zone = _zone(master["originalStartTimeZone"])
    days = {event["occurrenceId"].rsplit(".", 1)[-1] for event in shown}
    away = {day.rsplit(".", 1)[-1] for day in master["cancelledOccurrences"]}
    if days & away:
        raise PatternError(f"{master['subject']}: shows cancelled days {sorted(days & away)}")
    named = {day.isoformat() for day in _pattern_days(master, zone)}
    odd = (days | {day for day in away if FIRST.isoformat() <= day <= LAST.isoformat()}) ^ named
    edge = {FIRST.isoformat(), LAST.isoformat()}  # a day in the zone is another one in UTC
    if odd - edge:
        raise PatternError(f"{master['subject']}: {sorted(odd - edge)[:5]} of {master['recurrence']}")


def _pattern_days(master: dict[str, Any], zone: ZoneInfo) -> Iterator[date]:
    wall = datetime.fromisoformat(master["start"]["dateTime"][:19])
    if not master["isAllDay"]:
        wall = wall.replace(tzinfo=_zone(master["start"]["timeZone"])).astimezone(zone).replace(tzinfo=None)
    pattern, ends = master["recurrence"]["pattern"], master["recurrence"]["range"]
    begin = datetime.fromisoformat(ends["startDate"])
    until = LAST if ends["type"] != "endDate" else min(LAST, date.fromisoformat(ends["endDate"]))
    count = ends["numberOfOccurrences"] if ends["type"] == "numbered" else None
    for number, at in enumerate(_rule(pattern, begin)):
        if at.date() > until or (count is not None and number >= count):
            return
        if at.date() >= FIRST:
            yield at.date()


def _rule(pattern: dict[str, Any], begin: datetime) -> Iterator[datetime]:
    interval, kind = pattern["interval"], pattern["type"]
    days = [_DAYS[day] for day in pattern.get("daysOfWeek", [])]
    where: dict[str, Any] = {"dtstart": begin, "interval": interval}
    if kind == "daily":
        return iter(rrule.rrule(rrule.DAILY, **where))
    if kind == "weekly":
        week = _DAYS[pattern.get("firstDayOfWeek") or "sunday"]
        return iter(rrule.rrule(rrule.WEEKLY, byweekday=days, wkst=week, **where))
    if kind.endswith("Yearly"):
        where["bymonth"] = pattern["month"]
    freq = rrule.YEARLY if kind.endswith("Yearly") else rrule.MONTHLY
    if kind.startswith("relative"):
        place = _INDEX[pattern.get("index") or "first"]
        return iter(rrule.rrule(freq, byweekday=days, bysetpos=place, **where))
    last = list(range(28, pattern["dayOfMonth"] + 1)) or [pattern["dayOfMonth"]]  # short months end earlier
    return iter(rrule.rrule(freq, bymonthday=last, bysetpos=-1, **where))
