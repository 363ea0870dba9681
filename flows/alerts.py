"""Alerts: what is wrong is told once when it begins, and once when it is over. What was told is in the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from engine.store import put
from engine.store.outside import alerts
from flows.project import Project
from flows.wrong import wrong

_THIS = alerts.c.key == bindparam("of")
_UNTOLD = update(alerts).where(_THIS, alerts.c.told_at.is_(None)).values(told_at=bindparam("at"), error=None)
_OVER = delete(alerts).where(_THIS, alerts.c.over_at.is_not(None))
_AGAIN = update(alerts).where(_THIS).values(told_at=None, error=bindparam("why"))


@dataclass(frozen=True)
class Alert:
    """One thing that is wrong, or was."""

    key: str
    """What it is about: `connection:NAME`, `side:SYNC/SIDE`, `holds:SYNC`, ..."""
    reason: str
    since: str
    over: str | None
    """Since when it is well again (UTC)."""

    @property
    def subject(self) -> str:
        """One line."""
        what = self.key.replace(":", " ", 1)
        return f"Syncline: {what} is well again" if self.over else f"Syncline: {what}"

    @property
    def text(self) -> str:
        """What happened, since when, what to do."""
        since = self.since[:16].replace("T", " ")
        if self.over:
            return f"{self.subject}. It was wrong from {since} to {self.over[:16].replace('T', ' ')} UTC: {self.reason}"
        return f"{self.reason}\nSince {since} UTC."


Send = Callable[[Alert], None]
"""Tells people. Raises whatever went wrong; then it is tried again at the next look."""


def look(project: Project, now: datetime) -> dict[str, str]:
    """Compares what is wrong now with what was, and remembers the difference. `now` is aware."""
    found, at = wrong(project, now), now.isoformat()
    known = {row["key"]: row for row in project.store.all(alerts)}
    begun = [{"key": key, "reason": why, "since": at} for key, why in found.items() if key not in known]
    if not begun and all(_same(row, found) for row in known.values()):
        return found
    with project.store.write() as connection:
        put(connection, alerts, begun, replace=False)
        for key, row in known.items():
            _revise(connection, row, found.get(key), at)
    return found


def tell(project: Project, send: Send, now: datetime) -> list[Alert]:
    """Tells what nobody was told of yet; the alerts that were told. Of several processes one tells each."""
    told = []
    for row in project.store.rows(select(alerts).order_by(alerts.c.since, alerts.c.key)):
        alert = Alert(row["key"], row["reason"], row["since"], row["over_at"])
        if (row["told_at"] is not None and not alert.over) or not _claimed(project, alert, now):
            continue
        try:
            send(alert)
        except Exception as error:  # noqa: BLE001 - a mail server has many ways to fail, and none may stop a run
            _give_back(project, alert, f"{type(error).__name__}: {error}")
        else:
            told.append(alert)
    return told


def _same(row: dict[str, Any], found: dict[str, str]) -> bool:
    return (row["over_at"] is None) == (row["key"] in found) and found.get(row["key"], row["reason"]) == row["reason"]


def _revise(connection: Connection, row: dict[str, Any], reason: str | None, at: str) -> None:
    """Still so (perhaps with another reason), wrong again before it was told that it is well, or over."""
    this = alerts.c.key == row["key"]
    if reason is not None:
        connection.execute(update(alerts).where(this).values(reason=reason, over_at=None))
    elif row["told_at"] is None:  # nobody heard of it, so nobody need hear that it is over
        connection.execute(delete(alerts).where(this))
    elif row["over_at"] is None:
        connection.execute(update(alerts).where(this).values(over_at=at))


def _claimed(project: Project, alert: Alert, now: datetime) -> bool:
    """Whether it is ours to tell."""
    with project.store.write() as connection:
        if alert.over:
            return connection.execute(_OVER, {"of": alert.key}).rowcount == 1
        return connection.execute(_UNTOLD, {"of": alert.key, "at": now.isoformat()}).rowcount == 1


def _give_back(project: Project, alert: Alert, why: str) -> None:
    with project.store.write() as connection:
        if alert.over:
            row = {"key": alert.key, "reason": alert.reason, "since": alert.since, "over_at": alert.over}
            put(connection, alerts, [{**row, "told_at": alert.since, "error": why}], replace=False)
        else:
            connection.execute(_AGAIN, {"of": alert.key, "why": why})
