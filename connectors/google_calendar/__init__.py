"""Google Calendar, API version 3: events as records, a series being one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from connectors.google import sign_in
from connectors.google_calendar import channels
from connectors.google_calendar.calendar import Calendar, Shelf
from connectors.google_calendar.errors import classify
from connectors.google_calendar.series import gone
from connectors.google_calendar.wire import FIELDS
from connectors.google_calendar.writing import perform
from connectors.hook import Hook, Subscription
from connectors.http import Client
from connectors.proofs import google
from connectors.rest import known
from connectors.setting import OAUTH, OAuthApp, Setting, base_url
from engine.contract import (
    Caps,
    CursorExpired,
    Field,
    Json,
    Missing,
    Outcome,
    Page,
    Record,
    Refused,
    Schema,
    Support,
    Write,
)

__all__ = ["Connector"]


class Connector:
    """One Google account. Deletions are tombstones, creates carry their id, writes are guarded by etags."""

    app: ClassVar[str] = "google_calendar"
    title: ClassVar[str] = "Google Calendar"
    objects: ClassVar[tuple[str, ...]] = ("events",)
    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = {"events": FIELDS}
    settings: ClassVar[tuple[Setting, ...]] = (base_url("https://www.googleapis.com"), *OAUTH)
    sign_in: ClassVar[OAuthApp | None] = sign_in(
        "https://www.googleapis.com/auth/calendar.events",
        "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    )
    caps: ClassVar[Caps] = Caps(
        objects=("events",),
        delta=Support.YES,
        tombstones=Support.YES,
        guarded=Support.YES,
        stamped=Support.YES,
        webhooks=Support.YES,
        batch=50,
        page=2500,
        calls=(600, timedelta(minutes=1)),  # per user and project; batch parts count too, and are not paced
        proven="stand-in, itself driven by Google's own client library",
    )
    classify = staticmethod(classify)
    hook: ClassVar[Hook] = Hook(hear=google)

    def __init__(self, settings: Mapping[str, str], http: Client) -> None:
        self._settings = settings
        self._http = http
        self._shelf = Shelf(http)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far."""
        return self._http.requests

    def check(self) -> str:
        """The account's address."""
        return str(self._shelf.primary()["id"])

    def schema(self, obj: str) -> Schema:
        """The fields of events; times without a zone are shown in that of the user's own calendar."""
        known(self.title, self.objects, obj)
        return Schema(FIELDS, zone=self._shelf.primary().get("timeZone", "UTC"))

    def scan(self, obj: str, scope: Json) -> Iterator[Page]:
        """Singles as they come; series when the list has ended, since exceptions come in any order."""
        calendar = self._calendar(obj, scope)
        held = []
        token = ""
        for page in self._listed(calendar):
            items = page.get("items", [])
            held += [item for item in items if _part_of_series(item)]
            singles = [item for item in items if not _part_of_series(item)]
            token = page.get("nextSyncToken", "")
            yield Page([series.record() for series in calendar.whole(singles)])
        yield Page([series.record() for series in calendar.whole(held)], _cursor(scope, calendar, token))

    def changes(self, obj: str, scope: Json, cursor: str) -> Iterator[Page]:
        """Singles and tombstones as listed; a series is read again whole when any part of it changed."""
        known(self.title, self.objects, obj)
        calendar, token = self._resumed(scope, cursor)
        pages = list(calendar.pages(syncToken=token))
        items = {item["id"]: item for page in pages for item in page.get("items", [])}
        parents: dict[str, list[Json]] = {}
        for item in items.values():
            if _part_of_series(item):
                parents.setdefault(item.get("recurringEventId", item["id"]), []).append(item)
        records = [each.record() for each in calendar.whole(i for i in items.values() if not _part_of_series(i))]
        after = _cursor(scope, calendar, pages[-1].get("nextSyncToken", ""))
        held = {record.id for record in records}
        again = self._again(calendar, {id_: found for id_, found in parents.items() if id_ not in held})
        yield Page([*records, *again], after)

    def get(self, obj: str, scope: Json, ids: Sequence[str]) -> Iterator[Record]:
        """The named events as they are now."""
        for id_, series in self._calendar(obj, scope).read(ids).items():
            yield series.record() if series is not None else gone(id_)

    def write(self, obj: str, scope: Json, writes: Sequence[Write]) -> Iterator[Outcome]:
        """Mails nobody (`sendUpdates=none`)."""
        yield from perform(self._calendar(obj, scope), writes)

    def subscribe(self, obj: str, scope: Json, url: str, secret: str) -> Subscription:
        """A channel for a week to one calendar; Google gives no list of those that are open."""
        return channels.watch(self._calendar(obj, scope), url, secret)

    def renew(self, subscription: str, obj: str, scope: Json, url: str, secret: str) -> Subscription:  # noqa: ARG002
        """A new one: none can be prolonged, nor can it be told whether one has ended."""
        return self.subscribe(obj, scope, url, secret)

    def unsubscribe(self, subscription: str) -> None:
        """Ends it."""
        channels.stop(self._http, subscription)

    def calendars(self) -> dict[str, str]:
        """Id and title of the calendars a scope may name."""
        return {entry["id"]: str(entry.get("summary", entry["id"])) for entry in self._shelf.entries()}

    def _calendar(self, obj: str, scope: Json) -> Calendar:
        known(self.title, self.objects, obj)
        return self._shelf.find(str(scope.get("calendar", "primary")))

    def _listed(self, calendar: Calendar) -> Iterator[Json]:
        try:
            yield from calendar.pages()
        except Missing as error:
            raise Refused(f"Google Calendar no longer shows the calendar {calendar.id}: {error}") from error

    def _resumed(self, scope: Json, cursor: str) -> tuple[Calendar, str]:
        """The cursor names the calendar's id too, so that an idle look is a single request."""
        try:
            name, calendar, token = (json.loads(cursor)[part] for part in ("scope", "calendar", "token"))
        except (ValueError, KeyError, TypeError) as error:
            raise CursorExpired("The cursor cannot be read.") from error
        if name != scope.get("calendar", "primary"):
            raise CursorExpired("The cursor belongs to another calendar.")
        return Calendar(self._http, calendar), token

    def _again(self, calendar: Calendar, parents: Mapping[str, Sequence[Json]]) -> Iterator[Record]:
        """The series whose parts changed; where this calendar has no such series, the parts are its own records."""
        for id_, series in calendar.read(list(parents)).items():
            if series is not None:
                yield series.record()
            else:
                yield from (_alone(calendar, part) for part in parents[id_])


def _alone(calendar: Calendar, part: Json) -> Record:
    """An invitation to one occurrence of a series that is not here, or what is left of a series just deleted."""
    if part.get("status") == "cancelled" or not part.get("recurringEventId"):
        return gone(part["id"])
    return next(calendar.whole([part])).record()


def _part_of_series(item: Json) -> bool:
    """A tombstone of a whole series has no rule any more; one of an occurrence still names its series."""
    living = item.get("status") != "cancelled"
    return bool(item.get("recurringEventId") or (living and item.get("recurrence")))


def _cursor(scope: Json, calendar: Calendar, token: str) -> str:
    name = scope.get("calendar", "primary")
    return json.dumps({"scope": name, "calendar": calendar.id, "token": token}, sort_keys=True)
