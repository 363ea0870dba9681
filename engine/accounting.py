"""Accounting.

Every record that a side has is in exactly one state, with a reason. Computed from the tables, never kept apart.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from engine.store import Store
from engine.store.tables import changes, copies, hold_copies, holds, links, sides

STATES = ("in_sync", "excluded", "held", "conflict", "ambiguous", "failed", "pending")


def status(store: Store, sync: str) -> dict[str, dict[str, dict[str, int]]]:
    """Side -> `{"records": {state: count, ..., "total": count}}`; the seven add up to the total."""
    counted = _states(sync).subquery()
    query = select(counted.c.side, counted.c.state, func.count().label("count")).group_by(
        counted.c.side, counted.c.state
    )
    names = [row["side"] for row in store.rows(select(sides.c.side).where(sides.c.sync == sync).order_by(sides.c.side))]
    found = {side: dict.fromkeys((*STATES, "total"), 0) for side in names}
    for row in store.rows(query):
        records = found.setdefault(row["side"], dict.fromkeys((*STATES, "total"), 0))
        records[row["state"]] = row["count"]
        records["total"] += row["count"]
    return {side: {"records": records} for side, records in found.items()}


def explain(store: Store, sync: str, state: str) -> list[dict[str, Any]]:
    """The records of a sync in one state: `{side, id, reason}`."""
    found = _states(sync).subquery()
    query = select(found.c.side, found.c.id, found.c.reason).where(found.c.state == state)
    return store.rows(query.order_by(found.c.side, found.c.id))


def _states(sync: str) -> Select[Any]:
    """One row per present record: side, id, state, reason; the first state that fits."""
    conflict = _held_by("conflict")
    other = or_(*[_held_by(kind) for kind in ("refused", "doubt", "loop")])
    braked = exists().where(changes.c.link == copies.c.link, changes.c.sync == sync, changes.c.state == "held")
    unsure = exists().where(
        hold_copies.c.side == copies.c.side,
        hold_copies.c.record == copies.c.id,
        hold_copies.c.hold == holds.c.id,
        holds.c.sync == sync,
        holds.c.state != "closed",
    )
    waiting = or_(copies.c.link.is_(None), copies.c.present == "missing", links.c.todo != [], links.c.dirty.is_(True))
    ladder: list[tuple[ColumnElement[bool], str, Any]] = [
        (conflict, "conflict", _reason("conflict")),
        (unsure, "ambiguous", literal("several records match; a person is asked")),
        (braked, "held", literal("a brake stopped its change")),
        (other, "held", func.coalesce(_reason("refused"), _reason("doubt"), _reason("loop"))),
        (copies.c.failed.is_not(None), "failed", copies.c.failed),
        (links.c.failed.is_(True), "failed", links.c.errors),
        (copies.c.excluded.is_not(None), "excluded", copies.c.excluded),
        (links.c.frozen.is_not(None), "excluded", links.c.frozen),
        (waiting, "pending", literal("waits for the next run")),
    ]
    return (
        select(
            copies.c.side,
            copies.c.id,
            case(*[(test, state) for test, state, _ in ladder], else_="in_sync").label("state"),
            case(*[(test, reason) for test, _, reason in ladder], else_="").label("reason"),
        )
        .select_from(copies.outerjoin(links, links.c.id == copies.c.link))
        .where(copies.c.sync == sync, copies.c.present != "gone")
    )


def _held_by(kind: str) -> ColumnElement[bool]:
    return and_(
        copies.c.link.is_not(None),
        exists().where(holds.c.link == copies.c.link, holds.c.kind == kind, holds.c.state == "open"),
    )


def _reason(kind: str) -> Any:
    where = (holds.c.link == copies.c.link, holds.c.kind == kind, holds.c.state != "closed")
    return select(holds.c.reason).where(*where).limit(1).correlate(copies).scalar_subquery()
