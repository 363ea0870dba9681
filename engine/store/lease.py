"""A lease: one run per sync at a time, over all machines, with a fencing token that every commit checks."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from engine.store import Store, put
from engine.store.tables import leases

TERM = timedelta(seconds=90)
_THIS = secrets.token_hex(4)
"""Tells this process from one of the same host name and number: an earlier container, say."""
_held: set[tuple[str, str, int]] = set()
"""(state, sync, fence) of the leases this process is using: its own lease that is not among them was left behind."""


_ROW = select(leases).where(leases.c.sync == bindparam("of")).with_for_update()
_TAKE = update(leases).where(leases.c.sync == bindparam("of"))
_MINE = (leases.c.sync == bindparam("of"), leases.c.fence == bindparam("at"), leases.c.holder == bindparam("by"))
_RENEW = update(leases).where(*_MINE).values(until=bindparam("til"))
_END = update(leases).where(*_MINE).values(until="", holder="")


class Busy(Exception):
    """Another run of this sync is under way."""


class Fenced(Exception):
    """The lease was taken over: this run must not write any more."""


def here() -> str:
    """This process, as a holder."""
    return f"{socket.gethostname()}:{os.getpid()}:{_THIS}"


@dataclass
class Lease:
    """The right to run a sync. `clock` gives aware datetimes."""

    store: Store
    sync: str
    holder: str
    fence: int
    clock: Callable[[], datetime]
    _renewed: datetime | None = None

    @property
    def _key(self) -> tuple[str, str, int]:
        return self.store.place, self.sync, self.fence

    @property
    def _mine(self) -> dict[str, object]:
        return {"of": self.sync, "at": self.fence, "by": self.holder}

    @classmethod
    def take(cls, store: Store, sync: str, clock: Callable[[], datetime], holder: str | None = None) -> Lease:
        """Takes the lease when it is free, has run out, or its holder on this machine is dead. Raises Busy."""
        holder = holder or here()
        with store.write() as connection:
            row = connection.execute(_ROW, {"of": sync}).mappings().first()
            if row is None:  # there must be a row to lock: two may come at once
                put(connection, leases, [{"sync": sync, "holder": "", "fence": 0, "until": ""}], replace=False)
                row = connection.execute(_ROW, {"of": sync}).mappings().one()
            at = clock()
            if row["until"] > at.isoformat() and not _dead(row["holder"], (store.place, sync, row["fence"])):
                raise Busy(
                    f"{sync} is being run by {row['holder']} until {row['until']}. "
                    "Wait for it to end; a run that was killed gives way by then."
                )
            lease = cls(store, sync, holder, row["fence"] + 1, clock, at)
            values = {"holder": holder, "fence": lease.fence, "until": (at + TERM).isoformat()}
            connection.execute(_TAKE, {"of": sync, **values})
            _held.add(lease._key)  # before others can see it, or it would look like a run that broke off
        return lease

    def check(self, connection: Connection) -> None:
        """Renews the lease inside a transaction, or raises Fenced, which rolls it back."""
        self._renewed = self.clock()
        until = (self._renewed + TERM).isoformat()
        if connection.execute(_RENEW, {**self._mine, "til": until}).rowcount != 1:
            raise Fenced(f"another run of {self.sync} has taken over; this one stopped before writing anything more.")

    def keep(self) -> None:
        """Renews the lease when a good part of its term is over: for work that takes long and stores nothing.

        Also where the clock was set back: others would wait for the former time.
        """
        if self._renewed is None or abs(self.clock() - self._renewed) > TERM / 3:
            with self.store.write() as connection:
                self.check(connection)

    def give_back(self) -> None:
        """Lets the next run start at once; the fence stays, and no thread that is left can renew it."""
        _held.discard(self._key)  # also where the state cannot be written any more
        with self.store.write() as connection:
            connection.execute(_END, self._mine)


def holder(store: Store, sync: str, now: datetime) -> str | None:
    """Who has the lease and is alive, as far as can be told from here. `now` is aware."""
    found = store.rows(select(leases).where(leases.c.sync == sync, leases.c.until > now.isoformat()))
    alive = [row["holder"] for row in found if not _dead(row["holder"], (store.place, sync, row["fence"]))]
    return alive[0] if alive else None


def between(connection: Connection, sync: str | None) -> None:
    """Waits for the transaction that a run of the sync is in, if any; its next one begins when this one has ended.

    For people's answers: a run and they must not work on the same rows at once. Comes first in a transaction.
    """
    connection.execute(select(leases.c.fence).where(leases.c.sync == sync).with_for_update()).all()


def _dead(holder: str, key: tuple[str, str, int]) -> bool:
    """Whether the holder surely is gone: a process of this machine that ended, or a run of this one that broke off."""
    if holder == here():
        return key not in _held
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
