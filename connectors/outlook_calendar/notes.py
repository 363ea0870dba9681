"""What we keep on an event in extended properties: the key of its creation, and our notes.

Graph mails people whenever `attendees` are written, so a list that is written here becomes a note that is shown
instead of the real one, for as long as the real one stays as it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.graph_property import KEY, NOTES, property_of

People = list[dict[str, Any]]
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notes:
    """Our notes on one event."""

    people: People | None = None
    real: str = ""
    """Fingerprint of the real attendees when `people` was written."""
    each: Mapping[str, People] = field(default_factory=dict)
    """Lists of single occurrences, by date; they hold while `shape` is the series' own."""
    shape: str = ""
    """Fingerprint of the rule."""
    apart: Mapping[str, str] = field(default_factory=dict)
    """Ids of the single events that stand for occurrences which Outlook does not let move so far, by date."""
    unfinished: Mapping[str, Any] | None = None
    """A write in several requests is under way: its `fields`, what each `was`, and its `goal`. See halfway.py."""

    def dump(self) -> str:
        """As stored: compact JSON, members without use left out."""
        names = ("people", "real", "each", "shape", "apart", "unfinished")
        kept = {name: getattr(self, name) for name in names if getattr(self, name) not in (None, "", {})}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def shown(self, real: Sequence[Event]) -> People:
        """The attendees to show."""
        if self.people is not None and self.real == fingerprint(people_of(real)):
            return [dict(person) for person in self.people]
        return people_of(real)

    def with_people(self, people: People, real: Sequence[Event]) -> Notes:
        """Show these from now on; nothing is noted where they are the real ones."""
        if people == people_of(real):
            return replace(self, people=None, real="")
        return replace(self, people=people, real=fingerprint(people_of(real)))


def notes_of(event: Event) -> Notes:
    """Our notes; none where somebody wrote something unreadable there."""
    try:
        found = json.loads(property_of(event, NOTES) or "{}")
        return Notes(**{name: value for name, value in found.items() if name in Notes.__dataclass_fields__})
    except (ValueError, TypeError, AttributeError):
        return Notes()


def key_of(event: Event) -> str | None:
    """The key of its creation; of an occurrence that lives apart `<id of its series>#<date>`."""
    return property_of(event, KEY)


def series_of(event: Event) -> str | None:
    """The id of the series whose occurrence this single event stands for."""
    series, mark, day = (key_of(event) or "").rpartition("#")
    return series if mark and len(day) == len("2026-11-09") and event.get("type") == "singleInstance" else None


def people_of(real: Sequence[Event]) -> People:
    """Real attendees as a record holds them."""
    return [_person(attendee) for attendee in real]


def fingerprint(value: Any) -> str:
    """A short hash of JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _person(attendee: Event) -> dict[str, Any]:
    address, status = attendee.get("emailAddress") or {}, attendee.get("status") or {}
    person = {"email": address.get("address"), "name": address.get("name"), "type": attendee.get("type")}
    person["response"] = status.get("response")
    return {name: value for name, value in person.items() if value}
