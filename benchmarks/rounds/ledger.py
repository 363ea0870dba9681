"""What users did, token by token, and what must be true of it once all is at rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.rounds.seen import Seen, away, berlin, instant


@dataclass
class Said:
    """One value a user wrote."""

    name: str
    token: str
    side: str
    round: int
    what: str
    gone: str = ""
    """Which later edit took it away in full view of its user."""


@dataclass
class Ledger:
    """Every edit. A value must be everywhere at last, unless a user took it away or history tells that it gave way."""

    said: list[Said] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    """Name of a meeting -> what made it."""
    deleted: dict[str, str] = field(default_factory=dict)
    days: dict[str, list[str]] = field(default_factory=dict)
    """Of each series."""

    def shown(self, name: str, seen: Seen) -> set[str]:
        """The tokens of a meeting in this view, cancelled occurrences among them."""
        found = seen.get(name, [])
        tokens = {token for meeting in found for token in meeting.tokens}
        days = {day for meeting in found for day in meeting.days}
        return tokens | {away(day) for day in self.days.get(name, ()) if found and day not in days}

    def note(self, done: Said, tokens: Iterable[str], before: set[str], after: set[str]) -> None:
        """An edit, with what its user saw before and after it."""
        for said in self.said:
            if said.name == done.name and said.token in before - after and not said.gone:
                said.gone = f"{done.what} on {done.side} in round {done.round}"
        self.said += [Said(done.name, token, done.side, done.round, done.what) for token in tokens]

    def wrong(self, views: Mapping[str, Seen], lost: set[str]) -> list[str]:
        """Violations, each by its kind. `lost`: the tokens that gave way, as history tells."""
        found = [line for side, seen in views.items() for line in self._odd(side, seen)]
        for name in self.made:
            sides = [side for side, seen in views.items() if name in seen]
            if sides and len(sides) < len(views):
                found.append(f"divergence: {name} is only on {', '.join(sides)}")
            elif not sides and name not in self.deleted:
                found.append(f"spurious delete: {name} is nowhere, and nobody deleted it")
            else:
                found += self._compare(name, {side: self.shown(name, seen) for side, seen in views.items()}, lost)
        return found

    def _odd(self, side: str, seen: Seen) -> list[str]:
        found = [f"duplicate: {name} {len(each)} times on {side}" for name, each in seen.items() if len(each) > 1]
        return found + [f"duplicate: {name} on {side} was made by nobody" for name in seen if name not in self.made]

    def _compare(self, name: str, views: dict[str, set[str]], lost: set[str]) -> list[str]:
        everywhere, anywhere = set.intersection(*views.values()), set.union(*views.values())
        found = [
            f"divergence: {name} shows {', '.join(sorted(anywhere - tokens))} elsewhere, but not on {side}"
            for side, tokens in views.items()
            if anywhere - tokens
        ]
        standing = [said for said in self.said if said.name == name and not said.gone]
        found += [
            f"lost: {name} {said.token} ({said.what} on {said.side} in round {said.round})"
            for said in standing
            if said.token not in everywhere | lost
        ]
        if name in self.deleted and anywhere and not standing:
            found.append(f"resurrection: {name}, deleted by {self.deleted[name]}, is back, and nobody had edited it")
        return found


def tokens_of(rows: Iterable[Mapping[str, Any]], known: set[str]) -> set[str]:
    """The tokens in the values that gave way: rows of history, `known` being all tokens but times and days."""
    found: set[str] = set()
    for row in rows:
        field_name, before = str(row["field"]), row["before"]
        text = repr(before)
        found |= {token for token in known if token in text}
        found |= {instant(moment) for moment in _moments(before)}
        if isinstance(before, dict) and before.get("cancelled"):
            found.add(away(field_name.rpartition("/")[2]))
    return found


def _moments(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        if isinstance(value.get("at"), str):
            yield berlin(value["at"], value.get("zone") or "UTC")
        for each in value.values():
            yield from _moments(each)
