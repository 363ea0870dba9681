"""What a server shows: meetings by their first word, which never changes, and the tokens in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
LENGTH = timedelta(minutes=30)
"""Of every meeting, always."""
WINDOW = ("2026-06-01T00:00:00Z", "2029-06-01T00:00:00Z")
"""What users look at; Outlook shows five years at most."""
_TOKEN = re.compile(r"\bt\d+x\b")


@dataclass(frozen=True, slots=True)
class Part:
    """One occurrence. `start`: aware, in Berlin; no occurrence ever leaves its day."""

    id: str
    version: str
    start: datetime
    text: str
    """Title, place and body."""

    @property
    def day(self) -> str:
        return self.start.date().isoformat()

    @property
    def tokens(self) -> set[str]:
        return {*_TOKEN.findall(self.text), instant(self.start)}


@dataclass(frozen=True, slots=True)
class Meeting:
    """A single meeting, or a series with all of its occurrences. `version`: its etag."""

    name: str
    id: str
    version: str
    parts: tuple[Part, ...]
    series: bool

    @property
    def tokens(self) -> set[str]:
        return {token for part in self.parts for token in part.tokens}

    @property
    def days(self) -> set[str]:
        return {part.day for part in self.parts}

    def on(self, day: str) -> Part | None:
        return next((part for part in self.parts if part.day == day), None)


Seen = dict[str, list[Meeting]]
"""By name; each is there once, or something is wrong."""


def by_name(meetings: Iterable[Meeting]) -> Seen:
    found: Seen = defaultdict(list)
    for meeting in meetings:
        found[meeting.name].append(meeting)
    return dict(found)


def instant(moment: datetime) -> str:
    """As a token."""
    return f"@{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def away(day: str) -> str:
    """The token of a cancelled occurrence; no two series have a day in common."""
    return f"no-{day}"


def berlin(text: str, zone: str = "UTC") -> datetime:
    """An ISO time, with an offset or else in this zone, in Berlin."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(ZoneInfo(ZONE))


def wall(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
