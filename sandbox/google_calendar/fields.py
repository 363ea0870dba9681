"""One event field at a time: what Google accepts, and what it silently makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.google_calendar.errors import invalid
from sandbox.google_calendar.times import normalise

EVENT_ID = re.compile(r"^[a-v0-9]{5,1024}$")
CONFERENCE = re.compile(r"-::~:~::[~:]*~:~::-.*?-::~:~::[~:]*~:~::-", re.DOTALL)
KEY_LIMIT, VALUE_LIMIT, PROPERTY_LIMIT, BYTE_LIMIT = 44, 1024, 300, 32 * 1024
RESPONSES = {"needsAction", "declined", "tentative", "accepted"}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is signed in, and the zone of the calendar a body is for."""

    email: str
    zone: str


Reader = Callable[[str, Any, Owner], Any]


def _text(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid value for: {field}", field)
    return value or None


def _description(field: str, value: Any, owner: Owner) -> Any:
    text = _text(field, value, owner)
    return CONFERENCE.sub("", text).strip("\n") or None if text else None


def _flag(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, bool):
        raise invalid(f"Invalid value for: {field}", field)
    return value


def _choice(*allowed: str) -> Reader:
    def read(field: str, value: Any, _: Owner) -> Any:
        if value not in allowed:
            raise invalid(f"Invalid value for: {field}: {value!r} is not in {list(allowed)}", field)
        return value

    return read


def _moment(field: str, value: Any, owner: Owner) -> Any:
    return normalise(value, field, owner.zone)


def _lines(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, list):
        raise invalid("Invalid recurrence rule.", field)
    return list(value) or None


def _attendees(field: str, value: Any, owner: Owner) -> Any:
    if not isinstance(value, list):
        raise invalid("Invalid attendees.", field)
    people = {person["email"]: person for person in (_attendee(each, owner) for each in value)}
    return list(people.values()) or None


def _attendee(value: Any, owner: Owner) -> dict[str, Any]:
    email = value.get("email") if isinstance(value, Mapping) else None
    if not email:
        raise invalid("Missing attendee email.", "attendees", "required")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise invalid("Invalid attendee email.", "attendees")
    if value.get("responseStatus", "needsAction") not in RESPONSES:
        raise invalid("Invalid attendee response status.", "attendees")
    kept = {name: value[name] for name in ("displayName", "optional", "resource", "comment") if value.get(name)}
    if value.get("additionalGuests"):
        kept["additionalGuests"] = int(value["additionalGuests"])
    folded = email.lower()  # Google folds the case of addresses
    own = {"self": True} if folded == owner.email else {}
    return {"email": folded} | kept | own | {"responseStatus": value.get("responseStatus", "needsAction")}


def _reminders(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, Mapping):
        raise invalid("Invalid reminders.", field)
    overrides = value.get("overrides") or []
    if value.get("useDefault") and overrides:
        message = "Cannot specify both default reminders and overrides at the same time."
        raise invalid(message, field, "cannotUseDefaultRemindersAndSpecifyOverride")
    if len(overrides) > 5:
        raise invalid("Too many override reminders.", field)
    for each in overrides:
        minutes = each.get("minutes")
        if each.get("method") not in {"popup", "email"} or not isinstance(minutes, int) or not 0 <= minutes <= 40320:
            raise invalid("Invalid reminder override.", field)
    kept = {"useDefault": bool(value.get("useDefault"))}
    return kept | ({"overrides": [dict(each) for each in overrides]} if overrides else {})


def _properties(field: str, value: Any, _: Owner) -> Any:
    """Google's limits, applied without a word: long keys dropped, long values cut, what is too many left out."""
    if not isinstance(value, Mapping):
        raise invalid("Invalid extended properties.", field)
    kept: dict[str, dict[str, str]] = {}
    count = size = 0
    for kind in ("private", "shared"):
        for key, text in (value.get(kind) or {}).items():
            if text is None or len(key) > KEY_LIMIT:
                continue
            cut = str(text)[:VALUE_LIMIT]
            count, size = count + 1, size + len(f"{key}{cut}".encode())
            if count <= PROPERTY_LIMIT and size <= BYTE_LIMIT:
                kept.setdefault(kind, {})[key] = cut
    return kept or None


def _color(field: str, value: Any, _: Owner) -> Any:
    if str(value) not in {str(number) for number in range(1, 12)}:
        raise invalid("Invalid color id.", field)
    return str(value)


def _object(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, (Mapping, list)):
        raise invalid(f"Invalid value for: {field}", field)
    return value or None


def _number(field: str, value: Any, _: Owner) -> Any:
    if not isinstance(value, int) or value < 0:
        raise invalid(f"Invalid value for: {field}", field)
    return value


EVENT_TYPES = ("default", "birthday", "focusTime", "fromGmail", "outOfOffice", "workingLocation")
READERS: dict[str, Reader] = {
    "summary": _text,
    "description": _description,
    "location": _text,
    "colorId": _color,
    "status": _choice("confirmed", "tentative", "cancelled"),
    "start": _moment,
    "end": _moment,
    "endTimeUnspecified": _flag,
    "recurrence": _lines,
    "attendees": _attendees,
    "transparency": _choice("opaque", "transparent"),
    "visibility": _choice("default", "public", "private", "confidential"),
    "reminders": _reminders,
    "extendedProperties": _properties,
    "conferenceData": _object,
    "source": _object,
    "attachments": _object,
    "anyoneCanAddSelf": _flag,
    "guestsCanInviteOthers": _flag,
    "guestsCanModify": _flag,
    "guestsCanSeeOtherGuests": _flag,
    "sequence": _number,
    "eventType": _choice(*EVENT_TYPES),
}
"""What a caller may write; everything else in a body is ignored, as Google does."""

SYSTEM = ("status", "sequence", "eventType")
"""Never empty: null is ignored, and an update that does not send them keeps them."""

GUESTS_OWN = {"colorId", "reminders", "extendedProperties", "transparency", "visibility", "status", "attendees"}
"""What a guest may write on its copy; of attendees only its own response, of properties only the private ones."""


def clean(body: Mapping[str, Any], owner: Owner) -> dict[str, Any]:
    """The writable fields of a body as Google stores them, None where cleared; raises Reply with a 400."""
    known = {name: value for name, value in body.items() if name in READERS}
    return {name: _read(name, value, owner) for name, value in known.items() if value is not None or name not in SYSTEM}


def _read(name: str, value: Any, owner: Owner) -> Any:
    """What a reader makes of a value; a value of a wrong shape inside is a 400 too."""
    try:
        return None if value is None else READERS[name](name, value, owner)
    except (TypeError, ValueError, AttributeError, KeyError):
        raise invalid(f"Invalid value for: {name}", name) from None


def merge(old: Any, new: Any) -> Any:
    """JSON merge patch, RFC 7396: objects merge, null removes, arrays and values replace."""
    if not isinstance(new, Mapping):
        return new
    merged = dict(old) if isinstance(old, Mapping) else {}
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
