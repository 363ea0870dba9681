"""The key of a create, which apps keep on the record: it tells whose copy the record is when the state is lost.

64 hex digits: 8 of the sync, 24 of the link, 16 of the record it was made from, 16 that are never used again. Keys of
other lengths, made by earlier versions, work as keys and tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.canonical import digest
from engine.store import chunks
from engine.store.tables import copies

SYNC, LINK, ORIGIN, ONCE = 8, 24, 16, 16
_KEY = re.compile(rf"[0-9a-f]{{{SYNC + LINK + ORIGIN + ONCE}}}")


@dataclass(frozen=True)
class Stamp:
    """What a key tells, each as far as it went into the key."""

    sync: str
    link: str
    origin: str


def key(sync: str, link: str, origin: str, change: str) -> str:
    """The key of a create for a link; `origin` is what `origin_of` gave, `change` the journal's id."""
    return (
        digest(sync)[:SYNC] + link[:LINK].rjust(LINK, "0") + origin[:ORIGIN].rjust(ORIGIN, "0") + digest(change)[:ONCE]
    )


def read(stamp: str | None, sync: str) -> Stamp | None:
    """What a stamp tells; None where the sync did not make the record, or the key is of an earlier kind."""
    if stamp is None or not _KEY.fullmatch(stamp) or stamp[:SYNC] != digest(sync)[:SYNC]:
        return None
    return Stamp(stamp[:SYNC], stamp[SYNC : SYNC + LINK], stamp[SYNC + LINK : -ONCE])


def origin_of(side: str, record: str) -> str:
    """A record as the origin of copies."""
    return digest([side, record])[:ORIGIN]


def origins(connection: Connection, sync: str, links: Sequence[str]) -> dict[str, str]:
    """Link -> the record its copies are made from: one that we did not make ourselves, if there is any."""
    found: dict[str, tuple[bool, str, str]] = {}
    for part in chunks(links):
        columns = (copies.c.link, copies.c.ours, copies.c.side, copies.c.id)
        query = select(*columns).where(copies.c.sync == sync, copies.c.link.in_(part), copies.c.present != "gone")
        for row in connection.execute(query):
            found[row.link] = min(found.get(row.link, (True, "\uffff", "")), (row.ours, row.side, row.id))
    return {link: origin_of(side, record) for link, (_, side, record) in found.items()}
