"""Changing events: insert, import, patch, update, delete, move, with all of Google's refusals and side effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.google_calendar import checks
from sandbox.google_calendar.account import Account
from sandbox.google_calendar.calendar import Calendar, Event, new_id
from sandbox.google_calendar.errors import duplicate, gone, invalid, not_found, precondition_failed
from sandbox.google_calendar.fields import EVENT_ID, READERS, SYSTEM, clean, merge
from sandbox.journal import Journal


@dataclass(frozen=True, slots=True)
class Options:
    """What comes beside the body. `mails`: whether guests would be told."""

    if_match: str | None = None
    mails: bool = True
    conference: bool = False
    attachments: bool = False
    trusted: bool = False
    """Seeding: guests' copies may be changed."""


class Writer:
    """Changes to one account's events; each method tells the event as it is then. Mail is only counted."""

    def __init__(self, account: Account, journal: Journal) -> None:
        self._account = account
        self._journal = journal

    def insert(self, calendar: Calendar, body: Mapping[str, Any], options: Options) -> Event:
        """A new event, under the caller's id where one is given."""
        event_id, uid = body.get("id"), body.get("iCalUID")
        if event_id is not None and not EVENT_ID.match(str(event_id)):
            raise invalid("Invalid resource id value.", "id")
        if not isinstance(uid, str | None):
            raise invalid("Invalid iCalUID.", "iCalUID")
        if event_id and uid:
            raise invalid("Only one of id and iCalUID may be given for a new event.", "iCalUID")
        if event_id in calendar.events or (uid and self._live(calendar, uid)):
            raise duplicate()
        own = self._new(calendar, body, options)
        own["id"] = event_id or new_id()
        own["iCalUID"] = uid or f"{own['id']}@google.com"
        self._tell(own, options)
        return self._keep(calendar, own)

    def import_(self, calendar: Calendar, body: Mapping[str, Any], options: Options) -> Event:
        """A private copy of somebody's event; the same iCalUID again updates it. Nobody is told."""
        uid = body.get("iCalUID")
        if not uid or not isinstance(uid, str):
            raise invalid("Missing iCalUID.", "iCalUID", "required")
        if body.get("eventType", "default") != "default":
            raise invalid("Only events of type default can be imported.", "eventType", "eventTypeRestriction")
        own = self._new(calendar, body, options)
        if isinstance(organizer := body.get("organizer"), Mapping) and organizer.get("email"):
            email = organizer["email"].lower()
            own["organizer"] = {**organizer, "email": email} | ({"self": True} if email == self._account.email else {})
        if known := self._live(calendar, uid):
            own = {**own, "id": known["id"], "created": known["created"]}
        return self._keep(calendar, {"id": new_id(), **own, "iCalUID": uid}, known)

    def patch(self, calendar: Calendar, event_id: str, body: Mapping[str, Any], options: Options) -> Event:
        """Merge (RFC 7396) into an event, or into an occurrence, which makes it an exception."""
        event = self._wanted(calendar, event_id, options)
        merged = {name: merge(event.get(name), value) for name, value in body.items()}
        sent = clean(merged, self._account.owner(calendar))
        checks.check_zone(sent, merged)
        return self._change(calendar, event, sent, options)

    def update(self, calendar: Calendar, event_id: str, body: Mapping[str, Any], options: Options) -> Event:
        """Replace an event's writable fields; what is not sent is cleared."""
        event = self._wanted(calendar, event_id, options)
        sent = clean(body, self._account.owner(calendar))
        checks.check_zone(sent, body)
        whole = {name: sent.get(name) for name in READERS if name not in SYSTEM}
        kept = {name: sent[name] for name in SYSTEM if sent.get(name) is not None}
        return self._change(calendar, event, {"status": "confirmed"} | whole | kept, options)

    def delete(self, calendar: Calendar, event_id: str, options: Options) -> None:
        """Make a tombstone; of an occurrence, a cancelled exception."""
        event = self._wanted(calendar, event_id, options)
        if event["status"] == "cancelled":
            raise gone("deleted", "Resource has been deleted")
        self._change(calendar, event, {"status": "cancelled"}, options)

    def move(self, calendar: Calendar, event_id: str, target: Calendar, options: Options) -> Event:
        """To another calendar, which becomes its organizer; the exceptions go along."""
        event = self._wanted(calendar, event_id, options)
        if event.get("recurringEventId") or event.get("eventType", "default") != "default":
            raise invalid("Only whole events of type default can be moved.", reason="cannotChangeOrganizerOfInstance")
        if event["id"] in target.events:
            raise duplicate()
        exceptions = [dict(each) for each in calendar.series(event["id"])]
        moved = dict(event) | {"organizer": self._account.organizer(target)}
        self._keep(calendar, dict(event) | {"status": "cancelled"}, event)
        self._tell(moved, options)
        stored = self._keep(target, moved, event)
        for each in exceptions:
            calendar.touch(each["id"])
            self._keep(target, each)
        return stored

    def _live(self, calendar: Calendar, uid: str) -> Event | None:
        events = (calendar.events[event_id] for event_id in calendar.by_uid.get(uid, ()))
        return next((event for event in events if event["status"] != "cancelled"), None)

    def _wanted(self, calendar: Calendar, event_id: str, options: Options) -> Event:
        event = calendar.find(event_id)
        if event is None:
            raise not_found()
        if options.if_match not in {None, "*", event["etag"]}:
            raise precondition_failed()
        return event

    def _new(self, calendar: Calendar, body: Mapping[str, Any], options: Options) -> Event:
        sent = clean(body, self._account.owner(calendar))
        checks.check_zone(sent, body)
        if sent.get("status") == "cancelled":
            raise invalid("A new event cannot be cancelled.", "status")
        fields = _allowed(sent, options)
        checks.check_whole(fields)
        organizer = self._account.organizer(calendar)
        creator = {"email": self._account.email, "self": True}
        plain = {"status": "confirmed", "sequence": 0, "organizer": organizer, "creator": creator}
        return plain | {name: value for name, value in fields.items() if value is not None}

    def _change(self, calendar: Calendar, event: Event, fields: Event, options: Options) -> Event:
        """Lay cleaned fields over an event, check the result, store it."""
        fields = _allowed(fields, options)
        inherited = calendar.inherited(event) if event.get("recurringEventId") else {}
        own = dict(calendar.events.get(event["id"]) or _seed_of_exception(event)) | fields
        if not inherited:
            own = {name: value for name, value in own.items() if value is not None}
        after = {name: value for name, value in (inherited | own).items() if value is not None}
        checks.check_change(event, after)
        if not options.trusted:
            checks.check_guest(event, after, self._account.email)
        if fields.get("status") != "cancelled":
            checks.check_whole(after)
        if checks.reschedules(event, after):
            own["sequence"] = max(after["sequence"], event["sequence"] + 1)
        self._tell(after, options)
        stored = self._keep(calendar, own, event)
        if stored.get("status") == "cancelled" or event["status"] == "cancelled":
            for child in calendar.series(event["id"]):
                calendar.touch(child["id"])
        elif after.get("recurrence") != event.get("recurrence") or after["start"] != event["start"]:
            calendar.drop_orphans(stored)
        return calendar.effective(stored)

    def _keep(self, calendar: Calendar, own: Event, before: Event | None = None) -> Event:
        """Store with a new etag; `updated` stands still where only reminders changed."""
        ticker = self._account.ticker
        stamp = ticker.stamp()
        quiet = before is not None and "updated" in before and checks.only_reminders(before, calendar.effective(own))
        own["etag"] = ticker.etag()
        own["updated"] = before["updated"] if quiet and before else stamp
        own.setdefault("created", stamp)
        return calendar.put(own)

    def _tell(self, event: Event, options: Options) -> None:
        if options.mails:
            self._journal.mail += sum(1 for guest in event.get("attendees", ()) if not guest.get("self"))


def _seed_of_exception(occurrence: Event) -> Event:
    """What a computed occurrence keeps of its own when it becomes an exception."""
    names = ("id", "status", "sequence", "iCalUID", "recurringEventId", "originalStartTime", "created")
    return {name: occurrence[name] for name in names}


def _allowed(fields: Event, options: Options) -> Event:
    """Without what Google ignores unless the caller says that it knows about it."""
    known = {"conferenceData": options.conference, "attachments": options.attachments}
    return {name: value for name, value in fields.items() if known.get(name, True)}
