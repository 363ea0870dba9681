"""What comes of a call of a webhook: nothing, or pings in the inbox, which say where the next run has to look.

Nothing is written of a call that does not prove itself; such calls are counted in memory, and the counts are stored now
and then. Ids are only ever looked up: what a record is now, the app tells itself.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from threading import Lock
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.hook import Call, Forged, Heard, Hook, Look
from connectors.proofs import hook_of
from engine.contract import Refused
from engine.store import put
from engine.store.outside import calls, deliveries, hooks
from engine.store.tables import inbox
from flows.connections import Connection as Account
from flows.hookbook import Entry, HookBook
from flows.hookmeant import meant
from flows.project import Project
from flows.routes import Route, routes
from flows.secrets import SecretsError

MOST = 300
"""Pings of one call; where it names more records, everything that changed is looked at."""
WAITING = 1000
"""Pings of one side; where so many wait, the next ones mean everything that changed."""
LONGEST = 500
"""Characters of an id."""
REMEMBERED = timedelta(days=2)
"""How long a message is known again: apps try for a day or less."""
FRESH = timedelta(seconds=1)
"""So long the sync files are not looked at again."""
log = logging.getLogger("flows")

_HERE = (inbox.c.sync == bindparam("of"), inbox.c.side == bindparam("on"))
_WAIT = select(func.count()).select_from(inbox).where(*_HERE)
_SAME = (*_HERE, inbox.c.record.is_not_distinct_from(bindparam("it")))
_NEWEST = select(func.max(inbox.c.id)).where(*_SAME).scalar_subquery()
_FORMER = select(inbox.c.id).where(*_SAME, inbox.c.id < _NEWEST).with_for_update(skip_locked=True)
_ONCE = delete(inbox).where(inbox.c.id.in_(_FORMER))
"""The same ping is kept once, under its newest number: a run that reads meanwhile answers only those it has seen."""
_FIRST: Mapping[str, Any] = {
    "sqlite": sqlite.insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id),
    "postgresql": postgresql.insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.id),
}
_COUNT = (
    update(calls)
    .where(calls.c.hook == bindparam("key"), calls.c.outcome == bindparam("how"))
    .values(count=calls.c.count + bindparam("more"))
)


Row = tuple[str, str, str | None]
"""(sync, side, record): no record means look at all."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What the app is answered, and which syncs have something to look at."""

    status: int
    answer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    syncs: frozenset[str] = frozenset()
    renew: bool = False
    """The subscription is to be looked after at once."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A call that has proved itself, and that is to be stored."""

    entry: Entry
    heard: Heard
    at: datetime
    rows: Sequence[Row]
    beside: Collection[str] = ()
    """Other connections that it is about."""

    def taken(self, outcome: str) -> Taken:
        """The answer, by how the call ended."""
        if outcome == "forged":
            return Taken(401)
        said = Taken(self.heard.status, self.heard.answer, self.heard.headers)
        if outcome == "repeated":
            return said
        return replace(said, syncs=frozenset(sync for sync, _, _ in self.rows), renew=self.heard.renew)


class Pings:
    """The calls of one project. May be used from several threads."""

    def __init__(self, project: Project) -> None:
        self._project, self._book = project, HookBook(project)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()
        self._routes: tuple[datetime, list[Route]] | None = None
        self._pruned: datetime | None = None
        self._told: set[str] = set()

    def judge(self, key: str, call: Call) -> Ping | Taken:
        """What to store, or the answer where there is nothing to store. Only reads. Raises StoreError."""
        entry = self._book.find(key)
        account = self._project.connections.get(entry.place.connection) if entry else None
        if entry is None or account is None:
            self.count("", "unknown")
            return Taken(404)
        hook = hook_of(account.app)
        try:
            heard = hook.judge(call, *self._book.believed(entry, hook, call.at))
        except Forged:
            return self._refused(entry)
        except (Refused, SecretsError) as error:
            self._tell(entry, str(error))
            return self._refused(entry)
        if not (heard.look or heard.named or heard.delivery or heard.secret or heard.renew):
            self.count(key, "handshake")
            return Taken(heard.status, heard.answer, heard.headers)
        return self._ping(entry, account, hook, heard, call.at)

    def _ping(self, entry: Entry, own: Account, hook: Hook, heard: Heard, at: datetime) -> Ping:
        accounts = self._project.connections.all() if heard.named else []
        told, rows = meant(self._book, accounts, own, hook, heard), dict[Row, None]()
        for name, looks in told.items():
            place = replace(entry.place, connection=name)
            near = [route for route in self._known(at) if route.place(hook.covers) == place]
            rows |= dict.fromkeys(row for look in looks for row in _rows(look, near))
        return Ping(entry, heard, at, list(rows), told.keys() - {own.name})

    def keep(self, pings: Sequence[Ping]) -> list[Taken]:
        """Stores them in one transaction; before that none is answered. Raises StoreError."""
        with self._project.store.write() as connection:
            outcomes = [self._keep(connection, ping) for ping in pings]
            self._prune(connection, pings[0].at)
        for ping, outcome in zip(pings, outcomes, strict=True):
            self.count(ping.entry.key, outcome)
        return [ping.taken(outcome) for ping, outcome in zip(pings, outcomes, strict=True)]

    def count(self, key: str, outcome: str) -> None:
        """One more call that ended so. `key` is of a hook that exists, or empty."""
        with self._lock:
            self._counts[key, outcome] += 1

    def known(self, key: str) -> bool:
        """Whether there is such a hook. Raises StoreError."""
        return self._book.find(key) is not None

    def store_counts(self) -> None:
        """Adds what was counted to what the state has. Raises StoreError; then nothing is lost."""
        with self._lock:
            counted, self._counts = self._counts, Counter()
        rows = [{"key": key, "how": outcome, "more": number} for (key, outcome), number in counted.items()]
        if not rows:
            return
        try:
            with self._project.store.write() as connection:
                none = [{"hook": row["key"], "outcome": row["how"], "count": 0} for row in rows]
                put(connection, calls, none, replace=False)
                connection.execute(_COUNT, rows)
        except BaseException:
            with self._lock:
                self._counts.update(counted)
            raise

    def _refused(self, entry: Entry) -> Taken:
        self.count(entry.key, "forged")
        return Taken(401)

    def _tell(self, entry: Entry, reason: str) -> None:
        """Once: nobody may fill the log by calling."""
        if entry.key not in self._told:
            self._told.add(entry.key)
            log.warning("calls for %s cannot be heard: %s", entry.place.connection, reason)

    def _known(self, now: datetime) -> list[Route]:
        if self._routes is None or not timedelta() <= now - self._routes[0] < FRESH:
            self._routes = now, routes(self._project)
        return self._routes[1]

    def _keep(self, connection: Connection, ping: Ping) -> str:
        """How the call ended."""
        key, heard, at = ping.entry.key, ping.heard, ping.at.isoformat()
        values: dict[str, Any] = {"heard_at": at} | ({"until": at} if heard.renew else {})
        if heard.secret is not None:
            if not self._trusts(connection, ping.entry):
                return "forged"
            values["secret"] = self._book.vault.seal({"secret": heard.secret, "chosen": "by the app"})
        if heard.delivery is not None:
            row = {"hook": key, "id": _number(heard.delivery), "at": at}
            if connection.execute(_FIRST[connection.dialect.name], row).first() is None:
                return "repeated"
        connection.execute(update(hooks).where(hooks.c.key == key).values(values))
        if ping.beside:
            beside = hooks.c.connection.in_(ping.beside)
            connection.execute(update(hooks).where(beside).values(heard_at=at))
        if rows := _bounded(connection, ping.rows):
            named = [{"sync": sync, "side": side, "record": record, "at": at} for sync, side, record in rows]
            connection.execute(insert(inbox), named)  # first: SQLite would give the number of a removed one again
            connection.execute(_ONCE, [{"of": sync, "on": side, "it": record} for sync, side, record in rows])
        return "heard"

    def _trusts(self, connection: Connection, entry: Entry) -> bool:
        """An app chooses the secret of a hook once: who comes later with another one is somebody else."""
        sealed = connection.execute(select(hooks.c.secret).where(hooks.c.key == entry.key)).scalar()
        return sealed is not None and "chosen" not in self._book.vault.open(sealed, entry.place.connection)

    def _prune(self, connection: Connection, now: datetime) -> None:
        if self._pruned is None or now - self._pruned > timedelta(hours=1):
            connection.execute(delete(deliveries).where(deliveries.c.at < (now - REMEMBERED).isoformat()))
            self._pruned = now


def take(project: Project, key: str, call: Call) -> Taken:
    """One call, whole: judged, stored and counted. Raises StoreError."""
    pings = Pings(project)
    found = pings.judge(key, call)
    taken = pings.keep([found])[0] if isinstance(found, Ping) else found
    pings.store_counts()
    return taken


def _rows(look: Look, near: Sequence[Route]) -> Iterator[Row]:
    """What no side of the hook is about is left out."""
    for route in near:
        ids = look.get(route.object, ()) if "" not in look else ()
        if "" in look or route.object in look:
            fit = 0 < len(ids) * len(near) <= MOST and all(len(id) <= LONGEST and id.isprintable() for id in ids)
            some: Sequence[str | None] = ids if fit else [None]
            yield from ((route.sync, route.side, id) for id in some)


def _bounded(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """An inbox that nobody empties does not grow for ever."""

    def full(sync: str, side: str) -> bool:
        return bool(connection.execute(_WAIT, {"of": sync, "on": side}).scalar_one() >= WAITING)

    crowded = {(sync, side) for sync, side in {row[:2] for row in rows} if full(sync, side)}
    return list(dict.fromkeys((*row[:2], None) if row[:2] in crowded else row for row in rows))


def _number(delivery: object) -> str:
    """Of a length that any database takes, whatever an app makes of it."""
    return blake2b(str(delivery).encode(errors="replace"), digest_size=16).hexdigest()
