"""A user of Outlook: plain HTTP, and nothing of ours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from benchmarks.rounds.seen import LENGTH, WINDOW, ZONE, Meeting, Part, Seen, berlin, by_name, wall
from benchmarks.shown import HTTP

_PREFER = 'IdType="ImmutableId", outlook.body-content-type="text"'


@dataclass(frozen=True)
class Outlook:
    """Changes are sent with If-Match: what somebody changed meanwhile is looked at first. Raises HTTPStatusError."""

    url: str
    token: str

    def look(self) -> Seen:
        masters = {each["id"]: each for each in self._list("events", {})}
        parts: dict[str, list[Part]] = defaultdict(list)
        for each in self._list("calendarView", {"startDateTime": WINDOW[0], "endDateTime": WINDOW[1]}):
            text = " ".join((each["subject"], each["location"]["displayName"], each["body"]["content"]))
            part = Part(each["id"], each["@odata.etag"], berlin(each["start"]["dateTime"][:19]), text)
            parts[each.get("seriesMasterId") or each["id"]].append(part)
        return by_name(
            Meeting(each["subject"].split()[0], id, each["@odata.etag"], tuple(parts[id]), bool(each["recurrence"]))
            for id, each in masters.items()
        )

    def add(self, values: dict[str, str], start: datetime, count: int | None) -> None:
        self._ask("POST", "events", _native(values) | _times(start) | (_daily(start, count) if count else {}))

    def set(self, meeting: Meeting, values: dict[str, str]) -> None:
        self._change(meeting, _native(values))

    def retime(self, meeting: Meeting, start: datetime) -> None:
        self._change(meeting, _times(start))

    def change_occurrence(self, meeting: Meeting, day: str, title: str | None, start: datetime | None) -> None:
        body = ({"subject": title} if title else {}) | (_times(start) if start else {})
        self._change(meeting.on(day), body)

    def cancel(self, meeting: Meeting, day: str) -> None:
        self.remove(meeting.on(day))

    def remove(self, what: Meeting | Part | None) -> None:
        assert what is not None
        self._ask("DELETE", f"events/{quote(what.id, safe='')}", version=what.version)

    def _change(self, what: Meeting | Part | None, body: dict[str, Any]) -> None:
        assert what is not None
        self._ask("PATCH", f"events/{quote(what.id, safe='')}", body, what.version)

    def _list(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        page = self._ask("GET", path, query={"$top": "1000", **query})
        yield from page["value"]
        while "@odata.nextLink" in page:
            page = self._ask("GET", page["@odata.nextLink"])
            yield from page["value"]

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        version: str = "",
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        address = path if path.startswith("http") else f"{self.url}/v1.0/me/{path}"
        headers = {"Authorization": f"Bearer {self.token}", "Prefer": _PREFER}
        headers |= {"If-Match": version} if version else {}
        reply = HTTP.request(method, address, json=body, headers=headers, params=query).raise_for_status()
        return reply.json() if reply.content else {}


def _native(values: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, text in values.items():
        if name == "title":
            made["subject"] = text
        elif name == "place":
            made["location"] = {"displayName": text}
        else:
            made["body"] = {"contentType": "html", "content": f"<p>{text}</p>"}
    return made


def _times(start: datetime) -> dict[str, Any]:
    return {name: {"dateTime": wall(at), "timeZone": ZONE} for name, at in (("start", start), ("end", start + LENGTH))}


def _daily(start: datetime, count: int) -> dict[str, Any]:
    ends = {"type": "numbered", "startDate": start.date().isoformat(), "numberOfOccurrences": count}
    return {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": ends}}
