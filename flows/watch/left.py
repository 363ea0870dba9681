"""What the state says is still to be done in a sync, whatever the apps say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, exists, func, or_, select

from engine.deployment import Schedule
from engine.store import Store
from engine.store.tables import changes, copies, holds, inbox, links, mappings, runs, sides

_OF: Any = bindparam("of")
_LAST = (
    select(runs.c.status).where(runs.c.sync == _OF, runs.c.kind != "plan").order_by(runs.c.started_at.desc()).limit(1)
)
_WAITS = (links.c.sync == _OF, links.c.open.is_(True), links.c.ended.is_(None))
_KIND = select(runs.c.kind).where(runs.c.sync == _OF).order_by(runs.c.started_at.desc()).limit(1)
_PLANNED = and_(_KIND.scalar_subquery().in_(("plan", "backfill")), exists().where(*_WAITS, links.c.todo != []))
"""Somebody has looked at what a run would do, or did a part of it: that read the edits, and wrote none or some."""
_MISSING = exists().where(copies.c.sync == _OF, copies.c.present.in_(("missing", "absent")))
_LEFT = select(
    _LAST.scalar_subquery().label("last"),
    exists().where(*_WAITS, links.c.dirty.is_(True)),
    _PLANNED,
    _MISSING,
    exists().where(changes.c.sync == _OF, changes.c.state.in_(("sent", "doubt"))),
    exists().where(inbox.c.sync == _OF),
    exists().where(sides.c.sync == _OF, or_(sides.c.untrusted.is_not(None), sides.c.read_at.is_(None))),
)
_NEWEST = select(mappings.c.digest).where(mappings.c.sync == _OF).order_by(mappings.c.version.desc()).limit(1)
_INBOX = select(inbox.c.sync, inbox.c.side, func.max(inbox.c.id).label("id"), func.max(inbox.c.at).label("at"))
_PINGS = _INBOX.group_by(inbox.c.sync, inbox.c.side)
_ANSWERED = select(holds.c.sync, holds.c.id).where(holds.c.state == "answered")
_SCANNED = select(sides.c.sync, func.min(func.coalesce(sides.c.scanned_at, "")).label("at")).group_by(sides.c.sync)

Mark = tuple[str, int]
"""When the last ping of a side came, and its number."""


@dataclass(frozen=True, slots=True)
class Left:
    """One sync, as its state is."""

    ran: bool
    """It has run before."""
    work: bool
    """A run would have something to do: the last one broke off, a record was not seen again, a write is in doubt, or a
    plan was made and not carried out."""
    mapping: str | None
    """The digest of the mapping that it ran with last."""


def left(store: Store, sync: str) -> Left:
    """What is left to do in a sync."""
    with store.read() as connection:
        last, *open_ = connection.execute(_LEFT, {"of": sync}).one()
        mapping = connection.execute(_NEWEST, {"of": sync}).scalar()
    return Left(last is not None, last in ("running", "failed") or any(open_), mapping)


def missing(store: Store, sync: str) -> bool:
    """Whether records were not there when they were looked for, and are to be looked for once more."""
    with store.read() as connection:
        return bool(connection.execute(select(_MISSING), {"of": sync}).scalar())


def pings(store: Store) -> dict[tuple[str, str], Mark]:
    """(sync, side) -> the last of its pings that no run has answered."""
    return {(row["sync"], row["side"]): (row["at"], row["id"]) for row in store.rows(_PINGS)}


def answered(store: Store) -> set[tuple[str, str]]:
    """(sync, hold) of the holds that people have answered."""
    return {(row["sync"], row["id"]) for row in store.rows(_ANSWERED)}


def scanned(store: Store) -> dict[str, datetime | None]:
    """Sync -> since when everything of all its sides is read (aware)."""
    return {row["sync"]: datetime.fromisoformat(row["at"]) if row["at"] else None for row in store.rows(_SCANNED)}


def full_since(schedule: Schedule | None, now: datetime) -> datetime | None:
    """The last moment at which the schedule asked for everything to be read."""
    if schedule is None or schedule.full is None:
        return None
    hour, minute = map(int, schedule.full.split(":"))
    here = now.astimezone(ZoneInfo(schedule.zone or "UTC"))
    today = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today <= here else today - timedelta(days=1)
