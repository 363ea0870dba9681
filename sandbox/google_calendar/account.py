"""The signed-in person's calendars."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.google_calendar.calendar import Calendar, Ticker
from sandbox.google_calendar.errors import not_found
from sandbox.google_calendar.fields import Owner

EMAIL = "sam@example.com"
ZONE = "Europe/Berlin"


class Account:
    """Calendars by id. The primary one has the owner's address as its id, and `primary` for an alias."""

    def __init__(self, clock: Clock, email: str = EMAIL) -> None:
        self.email = email
        self.clock = clock
        self.ticker = Ticker(clock)
        self.calendars = {email: Calendar(email, email, ZONE, self.ticker)}

    def calendar(self, name: str) -> Calendar:
        """By id or alias; 404 where there is none."""
        found = self.calendars.get(self.email if name == "primary" else name)
        if found is None:
            raise not_found()
        return found

    def named(self, name: str) -> Calendar:
        """By id, alias or summary; made where missing."""
        if name == "primary":
            return self.calendar(name)
        for calendar in self.calendars.values():
            if name in {calendar.id, calendar.summary}:
                return calendar
        return self.create(name, ZONE)

    def create(self, summary: str, zone: str, description: str = "") -> Calendar:
        """A secondary calendar."""
        made = Calendar(f"c_{secrets.token_hex(16)}@group.calendar.google.com", summary, zone, self.ticker, description)
        self.calendars[made.id] = made
        return made

    def owner(self, calendar: Calendar) -> Owner:
        """The writer, and the zone for times that name none."""
        return Owner(self.email, calendar.zone)

    def organizer(self, calendar: Calendar) -> dict[str, Any]:
        """Of events made here: the owner, or a secondary calendar itself."""
        if calendar.id == self.email:
            return {"email": self.email, "self": True}
        return {"email": calendar.id, "displayName": calendar.summary, "self": True}

    def state(self) -> dict[str, Any]:
        """As JSON."""
        last = self.ticker.last.isoformat() if self.ticker.last else None
        calendars = [calendar.state() for calendar in self.calendars.values()]
        return {"last": last, "count": self.ticker.count, "calendars": calendars}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back from `state()`."""
        self.ticker.last = datetime.fromisoformat(state["last"]) if state["last"] else None
        self.ticker.count = state["count"]
        self.calendars = {each["id"]: Calendar.load(each, self.ticker) for each in state["calendars"]}
