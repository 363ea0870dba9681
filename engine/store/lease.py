"""A lease: one run per sync at a time, over all machines, with a fencing token that every commit checks."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from engine.store import Store, put
from engine.store.tables import leases

TERM = timedelta(seconds=90)


class Busy(Exception):
    """Another run of this sync is under way."""


class Fenced(Exception):
    """The lease was taken over: this run must not write any more."""


def here() -> str:
    """This process, as a holder."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass
class Lease:
    """The right to run a sync. `clock` gives aware datetimes."""

    store: Store
    sync: str
    holder: str
    fence: int
    clock: Callable[[], datetime]

    @classmethod
    def take(cls, store: Store, sync: str, clock: Callable[[], datetime], holder: str | None = None) -> Lease:
        """Takes the lease when it is free, has run out, or its holder on this machine is dead. Raises Busy."""
        holder = holder or here()
        with store.write() as connection:
            row = connection.execute(select(leases).where(leases.c.sync == sync).with_for_update()).mappings().first()
            if row and row["until"] > clock().isoformat() and not _dead(row["holder"]):
                raise Busy(
                    f"{sync} is being run by {row['holder']} until {row['until']}. "
                    "Wait for it to end; a run that was killed gives way by then."
                )
            fence = (row["fence"] if row else 0) + 1
            until = (clock() + TERM).isoformat()
            put(connection, leases, [{"sync": sync, "holder": holder, "fence": fence, "until": until}])
        return cls(store, sync, holder, fence, clock)

    def check(self, connection: Connection) -> None:
        """Renews the lease inside a transaction, or raises Fenced, which rolls it back."""
        where = (leases.c.sync == self.sync, leases.c.fence == self.fence, leases.c.holder == self.holder)
        until = (self.clock() + TERM).isoformat()
        if connection.execute(update(leases).where(*where).values(until=until)).rowcount != 1:
            raise Fenced(f"another run of {self.sync} has taken over; this one stopped before writing anything more.")

    def give_back(self) -> None:
        """Lets the next run start at once; the fence stays."""
        where = (leases.c.sync == self.sync, leases.c.fence == self.fence, leases.c.holder == self.holder)
        with self.store.write() as connection:
            connection.execute(update(leases).where(*where).values(until=""))


def _dead(holder: str) -> bool:
    host, _, pid = holder.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
