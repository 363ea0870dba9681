"""Reading the JSON of an event that a client sends: which properties there are, and what each may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.graph.bodies import parse_body
from sandbox.graph.directory import resolve
from sandbox.graph.errors import Refusal, invalid
from sandbox.graph.values import choice, extended, flag, names, text
from sandbox.graph.zones import Moment, parse_moment

MOST_ATTENDEES = 500
NO_RESPONSE = {"response": "none", "time": "0001-01-01T00:00:00Z"}
NO_PLACE = {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}}
_NOT_WRITABLE = """
id changeKey createdDateTime lastModifiedDateTime iCalUId uid type seriesMasterId occurrenceId originalStart
originalStartTimeZone originalEndTimeZone bodyPreview hasAttachments isCancelled isOrganizer isDraft organizer
responseStatus webLink onlineMeeting onlineMeetingUrl cancelledOccurrences exceptionOccurrences
"""
READ_ONLY = frozenset(_NOT_WRITABLE.split())
"""Sent, they are ignored: the organizer is always the owner of the calendar."""
DEFAULTS: Mapping[str, Any] = {
    "subject": "",
    "body": "",
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "categories": [],
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "location": NO_PLACE,
    "locations": [],
    "attendees": [],
}
"""What the service fills in, a reminder among it."""


@dataclass(slots=True)
class Draft:
    """A checked request body; None and missing keys mean: not sent."""

    props: dict[str, Any] = field(default_factory=dict)
    start: Moment | None = None
    end: Moment | None = None
    all_day: bool | None = None
    recurrence: Any = None
    has_recurrence: bool = False
    extended: dict[str, str | None] = field(default_factory=dict)
    transaction: str | None = None

    @property
    def sets_times(self) -> bool:
        return self.start is not None or self.end is not None or self.all_day is not None


def parse_event(body: Any) -> Draft:
    """Check what was sent; raises Refusal (400)."""
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
    sent = {name: value for name, value in body.items() if name not in READ_ONLY and "@" not in name}
    draft = Draft(
        start=parse_moment(sent["start"], "start") if "start" in sent else None,
        end=parse_moment(sent["end"], "end") if "end" in sent else None,
        all_day=flag(sent["isAllDay"], "isAllDay") if "isAllDay" in sent else None,
        recurrence=sent.get("recurrence"),
        has_recurrence="recurrence" in sent,
        extended=extended(sent.get("singleValueExtendedProperties") or []),
        transaction=sent.get("transactionId"),
    )
    special = {"start", "end", "isAllDay", "recurrence", "singleValueExtendedProperties", "transactionId"}
    for name in sorted(sent.keys() - special):
        _set_property(draft, name, sent[name])
    return draft


def _set_property(draft: Draft, name: str, value: Any) -> None:
    if name in {"location", "locations"}:
        if name == "locations" and draft.props.get("locations"):
            return  # a location in the same request wins
        draft.props.update(_places(name, value))
    elif name in _PARSERS:
        draft.props[name] = _PARSERS[name](value, name)
    else:
        message = f"The property '{name}' does not exist on type 'microsoft.graph.event'."
        raise Refusal(400, "RequestBodyRead", message)


def _minutes(value: Any, name: str) -> int:
    if type(value) is not int or value < 0:
        raise invalid(f"The property '{name}' must be a number of minutes.")
    return value


def _attendees(value: Any, name: str) -> list[dict[str, Any]]:
    """The answer of others cannot be written: it is `none` until they give one."""
    if not isinstance(value, list) or len(value) > MOST_ATTENDEES:
        raise invalid(f"The property '{name}' must be a list of at most {MOST_ATTENDEES} people.")
    found = {}
    for each in value:
        person = resolve(each.get("emailAddress") if isinstance(each, dict) else None)
        role = choice("required", "optional", "resource")(each.get("type") or "required", "type")
        found[person["address"].lower()] = {"type": role, "status": dict(NO_RESPONSE), "emailAddress": person}
    return list(found.values())


def _places(name: str, value: Any) -> dict[str, Any]:
    """location replaces locations, and the other way round."""
    given = [value] if name == "location" else value or []
    places = [_place(each) for each in given if each and each.get("displayName")]
    return {"location": places[0] if places else dict(NO_PLACE), "locations": places}


def _place(value: Mapping[str, Any]) -> dict[str, Any]:
    place = str(value["displayName"])
    kept = {
        key: value[key] for key in ("locationUri", "address", "coordinates", "locationEmailAddress") if key in value
    }
    return {"displayName": place, "locationType": "default", "uniqueId": place, "uniqueIdType": "private", **kept}


_PARSERS: Mapping[str, Callable[[Any, str], Any]] = {
    "subject": text,
    "body": lambda value, _: parse_body(value),
    "importance": choice("low", "normal", "high"),
    "sensitivity": choice("normal", "personal", "private", "confidential"),
    "showAs": choice("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "categories": names,
    "attendees": _attendees,
    "isReminderOn": flag,
    "reminderMinutesBeforeStart": _minutes,
    "responseRequested": flag,
    "allowNewTimeProposals": flag,
    "hideAttendees": flag,
    "isOnlineMeeting": flag,
    "onlineMeetingProvider": choice("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"),
}
