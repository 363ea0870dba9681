"""One calendar's events: what is stored, which occurrences follow from it, and the log of changes.

A series and a single event are stored whole. An exception is stored *sparsely*: only the fields it was given, over
those of its series (None: emptied on the exception). Plain occurrences are not stored, they are computed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.google_calendar import rules, times

Event = dict[str, Any]
ALPHABET = "abcdefghijklmnopqrstuv0123456789"


def new_id() -> str:
    """As Google makes them: 26 base32hex characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(26))


@dataclass(slots=True)
class Ticker:
    """Versions and `updated` stamps of the whole account: each one later than the one before."""

    clock: Clock
    last: datetime | None = None
    count: int = 0

    def stamp(self) -> str:
        """The present in milliseconds, or just after the last stamp."""
        now = self.clock.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self.last is not None and now <= self.last:
            now = self.last + times.MILLISECOND
        self.last = now
        return times.stamp(now)

    def etag(self) -> str:
        """Opaque, quoted, never used before."""
        self.count += 1
        return f'"{3_390_000_000_000_000 + self.count * 2000}"'


@dataclass(slots=True)
class Calendar:
    """Events by id, tombstones included; `touched` tells the order of last changes, for sync tokens."""

    id: str
    summary: str
    zone: str
    ticker: Ticker
    description: str = ""
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    events: dict[str, Event] = field(default_factory=dict)
    children: dict[str, dict[str, str]] = field(default_factory=dict)
    """Exceptions by master: suffix of the original start -> event id."""
    by_uid: dict[str, list[str]] = field(default_factory=dict)
    touched: dict[str, int] = field(default_factory=dict)
    """Event id -> sequence number of its last change; the order of the dict is that of the numbers."""
    sequence: int = 0

    def find(self, event_id: str) -> Event | None:
        """The effective event: stored, or a computed occurrence; tombstones too. None where there is none."""
        stored = self.events.get(event_id)
        if stored is not None:
            return self.effective(stored)
        master_id, _, suffix = event_id.rpartition("_")
        master = self.events.get(master_id)
        if master is None or not master.get("recurrence") or master["status"] == "cancelled":
            return None
        local = rules.named(master, suffix)
        return self.occurrence(master, local) if local else None

    def effective(self, stored: Event) -> Event:
        """A stored event with what an exception inherits from its series; an exception of a deleted series is gone."""
        master = self.events.get(stored.get("recurringEventId", ""))
        if master is None:
            return stored
        merged = self._base(master, times.wall(stored["originalStartTime"])) | stored
        if master["status"] == "cancelled":
            merged["status"] = "cancelled"
        return {name: value for name, value in merged.items() if value is not None}

    def occurrence(self, master: Event, local: datetime) -> Event:
        """The occurrence of a series that starts at this wall time: its exception if there is one, else computed."""
        original = times.at_wall(local, master["start"])
        suffix = times.suffix(original)
        if child := self.children.get(master["id"], {}).get(suffix):
            return self.effective(self.events[child])
        base = self._base(master, local)
        base |= {"id": f"{master['id']}_{suffix}", "recurringEventId": master["id"], "originalStartTime": original}
        return base

    def inherited(self, event: Event) -> Event:
        """What an occurrence shows where it was given nothing: its series, moved to its original start."""
        master = self.events[event["recurringEventId"]]
        return self._base(master, times.wall(event["originalStartTime"]))

    def series(self, master_id: str) -> Iterator[Event]:
        """The stored exceptions of a series."""
        for child in self.children.get(master_id, {}).values():
            yield self.events[child]

    def put(self, event: Event) -> Event:
        """Store, and note the change. The event brings its own etag and `updated`."""
        event_id = event["id"]
        if event_id not in self.events:
            self._index(event)
        self.events[event_id] = event
        self.touch(event_id)
        return event

    def touch(self, event_id: str) -> None:
        """Move an event to the end of the change log."""
        self.sequence += 1
        self.touched.pop(event_id, None)
        self.touched[event_id] = self.sequence

    def forget(self, event_id: str) -> None:
        """Remove an event as if it had never been: for exceptions whose occurrence ceased to exist, and moves."""
        event = self.events.pop(event_id)
        self.touched.pop(event_id, None)
        if master := event.get("recurringEventId"):
            self.children[master].pop(times.suffix(event["originalStartTime"]))
        else:
            self.by_uid[event["iCalUID"]].remove(event_id)

    def drop_orphans(self, master: Event) -> None:
        """After a series changed: forget the exceptions whose original start it no longer has."""
        for child in list(self.series(master["id"])):
            ending = times.suffix(child["originalStartTime"])
            if not master.get("recurrence") or rules.named(master, ending) is None:
                self.forget(child["id"])

    def changed_since(self, sequence: int) -> list[str]:
        """Ids of events changed after a point of the log, oldest change first; work in their number only."""
        found = []
        for event_id in reversed(self.touched):
            if self.touched[event_id] <= sequence:
                break
            found.append(event_id)
        return found[::-1]

    def _index(self, event: Event) -> None:
        if master := event.get("recurringEventId"):
            self.children.setdefault(master, {})[times.suffix(event["originalStartTime"])] = event["id"]
        else:
            self.by_uid.setdefault(event["iCalUID"], []).append(event["id"])

    def _base(self, master: Event, local: datetime) -> Event:
        start, end = times.shifted(master["start"], master["end"], local)
        base = {name: value for name, value in master.items() if name != "recurrence"}
        return base | {"start": start, "end": end}

    def state(self) -> dict[str, Any]:
        """As JSON."""
        plain = {name: getattr(self, name) for name in ("id", "summary", "zone", "description", "epoch", "sequence")}
        return plain | {"events": list(self.events.values()), "touched": self.touched}

    @classmethod
    def load(cls, state: dict[str, Any], ticker: Ticker) -> Calendar:
        """Back from `state()`."""
        plain = {name: state[name] for name in ("id", "summary", "zone", "description", "epoch", "sequence")}
        made = cls(ticker=ticker, touched=dict(state["touched"]), **plain)
        for event in state["events"]:
            made.events[event["id"]] = event
            made._index(event)
        return made
