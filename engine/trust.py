"""Step 3, trust: whether what a side does not show may count. Computed over all its links, after it was ingested.

An untrusted side gets no delete and no re-create and makes none elsewhere; everything else goes on.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from engine import holds
from engine.bound import Bound
from engine.braked import MOST, titles
from engine.canary import Canaries
from engine.canonical import digest
from engine.contract import Op
from engine.ingest import Seen, leave
from engine.mapping import Brakes
from engine.store import Store, chunks
from engine.store.lease import Lease
from engine.store.tables import changes, copies, sides
from engine.store.tables import holds as hold_table

_OF: Any = bindparam("of")
_UNEASY = select(
    or_(
        exists().where(copies.c.sync == _OF, copies.c.present.in_(("missing", "absent"))),
        exists().where(sides.c.sync == _OF, sides.c.untrusted.is_not(None)),
        exists().where(hold_table.c.sync == _OF, hold_table.c.kind == "outage", hold_table.c.state != "closed"),
    )
)
_HERE = copies.c.sync == _OF, copies.c.side == bindparam("at")
_OURS = exists().where(
    changes.c.record == copies.c.id,
    changes.c.sync == copies.c.sync,
    changes.c.side == copies.c.side,
    changes.c.op == Op.DELETE.value,
    changes.c.state.in_(("sent", "doubt")),
)
"""Records that we may have just deleted."""
_KNOWN = select(copies.c.id).where(*_HERE, copies.c.present != "gone", ~_OURS)
_THERE = _KNOWN.where(copies.c.present == "yes").limit(1)
_other = copies.alias()
_DELETED = exists().where(_other.c.link == copies.c.link, _other.c.sync == copies.c.sync, _other.c.present == "gone")
"""Records deleted elsewhere, perhaps already by us here: their side need not show them."""
_AWAY = select(copies.c.id).where(*_HERE, ~_DELETED, ~_OURS, copies.c.present.in_(("missing", "absent")))
_EXPECTED = select(func.count()).where(*_HERE, ~_DELETED, ~_OURS, copies.c.present.in_(("yes", "missing", "absent")))
_ABSENT = select(copies.c.id, copies.c.link, copies.c.present).where(*_HERE, copies.c.present == "absent")
_MISSING = update(copies).where(*_HERE, copies.c.present == "absent").values(present="missing")
_RELEASED = select(hold_table.c.detail, hold_table.c.answer).where(
    hold_table.c.sync == _OF,
    hold_table.c.kind == "outage",
    hold_table.c.side == bindparam("at"),
    hold_table.c.state == "answered",
)


def trust(
    store: Store,
    lease: Lease,
    run: str,
    brakes: Brakes,
    seen: list[Seen],
    now: str,
    canaries: Canaries | None = None,
) -> dict[str, str | None]:
    """Side -> why it is not trusted, or None. A person may have said that the missing records really are gone."""
    with store.read() as connection:
        if _calm(connection, lease.sync, seen, canaries):
            return {one.side: None for one in seen}
    verdicts: dict[str, str | None] = {}
    wanted = []
    with store.write() as connection:
        lease.check(connection)
        for one in seen:
            reason, hold = _judge(connection, lease.sync, brakes, one.side, canaries)
            wanted += [hold] if hold is not None else []
            verdicts[one.side] = reason
            common = {"at": now, "sync": lease.sync, "run": run, "side": one.side, "source": one.side}
            _conclude(connection, common, trusted=reason is None)
            where = (sides.c.sync == lease.sync, sides.c.side == one.side)
            connection.execute(update(sides).where(*where).values(untrusted=reason))
        holds.reconcile(connection, lease.sync, "outage", wanted, now, sides={one.side for one in seen})
    return verdicts


def _calm(connection: Connection, sync: str, seen: list[Seen], canaries: Canaries | None) -> bool:
    """Nothing is missing, and nothing was: there is nothing to judge or to store."""
    if connection.execute(_UNEASY, {"of": sync}).scalar():
        return False
    return canaries is None or not any(canaries.lost(connection, sync, one.side) for one in seen)


def _judge(
    connection: Connection, sync: str, brakes: Brakes, side: str, canaries: Canaries | None
) -> tuple[str | None, holds.Wanted | None]:
    """Why a side is not trusted, and the hold about it; a released one stays until the matter is settled."""
    empty = _empty(connection, sync, side) if brakes.empty_side == "stop" else []
    missing = empty or _missing(connection, sync, side)
    lost = canaries.lost(connection, sync, side) if canaries is not None else []
    reason = _reason(connection, sync, brakes, side, len(missing), lost, whole=bool(empty))
    if reason is None:
        return None, None
    about = digest([side, missing, lost] if lost else [side, missing])
    detail: dict[str, Any] = {"about": about, "missing": missing[:MOST], "canaries": lost}
    if canaries is not None:
        detail["records"] = _shown(connection, canaries.bound, sync, side, missing[:MOST])
    released = _released(connection, sync, side, about)  # the next run looks at each by its id: not there then is gone
    return None if released else reason, holds.Wanted("outage", f"{side} {reason}", detail, side=side)


def _conclude(connection: Connection, common: dict[str, Any], *, trusted: bool) -> None:
    """What was absent for the second time is gone where the side is trusted, and merely missing where it is not."""
    at = {"of": common["sync"], "at": common["side"]}
    if not trusted:
        connection.execute(_MISSING, at)
        return
    for row in connection.execute(_ABSENT, at).mappings().all():
        leave(connection, common, dict(row))


def _missing(connection: Connection, sync: str, side: str) -> list[str]:
    """Of the records that the side should show."""
    return sorted(connection.execute(_AWAY, {"of": sync, "at": side}).scalars())


def _empty(connection: Connection, sync: str, side: str) -> list[str]:
    """All its records, where it lists none of them. Those that we may have just deleted do not count."""
    at = {"of": sync, "at": side}
    return [] if connection.execute(_THERE, at).first() else sorted(connection.execute(_KNOWN, at).scalars())


def _shown(connection: Connection, bound: Bound, sync: str, side: str, missing: list[str]) -> list[dict[str, Any]]:
    """The missing records as people know them."""
    tied: dict[str, str] = {}
    for part in chunks(missing):
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.id.in_(part))
        tied |= {row.id: row.link for row in connection.execute(select(copies.c.id, copies.c.link).where(*where))}
    called = titles(connection, bound, [link for link in tied.values() if link])
    return [{"record": record, "title": called.get(link)} for record, link in tied.items()]


def _reason(
    connection: Connection, sync: str, brakes: Brakes, side: str, missing: int, lost: list[str], *, whole: bool
) -> str | None:
    if lost:
        named = " and ".join(f"'{name}'" for name in lost)
        return (
            f"does not show {named}, named as always there (canaries): this looks like an outage, another account or "
            "a lost permission"
        )
    if whole:
        said = "this looks like an outage or another account, not like deletions"
        return f"lists none of its {missing} known records: {said}"
    known = connection.execute(_EXPECTED, {"of": sync, "at": side}).scalar() or 0
    if missing > brakes.limit("deletes", side).of(known):
        return f"misses {missing} of its {known} known records at once: this looks like an outage, not like deletions"
    return None


def _released(connection: Connection, sync: str, side: str, about: str) -> bool:
    rows = connection.execute(_RELEASED, {"of": sync, "at": side})
    return any(row.detail["about"] == about and row.answer.get("value") == "release" for row in rows)
