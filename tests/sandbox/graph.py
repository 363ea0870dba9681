"""Talking to the Graph stand-ins in tests: plain HTTP, with the shapes that are needed again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx

from sandbox import start

STAMP = "String {6b1f0c52-7d3e-4a0f-9a53-2f3f8f1b6c10} Name syncline"
BERLIN, WINDOWS = "Europe/Berlin", "W. Europe Standard Time"


def at(wall: str, zone: str = BERLIN) -> dict[str, str]:
    return {"dateTime": wall, "timeZone": zone}


def meeting(**more: Any) -> dict[str, Any]:
    """Half an hour on a Monday, in Berlin."""
    times = {"start": at("2026-11-02T09:00:00"), "end": at("2026-11-02T09:30:00")}
    return {"subject": "Standup", **times, **more}


def rule(pattern: dict[str, Any], start: str = "2026-11-02", **more: Any) -> dict[str, Any]:
    return {
        "pattern": {"interval": 1, **pattern},
        "range": {"type": "noEnd", "startDate": start, **more},
    }


MONDAYS = {"type": "weekly", "daysOfWeek": ["monday"]}


class Graph:
    """A signed-in client; each verb returns the parsed body and insists on the status it expects."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """`more`: json, headers, params, as httpx has them."""
        target = path if path.startswith(("http", "/_")) else f"/v1.0{path}"
        reply = self.http.request(method, target, **more)
        assert reply.status_code == status, reply.text
        return reply.json() if reply.content else None

    def refused(self, method: str, path: str, status: int, **more: Any) -> str:
        """The error code."""
        return str(self.call(method, path, status, **more)["error"]["code"])

    def create(self, **more: Any) -> Any:
        return self.call("POST", "/me/events", 201, json=meeting(**more))

    def series(self, pattern: dict[str, Any] = MONDAYS, **more: Any) -> Any:
        ranged = more.pop("ranged", {})
        return self.create(recurrence=rule(pattern, **ranged), **more)

    def get(self, event: Any, query: str = "", status: int = 200, **more: Any) -> Any:
        return self.call("GET", place(event) + query, status, **more)

    def patch(self, event: Any, status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return self.call("PATCH", place(event), status, json=body, headers=headers)

    def delete(self, event: Any, status: int = 204) -> Any:
        return self.call("DELETE", place(event), status)

    def instances(self, master: Any, since: str = "2026-11-01", until: str = "2026-12-15", **more: Any) -> list[Any]:
        window = f"/instances?startDateTime={since}T00:00:00Z&endDateTime={until}T00:00:00Z&$top=500"
        return list(self.get(master, window, **more)["value"])

    def days(self, master: Any, since: str, until: str) -> list[str]:
        return [each["start"]["dateTime"][:10] for each in self.instances(master, since, until)]

    def control(self, verb: str, name: str, **body: Any) -> Any:
        return self.call(verb, f"/_control/{name}", json=body or None)

    def mail(self) -> int:
        """Messages since the last call."""
        count = int(self.control("GET", "log")["mail"])
        self.control("POST", "reset_log")
        return count

    def delta(self, url: str, size: int = 50, **headers: str) -> tuple[list[Any], str]:
        """A whole round: its items and the link of the next one."""
        items: list[Any] = []
        while True:
            page = self.call("GET", url, headers={"Prefer": f"odata.maxpagesize={size}", **headers})
            items += page["value"]
            if "@odata.deltaLink" in page:
                return items, str(page["@odata.deltaLink"])
            url = page["@odata.nextLink"]


def place(event: Any) -> str:
    name = event if isinstance(event, str) else event["id"]
    return f"/me/events/{quote(name, safe='')}"


def slashed(graph: Graph, path: str) -> Any:
    """A fresh folder or list whose id has a slash, which has to be percent-encoded wherever it stands in a path."""
    made = (graph.call("POST", path, 201, json={"displayName": f"Nr {number}"}) for number in count(1))
    return next(folder for folder in made if "/" in folder["id"])


@contextmanager
def signed_in(app: str = "outlook_calendar") -> Iterator[Graph]:
    """A stand-in of its own, and a client of it."""
    with start(app) as server:
        graph = Graph(server.url, server.token)
        try:
            yield graph
        finally:
            graph.http.close()
