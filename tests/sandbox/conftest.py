"""Google's own client library, pointed at the stand-in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox import Running, start

names = itertools.count(1)


@dataclass
class Google:
    """The stand-in, Google's client for it, plain HTTP to it, and a calendar nobody else uses."""

    server: Running
    api: Any
    http: httpx.Client
    calendar: str = ""

    def insert(self, **fields: Any) -> Any:
        """One event, by default a one-hour meeting."""
        return self.api.events().insert(calendarId=self.calendar, body=meeting(**fields), sendUpdates="none").execute()

    def patch(self, event_id: str, **fields: Any) -> Any:
        return self.api.events().patch(calendarId=self.calendar, eventId=event_id, body=fields).execute()

    def get(self, event_id: str) -> Any:
        return self.api.events().get(calendarId=self.calendar, eventId=event_id).execute()

    def delete(self, event_id: str) -> Any:
        return self.api.events().delete(calendarId=self.calendar, eventId=event_id).execute()

    def list(self, **query: Any) -> Any:
        return self.api.events().list(calendarId=self.calendar, **query).execute()

    def items(self, **query: Any) -> list[Any]:
        return self.list(**query)["items"]

    def token(self) -> str:
        return self.list(maxResults=2500)["nextSyncToken"]

    def fault(self, kind: str, **options: Any) -> None:
        assert self.http.post("/_control/faults", json={"kind": kind} | options).status_code == 200

    def log(self) -> Any:
        return self.http.get("/_control/log").json()

    def refusal(self, call: Callable[[], Any]) -> tuple[int, str]:
        """Status and reason of the refusal that a call of Google's client must meet."""
        from googleapiclient.errors import HttpError

        with pytest.raises(HttpError) as refused:
            call()
        return refused.value.status_code, refused.value.error_details[0]["reason"]


def meeting(**fields: Any) -> dict[str, Any]:
    """A body with a start and an end; None leaves a field out."""
    body = {
        "summary": "Standup",
        "start": {"dateTime": "2026-11-02T09:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-02T10:00:00", "timeZone": "Europe/Berlin"},
    } | fields
    return {name: value for name, value in body.items() if value is not None}


@pytest.fixture(scope="session")
def google_server() -> Iterator[Google]:
    """One stand-in for all tests of Google's API."""
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    with start("google_calendar") as server:
        options = {"api_endpoint": f"{server.url}/calendar/v3/"}
        signed_in = Credentials(token=server.token)
        api = build("calendar", "v3", credentials=signed_in, static_discovery=True, client_options=options)
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers) as http:
            yield Google(server, api, http)
        api.close()


@pytest.fixture
def google(google_server: Google) -> Google:
    """The stand-in without faults, counting from zero, with an empty calendar."""
    google_server.http.delete("/_control/faults")
    google_server.http.post("/_control/now", json={"now": None})
    body = {"summary": f"Calendar {next(names)}", "timeZone": "Europe/Berlin"}
    made = google_server.api.calendars().insert(body=body).execute()
    google_server.http.post("/_control/reset_log")
    return Google(google_server.server, google_server.api, google_server.http, made["id"])
