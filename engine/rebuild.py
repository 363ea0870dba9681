"""Rebuild: a state that was lost, damaged or set back gets its links again, from stamps first and match keys then.

It deletes nothing, and creates only what surely has no like: `mend` takes out what does not hang together, `tie` links
by stamps, pairing by keys is as ever, and `leave_alone` keeps copies of ours whose original is nowhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from engine import events, journal
from engine.contract import Op
from engine.events import Event
from engine.limit import Limit
from engine.links import attach, create
from engine.mapping import Brakes
from engine.match import ALONE
from engine.stamp import LINK, Stamp, origin_of, read
from engine.store import Store, chunks
from engine.store.tables import changes, copies, copy_keys, hold_copies, holds, links, runs

FEW = Limit(share=Decimal(10))
"""New records that a rebuild makes without asking, of a side's records."""
Place = tuple[str, str]
"""(side, record id)."""
Stamps = Mapping[Place, str]
"""What the apps gave back of the keys that records were made under."""


@dataclass
class _Group:
    """Records that a link's id in their stamps holds together."""

    members: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    origins: set[str] = field(default_factory=set)


def unknown(connection: Connection, sync: str, stamps: Stamps) -> int:
    """Records of this sync's making that the state does not know as linked: it is older than they are."""
    where = (copies.c.sync == sync, copies.c.link.is_not(None))
    known = {(row.side, row.id) for row in connection.execute(select(copies.c.side, copies.c.id).where(*where))}
    unheard = {row["key"] for row in journal.unresolved(connection, sync)}
    return sum(
        place not in known and stamp not in unheard and read(stamp, sync) is not None for place, stamp in stamps.items()
    )


def mend(connection: Connection, sync: str, now: str) -> int:
    """Takes out what does not hang together; how many rows. Records whose link was wrong are free to be linked anew."""
    live = select(links.c.id).where(links.c.ended.is_(None), links.c.sync == sync)
    linked = (copies.c.sync == sync, copies.c.link.is_not(None))
    dead = (copies.c.sync == sync, copies.c.present != "yes")
    count = connection.execute(copies.delete().where(*dead, linked[1], copies.c.link.not_in(live))).rowcount
    twice = (
        select(copies.c.link, copies.c.side)
        .where(*linked, copies.c.present != "gone")
        .group_by(copies.c.link, copies.c.side)
        .having(func.count() > 1)
    )
    doubles = [and_(copies.c.link == row.link, copies.c.side == row.side) for row in connection.execute(twice)]
    free: dict[str, Any] = {"link": None, "synced": {}, "base": {}}
    for test in (copies.c.link.not_in(live), *[or_(*part) for part in chunks(doubles, 100)]):
        count += connection.execute(update(copies).where(*linked, test).values(**free)).rowcount
    return count + _mend_journal(connection, sync) + _mend_rest(connection, sync, now)


def _mend_journal(connection: Connection, sync: str) -> int:
    link = select(links.c.id).where(links.c.sync == sync)
    unheard = and_(changes.c.state.in_(("sent", "doubt")), changes.c.link.not_in(link))
    unrun = and_(changes.c.state.in_(("planned", "held")), changes.c.run.not_in(select(runs.c.id)))
    values = {"state": "dropped", "error": "the state was rebuilt: what it belonged to is not there any more"}
    where = (changes.c.sync == sync, or_(unheard, unrun))
    return connection.execute(update(changes).where(*where).values(**values)).rowcount


def _mend_rest(connection: Connection, sync: str, now: str) -> int:
    """Match keys without records, and holds about what is not there."""
    copy = (copies.c.sync == copy_keys.c.sync, copies.c.side == copy_keys.c.side, copies.c.id == copy_keys.c.id)
    keys = copy_keys.delete().where(copy_keys.c.sync == sync, ~select(copies.c.id).where(*copy).exists())
    count = connection.execute(keys).rowcount
    link = select(links.c.id).where(links.c.ended.is_(None))
    vain = select(holds.c.id).where(holds.c.sync == sync, holds.c.state != "closed", holds.c.link.not_in(link))
    named = select(hold_copies.c.hold).where(
        hold_copies.c.side == copies.c.side, hold_copies.c.record == copies.c.id, copies.c.sync == sync
    )
    lost = select(hold_copies.c.hold).where(hold_copies.c.hold.not_in(named))
    about = or_(holds.c.id.in_(vain), holds.c.id.in_(lost))
    closed = update(holds).where(holds.c.sync == sync, holds.c.state != "closed", about)
    return count + connection.execute(closed.values(state="closed", closed_at=now)).rowcount


def tie(connection: Connection, sync: str, run: str, stamps: Stamps, now: str) -> int:
    """Links free records that stamps hold together, and records with their originals; how many it tied.

    Where several records of a side have one link in their stamps (somebody copied one) the match keys decide.
    """
    told = {place: stamp for place, text in stamps.items() if (stamp := read(text, sync)) is not None}
    if not told:
        return 0
    free, known = _records(connection, sync)
    linked = _links(connection, sync)
    busy = {row["link"][:LINK] for row in journal.unresolved(connection, sync) if row["op"] == Op.CREATE}
    tied: list[tuple[str, list[Place]]] = []
    for short, group in _groups(told, free).items():
        places = [(side, ids[0]) for side, ids in group.members.items() if len(ids) == 1]
        origin = next((known[one] for one in sorted(group.origins) if one in known), None)
        link = linked.get(short) or (origin[1] if origin else None)
        if short in busy or not places:
            continue
        if link is not None:
            places = _room(connection, sync, link, places)
        elif origin is not None and origin[0] in free and origin[0][0] not in dict(places):
            places.append(origin[0])
        if link is None and len(places) > 1:
            (link,) = create(connection, sync, [places], now)
        elif link is not None and places:
            attach(connection, sync, link, places)
        else:
            continue
        free -= set(places)
        tied.append((link, places))
    _ours(connection, sync, [place for _, places in tied for place in places if place in told])
    common = {"at": now, "sync": sync, "run": run, "event": Event.LINKED, "rule": "stamp"}
    rows = [{**common, "link": link, "side": side, "record": id} for link, group in tied for side, id in group]
    events.note(connection, rows)
    return len(rows)


def _groups(told: Mapping[Place, Stamp], free: Collection[Place]) -> dict[str, _Group]:
    groups: dict[str, _Group] = defaultdict(_Group)
    for (side, id), stamp in sorted(told.items()):
        if (side, id) in free:
            groups[stamp.link].members[side].append(id)
            groups[stamp.link].origins.add(stamp.origin)
    return groups


def _records(connection: Connection, sync: str) -> tuple[set[Place], dict[str, tuple[Place, str | None]]]:
    """The free records, and all present ones by what they are called as an origin, with their link."""
    columns = (copies.c.side, copies.c.id, copies.c.link, copies.c.excluded, copies.c.failed)
    rows = connection.execute(select(*columns).where(copies.c.sync == sync, copies.c.present == "yes")).all()
    free = {(row.side, row.id) for row in rows if not (row.link or row.excluded or row.failed)}
    return free, {origin_of(row.side, row.id): ((row.side, row.id), row.link) for row in rows}


def _links(connection: Connection, sync: str) -> dict[str, str]:
    ids = connection.execute(select(links.c.id).where(links.c.sync == sync, links.c.ended.is_(None))).scalars()
    return {id[:LINK]: id for id in ids}


def _room(connection: Connection, sync: str, link: str, places: list[Place]) -> list[Place]:
    """Those on sides where the link shows no other record; one that is missing there gives way to what its stamp says
    is the same."""
    mine = (copies.c.sync == sync, copies.c.link == link)
    shown = set(connection.execute(select(copies.c.side).where(*mine, copies.c.present == "yes")).scalars())
    fit = [(side, id) for side, id in places if side not in shown]
    away = (copies.c.side.in_([side for side, _ in fit]), copies.c.present != "yes")
    connection.execute(copies.delete().where(*mine, *away))
    return fit


def _ours(connection: Connection, sync: str, places: list[Place]) -> None:
    for side, id in places:
        where = (copies.c.sync == sync, copies.c.side == side, copies.c.id == id)
        connection.execute(update(copies).where(*where).values(ours=True))


def leave_alone(connection: Connection, sync: str, stamps: Stamps, now: str) -> int:
    """Copies of ours that pairing left without a like are neither made elsewhere nor deleted; how many.

    Somebody may have deleted their original while nobody looked: making it again would undo that.
    """
    alone = (
        select(copies.c.link)
        .join(links, links.c.id == copies.c.link)
        .where(copies.c.sync == sync, links.c.created_at == now)
        .group_by(copies.c.link)
        .having(func.count() == 1)
    )
    where = (copies.c.sync == sync, copies.c.link.in_(alone))
    rows = connection.execute(select(copies.c.side, copies.c.id).where(*where)).all()
    told = {place: stamp for place, text in stamps.items() if (stamp := read(text, sync)) is not None}
    alike = Counter((side, stamp.link) for (side, _), stamp in told.items())
    places = [(row.side, row.id) for row in rows if (row.side, row.id) in told]
    lone = [(side, id) for side, id in places if alike[side, told[side, id].link] == 1]  # else one is a person's copy
    for side, id in lone:
        at = (copies.c.sync == sync, copies.c.side == side, copies.c.id == id)
        connection.execute(update(copies).where(*at).values(excluded=ALONE, ours=True))
    return len(lone)


def drop_deletes(connection: Connection, run: str) -> int:
    """A rebuild deletes nothing: what it planned to is planned again by the next run, if it is still so then."""
    where = (changes.c.run == run, changes.c.op == Op.DELETE, changes.c.state == "planned")
    values = {"state": "dropped", "error": "a rebuild deletes nothing; the next run does, if it is still so then"}
    return connection.execute(update(changes).where(*where).values(**values)).rowcount


def careful(brakes: Brakes) -> Brakes:
    """The brakes of a rebuild: many records without a like are shown to a person before they are made."""
    strict = {side: own.model_copy(update={"creates": _less(own.creates)}) for side, own in brakes.sides.items()}
    return brakes.model_copy(update={"creates": _less(brakes.creates), "sides": strict})


def _less(limit: Limit | None) -> Limit | None:
    return FEW if limit is not None and limit.of(1000) > FEW.of(1000) else limit


def unseen(store: Store, sync: str) -> bool:
    """Whether a person has yet to look at what the last rebuild wanted to make: until then brakes stay careful."""
    return any(row["detail"].get("kind") == "creates" for row in store.rows(_SINCE, of=sync))


_OF: Any = bindparam("of")
_LAST = select(func.max(runs.c.started_at)).where(runs.c.sync == _OF, runs.c.kind == "rebuild").scalar_subquery()
_SINCE = select(holds.c.detail).where(
    holds.c.sync == _OF, holds.c.kind == "brake", holds.c.state != "closed", holds.c.opened_at >= _LAST
)


def totals(connection: Connection, sync: str) -> dict[str, Any]:
    """Links with several records, and with one: `{"linked": n, "unmatched": m}`."""
    counted = (
        select(copies.c.link, func.count().label("n"))
        .where(
            copies.c.sync == sync, copies.c.link.is_not(None), copies.c.present != "gone", copies.c.excluded.is_(None)
        )
        .group_by(copies.c.link)
        .subquery()
    )
    rows = connection.execute(select(counted.c.n)).scalars().all()
    return {"linked": sum(n > 1 for n in rows), "unmatched": sum(n == 1 for n in rows)}
