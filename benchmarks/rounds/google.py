"""A user of Google Calendar: plain HTTP, and nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.rounds.seen import LENGTH, WINDOW, ZONE, Meeting, Part, Seen, berlin, by_name, wall
from benchmarks.shown import HTTP

FIELDS = {"title": "summary", "place": "location", "body": "description"}


@dataclass(frozen=True)
class Google:
    """Changes are sent with If-Match: what somebody changed meanwhile is looked at first. Raises HTTPStatusError."""

    url: str
    token: str

    def look(self) -> Seen:
        masters = {each["id"]: each for each in self._list() if each["status"] != "cancelled"}
        parts: dict[str, list[Part]] = defaultdict(list)
        for each in self._list(singleEvents="true", timeMin=WINDOW[0], timeMax=WINDOW[1]):
            start = berlin(each["start"]["dateTime"], each["start"].get("timeZone", "UTC"))
            text = " ".join(each.get(name, "") for name in FIELDS.values())
            part = Part(each["id"], each["etag"], start, text)
            parts[each.get("recurringEventId", each["id"])].append(part)
        return by_name(
            Meeting(each["summary"].split()[0], id, each["etag"], tuple(parts[id]), "recurrence" in each)
            for id, each in masters.items()
            if "recurringEventId" not in each
        )

    def add(self, values: dict[str, str], start: datetime, count: int | None) -> None:
        body = {FIELDS[name]: value for name, value in values.items()} | _times(start)
        self._ask("POST", "", body | ({"recurrence": [f"RRULE:FREQ=DAILY;COUNT={count}"]} if count else {}))

    def set(self, meeting: Meeting, values: dict[str, str]) -> None:
        self._change(meeting, {FIELDS[name]: value for name, value in values.items()})

    def retime(self, meeting: Meeting, start: datetime) -> None:
        self._change(meeting, _times(start))

    def change_occurrence(self, meeting: Meeting, day: str, title: str | None, start: datetime | None) -> None:
        body = ({"summary": title} if title else {}) | (_times(start) if start else {})
        self._change(meeting.on(day), body)

    def cancel(self, meeting: Meeting, day: str) -> None:
        self.remove(meeting.on(day))

    def remove(self, what: Meeting | Part | None) -> None:
        assert what is not None
        self._ask("DELETE", f"/{what.id}", version=what.version)

    def _change(self, what: Meeting | Part | None, body: dict[str, Any]) -> None:
        assert what is not None
        self._ask("PATCH", f"/{what.id}", body, what.version)

    def _list(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"nextPageToken": ""}
        while "nextPageToken" in page:
            more = {"pageToken": page["nextPageToken"]} if page["nextPageToken"] else {}
            page = self._ask("GET", "", query={"maxResults": "2500", **query, **more})
            found += page["items"]
        return found

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        version: str = "",
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        address = f"{self.url}/calendar/v3/calendars/primary/events{path}"
        headers = {"Authorization": f"Bearer {self.token}"} | ({"If-Match": version} if version else {})
        reply = HTTP.request(method, address, json=body, headers=headers, params=query).raise_for_status()
        return reply.json() if reply.content else {}


def _times(start: datetime) -> dict[str, Any]:
    return {name: {"dateTime": wall(at), "timeZone": ZONE} for name, at in (("start", start), ("end", start + LENGTH))}
