"""One calendar: its addresses, and reading events whole, with the exceptions of their series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.google_calendar.batch import Call, each
from connectors.google_calendar.series import Series, group
from connectors.http import Client
from connectors.paging import by_cursor
from engine.contract import AppError, Json, Missing, Refused

ROOT = "calendar/v3/"
PAGE = "2500"
HALF_BLIND = {"reader", "freeBusyReader", "writerWithoutPrivateAccess"}
PRIVATE = {"private", "confidential"}


class Calendar:
    """A calendar by its id; `events` is the path of its events. `role` and `zone` are those of the last answer that
    told them."""

    def __init__(self, http: Client, id_: str, *, role: str = "owner", zone: str = "UTC") -> None:
        self.http = http
        self.id = id_
        self.role = role
        self.zone = zone
        self.events = f"{ROOT}calendars/{quote(id_, safe='')}/events"

    def call(
        self, method: str, event: str = "", *, body: Mapping[str, Any] | None = None, etag: str | None = None
    ) -> Call:
        """A call about one event, or (without `event`) about the collection. A write mails nobody."""
        path = f"{self.events}/{quote(event, safe='')}" if event else self.events
        params = {} if method == "GET" else {"sendUpdates": "none"}
        return Call(method, path, params, body, etag)

    def pages(self, **params: str) -> Iterator[Json]:
        """The answers of events.list: masters, singles and exceptions as they are stored."""

        def fetch(token: str | None) -> Json:
            more = {"pageToken": token} if token else {}
            return self._told(self.http.json("GET", self.events, params={"maxResults": PAGE, **params, **more}))

        return by_cursor(fetch, lambda page: page.get("nextPageToken"))

    def whole(self, events: Iterable[Json]) -> Iterator[Series]:
        """Events with their exceptions; what this account may not see of private ones is unread."""
        held = list(events)
        return group(held, self.zone, {event["id"]: self._veiled(event) for event in held})

    def read(self, ids: Sequence[str]) -> dict[str, Series | None]:
        """The named events as they are now, series whole; None is surely not there. Raises what a read may raise."""
        found: dict[str, Series | None] = dict.fromkeys(ids)
        masters: list[Json] = []
        for event in self._events_of(ids):
            if event.get("recurrence"):
                masters.append(event)
            elif event.get("status") != "cancelled" and not self._belongs(event):
                found[event["id"]] = next(self.whole([event]))
        for series in self.with_exceptions(masters):
            found[series.id] = series
        return found

    def _events_of(self, ids: Sequence[str]) -> Iterator[Json]:
        for answer in each(self.http, [self.call("GET", id_) for id_ in ids]) if ids else []:
            if isinstance(answer, AppError):
                if not isinstance(answer, Missing):
                    raise answer
            elif not (answer.get("status") == "cancelled" and answer.get("recurrence")):
                yield answer

    def with_exceptions(self, masters: Sequence[Json]) -> Iterator[Series]:
        """A master and its exceptions share the iCalendar UID: one list per series, the same view as a scan has."""
        calls = [self._by_uid(master.get("iCalUID", f"{master['id']}@google.com")) for master in masters]
        for master, call, answer in zip(masters, calls, each(self.http, calls) if calls else [], strict=True):
            if isinstance(answer, AppError):
                raise answer
            items = list(self._told(answer).get("items", []))
            if answer.get("nextPageToken"):
                items = [
                    event for page in self.pages(iCalUID=call.params["iCalUID"]) for event in page.get("items", [])
                ]
            mine = [event for event in items if master["id"] in (event["id"], event.get("recurringEventId"))]
            known = mine if any(event["id"] == master["id"] for event in mine) else [master, *mine]
            yield from self.whole(known)

    def _by_uid(self, uid: str) -> Call:
        return Call("GET", self.events, {"iCalUID": uid, "maxResults": PAGE})

    def _belongs(self, event: Json) -> bool:
        """Whether an occurrence is part of a series of this calendar, and so no record of its own."""
        parent = event.get("recurringEventId")
        if not parent:
            return False
        return any(event.get("status") != "cancelled" for event in self._events_of([str(parent)]))

    def _told(self, page: Json) -> Json:
        self.role = page.get("accessRole", self.role)
        self.zone = page.get("timeZone", self.zone)
        return page

    def _veiled(self, event: Json) -> bool:
        if self.role == "freeBusyReader":
            return True
        return self.role in HALF_BLIND and event.get("visibility") in PRIVATE


class Shelf:
    """The calendars of the account, read once."""

    def __init__(self, http: Client) -> None:
        self._http = http
        self._entries: list[Json] | None = None

    def entries(self) -> list[Json]:
        """The account's calendar list."""
        if self._entries is None:
            pages = by_cursor(self._page, lambda page: page.get("nextPageToken"))
            self._entries = [entry for page in pages for entry in page.get("items", [])]
        return self._entries

    def primary(self) -> Json:
        """The user's own calendar: its id is the account's address."""
        own = [entry for entry in self.entries() if entry.get("primary")]
        if not own:
            raise Refused("This Google account has no calendar of its own.")
        return own[0]

    def find(self, name: str) -> Calendar:
        """By id, `primary`, or title; Refused where there is none or several."""
        fitting = [self.primary()] if name == "primary" else [e for e in self.entries() if e["id"] == name]
        fitting = fitting or [entry for entry in self.entries() if name in _titles(entry)]
        if len(fitting) != 1:
            kind = "no calendar" if not fitting else f"{len(fitting)} calendars named"
            there = ", ".join(f"{_titles(entry)[0]} ({entry['id']})" for entry in self.entries())
            raise Refused(f"Google Calendar has {kind} {name!r}. There are: {there}.")
        entry = fitting[0]
        return Calendar(self._http, entry["id"], role=entry["accessRole"], zone=entry.get("timeZone", "UTC"))

    def _page(self, token: str | None) -> Json:
        params = {"maxResults": "250", **({"pageToken": token} if token else {})}
        page: Json = self._http.json("GET", f"{ROOT}users/me/calendarList", params=params)
        return page


def _titles(entry: Json) -> list[str]:
    return [str(entry[name]) for name in ("summaryOverride", "summary") if entry.get(name)] or [str(entry["id"])]
