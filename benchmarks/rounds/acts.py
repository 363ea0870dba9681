"""What users do: one random edit at a time, each with a value that nobody wrote before."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx

from benchmarks.rounds.ledger import Ledger, Said
from benchmarks.rounds.seen import ZONE, Meeting, away, instant
from benchmarks.rounds.servers import Servers

COUNT = 6
"""Occurrences of a series, on days that no other series has. The first and the last stay as the series says."""
FIRST = datetime(2026, 12, 1, tzinfo=ZoneInfo(ZONE))
MOST = 12
"""Meetings; beyond that, users tidy up rather than make new ones."""
TRIES = 5
AGAIN = 0.45
"""Share of the edits of the meeting that was edited last."""
KINDS = {
    "meeting": 3,
    "series": 3,
    "title": 3,
    "place": 2,
    "body": 2,
    "time": 3,
    "move": 3,
    "retitle": 2,
    "cancel": 2,
    "delete": 2,
}
"""What users do, and how often."""
NEW = ("meeting", "series")


@dataclass
class Acts:
    """Random edits; `draw` decides them all."""

    servers: Servers
    draw: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    done: int = 0
    _words: int = 0
    _made: int = 0
    _minutes: int = 0
    _last: str = ""

    def one(self, round: int, sides: Collection[str], *, quiet: bool) -> Said:
        """An edit on one of these sides. `quiet`: no run is under way, so that its user must see it at once.

        What somebody else changed while the user looked is refused by the server (412): the user looks again.
        """
        side = self.draw.choice(sorted(sides))
        kind = self.draw.choices([*KINDS], [*KINDS.values()])[0]
        for _ in range(TRIES):
            try:
                return self._try(round, side, kind, quiet=quiet)
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in (404, 409, 410, 412) or quiet:
                    raise
        return Said("", "", side, round, f"{kind}: given up")

    def _try(self, round: int, side: str, kind: str, *, quiet: bool) -> Said:
        user = self.servers.users[side]
        seen = user.look()
        live = [each[0] for _, each in sorted(seen.items())]
        if kind in NEW and len(live) >= MOST:
            kind = "delete"
        if kind not in NEW and not live:
            kind = "meeting"
        done = self._add(side, kind) if kind in NEW else self._change(side, kind, self._chosen(live))
        if done is None:
            return Said("", "", side, round, f"{kind}: nothing to do it to")
        name, tokens = done
        before, after = self.ledger.shown(name, seen), self.ledger.shown(name, user.look())
        if quiet and not set(tokens) <= after:
            raise AssertionError(f"{side} does not show {tokens} after {kind} of {name}: {sorted(after)}")
        said = Said(name, " ".join(tokens), side, round, kind)
        if kind in NEW:
            self.ledger.made[name] = f"{side} in round {round}"
        if kind == "delete":
            self.ledger.deleted[name] = f"{side} in round {round}"
        self.ledger.note(said, tokens, before, after)
        self.done += 1
        return said

    def _add(self, side: str, kind: str) -> tuple[str, list[str]]:
        self._made += 1
        name, start = f"M{self._made}", self._moment(FIRST + timedelta(days=7 * self._made))
        if kind == "series":
            self.ledger.days[name] = [(start + timedelta(days=day)).date().isoformat() for day in range(COUNT)]
        title, body = self._word(), self._word()
        self.servers.users[side].add(
            {"title": f"{name} {title}", "body": body}, start, COUNT if kind == "series" else None
        )
        return name, [title, body, instant(start)]

    def _change(self, side: str, kind: str, meeting: Meeting) -> tuple[str, list[str]] | None:
        user, name = self.servers.users[side], meeting.name
        if kind == "delete":
            user.remove(meeting)
            return name, []
        if kind == "time":
            return name, [self._retime(side, meeting)]
        if kind in ("title", "place", "body"):
            word = self._word()
            user.set(meeting, {kind: f"{name} {word}" if kind == "title" else word})
            return name, [word]
        day = self._day(meeting)
        return (name, [self._occurrence(side, kind, meeting, day)]) if day else None

    def _chosen(self, live: list[Meeting]) -> Meeting:
        """Often the one that was edited last: edits of one thing are what may harm each other."""
        recent = [meeting for meeting in live if meeting.name == self._last]
        meeting = recent[0] if recent and self.draw.random() < AGAIN else self.draw.choice(live)
        self._last = meeting.name
        return meeting

    def _retime(self, side: str, meeting: Meeting) -> str:
        start = self._moment(min(part.start for part in meeting.parts))
        self.servers.users[side].retime(meeting, start)
        return instant(start)

    def _occurrence(self, side: str, kind: str, meeting: Meeting, day: str) -> str:
        user = self.servers.users[side]
        if kind == "cancel":
            user.cancel(meeting, day)
            return away(day)
        if kind == "retitle":
            word = self._word()
            user.change_occurrence(meeting, day, f"{meeting.name} {word}", None)
            return word
        part = meeting.on(day)
        assert part is not None
        start = self._moment(part.start)
        user.change_occurrence(meeting, day, None, start)
        return instant(start)

    def _day(self, meeting: Meeting) -> str | None:
        """An occurrence that may be changed: neither the first nor the last, which tell of the series."""
        days = self.ledger.days.get(meeting.name, [])[1:-1]
        there = [day for day in days if day in meeting.days]
        return self.draw.choice(there) if there else None

    def _word(self) -> str:
        self._words += 1
        return f"t{self._words}x"

    def _moment(self, day: datetime) -> datetime:
        """On that day, at a time of day that comes round only after hundreds of other edits."""
        self._minutes += 1
        minute = self._minutes * 7 % 840
        return day.replace(hour=6 + minute // 60, minute=minute % 60, second=0, microsecond=0)
