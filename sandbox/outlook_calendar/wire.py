"""Events as JSON, the way the request wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sandbox.graph.bodies import as_text, preview
from sandbox.graph.ids import uid_of
from sandbox.graph.zones import instant, spell
from sandbox.outlook_calendar.events import Event, Item
from sandbox.outlook_calendar.mailbox import Mailbox, etag

TYPE = {"@odata.type": "#microsoft.graph.event"}
PLAIN = ("subject", "importance", "sensitivity", "showAs", "categories", "isReminderOn", "reminderMinutesBeforeStart")
FLAGS = ("responseRequested", "allowNewTimeProposals", "hideAttendees", "isOrganizer", "isOnlineMeeting")
MORE = ("onlineMeetingProvider", "location", "locations", "attendees", "organizer")
ALWAYS = {"@odata.etag", "id"}


@dataclass(frozen=True, slots=True)
class Wish:
    """How a client wants to see events. `zone`: Windows name; `zone_name`: its own spelling, echoed.

    `select`: None for all; `extended`: ids of extended properties to show, in lower case; `exceptions`: show those of a
    master.
    """

    zone: str = "UTC"
    zone_name: str = "UTC"
    text_body: bool = False
    immutable: bool = False
    select: frozenset[str] | None = None
    extended: frozenset[str] = field(default_factory=frozenset)
    exceptions: bool = False


def render(mailbox: Mailbox, item: Item, wish: Wish) -> dict[str, Any]:
    """An event with what was selected; extended properties only where asked for."""
    full = _identity(mailbox, item, wish) | _content(item, wish) | _timing(item, wish)
    if wish.select is not None:
        full = {name: value for name, value in full.items() if name in ALWAYS | wish.select}
    if wish.extended:
        kept = item.extended.items()
        found = [{"id": name, "value": value} for name, value in kept if name.lower() in wish.extended]
        full |= {"singleValueExtendedProperties": found} if found else {}
    return full


def render_one(mailbox: Mailbox, item: Item, wish: Wish) -> dict[str, Any]:
    """An event read by its id: a master shows its deleted and changed occurrences to those who select them."""
    full = render(mailbox, item, wish)
    if item.kind != "seriesMaster" or not wish.select:
        return full
    event = item.event
    master = mailbox.id_of(event.number, immutable=wish.immutable)
    if "cancelledOccurrences" in wish.select:
        full["cancelledOccurrences"] = [f"OID.{master}.{day}" for day in sorted(event.cancelled)]
    if "exceptionOccurrences" in wish.select and wish.exceptions:
        plain = Wish(wish.zone, wish.zone_name, wish.text_body, wish.immutable)
        full["exceptionOccurrences"] = [render(mailbox, Item(event, day), plain) for day in sorted(event.exceptions)]
    return full


def render_sparse(mailbox: Mailbox, item: Item, wish: Wish) -> dict[str, Any]:
    """A plain occurrence as a delta round shows it: no more than when it is."""
    names = frozenset({"type", "seriesMasterId", "start", "end"})
    full = _identity(mailbox, item, wish) | _timing(item, wish)
    return TYPE | {name: value for name, value in full.items() if name in ALWAYS | names}


def _identity(mailbox: Mailbox, item: Item, wish: Wish) -> dict[str, Any]:
    event, number, version = item.event, item.event.number, etag(item)
    own = mailbox.id_of(number, item.day, immutable=wish.immutable)
    master = mailbox.id_of(number, immutable=wish.immutable) if item.day else None
    found = {
        "@odata.etag": version,
        "id": own,
        "changeKey": version[3:-1],
        "createdDateTime": instant(event.created),
        "lastModifiedDateTime": instant(event.modified),
        "iCalUId": uid_of(event.uid, item.day),
        "uid": event.uid,
        "type": item.kind,
        "seriesMasterId": master,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(own, safe='')}&exvsurl=1&path=/calendar/item",
    }
    if event.transaction and not item.day:
        found["transactionId"] = event.transaction
    if item.day:
        found["occurrenceId"] = f"OID.{master}.{item.day}"
        found["originalStart"] = f"{event.planned(item.day).begins:%Y-%m-%dT%H:%M:%S}Z"
    return found


def _content(item: Item, wish: Wish) -> dict[str, Any]:
    props, html = item.props, item.props["body"]
    shown = {name: props[name] for name in (*PLAIN, *FLAGS, *MORE)}
    body = {"contentType": "text", "content": as_text(html)} if wish.text_body else {}
    return shown | {
        "body": body or {"contentType": "html", "content": html},
        "bodyPreview": preview(html),
        "hasAttachments": False,
        "isCancelled": bool(props.get("isCancelled")),
        "isDraft": False,
        "onlineMeetingUrl": None,
        "onlineMeeting": _online(item.event, props),
        "responseStatus": {"response": props["responseStatus"], "time": "0001-01-01T00:00:00Z"},
    }


def _online(event: Event, props: Mapping[str, Any]) -> dict[str, str] | None:
    if not props["isOnlineMeeting"]:
        return None
    return {"joinUrl": f"https://teams.microsoft.com/l/meetup-join/{event.uid[-24:]}"}


def _timing(item: Item, wish: Wish) -> dict[str, Any]:
    times, zone = item.times, wish.zone
    rule = item.event.rule if item.day is None else None
    return {
        "isAllDay": times.all_day,
        "start": spell(times.start, zone, as_named=wish.zone_name, all_day=times.all_day),
        "end": spell(times.end, zone, as_named=wish.zone_name, all_day=times.all_day),
        "originalStartTimeZone": times.start.zone,
        "originalEndTimeZone": times.end.zone,
        "recurrence": rule.as_json() if rule else None,
    }
