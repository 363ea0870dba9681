"""Alerts: what is wrong is told once when it begins, and once when it is over. What was told is in the state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from engine.store import put
from engine.store.outside import alerts
from flows.project import Project
from flows.wrong import wrong

CLAIM = timedelta(minutes=10)
"""Who has not said by then how the sending went was killed: another one sends it."""
SENDING = "it is just being sent, or the process that sent it was killed"
"""The `error` of an alert that was claimed at `told_at`, until it is known whether it was delivered."""
_ADDRESS, _HOST = re.compile(r"(\w+://)(?:[^\s/@'\"]*@)?([^\s/?#'\"]*)[^\s'\"]*"), r"\1\2/***"
_THIS = alerts.c.key == bindparam("of")
_OPEN = or_(alerts.c.told_at.is_(None), alerts.c.over_at.is_not(None), alerts.c.error == SENDING)
_SAME = [alerts.c[name].is_not_distinct_from(bindparam(f"was_{name}")) for name in ("told_at", "over_at", "error")]
_CLAIM = update(alerts).where(_THIS, *_SAME).values(told_at=bindparam("at"), error=SENDING)
_MINE = (_THIS, alerts.c.error == SENDING, alerts.c.told_at == bindparam("at"))
_TOLD = update(alerts).where(*_MINE).values(error=None)
_OVER = delete(alerts).where(*_MINE)
_UNHEARD = delete(alerts).where(*_MINE, alerts.c.over_at.is_not(None))
_AGAIN = update(alerts).where(*_MINE).values(told_at=bindparam("before"), error=bindparam("why"))


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
    for row in project.store.rows(select(alerts).where(_OPEN).order_by(alerts.c.since, alerts.c.key)):
        alert = Alert(row["key"], row["reason"], row["since"], row["over_at"])
        mine = {"of": alert.key, "at": now.isoformat()}
        if not _free(row, now) or not _claimed(project, row, mine):
            continue
        try:
            send(alert)
        except Exception as error:  # noqa: BLE001 - a mail server has many ways to fail, and none may stop a run
            _give_back(project, alert, {**mine, "before": alert.over and row["told_at"]}, error)
        else:
            with project.store.write() as connection:
                connection.execute(_OVER if alert.over else _TOLD, mine)
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


def _free(row: dict[str, Any], now: datetime) -> bool:
    """Whether nobody is just sending it. Clocks of machines differ a little, or are set."""
    return row["error"] != SENDING or abs(now - datetime.fromisoformat(row["told_at"])) >= CLAIM


def _claimed(project: Project, row: dict[str, Any], mine: dict[str, str]) -> bool:
    """Whether it is ours to tell: nobody has been at it since it was read."""
    was = {f"was_{name}": row[name] for name in ("told_at", "over_at", "error")}
    with project.store.write() as connection:
        return connection.execute(_CLAIM, {**mine, **was}).rowcount == 1


def _give_back(project: Project, alert: Alert, mine: dict[str, Any], error: Exception) -> None:
    """For the next look. What is over by now and nobody has heard of is told no more."""
    with project.store.write() as connection:
        if not alert.over:
            connection.execute(_UNHEARD, {name: mine[name] for name in ("of", "at")})
        connection.execute(_AGAIN, {**mine, "why": undelivered(error)})


def undelivered(error: Exception) -> str:
    """What went wrong, for people; of an address no more than its host, for the rest is the secret of webhooks.

    Prefect keeps what its messengers say in a `log` beside the error's own, empty, text.
    """
    return f"{type(error).__name__}: {_ADDRESS.sub(_HOST, str(error) or getattr(error, 'log', ''))}"
