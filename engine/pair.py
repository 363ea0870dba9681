"""Step 5 on the store: finds the records that have no link, matches them, and ties them to their links."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from engine import events, holds, journal
from engine.bound import Bound
from engine.contract import Op
from engine.entity import being_made, entity, shared_containers
from engine.events import Event
from engine.evidence import evidence
from engine.links import attach, create, sides_of
from engine.lookalikes import look_closer
from engine.match import BLOCKS, MATCHED, RULES, SKIPPED, Matches, Member, match, sent_keys, unmatched
from engine.store import Store, chunks
from engine.store.lease import Lease
from engine.store.tables import copies, copy_keys, links

SKEW = timedelta(hours=1)
"""An app's clock may be so far from ours."""


def pair(store: Store, bound: Bound, lease: Lease, run: str, now: str, unread: frozenset[str]) -> int:
    """Links every free record that can be; returns how many.

    Those of `unread` sides wait, and those that may be what a create in doubt has made.
    """
    if bound.blind:
        return 0  # all wait until it can be told who is who
    with store.write() as connection:
        lease.check(connection)
        free = _free(connection, bound, lease.sync, unread, now)
        if not free:
            holds.reconcile(connection, lease.sync, "ambiguous", [], now)
            return 0
        common = {"at": now, "sync": lease.sync, "run": run, "event": Event.LINKED}
        tied = _entities(connection, common, free)
        if tied:
            free = _free(connection, bound, lease.sync, unread, now)
        members = [Member(row["side"], row["id"], None) for row in free]
        singles = {(row["side"], row["id"]) for row in free if row["single"]}
        groups = _groups(connection, lease.sync, [m for m in members if (m.side, m.id) not in singles])
        known = sorted({m.link for _, group in groups for m in group if m.link})
        has = sides_of(connection, lease.sync, known)
        absent = sides_of(connection, lease.sync, known, ("missing",))
        matches = match(members, groups, has, absent, bound.mapping.match)
        look_closer(connection, bound, lease.sync, matches, singles)
        _tie(connection, lease.sync, run, matches, now)
        wanted = _ambiguous(connection, bound, lease.sync, matches)
        if bound.mapping.ambiguous == "skip":
            _skip(connection, lease.sync, wanted)
            wanted = []
        holds.reconcile(connection, lease.sync, "ambiguous", wanted, now)
        return len(free) + tied


def _free(connection: Connection, bound: Bound, sync: str, unread: frozenset[str], now: str) -> list[dict[str, Any]]:
    query = select(copies.c.side, copies.c.id, copies.c.container, copies.c.single, copies.c.created_at).where(
        copies.c.sync == sync,
        copies.c.side.in_(sorted(set(bound.names) - unread)),
        copies.c.link.is_(None),
        unmatched(copies),
        copies.c.failed.is_(None),
        copies.c.present == "yes",
    )
    free = [dict(row) for row in connection.execute(query).mappings()]
    doubts = [row for row in journal.unresolved(connection, sync) if row["op"] == Op.CREATE] if free else []
    for doubt in doubts:
        alike = _alike(connection, bound, doubt)
        free = [row for row in free if not _may_be(row, doubt, alike)]
    made = connection.execute(being_made(sync)).all() if free else []
    return [row for row in free if not any(_may_be_theirs(row, place, at, now) for place, at in made)]


def _alike(connection: Connection, bound: Bound, doubt: dict[str, Any]) -> set[str] | None:
    """Records with a match key of the one that a create has sent; None where it has no key to tell by."""
    keys = list(sent_keys(bound, doubt).values())
    at = (copy_keys.c.sync == doubt["sync"], copy_keys.c.side == doubt["side"], copy_keys.c.key.in_(keys))
    return set(connection.execute(select(copy_keys.c.id).where(*at)).scalars()) if keys else None


def _may_be(row: dict[str, Any], doubt: dict[str, Any], alike: set[str] | None) -> bool:
    """Whether a record may be what a create in doubt has made: on that side, not there before, with the same key."""
    if row["side"] != doubt["side"] or (alike is not None and row["id"] not in alike):
        return False
    return not row["created_at"] or _ago(doubt["sent_at"], row["created_at"]) <= SKEW


def _may_be_theirs(row: dict[str, Any], container: str, sent_at: str, now: str) -> bool:
    """Whether a record may be what another sync has just made there: it will soon say so, or never."""
    young = not row["created_at"] or _ago(sent_at, row["created_at"]) <= SKEW
    return row["container"] == container and young and _ago(now, sent_at) <= SKEW


def _ago(later: str, earlier: str) -> timedelta:
    return datetime.fromisoformat(later) - datetime.fromisoformat(earlier)


def _groups(connection: Connection, sync: str, free: list[Member]) -> list[tuple[int, list[Member]]]:
    wanted = {(member.side, member.id) for member in free}
    keys: set[str] = set()
    for side in sorted({member.side for member in free}):
        for part in chunks(sorted(member.id for member in free if member.side == side)):
            at = (copy_keys.c.sync == sync, copy_keys.c.side == side, copy_keys.c.id.in_(part))
            keys.update(connection.execute(select(copy_keys.c.key).where(*at, copy_keys.c.rule < BLOCKS)).scalars())
    groups: dict[tuple[int, str], list[Member]] = defaultdict(list)
    for part in chunks(sorted(keys)):
        query = (
            select(copy_keys.c.rule, copy_keys.c.key, copies.c.side, copies.c.id, copies.c.link, copies.c.present)
            .join(
                copies,
                (copies.c.sync == copy_keys.c.sync)
                & (copies.c.side == copy_keys.c.side)
                & (copies.c.id == copy_keys.c.id),
            )
            .outerjoin(links, links.c.id == copies.c.link)
            .where(copy_keys.c.sync == sync, copy_keys.c.key.in_(part), unmatched(copies))
            .where(links.c.ended.is_(None), copies.c.failed.is_(None))
            .where(copies.c.present.in_(("yes", "missing")))
        )
        for row in connection.execute(query):
            missing = row.present == "missing"
            if row.link is not None or missing or (row.side, row.id) in wanted:
                groups[row.rule % RULES, row.key].append(Member(row.side, row.id, row.link, missing))
    return [(rule, members) for (rule, _), members in sorted(groups.items())]


def _tie(connection: Connection, sync: str, run: str, matches: Matches, now: str) -> None:
    fresh = [[(m.side, m.id) for m in members] for members, link, _ in matches.joined if link is None]
    rules = [rule for _, link, rule in matches.joined if link is None]
    ids = create(connection, sync, fresh, now)
    tied = [(link, group, rule) for link, group, rule in zip(ids, fresh, rules, strict=True) if len(group) > 1]
    for members, link, rule in matches.joined:
        if link is not None:
            group = [(m.side, m.id) for m in members]
            attach(connection, sync, link, group)
            tied.append((link, group, rule))
    rows = [
        {
            "at": now,
            "sync": sync,
            "link": link,
            "run": run,
            "event": Event.LINKED,
            "side": side,
            "record": record,
            "rule": rule,
        }
        for link, group, rule in tied
        for side, record in group
    ]
    _take_part(connection, sync, [*ids, *(link for link, _, _ in tied)])
    events.note(connection, rows)


def _take_part(connection: Connection, sync: str, links: list[str]) -> None:
    """Copies that found their like take part again."""
    for part in chunks(links):
        freed = (copies.c.sync == sync, copies.c.link.in_(part), copies.c.excluded.in_(MATCHED))
        connection.execute(update(copies).where(*freed).values(excluded=None))


def _ambiguous(connection: Connection, bound: Bound, sync: str, matches: Matches) -> list[holds.Wanted]:
    """The holds; what one is about is its records, however they have changed since."""
    found = evidence(connection, bound, sync, [unsure.members for unsure in matches.ambiguous])
    return [
        holds.Wanted(
            kind="ambiguous",
            reason=f"{unsure.reason}: {', '.join(f'{m.side} {m.id}' for m in unsure.members)}",
            detail={"about": {"records": records}, "records": records, **why, **unsure.detail},
            copies=tuple((m.side, m.id) for m in unsure.members if m.link is None),
        )
        for unsure, why in zip(matches.ambiguous, found, strict=True)
        for records in [[[m.side, m.id] for m in unsure.members]]
    ]


def _skip(connection: Connection, sync: str, unsure: list[holds.Wanted]) -> None:
    for side, record in {copy for hold in unsure for copy in hold.copies}:
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.id == record)
        connection.execute(update(copies).where(*where, copies.c.excluded.is_(None)).values(excluded=SKIPPED))


def _entities(connection: Connection, common: dict[str, Any], free: list[dict[str, Any]]) -> int:
    """Ties free records that other syncs know to be one thing with a record here."""
    sync, shared = common["sync"], shared_containers(connection, common["sync"])
    tied = 0
    for row in free if len(shared) > 1 else []:
        if row["container"] not in shared or _linked(connection, sync, row["side"], row["id"]):
            continue
        places = entity(connection, (row["container"], row["id"])) - {(row["container"], row["id"])}
        for container, record in sorted(places):
            query = select(copies.c.side, copies.c.link).where(
                copies.c.sync == sync,
                copies.c.container == container,
                copies.c.id == record,
                copies.c.side != row["side"],
            )
            found = connection.execute(query).first()
            if found is None:
                continue
            group, link = [(row["side"], row["id"])], found.link
            if link is None:
                group.append((found.side, record))
                (link,) = create(connection, sync, [group], common["at"])
            elif row["side"] not in sides_of(connection, sync, [link])[link]:
                attach(connection, sync, link, group)
            else:
                continue
            told = {**common, "link": link, "rule": "one thing in another sync"}
            events.note(connection, [{**told, "side": at, "record": one} for at, one in group])
            _take_part(connection, sync, [link])
            tied += 1
            break
    return tied


def _linked(connection: Connection, sync: str, side: str, record: str) -> bool:
    where = (copies.c.sync == sync, copies.c.side == side, copies.c.id == record)
    return connection.execute(select(copies.c.link).where(*where)).scalar() is not None
