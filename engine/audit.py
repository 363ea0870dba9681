"""Audit: whether the state hangs together. It reads only; `rebuild` mends what it finds damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, text

from engine.accounting import faults
from engine.store import Store
from engine.store.tables import (
    changes,
    connections,
    copies,
    copy_keys,
    hold_copies,
    holds,
    leases,
    links,
    mappings,
    runs,
    sides,
)


@dataclass(frozen=True)
class Finding:
    """Something that does not fit together."""

    sync: str
    """Empty where it is about the whole state."""
    what: str
    count: int
    todo: str
    """What helps, for people."""
    damaged: bool = True
    """A rebuild of the sync mends it."""


def audit(store: Store, sync: str | None = None, *, now: str | None = None) -> list[Finding]:
    """What is wrong with the state of one sync, or all. `now` (ISO 8601, UTC) is needed to judge leases."""
    found = _file(store)
    if found:
        return found
    for name in [sync] if sync is not None else _syncs(store):
        for check, what, todo in COUNTED:
            count = store.rows(check(name))[0]["n"]
            if count:
                found.append(Finding(name, what, count, todo or _rebuild(name), damaged=not todo))
        found += [*_place(store, name), *_unmapped(store, name), *_broken(store, name, now)]
        if not any(one.sync == name and one.damaged for one in found) and (wrong := faults(store, name)):
            found.append(
                Finding(name, f"records that do not add up: {'; '.join(wrong[:3])}", len(wrong), _rebuild(name))
            )
    return found


def _syncs(store: Store) -> list[str]:
    names = select(sides.c.sync).union(select(links.c.sync), select(copies.c.sync), select(changes.c.sync))
    return sorted(row["sync"] for row in store.rows(names))


def _rebuild(sync: str) -> str:
    return f"syncline rebuild {sync}"


def _file(store: Store) -> list[Finding]:
    """A SQLite file whose pages are not as they should be."""
    if not store.sqlite:
        return []
    said = [str(next(iter(row.values()))) for row in store.rows(text("PRAGMA quick_check(3)"))]
    if said == ["ok"]:
        return []
    todo = "put a backup in its place, or run: syncline rebuild NAME (it sets the damaged file aside)"
    return [Finding("", f"the state file is damaged: {said[0]}", len(said), todo)]


def _count(source: Any, *where: Any) -> Any:
    return select(func.count().label("n")).select_from(source).where(*where)


def _doubles(sync: str) -> Any:
    where = (copies.c.sync == sync, copies.c.link.is_not(None), copies.c.present != "gone")
    twice = select(copies.c.link).where(*where).group_by(copies.c.link, copies.c.side).having(func.count() > 1)
    return _count(twice.subquery())


def _astray(sync: str) -> Any:
    """Copies whose link is not there, has ended, or belongs to another sync."""
    joined = copies.outerjoin(links, links.c.id == copies.c.link)
    lost = or_(links.c.id.is_(None), links.c.sync != sync, and_(links.c.ended.is_not(None), copies.c.present != "gone"))
    return _count(joined, copies.c.sync == sync, copies.c.link.is_not(None), lost)


def _unheard(sync: str) -> Any:
    link = exists().where(links.c.id == changes.c.link)
    return _count(changes, changes.c.sync == sync, changes.c.state.in_(("sent", "doubt")), ~link)


def _unrun(sync: str) -> Any:
    run = exists().where(runs.c.id == changes.c.run)
    return _count(changes, changes.c.sync == sync, changes.c.state.in_(("planned", "held")), ~run)


def _keys(sync: str) -> Any:
    copy = and_(copies.c.sync == copy_keys.c.sync, copies.c.side == copy_keys.c.side, copies.c.id == copy_keys.c.id)
    return _count(copy_keys, copy_keys.c.sync == sync, ~exists().where(copy))


def _vain(sync: str) -> Any:
    """Open holds about a link, or only about records, that are not there any more."""
    link = exists().where(links.c.id == holds.c.link, links.c.ended.is_(None))
    named = exists().where(hold_copies.c.hold == holds.c.id)
    here = and_(copies.c.sync == sync, copies.c.side == hold_copies.c.side, copies.c.id == hold_copies.c.record)
    record = exists().where(hold_copies.c.hold == holds.c.id, here)
    vain = or_(and_(holds.c.link.is_not(None), ~link), and_(named, ~record))
    return _count(holds, holds.c.sync == sync, holds.c.state == "open", vain)


def _elsewhere(sync: str) -> Any:
    at = and_(sides.c.sync == copies.c.sync, sides.c.side == copies.c.side)
    where = (copies.c.sync == sync, or_(sides.c.container.is_(None), sides.c.container != copies.c.container))
    return _count(copies.outerjoin(sides, at), *where)


COUNTED: tuple[tuple[Callable[[str], Any], str, str], ...] = (
    (_doubles, "links with several records on one side", ""),
    (_astray, "records whose link does not exist or has ended", ""),
    (_unheard, "writes without an outcome whose link does not exist", ""),
    (_unrun, "planned writes of a run that does not exist", ""),
    (_keys, "match keys of records that do not exist", "nothing: they do no harm, and go with the next pruning"),
    (_vain, "holds about something that is not there any more", ""),
    (_elsewhere, "records kept for another place than their side reads now", "make a new sync for the new place"),
)
"""A query that counts, what it counts, and what to do; unless said, it is damage, and a rebuild mends it."""


def _place(store: Store, sync: str) -> list[Finding]:
    """Cursors of an account that is not the one of the connection now."""
    accounts = {row["name"]: row["account"] for row in store.rows(select(connections.c.name, connections.c.account))}
    found = []
    for row in store.all(sides, sides.c.sync == sync):
        name = next(iter(json.loads(row["container"])), "")
        now = accounts.get(name)
        if row["account"] and now and row["account"] != now:
            what = f"{row['side']} was read as {row['account']}, and {name} is signed in as {now}"
            todo = f"connect {row['account']} again (syncline connect), or make a new sync for {now}"
            found.append(Finding(sync, what, 1, todo, damaged=False))
    return found


def _unmapped(store: Store, sync: str) -> list[Finding]:
    """Agreed values of rows that the mapping does not have any more."""
    latest = select(mappings.c.text).where(mappings.c.sync == sync).order_by(mappings.c.version.desc()).limit(1)
    texts = store.rows(latest)
    if not texts:
        return []
    rows = set(texts[0]["text"].get("fields", {}))
    agreed = store.rows(select(links.c.agreed).where(links.c.sync == sync, links.c.ended.is_(None)))
    over = [doc["agreed"] for doc in agreed if not rows.issuperset(doc["agreed"])]
    names = ", ".join(sorted({name for doc in over for name in doc} - rows))
    todo = "nothing: they are kept, in case the mapping gets the field back"
    return (
        [Finding(sync, f"agreed values of fields the mapping has no more ({names})", len(over), todo, False)]
        if over
        else []
    )


def _broken(store: Store, sync: str, now: str | None) -> list[Finding]:
    """Runs that are shown as running though nobody holds their lease."""
    if now is None or any(row["until"] > now for row in store.all(leases, leases.c.sync == sync)):
        return []
    count = store.rows(_count(runs, runs.c.sync == sync, runs.c.status == "running"))[0]["n"]
    todo = f"nothing is lost: the next run closes them and goes on (syncline run {sync})"
    return [Finding(sync, "runs that broke off and were not closed", count, todo, damaged=False)] if count else []
