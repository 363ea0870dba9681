"""People at work in the apps: what they do and see goes through each app's own HTTP API, past all that Syncline keeps.

Moments are wall time in `ZONE`, as text: `2026-12-07 09:00`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

import httpx

ZONE = "Europe/Berlin"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A meeting as an app shows it."""

    title: str
    start: str
    end: str
    place: str


class Person(Protocol):
    """Somebody who has a calendar in one of the apps."""

    side: ClassVar[str]

    def meetings(self) -> dict[str, str]:
        """Id -> title of everything in the calendar; a series counts once."""

    def see(self, id: str) -> Seen | None:
        """One meeting; None when it is not there."""

    def starts(self, id: str, days: tuple[str, str]) -> list[str]:
        """When the occurrences of a series begin, of those from one ISO date to before another."""

    def remove(self, id: str) -> None:
        """Deletes a meeting."""

    def load(self, text: str) -> None:
        """Puts an iCalendar text into the calendar."""

    def close(self) -> None:
        """Closes its connections."""


class Control:
    """What a stand-in counts, and how it is filled."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def seed(self, text: str) -> None:
        self._http.post("/_control/seed", json={"calendar": "primary", "ics": text}).raise_for_status()

    def mail(self) -> int:
        """Letters that guests would have got."""
        return int(self._http.get("/_control/log").raise_for_status().json()["mail"])


class Google:
    """Guests are not told of what is done here."""

    side: ClassVar[str] = "google"

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.control = Control(self._http)
        self.load, self.close = self.control.seed, self._http.close

    def meetings(self) -> dict[str, str]:
        found = self._listed("", {})
        return {each["id"]: each.get("summary", "") for each in found if "recurringEventId" not in each}

    def see(self, id: str) -> Seen | None:
        reply = self._http.get(_EVENTS + f"/{id}", params={"timeZone": ZONE})
        event = {} if reply.status_code == 404 else reply.raise_for_status().json()
        if event.get("status", "cancelled") == "cancelled":
            return None
        times = (_wall(event["start"]), _wall(event["end"]))
        return Seen(event.get("summary", ""), *times, event.get("location", ""))

    def starts(self, id: str, days: tuple[str, str]) -> list[str]:
        return sorted(_wall(each["start"]) for each in self._occurrences(id, days))

    def edit(self, id: str, **fields: Any) -> None:
        self._http.patch(f"{_EVENTS}/{id}", params={"sendUpdates": "none"}, json=fields).raise_for_status()

    def cancel(self, id: str, start: str) -> None:
        """One occurrence of a series, named by when it begins."""
        found = self._occurrences(id, (start[:10], start[:10] + "T23:59"))
        (one,) = [each["id"] for each in found if _wall(each["start"]) == start]
        self.remove(one)

    def remove(self, id: str) -> None:
        self._http.delete(f"{_EVENTS}/{id}", params={"sendUpdates": "none"}).raise_for_status()

    def _occurrences(self, id: str, days: tuple[str, str]) -> list[Json]:
        since, until = (f"{day}T00:00:00Z" if len(day) == 10 else f"{day}:00Z" for day in days)
        return list(self._listed(f"/{id}/instances", {"timeMin": since, "timeMax": until, "timeZone": ZONE}))

    def _listed(self, path: str, query: dict[str, str]) -> Iterator[Json]:
        page = {"maxResults": "2500", **query}
        while True:
            found = self._http.get(_EVENTS + path, params=page).raise_for_status().json()
            yield from found["items"]
            if "nextPageToken" not in found:
                return
            page["pageToken"] = found["nextPageToken"]


_EVENTS = "/calendar/v3/calendars/primary/events"


class Outlook:
    """Graph mails the guests of a meeting that is changed; copies that Syncline makes have none that it could mail."""

    side: ClassVar[str] = "outlook"

    def __init__(self, url: str, token: str) -> None:
        prefer = f'IdType="ImmutableId", outlook.timezone="{ZONE}"'
        headers = {"Authorization": f"Bearer {token}", "Prefer": prefer}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=60)
        self.control = Control(self._http)
        self.load, self.close = self.control.seed, self._http.close

    def meetings(self) -> dict[str, str]:
        return {each["id"]: each["subject"] for each in self._listed("/v1.0/me/events?$top=100&$select=subject")}

    def see(self, id: str) -> Seen | None:
        reply = self._http.get(_event(id))
        if reply.status_code == 404:
            return None
        event = reply.raise_for_status().json()
        return Seen(event["subject"], _wall(event["start"]), _wall(event["end"]), event["location"]["displayName"])

    def starts(self, id: str, days: tuple[str, str]) -> list[str]:
        return sorted(_wall(each["start"]) for each in self._occurrences(id, days))

    def edit(self, id: str, **fields: Any) -> None:
        self._http.patch(_event(id), json=fields).raise_for_status()

    def move(self, id: str, start: str, end: str) -> None:
        self.edit(id, start=_at(start), end=_at(end))

    def move_one(self, series: str, was: str, start: str, end: str) -> None:
        """One occurrence of a series, named by when it begins."""
        found = self._occurrences(series, (was[:10], f"{was[:10]}T23:59:00"))
        (one,) = [each["id"] for each in found if _wall(each["start"]) == was]
        self.move(one, start, end)

    def remove(self, id: str) -> None:
        self._http.delete(_event(id)).raise_for_status()

    def _occurrences(self, id: str, days: tuple[str, str]) -> list[Json]:
        return list(
            self._listed(f"{_event(id)}/instances?startDateTime={days[0]}&endDateTime={days[1]}&$select=start,end")
        )

    def _listed(self, link: str | None) -> Iterator[Json]:
        while link:
            found = self._http.get(link).raise_for_status().json()
            yield from found["value"]
            link = found.get("@odata.nextLink")


def _event(id: str) -> str:
    return f"/v1.0/me/events/{quote(id, safe='')}"


def _at(moment: str) -> dict[str, str]:
    return {"dateTime": moment.replace(" ", "T") + ":00", "timeZone": ZONE}


def _wall(moment: Json) -> str:
    """A moment of Google or Outlook, asked for in ZONE."""
    return str(moment.get("dateTime") or moment["date"])[:16].replace("T", " ")
