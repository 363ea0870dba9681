"""Accounting.

Every record that a side has is in exactly one state, with a reason. Computed from the tables, never kept apart.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, tuple_

from engine.reason import Reasons
from engine.store import Store
from engine.store.tables import changes, copies, hold_copies, holds, links, sides

STATES = ("in_sync", "excluded", "held", "conflict", "ambiguous", "failed", "pending")
Title = Callable[[str, dict[str, Any]], str | None]
"""What people call a record of this side, from its native fields."""


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


def explain(store: Store, sync: str, state: str | None = None, title: Title | None = None) -> list[dict[str, Any]]:
    """The records of a sync (in one state, or all): `{side, id, link, title, state, reason, since}`.

    `since` is ISO 8601 in UTC, None where it is not known; the reason is a sentence, empty only for what is in sync.
    """
    found = _states(sync).subquery()
    query = select(found, copies.c.observed).join(
        copies, and_(copies.c.sync == sync, copies.c.side == found.c.side, copies.c.id == found.c.id)
    )
    if state is not None:
        query = query.where(found.c.state == state)
    rows = store.rows(query.order_by(found.c.side, found.c.id))
    reasons = Reasons(store, sync, rows)
    return [
        {
            "side": row["side"],
            "id": row["id"],
            "link": row["link"],
            "title": title(row["side"], row["observed"]) if title is not None else None,
            "state": row["state"],
            "reason": reasons.sentence(row),
            "since": row["since"] or _refused_at(row),
        }
        for row in rows
    ]


def _refused_at(row: dict[str, Any]) -> str | None:
    """When a side first refused it, where that is the reason."""
    errors = (row["errors"] or {}).values() if row["reason"] == "errors" else ()
    return min((error["at"] for error in errors if error.get("at")), default=None)


def faults(store: Store, sync: str) -> list[str]:
    """What does not add up, a sentence each: a record that no state fits, without a reason, or that nobody looks at."""
    wrong, total = _doubtful(sync)
    found = [f"{row['side']} {row['id']} ({row['state']}) {row['fault']}" for row in store.rows(wrong)]
    count = store.rows(total)[0]
    if count["records"] != count["states"]:
        found.append(f"{sync} has {count['records']} records, and {count['states']} states of records")
    return found


@cache
def _doubtful(sync: str) -> tuple[Select[Any], Select[Any]]:
    """Queries for records with something wrong about their state, and for the number of records and of states.

    Kept: making them takes longer than asking them.
    """
    found = _states(sync).subquery()
    settled = found.c.state == "in_sync"
    sent = exists().where(changes.c.link == found.c.link, changes.c.state.in_(("sent", "doubt")))
    asleep = and_(links.c.open.is_(False), or_(links.c.dirty.is_(True), links.c.todo != [], links.c.failed.is_(True)))
    tests: list[tuple[ColumnElement[bool], str]] = [
        (and_(found.c.link.is_not(None), links.c.id.is_(None)), "belongs to a link that does not exist"),
        (links.c.ended.is_not(None), "belongs to a link that has ended"),
        (and_(settled, sent), "counts as in sync while a write of its link is in doubt"),
        (and_(found.c.state != "pending", ~settled, func.coalesce(found.c.reason, "") == ""), "has no reason"),
        (and_(found.c.reason == "errors", links.c.errors == {}), "failed without an error"),
        (and_(~settled, asleep), "waits, but no run will look at it"),
    ]
    wrong = (
        select(found.c.side, found.c.id, found.c.state, case(*tests).label("fault"))
        .select_from(found.outerjoin(links, links.c.id == found.c.link))
        .where(or_(*[test for test, _ in tests]))
    )
    present = select(func.count()).select_from(copies).where(copies.c.sync == sync, copies.c.present != "gone")
    states = select(func.count()).select_from(found)
    return wrong, select(present.scalar_subquery().label("records"), states.scalar_subquery().label("states"))


@cache
def _states(sync: str) -> Select[Any]:
    """One row per present record: side, id, link, state, reason, since, and what `Reasons` looks at.

    The first state that fits. A reason in one word is put into a sentence by `Reasons`.
    """
    asked_of = (hold_copies.c.hold == holds.c.id, holds.c.sync == sync, holds.c.state == "open")
    unsure = tuple_(copies.c.side, copies.c.id).in_(  # one look at the holds, not one for each record
        select(hold_copies.c.side, hold_copies.c.record).where(*asked_of)
    )
    outage = and_(copies.c.present.in_(("missing", "absent")), _outage(sync, exists()))
    asked = ("refused", "doubt", "loop", "merge")
    braked = (changes.c.link == copies.c.link, changes.c.state == "held")  # not by sync: SQLite would go by that first
    ladder: list[tuple[ColumnElement[bool], str, Any, Any]] = [
        (_held(("conflict",)), "conflict", _hold(("conflict",), holds.c.reason), _hold(("conflict",))),
        (unsure, "ambiguous", literal("several"), None),
        (exists().where(*braked), "held", _first(changes.c.error, *braked), None),
        (_held(asked), "held", _hold(asked, holds.c.reason), _hold(asked)),
        (outage, "held", _outage(sync, select(holds.c.reason)), copies.c.missing_since),
        (copies.c.failed.is_not(None), "failed", copies.c.failed, None),
        (links.c.failed.is_(True), "failed", literal("errors"), None),
        (links.c.errors != {}, "excluded", literal("errors"), None),  # a person rejected its creation
        (copies.c.excluded.is_not(None), "excluded", copies.c.excluded, None),
        (links.c.frozen.is_not(None), "excluded", links.c.frozen, None),
        (copies.c.present != "yes", "pending", literal("missing"), copies.c.missing_since),
        (copies.c.link.is_(None), "pending", literal("new"), None),
        (links.c.todo != [], "pending", literal("todo"), None),
        (links.c.dirty.is_(True), "pending", literal("dirty"), None),
    ]
    return (
        select(
            copies.c.side,
            copies.c.id,
            copies.c.link,
            case(*[(test, state) for test, state, _, _ in ladder], else_="in_sync").label("state"),
            case(*[(test, reason) for test, _, reason, _ in ladder], else_="").label("reason"),
            case(*[(test, since) for test, _, _, since in ladder if since is not None]).label("since"),
            links.c.todo,
            links.c.errors,
        )
        .select_from(copies.outerjoin(links, links.c.id == copies.c.link))
        .where(copies.c.sync == sync, copies.c.present != "gone")
    )


def _held(kinds: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a person is asked about the record's link."""
    about = exists().where(holds.c.link == copies.c.link, holds.c.kind.in_(kinds), holds.c.state == "open")
    return and_(copies.c.link.is_not(None), about)


def _hold(kinds: tuple[str, ...], column: Any = holds.c.opened_at) -> Any:
    """A column of the oldest of these holds."""
    return _first(column, holds.c.link == copies.c.link, holds.c.kind.in_(kinds), holds.c.state == "open")


def _first(column: Any, *where: Any) -> Any:
    return select(func.min(column)).where(*where).correlate(copies).scalar_subquery()


def _outage(sync: str, about: Any) -> Any:
    """The question whether a side that misses many records is to be believed."""
    where = (holds.c.sync == sync, holds.c.side == copies.c.side, holds.c.kind == "outage", holds.c.state == "open")
    found = about.where(*where)
    return found if not isinstance(found, Select) else found.limit(1).correlate(copies).scalar_subquery()
