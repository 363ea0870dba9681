"""Somebody at work in Outlook itself: the stand-in's mailbox, changed without the connector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from connectors import connect
from sandbox import start
from tests.connectors.control import Control
from tests.connectors.desk import Desk

ZONE = "W. Europe Standard Time"


class Outlook:
    """Graph calls of another client."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = f"{url}/v1.0/", token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Prefer": 'IdType="ImmutableId"',
        }
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self._url + quote(path, safe="/?=&$%:,"), data, headers, method=method)) as reply:
            return json.loads(reply.read() or b"null")

    def events(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "me/events?$top=100")["value"])

    def add(self, **changes: Any) -> str:
        at = {"timeZone": ZONE}
        times = {
            "start": {"dateTime": "2026-11-02T09:00:00", **at},
            "end": {"dateTime": "2026-11-02T10:00:00", **at},
        }
        return str(self.call("POST", "me/events", {"subject": "Standup", **times, **changes})["id"])

    def patch(self, id: str, **changes: Any) -> None:
        self.call("PATCH", f"me/events/{quote(id, safe='')}", changes)

    def delete(self, id: str) -> None:
        self.call("DELETE", f"me/events/{quote(id, safe='')}")

    def occurrence(self, series: str, day: str) -> str:
        window = f"startDateTime={day}T00:00:00Z&endDateTime={day}T23:59:00Z"
        (found,) = self.call("GET", f"me/events/{quote(series, safe='')}/instances?{window}")["value"]
        return str(found["id"])


def weekly(count: int | None = None, start: str = "2026-11-02", zone: str = ZONE) -> dict[str, Any]:
    """Each Monday, so many times or for ever."""
    kind = {"type": "numbered", "numberOfOccurrences": count} if count else {"type": "noEnd"}
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "range": {"startDate": start, "recurrenceTimeZone": zone, **kind},
    }


@dataclass
class Office:
    """The connector, somebody in Outlook, and the server's switches."""

    desk: Desk
    outlook: Outlook
    control: Control
    settings: dict[str, str]

    def again(self, **settings: str) -> Desk:
        """Another connector for the same mailbox."""
        return Desk(connect("outlook_calendar", self.settings | settings, sleep=lambda _: None), self.desk.scope)


@pytest.fixture
def office() -> Iterator[Office]:
    with start("outlook_calendar") as server:
        settings = {"base_url": server.url, "token": server.token}
        desk = Desk(connect("outlook_calendar", settings, sleep=lambda _: None), {"calendar": "primary"})
        yield Office(desk, Outlook(server.url, server.token), Control(server.url), settings)


def timed(date: str, clock: str, zone: str = ZONE) -> dict[str, str]:
    return {"dateTime": f"{date}T{clock}:00", "timeZone": zone}


def sample(**changes: Any) -> dict[str, Any]:
    return {"subject": "Standup", "start": timed("2026-11-02", "09:00"), "end": timed("2026-11-02", "10:00")} | changes
