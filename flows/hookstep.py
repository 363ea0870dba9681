"""What is to be done next about a webhook, as a function of what is stored and of the time."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b

from flows.hookbook import OVERLAP, Entry

LEAST = timedelta(hours=1)
"""One is renewed with a third of its life left, and this much at least: the app or we may be down for long."""


class Step(StrEnum):
    """Something to do, mostly at the app."""

    MAKE = "make"
    RENEW = "renew"
    RELEASE = "release"
    """End the former subscription."""
    END = "end"


def step(entry: Entry, now: datetime) -> Step | None:
    """For a hook that is made by us and that somebody wants; None: nothing for now."""
    if entry.subscription is None:
        return Step.MAKE
    due, spare = renewed_at(entry), released_at(entry)
    if due and due <= now:
        return Step.RENEW
    return Step.RELEASE if spare and spare <= now else None


def next_at(entry: Entry) -> datetime | None:
    """When there is something to do, if nothing is heard until then."""
    return min((at for at in (renewed_at(entry), released_at(entry)) if at), default=None)


def renewed_at(entry: Entry) -> datetime | None:
    """Earlier for some than for others, so that they do not all come at once."""
    if entry.until is None:
        return None
    life = entry.until - entry.made_at
    margin = max(life / 3, min(LEAST, life / 2))
    return entry.until - margin * (1 + _chance(entry) / 4)


def released_at(entry: Entry) -> datetime | None:
    """At once when the new one has been heard."""
    if entry.former is None:
        return None
    return entry.made_at if entry.proved else entry.made_at + OVERLAP


def _chance(entry: Entry) -> float:
    """From 0 to 1, always the same for one place."""
    return int.from_bytes(blake2b(repr(entry.place).encode(), digest_size=4).digest()) / 2**32
