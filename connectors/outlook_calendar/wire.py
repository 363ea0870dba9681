"""Graph's event JSON on one hand, a record's native fields on the other; nothing here sends anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.graph_property import EXPAND
from connectors.outlook_calendar.moments import Moment, day_of, instant_of, same_time, sent, shown, windows_name
from engine.contract import Invalid

Event = Mapping[str, Any]
SELECT = (
    "id,type,iCalUId,seriesMasterId,originalStart,originalStartTimeZone,originalEndTimeZone,subject,body,start,end,"
    "isAllDay,location,showAs,sensitivity,importance,categories,isReminderOn,reminderMinutesBeforeStart,organizer,"
    "isOrganizer,attendees,recurrence,createdDateTime,lastModifiedDateTime"
)
WHOLE = f"{SELECT},exceptionOccurrences,cancelledOccurrences"
EXPAND_WHOLE = f"exceptionOccurrences,{EXPAND}"
OWN = ("subject", "body", "location", "showAs", "sensitivity", "importance", "categories", "reminder")
"""Fields that an occurrence may have of its own, besides its times and people."""
CHOICES = {"showAs": "busy", "sensitivity": "normal", "importance": "normal"}
"""Fields that cannot be empty, and what stands for empty."""
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)
_PATTERN = {
    "daily": (),
    "weekly": ("daysOfWeek", "firstDayOfWeek"),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek", "index"),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "index", "month"),
}
_RANGE = {"endDate": ("endDate",), "numbered": ("numberOfOccurrences",), "noEnd": ()}


def zone_of(event: Event) -> str:
    """The zone (Windows name) in which to show an event: of a series the rule's, else the entered one, else UTC."""
    found = (event.get("recurrence") or {}).get("range") or {}
    named = windows_name(found.get("recurrenceTimeZone")) if not event.get("isAllDay") else None
    return named or windows_name(event.get("originalStartTimeZone")) or "UTC"


def times_of(event: Event) -> tuple[Moment, Moment]:
    """Start and end as a record holds them."""
    zone, whole_days = zone_of(event), bool(event.get("isAllDay"))
    closing = zone if event.get("recurrence") else windows_name(event.get("originalEndTimeZone")) or zone
    return shown(event["start"], zone, all_day=whole_days), shown(event["end"], closing, all_day=whole_days)


def own_fields(event: Event) -> dict[str, Any]:
    """The fields of `OWN`; empty texts are None."""
    return {
        "subject": event.get("subject") or None,
        "body": (event.get("body") or {}).get("content") or None,
        "location": (event.get("location") or {}).get("displayName") or None,
        "showAs": event.get("showAs"),
        "sensitivity": event.get("sensitivity"),
        "importance": event.get("importance"),
        "categories": list(event.get("categories") or ()),
        "reminder": event.get("reminderMinutesBeforeStart") if event.get("isReminderOn") else None,
    }


def fields_of(event: Event) -> dict[str, Any]:
    """All native fields but `attendees` and `occurrences`."""
    start, end = times_of(event)
    address = (event.get("organizer") or {}).get("emailAddress") or {}
    return {
        "iCalUId": event.get("iCalUId"),
        **own_fields(event),
        "start": start,
        "end": end,
        "recurrence": rule_of(event.get("recurrence")),
        "organizer": address.get("address") or None,
    }


def rule_of(recurrence: Any) -> dict[str, Any] | None:
    """A patternedRecurrence without the zeros and year-1 dates that the server puts into members without use."""
    if not recurrence:
        return None
    pattern, span = recurrence["pattern"], recurrence["range"]
    used = ("type", "interval", *_PATTERN.get(pattern["type"], tuple(pattern)))
    limits = ("type", "startDate", *_RANGE.get(span["type"], tuple(span)), "recurrenceTimeZone")
    return {
        "pattern": {name: pattern[name] for name in used if name in pattern},
        "range": {name: span[name] for name in limits if span.get(name)},
    }


def changed_at(event: Event) -> datetime | None:
    """lastModifiedDateTime, aware."""
    return _stamp(event.get("lastModifiedDateTime"))


def created_at(event: Event) -> datetime | None:
    """createdDateTime, aware."""
    return _stamp(event.get("createdDateTime"))


def _stamp(text: str | None) -> datetime | None:
    """Times in UTC with seven decimals, as Graph writes them."""
    return datetime.fromisoformat(text[:19] + "+00:00") if text else None


def own_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `OWN` among these, as a request holds them."""
    body: dict[str, Any] = {}
    for name in OWN:
        if name in data:
            body.update(_spelled(name, data[name]))
    return body


def times_json(start: Moment, end: Moment) -> dict[str, Any]:
    """Both ends always travel together, and say whether they are whole days. Raises Invalid."""
    if not start or not end:
        raise Invalid("An event in Outlook needs a start and an end.", field="end" if start else "start")
    if ("date" in start) != ("date" in end):
        raise Invalid("Start and end must both be dates or both be times.", field="end")
    return {"start": sent(start), "end": sent(end), "isAllDay": "date" in start}


def rule_json(rule: Mapping[str, Any] | None, start: Moment) -> dict[str, Any] | None:
    """The rule in the series' own zone and from its own first day, as Graph asks; pattern before range."""
    if rule is None:
        return None
    zone = sent(start)["timeZone"]
    span = {**rule["range"], "startDate": day_of(start), "recurrenceTimeZone": zone}
    return {"pattern": dict(rule["pattern"]), "range": span}


def same(name: str, one: Any, other: Any) -> bool:
    """Whether two native values of a field mean the same to the app, so that nothing need be sent."""
    if name in {"start", "end"} and one and other:
        zones = [windows_name(each.get("timeZone")) or each.get("timeZone") for each in (one, other)]
        return same_time(one, other) and zones[0] == zones[1]
    if name == "body":
        return _inner(one) == _inner(other)
    return bool(one == other) or (not one and not other and name not in {"reminder"})


def _inner(html: Any) -> str:
    """The inside of a body: the server writes a head of its own around it, and CRLF line ends."""
    found = _BODY.search(html or "")
    return (found[1] if found else html or "").replace("\r\n", "\n").strip()


def span_seconds(start: Moment, end: Moment) -> float:
    """Length; negative where the end is first."""
    return (instant_of(end) - instant_of(start)).total_seconds()


def _spelled(name: str, value: Any) -> dict[str, Any]:
    if name == "body":
        return {"body": {"contentType": "HTML", "content": value or ""}}
    if name == "location":
        return {"location": {"displayName": value or ""}}
    if name == "reminder":
        return {"isReminderOn": value is not None} | ({} if value is None else {"reminderMinutesBeforeStart": value})
    if name == "categories":
        return {"categories": list(value or ())}
    return {name: CHOICES[name] if value is None and name in CHOICES else value or ""}
