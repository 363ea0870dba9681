"""People at work in the apps themselves: each is a user with an app's own API and nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks import shown

Event = dict[str, Any]
BERLIN = "Europe/Berlin"
HTTP = shown.HTTP


def at(text: str, zone: str | None = BERLIN) -> Event:
    """A moment as Google and Outlook take it: `2026-11-02T09:00` in a zone, or `2026-11-02` for a day."""
    if "T" not in text:
        return {"date": text}
    return {"dateTime": f"{text}:00", "timeZone": zone} if zone else {"dateTime": text}


class Control:
    """What a stand-in counts."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_control/"

    def log(self) -> Event:
        found: Event = HTTP.get(self._url + "log").raise_for_status().json()
        return found

    def calm(self) -> None:
        HTTP.delete(self._url + "faults").raise_for_status()

    def post(self, what: str, **body: Any) -> None:
        HTTP.post(self._url + what, json=body).raise_for_status()


@dataclass(frozen=True)
class Google:
    """A user of Google Calendar. Guests are not told of anything that is done here."""

    url: str
    token: str

    @property
    def control(self) -> Control:
        return Control(self.url)

    def add(self, title: str, start: str, end: str, *, zone: str | None = BERLIN, **more: Any) -> str:
        body = {"summary": title, "start": at(start, zone), "end": at(end, zone), **more}
        return str(self._ask("POST", "", body)["id"])

    def edit(self, id: str, **fields: Any) -> Event:
        return self._ask("PATCH", f"/{id}", fields)

    def move(self, id: str, start: str, end: str, zone: str = BERLIN) -> Event:
        empty = {"date": None, "dateTime": None, "timeZone": None}
        return self.edit(id, start=empty | at(start, zone), end=empty | at(end, zone))

    def remove(self, id: str) -> None:
        self._ask("DELETE", f"/{id}")

    def read(self, id: str) -> Event:
        return self._ask("GET", f"/{id}")

    def occurrence(self, series: str, day: str) -> str:
        """The id of the occurrence that was meant for this day."""
        at, near = date.fromisoformat(day), timedelta(days=30)
        window = f"timeMin={at - near}T00:00:00Z&timeMax={at + near}T00:00:00Z"
        found = self._ask("GET", f"/{series}/instances?maxResults=2500&{window}")["items"]
        starts = {_day(each["originalStartTime"]): each["id"] for each in found}
        return str(starts[day])

    def find(self, title: str) -> Event:
        """The one meeting or series of this title."""
        found = [each for each in self._ask("GET", "?maxResults=2500")["items"] if each.get("summary") == title]
        (one,) = [each for each in found if "recurringEventId" not in each]
        return one

    def shows(self) -> shown.Meetings:
        return shown.google(self.url, self.token)

    def _ask(self, method: str, path: str, body: Event | None = None) -> Event:
        address = f"{self.url}/calendar/v3/calendars/primary/events{path}"
        reply = HTTP.request(method, address, json=body, headers={"Authorization": f"Bearer {self.token}"})
        assert reply.is_success, reply.text
        return reply.json() if reply.content else {}


def _day(moment: Event) -> str:
    return str(moment.get("dateTime") or moment["date"])[:10]


@dataclass(frozen=True)
class Outlook:
    """A user of Outlook. A meeting that has guests is only made through the control plane: Graph would mail them."""

    url: str
    token: str

    @property
    def control(self) -> Control:
        return Control(self.url)

    def add(self, title: str, start: str, end: str, *, zone: str = BERLIN, **more: Any) -> str:
        body = {"subject": title, **_span(start, end, zone), **more}
        return str(self._ask("POST", "", body)["id"])

    def edit(self, id: str, **fields: Any) -> Event:
        return self._ask("PATCH", f"/{quote(id, safe='')}", fields)

    def move(self, id: str, start: str, end: str, zone: str = BERLIN) -> Event:
        return self.edit(id, **_span(start, end, zone))

    def remove(self, id: str) -> None:
        self._ask("DELETE", f"/{quote(id, safe='')}")

    def read(self, id: str, select: str = "") -> Event:
        return self._ask("GET", f"/{quote(id, safe='')}" + (f"?$select={select}" if select else ""))

    def occurrence(self, series: str, day: str) -> str:
        window = "startDateTime=2005-01-01T00:00:00Z&endDateTime=2040-01-01T00:00:00Z&$top=1000"
        found = self._ask("GET", f"/{quote(series, safe='')}/instances?{window}")["value"]
        return str({each["occurrenceId"].rsplit(".", 1)[-1]: each["id"] for each in found}[day])

    def find(self, title: str) -> Event:
        (one,) = [each for each in self._ask("GET", "?$top=1000")["value"] if each["subject"] == title]
        return one

    def shows(self) -> shown.Meetings:
        return shown.outlook(self.url, self.token)

    def _ask(self, method: str, path: str, body: Event | None = None) -> Event:
        headers = {"Authorization": f"Bearer {self.token}", "Prefer": 'IdType="ImmutableId"'}
        reply = HTTP.request(method, f"{self.url}/v1.0/me/events{path}", json=body, headers=headers)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else {}


def _span(start: str, end: str, zone: str) -> Event:
    if "T" in start:
        return {"start": at(start, zone), "end": at(end, zone), "isAllDay": False}
    days = [{"dateTime": f"{day}T00:00:00", "timeZone": zone} for day in (start, end)]
    return {"start": days[0], "end": days[1], "isAllDay": True}


@dataclass(frozen=True)
class Dav:
    """A user of a CalDAV server. `url`: of the calendar, with a final slash."""

    url: str
    account: tuple[str, str]
    zone: str = "UTC"

    def add(self, title: str, start: str, end: str, *lines: str, zone: str | None = BERLIN) -> str:
        """A new object; `lines` go into the event. Its name and UID come from the title."""
        times = [stamp("DTSTART", start, zone), stamp("DTEND", end, zone)]
        return self.put(slug(title), vevent(title, *times, *lines, uid=f"{slug(title)}@example.org"))

    def put(self, name: str, *events: str) -> str:
        """Stores an object made of these VEVENTs."""
        text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//A person//EN", *events, "END:VCALENDAR", ""])
        return self._put(f"{name}.ics", text)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces some text of an object's events; where it is not there, that is a mistake of the test."""
        zones, mark, events = self.read(name).partition("BEGIN:VEVENT")
        assert old in mark + events, f"{old!r} is not in:\n{events}"
        self._put(name, zones + (mark + events).replace(old, new))

    def remove(self, name: str) -> None:
        self._ask("DELETE", name)

    def read(self, name: str) -> str:
        """The object, unfolded and with plain line ends."""
        return self._ask("GET", name).text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")

    def find(self, title: str) -> str:
        """The name of the one object with this title."""
        objects = shown.objects(self.url, self.account)
        (name,) = [name for name in objects if f"\nSUMMARY:{title}\n" in self.read(name)]
        return name

    def shows(self) -> shown.Meetings:
        return shown.caldav(self.url, self.account, self.zone)

    def _put(self, name: str, text: str) -> str:
        self._ask("PUT", name, text)
        return name

    def _ask(self, method: str, name: str, text: str | None = None) -> httpx.Response:
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        reply = HTTP.request(method, self.url + name, content=text, headers=headers, auth=self.account)
        assert reply.is_success, reply.text
        return reply


def stamp(name: str, text: str, zone: str | None = BERLIN) -> str:
    """`DTSTART;TZID=Europe/Berlin:20261102T090000` and its likes. Zone None: floating."""
    digits = text.replace("-", "").replace(":", "")
    if "T" not in text:
        return f"{name};VALUE=DATE:{digits}"
    if zone == "UTC":
        return f"{name}:{digits}00Z"
    return f"{name};TZID={zone}:{digits}00" if zone else f"{name}:{digits}00"


def vevent(title: str, *lines: str, uid: str) -> str:
    """One VEVENT of these lines."""
    return "\r\n".join(
        ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T080000Z", f"SUMMARY:{title}", *lines, "END:VEVENT"]
    )


def slug(title: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in title.lower())
