"""The invariants a history is judged by, numbered as in the field's literature on sync engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INVARIANTS: Mapping[int, str] = {
    1: "no lost update",
    2: "no duplicate",
    3: "no spurious delete",
    4: "no resurrection",
    5: "no write to unmapped fields",
    6: "nothing destructive against an untrusted side",
    7: "what a side settled with is what it really held",
    8: "what the cursor has passed is known",
    9: "intent before effect",
    10: "one record per side and link",
    11: "a single writer",
    12: "read-only sides are not written",
    13: "convergence",
    14: "quiescence",
    15: "bounded calls",
    16: "no oscillation",
    17: "crash safety at every step",
    18: "isolation of a poisoned record",
    19: "symmetry of the sides",
    20: "independence of the order in a batch",
    21: "history adds up to the present",
    22: "the same seed, the same trace",
    23: "a dry run shows what the run does",
    24: "webhooks, polling or both end the same",
    25: "a full read of a synced pair writes nothing",
    26: "a cycle of syncs comes to rest",
    27: "every record is in one state, with a reason",
    28: "what the filter excludes stays where it is",
    29: "the lenses keep their laws",
    30: "no more at once than the brakes allow, or a person released",
}
"""1 to 26 are the usual ones; the last four are promises of this product."""


BLIND_WRITE = "an edit between the look and the write, on an app that cannot refuse stale writes"
UNLISTED = "the like of a new record, on a side whose list left it out before it was ever seen"
RESTORED = "a server restored from its backup takes back what was written since"
RESPELLED = "a value that an app silently rewrote, in an answer that nobody heard, looks like an edit"
REUSED = "an id given to another record, on an app that does not tell when records were made"
UNSEEN = "a record deleted before it was ever seen, on an app where a create in doubt cannot be found by its key"
STRAY = "a write on its way when its run lost its lease, on an app that can neither refuse it nor know it again"
UNREAD = "the same edit on two sides, on one of which the record was deleted before the edit was read"
CLEARED = "a value cleared on a new record before it was known that the record had been made"
EMPTIED = "a value cleared in a field that its app took away before that was read: back again, it is merely empty"
UNAVOIDABLE = (BLIND_WRITE, UNLISTED, RESTORED, RESPELLED, REUSED, UNSEEN, UNREAD, STRAY, CLEARED, EMPTIED)
"""What no client can keep, by what the apps do: counted apart."""


@dataclass(frozen=True)
class Violation:
    """An invariant that did not hold."""

    number: int
    what: str
    unavoidable: str = ""
    """What the apps would have to be able to do, where no client could have kept it."""

    def __str__(self) -> str:
        tail = f" [unavoidable: {self.unavoidable}]" if self.unavoidable else ""
        return f"{self.number} {INVARIANTS[self.number]}: {self.what}{tail}"
