"""What is wrong with webhooks: they fail, have ended, or say nothing although the app has something to tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine.store.tables import copies
from flows.hookbook import Entry
from flows.hooks import Hooks
from flows.hookview import state
from flows.hookwish import Wishes

LATE = timedelta(minutes=15)
"""Graph may be so late with contacts and tasks."""
WHY = "Does the app reach the receiver? See SYNCLINE_PUBLIC_URL"


def findings(hooks: Hooks) -> Iterator[tuple[Entry, bool | None, str]]:
    """(webhook, whether it is well, None: not sure, and how it is), of all that live or should."""
    wishes, changed, now = Wishes.of(hooks.project), _changed(hooks), hooks.clock()
    for entry in hooks.book.all():
        kind = state(entry, wishes.hook(entry.place), now)
        last = max((changed.get((at.sync, at.side), "") for at in wishes.sides.get(entry.place, ())), default="")
        if kind == "failing":
            yield entry, False, entry.error or ""
        elif kind == "ended":
            yield entry, False, f"ended at {entry.until:%Y-%m-%d %H:%M} UTC. Have it renewed by: syncline watch"
        elif kind == "live" and last and datetime.fromisoformat(last) > (entry.heard_at or entry.made_at) + LATE:
            yield entry, None, f"{_heard(entry)}, but there was a change at {last[:16].replace('T', ' ')} UTC. {WHY}"
        elif kind == "live":
            yield entry, True, _heard(entry)


def _heard(entry: Entry) -> str:
    return f"last heard at {entry.heard_at:%Y-%m-%d %H:%M} UTC" if entry.heard_at else "not heard so far"


def _changed(hooks: Hooks) -> dict[tuple[str, str], str]:
    """(sync, side) -> when the app says that a record there was last changed."""
    query = select(copies.c.sync, copies.c.side, func.max(copies.c.changed_at).label("at"))
    rows = hooks.project.store.rows(query.group_by(copies.c.sync, copies.c.side))
    return {(row["sync"], row["side"]): row["at"] for row in rows if row["at"]}
