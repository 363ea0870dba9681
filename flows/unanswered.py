"""Pings that stay in the inbox: Prefect could not be told of them, or no run has come of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.store import Store
from engine.store.lease import holder
from flows.session import utc_now
from flows.watch.alive import at_work
from flows.watch.left import Mark, pings

FIRST, LONGEST = 60.0, 3600.0
"""Seconds until a ping is told again; twice as long each time."""


@dataclass
class Unanswered:
    """Those of one state, as one process sees them."""

    store: Store
    _seen: dict[tuple[str, str], tuple[Mark, float, float]] | None = None
    """(sync, side) -> its last ping, when that is told again, and how long after the time before."""

    def look(self, now: float) -> frozenset[str]:
        """The syncs to tell of. `now`: seconds, of a clock that nobody sets. Raises StoreError.

        A new ping is taken to have been told when it came, but for those of the first look: who stored them may have
        been killed. While a watcher is at work or the sync runs nobody need be told.
        """
        if at_work(self.store):
            self._seen = None
            return frozenset()
        former, self._seen, tell = self._seen, {}, set()
        for key, mark in pings(self.store).items():
            seen = former.get(key) if former is not None else (mark, now, FIRST)
            mark_then, due, wait = seen or (mark, now + FIRST, FIRST)
            if mark_then != mark:
                due, wait = now + FIRST, FIRST
            elif due <= now and not holder(self.store, key[0], utc_now()):
                tell.add(key[0])
                due, wait = now + wait, min(2 * wait, LONGEST)
            self._seen[key] = (mark, due, wait)
        return frozenset(tell)
