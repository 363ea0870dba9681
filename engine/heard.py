"""What became of writes: what landed is settled, what was refused is noted with its reason."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select, update

from engine import journal
from engine.bound import Bound
from engine.canonical import digest
from engine.contract import (
    AppError,
    AuthExpired,
    Done,
    Failed,
    Invalid,
    Missing,
    Op,
    Outcome,
    Record,
    Refused,
    Stale,
    Transient,
)
from engine.ingest import mark_dirty, step_aside
from engine.settle import settle
from engine.store.tables import copies, links

log = logging.getLogger(__name__)


@dataclass
class Applied:
    """What one side was given."""

    side: str
    writes: dict[str, int] = field(default_factory=lambda: {"create": 0, "update": 0, "delete": 0})
    failed: int = 0
    stale: int = 0
    doubt: int = 0
    requests: int = 0
    error: str = ""
    """Why the side was stopped, for people."""
    put_off: str = ""
    """Why a write was left to another time, the last of them."""


def hear(
    connection: Connection,
    bound: Bound,
    rows: list[dict[str, Any]],
    heard: list[Outcome],
    now: str,
    applied: Applied,
    guarded: bool,
) -> list[dict[str, Any]]:
    """Stores what became of each write; returns those of which nothing was heard."""
    by_key = {row["key"]: row for row in rows}
    landed = []
    for outcome in heard:
        row = by_key.pop(outcome.key)
        record = _landed(row, outcome)
        about = {name: row[name] for name in ("side", "link", "record", "op")}
        log.debug("%s at %s: %s", row["op"], row["side"], "done" if record else "not done", extra=about)
        if record is not None:
            landed.append((row, record))
            applied.writes[row["op"]] += 1
        elif isinstance(outcome, Failed):
            _note(connection, row, outcome.error, now, applied)
    _make_room(connection, landed, now)
    settle(connection, bound, landed, now, guarded=guarded)
    return list(by_key.values())


def _make_room(connection: Connection, landed: list[tuple[dict[str, Any], Record]], now: str) -> None:
    """An app may give a new record the id of one that was deleted, before we have heard of that."""
    made = {record.id: row for row, record in landed if row["op"] == Op.CREATE}
    if not made:
        return
    row = next(iter(made.values()))
    where = (
        copies.c.sync == row["sync"],
        copies.c.side == row["side"],
        copies.c.id.in_(made),
        copies.c.link.is_not(None),
    )
    query = select(copies.c.id, copies.c.link, copies.c.present, copies.c.created_at.label("created_at_known"))
    used = [dict(one) for one in connection.execute(query.where(*where)).mappings() if one.link != made[one.id]["link"]]
    common = {"at": now, "sync": row["sync"], "run": row["run"], "side": row["side"], "source": row["side"]}
    step_aside(connection, common, used)


def _landed(row: dict[str, Any], outcome: Outcome) -> Record | None:
    """The record as the write left it; None where it did not land."""
    if isinstance(outcome, Done):
        return outcome.record
    if isinstance(outcome.error, Missing) and row["op"] == Op.DELETE:
        return Record(row["record"], None, {}, gone=True)
    return None


def _note(connection: Connection, row: dict[str, Any], error: AppError, now: str, applied: Applied) -> None:
    """Stores a write that did not land, or may not have."""
    state = {Stale: "stale", Missing: "stale", Invalid: "failed"}.get(type(error), "dropped")
    if isinstance(error, Transient) and error.landed is not False:
        state, applied.doubt = "doubt", applied.doubt + 1
    journal.mark(connection, [row["id"]], state, error=str(error), done_at=now)
    mark_dirty(connection, [row["link"]], moved=state == "stale")
    if isinstance(error, Invalid):
        applied.failed += 1
        _park(connection, row, error, now)
    elif isinstance(error, Missing):
        where = (copies.c.sync == row["sync"], copies.c.side == row["side"], copies.c.id == row["record"])
        connection.execute(update(copies).where(*where).values(present="missing", missing_since=now))
    elif isinstance(error, AuthExpired | Refused):
        applied.error = str(error)
    elif isinstance(error, Transient):
        applied.put_off = str(error)
    applied.stale += state == "stale"


def _park(connection: Connection, row: dict[str, Any], error: Invalid, now: str) -> None:
    """The record waits until it changes; the others go on."""
    errors = connection.execute(select(links.c.errors).where(links.c.id == row["link"])).scalar() or {}
    attempts = errors.get(row["side"], {}).get("attempts", 0) + 1
    entry = {
        "reason": str(error),
        "field": error.field,
        "digest": digest([row["op"], row["data"], row["version"]]),
        "attempts": attempts,
        "at": now,
    }
    values = {"errors": {**errors, row["side"]: entry}, "failed": True}
    connection.execute(update(links).where(links.c.id == row["link"]).values(**values))
